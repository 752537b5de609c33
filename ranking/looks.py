"""What looks like a product, as a row: search by picture without words."""

from __future__ import annotations

from collections.abc import Collection

from index.documents import Document
from index.query import AllOf, AnyOf, Filter, Not
from ranking.picture_search import PictureSearcher
from ranking.reasons import say
from ranking.rows import Row
from ranking.search import SearchRequest


def looks_similar(
    pictures: PictureSearcher,
    document: Document,
    *,
    size: int,
    where: Filter | None = None,
    hidden: Collection[str] = (),
) -> list[Row]:
    """Products in stock with a picture that looks like one of a product's, within a filter; scores are cosines.

    Empty where the product has no picture of the shop's own.
    """
    clauses: list[Filter] = [] if where is None else [where]
    if hidden:
        clauses.append(Not(AnyOf("id", tuple(hidden))))
    request = SearchRequest(
        "",
        refinements={"in_stock": AnyOf("in_stock", ("true",))},
        where=AllOf(tuple(clauses)) if clauses else None,
        size=size,
        facets=(),
    )
    found = pictures.like(request, product=document.id)
    return [
        Row(
            item_id=hit.document.id,
            score=hit.scored.score,
            parts={"picture": hit.scored.score},
            kind="picture",
            because=[document.id],
            text=say("looks-like", document.title),
            saying="looks-like",
            shares=[hit.scored.score],
        )
        for hit in found.hits
    ]
