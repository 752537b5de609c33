"""Search: a request is understood, candidates are fetched, scored, cut to a page and explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from analysis.encoder import TextEncoder
from core.errors import InvalidInput
from index.engine import Result, SearchEngine
from index.query import Facet, Filter, Query, Sort, Text
from ranking.highlight import Piece, highlight
from ranking.scoring import Part, RankingWeights, ScoredHit, score_hits, unranked
from ranking.understanding import UnderstoodQuery, understand

MAX_PAGE_SIZE = 100
MAX_DEPTH = 10_000  # hits that can be paged through
DEFAULT_FACETS = (Facet("category", 50), Facet("brand", 20), Facet("in_stock", 2))


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What a storefront asks for. Pages count from 1. `prefix` is set while the shopper is still typing."""

    query: str = ""
    page: int = 1
    size: int = 24
    sort: Sort = "relevance"
    refinements: Mapping[str, Filter] = field(default_factory=dict)
    where: Filter | None = None
    facets: tuple[Facet, ...] = DEFAULT_FACETS
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One place on a page: the document, its score, why (parts that add up to it), and its title in pieces."""

    scored: ScoredHit
    title: Sequence[Piece]
    title_zh: Sequence[Piece]

    @property
    def why(self) -> tuple[Part, ...]:
        """The parts of the score; empty when the order was not by relevance."""
        return self.scored.parts


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of hits. `total` and `facets` count the whole matching set; `relaxed`: not all words had to match."""

    query: str
    hits: Sequence[SearchHit]
    total: int
    page: int
    size: int
    facets: Mapping[str, Sequence[tuple[str, int]]]
    generation: str
    relaxed: bool


class Searcher:
    """Search over one engine. The first `pool` candidates are scored; deeper pages keep the engine's order."""

    def __init__(
        self,
        engine: SearchEngine,
        *,
        encoder: TextEncoder | None,
        weights: RankingWeights | None = None,
        pool: int = 200,
    ) -> None:
        self.engine = engine
        self.encoder = encoder
        self.weights = weights or RankingWeights()
        self.pool = pool

    def search(self, request: SearchRequest) -> SearchPage:
        """Answer a request; raises InvalidInput for a page, size or query out of bounds."""
        if not 1 <= request.size <= MAX_PAGE_SIZE:
            raise InvalidInput(f"a page has 1 to {MAX_PAGE_SIZE} hits, not {request.size}")
        if request.page < 1 or request.page * request.size > MAX_DEPTH:
            raise InvalidInput(f"pages start at 1 and end at hit {MAX_DEPTH}")
        understood = understand(request.query, encoder=self.encoder, prefix=request.prefix)
        query = self._query(request, understood)
        result, relaxed = self.find(query)
        scored = self._page(request, query, result)
        result.prefetch([item.hit.id for item in scored])
        return SearchPage(
            query=understood.typed,
            hits=[self._hit(item, understood.text) for item in scored],
            total=result.total,
            page=request.page,
            size=request.size,
            facets=result.facets,
            generation=result.generation,
            relaxed=relaxed,
        )

    def find(self, query: Query) -> tuple[Result, bool]:
        """The candidates of a typed query; when not one has enough of its words, one word is enough (True)."""
        result = self.engine.search(query)
        if result.total or query.text is None or len(query.text.tokens) == 1:
            return result, False
        result = self.engine.search(replace(query, text=replace(query.text, minimum=1)))
        return result, result.total > 0

    def _query(self, request: SearchRequest, understood: UnderstoodQuery) -> Query:
        start, end = (request.page - 1) * request.size, request.page * request.size
        sort = request.sort
        if sort == "relevance" and understood.text is None:
            sort = "-popularity"  # nothing to be relevant to: browsing
        pooled = sort == "relevance" and start < self.pool
        return Query(
            text=understood.text,
            vector=understood.vector,
            where=request.where,
            refinements=dict(request.refinements),
            facets=request.facets,
            sort=sort,
            offset=0 if pooled else start,
            limit=max(end, self.pool) if pooled else request.size,
        )

    def _page(self, request: SearchRequest, query: Query, result: Result) -> list[ScoredHit]:
        if query.sort != "relevance":
            return [unranked(hit) for hit in result.hits]
        start = (request.page - 1) * request.size
        pool = self.pool if query.offset == 0 else 0
        scored = score_hits(result.hits[:pool], max_lexical=result.max_lexical, weights=self.weights)
        # Beyond the pool the engine's order stands, so that no hit is shown twice or never.
        for hit in result.hits[pool:]:
            scored += score_hits([hit], max_lexical=result.max_lexical, weights=self.weights)
        first = start - query.offset
        return scored[first : first + request.size]

    def _hit(self, scored: ScoredHit, text: Text | None) -> SearchHit:
        tokens = text.tokens if text is not None else ()
        prefix = tokens[-1] if text is not None and text.prefix else ""
        document = scored.hit.document
        return SearchHit(
            scored,
            highlight(document.title, tokens=tokens, prefix=prefix),
            highlight(document.title_zh, tokens=tokens, prefix=prefix),
        )
