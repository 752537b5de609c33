"""Why a product stands where it stands for a query, or why it is not found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from analysis.text import analyser
from core.errors import NotFound
from index.documents import Document, searchable_text
from index.query import AllOf, AnyOf, Query, Text
from ranking.scoring import Part, explained
from ranking.search import MAX_DEPTH, Found, Searcher, SearchRequest
from ranking.understanding import Entity


@dataclass(frozen=True, slots=True)
class Explanation:
    """One query and one product.

    `words` are the analysed words, `missing` those that no text of the product has (nor anything that counts as
    them). `rank` counts from 1, None where the product is not found (or beyond the 10,000th); `parts` add up to
    `score`. `lexical` are the named shares of the engine's text score, of which the best match has `best_lexical`.
    `reasons` say why it is not found.
    """

    query: str
    product: str
    title: str
    total: int
    words: Sequence[str]
    missing: Sequence[str]
    corrections: Sequence[tuple[str, str]]
    entities: Sequence[Entity]
    relaxed: Sequence[str]
    matches: bool
    rank: int | None = None
    score: float = 0.0
    parts: Sequence[Part] = ()
    lexical: Mapping[str, float] = field(default_factory=dict)
    best_lexical: float = 0.0
    cosine: float | None = None
    reasons: Sequence[str] = ()


def explain(searcher: Searcher, query: str, product: str) -> Explanation:
    """Explain a product's place for a query as a shopper types it; raises NotFound, InvalidInput."""
    document = searcher.engine.get([product]).get(product)
    if document is None:
        raise NotFound(
            f"the live index has no product {product!r}: it is not published, or it is new and not delivered yet",
            product=product,
        )
    found = searcher.find(SearchRequest(query, facets=()), depth=MAX_DEPTH)
    understood = found.understood
    missing = _missing(understood.text, document)
    about = Explanation(
        query=understood.typed,
        product=product,
        title=document.title or document.title_zh,
        total=found.result.total,
        words=understood.text.tokens if understood.text is not None else (),
        missing=missing,
        corrections=understood.corrections,
        entities=understood.entities,
        relaxed=found.relaxed,
        matches=False,
        cosine=_cosine(found, product),
    )
    alone = searcher.engine.search(_of(found.query, product, parts=True))
    if not alone.total:
        return replace(about, reasons=_reasons(searcher, found, about))
    hit = alone.hits[0]
    # What only the vector found may hold a word or two, but too few of them to count.
    lexical = dict(hit.parts) if hit.lexical > 0 else {}
    about = replace(about, matches=True, lexical=lexical, best_lexical=found.result.max_lexical)
    if product not in found.candidates.ids:
        return replace(about, reasons=(f"it matches, but stands below place {MAX_DEPTH:,}",))
    place = list(found.candidates.ids).index(product)
    about = replace(about, rank=list(found.order).index(place) + 1)
    if found.scores is None:
        return about
    parts = explained(found.result.hits[place], found.scores, place, weights=searcher.weights)
    return replace(about, score=float(found.scores.total[place]), parts=parts)


def explanation_to_json(about: Explanation) -> dict[str, Any]:
    """A plain dict of all there is to say."""
    return {
        "query": about.query,
        "understood": {
            "words": list(about.words),
            "corrections": [{"typed": typed, "searched": searched} for typed, searched in about.corrections],
            "names": [{"kind": one.kind, "value": one.value, "text": one.text} for one in about.entities],
            "relaxed": list(about.relaxed),
        },
        "total": about.total,
        "product": about.product,
        "title": about.title,
        "matches": about.matches,
        "rank": about.rank,
        "score": round(about.score, 6),
        "parts": [{"part": part.name, "value": round(part.value, 6), "note": part.note} for part in about.parts],
        "lexical": {name: round(value, 6) for name, value in about.lexical.items()},
        "best_lexical": round(about.best_lexical, 6),
        "cosine": None if about.cosine is None else round(about.cosine, 6),
        "missing": list(about.missing),
        "reasons": list(about.reasons),
    }


def _of(query: Query, product: str, *, parts: bool = False) -> Query:
    """The query, cut down to one product."""
    this = AnyOf("id", (product,))
    where = AllOf((this, query.where)) if query.where is not None else this
    return replace(query, where=where, facets=(), stats=(), offset=0, limit=1, parts=parts)


def _missing(text: Text | None, document: Document) -> list[str]:
    """The words of a query that no text of a product has, nor anything that counts as them."""
    if text is None:
        return []
    there = set(analyser().tokens(" ".join(searchable_text(document).values())))
    missing = []
    for place, token in enumerate(text.tokens):
        others = [other.tokens for other in text.alternatives.get(place, ()) if not other.sound]
        begun = text.prefix and place == len(text.tokens) - 1 and any(word.startswith(token) for word in there)
        if not begun and not any(set(tokens) <= there for tokens in ((token,), *others)):
            missing.append(token)
    return missing


def _cosine(found: Found, product: str) -> float | None:
    vectors = found.result.vectors([product])
    if found.query.vector is None or vectors.shape[1] == 0:
        return None
    return float(vectors[0] @ found.query.vector)


def _reasons(searcher: Searcher, found: Found, about: Explanation) -> tuple[str, ...]:
    """What keeps a product out of the matching set: a filter, or words and meaning both."""
    query, reasons = found.query, []
    if not searcher.engine.search(_of(Query(where=query.where, sort="-popularity"), about.product)).total:
        said = ", ".join(f"{entity.kind} {entity.text!r}" for entity in found.understood.entities)
        return (f"a filter of the query leaves it out: {said or 'it asks for a code'}",)
    if about.missing:
        have = len(about.words) - len(about.missing)
        reasons.append(f"it has {have} of {len(about.words)} words: {', '.join(about.missing)} is missing")
    if about.cosine is not None and about.cosine < query.vector_floor:
        reasons.append(
            f"it is not close enough in meaning: {about.cosine:.2f}, and {query.vector_floor:.2f} is asked"
        )
    elif about.cosine is not None:
        reasons.append(f"{query.vector_size} others are closer in meaning than {about.cosine:.2f}")
    return tuple(reasons)
