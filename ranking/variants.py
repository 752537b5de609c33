"""Which variant of a product a search is after: the one whose options, code and price answer it best."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from analysis.text import analyser, code_key
from index.documents import Document, VariantDocument
from index.fields import ATTRIBUTE
from index.query import AllOf, AnyOf, Between, Filter
from ranking.highlight import Needles


def matching_variant(
    document: Document, *, needles: Needles, typed: str = "", filters: Iterable[Filter] = ()
) -> VariantDocument | None:
    """The variant that the request singles out; None where all answer it alike, and the product speaks for them.

    What was typed may be a variant's code; then the filters count that a variant passes (on options, code, stock
    and price), then the words of its options. Of several that answer alike it is one in stock, then the cheapest,
    then the one with the lowest SKU.
    """
    if len(document.variants) < 2:
        return document.variants[0] if document.variants else None
    codes = {code_key(word) for word in (typed, *typed.split())} - {""}
    asked = tuple(_conditions(filters))

    def answers(variant: VariantDocument) -> tuple[bool, int, int]:
        options = {token for value in variant.options.values() for token in _tokens_of(value)}
        words = sum(token in options for token in needles.tokens)
        if needles.prefix and needles.prefix not in options:
            words += any(token.startswith(needles.prefix) for token in options)
        return code_key(variant.sku) in codes, sum(_passes(variant, condition) for condition in asked), words

    worth = {variant.id: answers(variant) for variant in document.variants}
    best = max(worth.values())
    chosen = [variant for variant in document.variants if worth[variant.id] == best]
    if len(chosen) == len(document.variants):
        return None
    return min(chosen, key=lambda variant: (variant.stock <= 0, variant.price_minor, variant.sku))


def _conditions(filters: Iterable[Filter]) -> Iterator[AnyOf | Between]:
    """What must hold of a hit in any case; what is ruled out, or one of several ways, says nothing of variants."""
    for clause in filters:
        if isinstance(clause, AnyOf | Between):
            yield clause
        elif isinstance(clause, AllOf):
            yield from _conditions(clause.clauses)


def _passes(variant: VariantDocument, clause: AnyOf | Between) -> bool:
    if isinstance(clause, Between):
        if clause.field != "price":
            return False
        low, high = clause.low, clause.high
        return (low is None or variant.price_minor >= low) and (high is None or variant.price_minor <= high)
    if clause.field == "code":
        return code_key(variant.sku) in clause.values
    if clause.field == "in_stock":
        return ("true" if variant.stock > 0 else "false") in clause.values
    return clause.field.startswith(ATTRIBUTE) and _option(variant.options, clause.field) in clause.values


def _option(options: Mapping[str, str], field: str) -> str | None:
    name = field.removeprefix(ATTRIBUTE).lower()
    return next((value for option, value in options.items() if option.lower() == name), None)


@lru_cache(maxsize=20_000)
def _tokens_of(value: str) -> frozenset[str]:
    return frozenset(analyser().tokens(value))
