"""Of a product's variants the one is shown that the shopper asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.text import analyser
from index.documents import Document, VariantDocument
from index.query import AllOf, AnyOf, Between, Filter, Not, OneOf, Text
from ranking.highlight import Needles, needles_of
from ranking.variants import matching_variant


def variant(sku: str, colour: str, size: str, *, price: int = 2000, stock: int = 5) -> VariantDocument:
    return VariantDocument(sku, sku, price, "EUR", stock, {"Colour": colour, "Size": size})


SHIRT = Document(
    id="shirt",
    title="Linen shirt",
    variants=(
        variant("SH-1", "Dark red", "S", stock=0, price=1800),
        variant("SH-2", "Dark red", "M", price=2200),
        variant("SH-3", "Dark red", "L", price=2100),
        variant("SH-4", "Blue", "M"),
        variant("SH-5", "Blue", "L", price=2400),
    ),
)
EASY = Document(id="mug", title="Mug", variants=(variant("MUG-1", "White", ""),))


def looked_for(query: str, prefix: bool = False) -> Needles:
    tokens = tuple(analyser().query_tokens(query))
    return needles_of(Text(tokens, prefix=prefix)) if tokens else Needles()


def shown(query: str, *filters: Filter, prefix: bool = False) -> str | None:
    found = matching_variant(SHIRT, needles=looked_for(query, prefix), typed=query, filters=filters)
    return found.sku if found else None


@pytest.mark.parametrize(
    ("query", "sku"),
    [
        ("blue shirt", "SH-4"),
        ("red shirt", "SH-3"),  # in stock, then the cheapest
        ("red shirt s", "SH-1"),  # the one asked for, in stock or not
        ("shirt L blue", "SH-5"),
        ("sh-2", "SH-2"),
        ("shirt SH5", "SH-5"),
        ("shirt", None),
        ("", None),
    ],
)
def test_the_words_and_codes_of_the_query_choose(query: str, sku: str | None) -> None:
    assert shown(query) == sku


def test_an_unfinished_word_chooses() -> None:
    assert shown("shirt blu", prefix=True) == "SH-4"
    assert shown("shirt blu") is None


RED = AnyOf("attributes.colour", ("Dark red",))
SMALL = AnyOf("attributes.Size", ("S", "M"))


@pytest.mark.parametrize(
    ("filters", "sku"),
    [
        ((RED,), "SH-3"),
        ((RED, SMALL), "SH-2"),
        ((AllOf((RED, SMALL)), AnyOf("in_stock", ("false",))), "SH-1"),
        ((Between("price", 2300, None),), "SH-5"),
        ((Between("price", None, 1900),), "SH-1"),
        ((AnyOf("code", ("SH4",)),), "SH-4"),
        ((Between("rating", 4, None), AnyOf("brand", ("Acme",))), None),
        ((Not(RED), OneOf((RED, SMALL))), None),
    ],
)
def test_filters_choose(filters: tuple[Filter, ...], sku: str | None) -> None:
    assert shown("shirt", *filters) == sku


def test_filters_count_before_words() -> None:
    assert shown("red shirt", AnyOf("attributes.colour", ("Blue",))) == "SH-4"


def test_one_variant_is_the_product_and_none_is_none() -> None:
    only = matching_variant(EASY, needles=looked_for("lamp"))
    assert only is not None
    assert only.sku == "MUG-1"
    assert matching_variant(replace(EASY, variants=()), needles=looked_for("lamp")) is None


def test_the_order_of_the_variants_makes_no_difference() -> None:
    turned = replace(SHIRT, variants=SHIRT.variants[::-1])
    for query in ("red shirt", "blue shirt", "shirt m"):
        one, other = (matching_variant(document, needles=looked_for(query)) for document in (SHIRT, turned))
        assert one == other is not None
