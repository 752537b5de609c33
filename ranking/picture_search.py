"""Search by picture: the products that look most like one, cut down by words and ticks, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from core.imaging import decode
from index.engine import Hit
from index.pictures import LONGEST, ProductPictures
from index.query import AllOf, Query
from ranking.highlight import needles_of
from ranking.hits import shown
from ranking.scoring import Part, ScoredHit
from ranking.search import (
    MAX_DEPTH,
    MAX_PAGE_SIZE,
    Searcher,
    SearchPage,
    SearchRequest,
)
from ranking.understanding import UnderstoodQuery

MOST = 500  # products that are near a picture at most
TEXT_WEIGHT = 0.2  # what the best text match adds to a likeness between 0 and 1: words refine, the look decides

Vectors = npt.NDArray[np.float32]


class PictureSearcher:
    """Search by picture over one engine and the vectors of its products' pictures.

    The matching set is the MOST products whose likeness is above the cut-off of the shop's pictures
    (`ProductPictures.floor`), cut down to those with the words of the query and by everything that is ticked.
    Facets are counted over exactly that set.
    """

    def __init__(self, searcher: Searcher, pictures: ProductPictures) -> None:
        self._searcher = searcher
        self._pictures = pictures

    def search(self, request: SearchRequest, *, picture: bytes) -> SearchPage:
        """What looks like a photograph; raises InvalidInput as `core.imaging.render` and `Searcher.search` do."""
        vectors = self._pictures.encoder.encode([decode(picture, longest=LONGEST)])
        return self._page(request, self._near(vectors), what="your picture")

    def like(self, request: SearchRequest, *, product: str) -> SearchPage:
        """What looks like one of a product's own pictures, without the product itself.

        Nothing does where the product has no picture of the shop's own.
        """
        near = self._near(self._pictures.of(product))
        return self._page(request, {name: cosine for name, cosine in near.items() if name != product}, what="it")

    def _near(self, vectors: Vectors) -> dict[str, float]:
        return self._pictures.nearest(vectors, size=MOST, floor=self._pictures.floor)

    def _page(self, request: SearchRequest, near: Mapping[str, float], *, what: str) -> SearchPage:
        if not 1 <= request.size <= MAX_PAGE_SIZE:
            raise InvalidInput(f"a page has 1 to {MAX_PAGE_SIZE} hits, not {request.size}")
        if request.page < 1 or request.page * request.size > MAX_DEPTH:
            raise InvalidInput(f"pages start at 1 and end at hit {MAX_DEPTH}")
        understood = self._searcher.understand(request)
        query = _query(request, understood, near)
        result = self._searcher.engine.search(query)
        start, end = (request.page - 1) * request.size, request.page * request.size
        if request.sort == "relevance":
            ordered = _by_look(result.hits, best=result.max_lexical, what=what, stock=request.in_stock_first)[
                start:end
            ]
        else:
            ordered = [ScoredHit(hit, 0.0, tuple) for hit in result.hits]
        result.prefetch([item.hit.id for item in ordered])
        needles = needles_of(understood.text)
        return SearchPage(
            query=understood.typed,
            hits=[shown(item, needles=needles, typed=understood.typed, filters=query.asked) for item in ordered],
            total=result.total,
            page=request.page,
            size=request.size,
            facets=result.facets,
            generation=result.generation,
            stats=result.stats,
            corrected=understood.corrected,
            did_you_mean=understood.did_you_mean,
            understood=understood.entities,
        )


def _query(request: SearchRequest, understood: UnderstoodQuery, near: Mapping[str, float]) -> Query:
    by_look = request.sort == "relevance"
    clauses = [clause for clause in (request.where, understood.where) if clause is not None]
    return Query(
        text=understood.text,
        among=near,
        where=AllOf(tuple(clauses)) if clauses else None,
        refinements=dict(request.refinements),
        facets=request.facets,
        stats=request.stats,
        sort=request.sort,
        in_stock_first=request.in_stock_first,
        offset=0 if by_look else (request.page - 1) * request.size,
        limit=MOST if by_look else request.size,  # all that is near is put in order here, whatever the page
    )


def _by_look(hits: Sequence[Hit], *, best: float, what: str, stock: bool) -> list[ScoredHit]:
    """The hits by likeness, words settling what is about as near, then by id. `best` is the best text score."""
    scored = []
    for hit in hits:
        words = TEXT_WEIGHT * hit.lexical / best if best > 0 else 0.0
        scored.append(ScoredHit(hit, hit.vector + words, partial(_parts, hit, words, what)))
    scored.sort(key=lambda item: (stock and not item.hit.in_stock, -item.score, item.hit.id))
    return scored


def _parts(hit: Hit, words: float, what: str) -> tuple[Part, ...]:
    look = Part("picture", hit.vector, f"looks like {what} ({hit.vector:.2f} of 1)")
    if words <= 0:
        return (look,)
    note = f"its words match {words / TEXT_WEIGHT:.0%} as well as the best match"
    return look, Part("text", words, note)
