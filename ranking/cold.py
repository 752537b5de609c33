"""Products that came after the models were trained: recommended around by what is written of them."""

from __future__ import annotations

from collections.abc import Collection

from index.documents import Document, encoder_text
from index.query import AnyOf, Not, Query
from ranking.search import Searcher
from ranking.widgets import Row


def similar_by_text(
    searcher: Searcher, document: Document, *, size: int, hidden: Collection[str] = ()
) -> list[Row]:
    """The products in stock whose text is nearest to a document's, itself left out; scores are cosines."""
    if searcher.encoder is None:
        return []
    vector = searcher.encoder.encode([encoder_text(document)])[0]
    if not vector.any():
        return []
    left_out = (document.id, *hidden)
    found = searcher.engine.search(
        Query(
            vector=vector,
            vector_size=size + len(left_out),
            where=Not(AnyOf("id", left_out)),
            refinements={"in_stock": AnyOf("in_stock", ("true",))},
            limit=size,
        )
    )
    return [
        Row(
            item_id=hit.id,
            score=hit.vector,
            parts={"content": hit.vector},
            kind="content",
            because=[document.id],
            text=f"Like {document.title}",
        )
        for hit in found.hits
    ]
