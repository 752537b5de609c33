"""Search: a request is understood, candidates are fetched, scored, cut to a page and explained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from analysis.encoder import TextEncoder
from analysis.lexicon import Lexicon
from analysis.synonyms import Synonyms
from analysis.text import analyser
from core.errors import InvalidInput
from index.documents import ALL
from index.engine import Candidates, Result, SearchEngine, Stats
from index.query import AllOf, AnyOf, Facet, Filter, OneOf, Query, Says, Sort, Text
from ranking.highlight import Needles, needles_of
from ranking.hits import SearchHit, shown
from ranking.scoring import RankingWeights, ScoredHit, Scores, Yardstick, explained, feedback, score
from ranking.understanding import Entity, UnderstoodQuery, literally, understand

MAX_PAGE_SIZE = 100
MAX_DEPTH = 10_000  # hits that can be paged through
DEFAULT_FACETS = (Facet("category", 50), Facet("brand", 20), Facet("in_stock", 2))

_NAMED_IN = {"brand": "brand", "category": "category", "colour": "attributes", "size": "attributes"}


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What a storefront asks for. Pages count from 1. `prefix` is set while the shopper is still typing.

    Without `understanding` the words are taken as they stand: no corrections, no prices, nothing left out.
    """

    query: str = ""
    page: int = 1
    size: int = 24
    sort: Sort = "relevance"
    refinements: Mapping[str, Filter] = field(default_factory=dict)
    where: Filter | None = None
    facets: tuple[Facet, ...] = DEFAULT_FACETS
    stats: tuple[str, ...] = ()
    in_stock_first: bool = False
    prefix: bool = False
    understanding: bool = True


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page of hits. `total`, `facets` and `stats` describe the whole matching set.

    `corrected` is the query with the words that were searched instead of unknown ones, `did_you_mean` one that was
    not searched; `relaxed` says in words what was given up so that something is found; `understood` what the query
    was taken to name.
    """

    query: str
    hits: Sequence[SearchHit]
    total: int
    page: int
    size: int
    facets: Mapping[str, Sequence[tuple[str, int]]]
    generation: str
    stats: Mapping[str, Stats] = field(default_factory=dict)
    corrected: str | None = None
    did_you_mean: str | None = None
    relaxed: tuple[str, ...] = ()
    understood: tuple[Entity, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The candidates of an understood query in the order they are shown, and how they were found."""

    understood: UnderstoodQuery
    query: Query
    result: Result
    relaxed: tuple[str, ...]
    scores: Scores | None  # None where the order is not by relevance
    order: Sequence[int]  # places among the result's hits

    @property
    def candidates(self) -> Candidates:
        """The raw scores, in the engine's order."""
        return self.result.hits.candidates

    @property
    def ids(self) -> list[str]:
        """Document ids, best first."""
        return [self.candidates.ids[place] for place in self.order]


class Searcher:
    """Search over one engine. The first `pool` candidates are scored; deeper pages keep the engine's order."""

    def __init__(
        self,
        engine: SearchEngine,
        *,
        encoder: TextEncoder | None,
        lexicon: Lexicon | None = None,
        synonyms: Synonyms | None = None,
        weights: RankingWeights | None = None,
        pool: int = 200,
    ) -> None:
        self.engine = engine
        self.encoder = encoder
        self.lexicon = lexicon
        self.synonyms = synonyms
        self.weights = weights or RankingWeights()
        self.pool = pool

    def with_weights(self, weights: RankingWeights) -> Searcher:
        """The same searcher under other weights."""
        return Searcher(
            self.engine,
            encoder=self.encoder,
            lexicon=self.lexicon,
            synonyms=self.synonyms,
            weights=weights,
            pool=self.pool,
        )

    def search(self, request: SearchRequest) -> SearchPage:
        """Answer a request; raises InvalidInput for a page, size or query out of bounds."""
        if not 1 <= request.size <= MAX_PAGE_SIZE:
            raise InvalidInput(f"a page has 1 to {MAX_PAGE_SIZE} hits, not {request.size}")
        if request.page < 1 or request.page * request.size > MAX_DEPTH:
            raise InvalidInput(f"pages start at 1 and end at hit {MAX_DEPTH}")
        found = self.find(request)
        first = (request.page - 1) * request.size - found.query.offset
        places = found.order[first : first + request.size]
        found.result.prefetch([found.candidates.ids[place] for place in places])
        understood, needles = found.understood, needles_of(found.understood.text)
        return SearchPage(
            query=understood.typed,
            hits=[self._hit(found, place, needles) for place in places],
            total=found.result.total,
            page=request.page,
            size=request.size,
            facets=found.result.facets,
            generation=found.result.generation,
            stats=found.result.stats,
            corrected=understood.corrected,
            did_you_mean=understood.did_you_mean,
            relaxed=found.relaxed,
            understood=understood.entities,
        )

    def find(self, request: SearchRequest, *, depth: int = 0) -> Found:
        """The candidates for a request's page (at least `depth` of them); less is asked while nothing is found."""
        found: tuple[tuple[str, ...], UnderstoodQuery, Query, Result] | None = None
        for steps, reading in self._readings(request):
            query = self._query(request, reading, depth=depth)
            result = self.engine.search(query)
            enough = self._enough(query, result)
            empty = found is not None and not found[3].total
            if found is None or enough or (empty and (result.total or found[1].text is None)):
                found = steps, reading, query, result
            if enough:
                break
        assert found is not None, "there is always one reading"
        steps, reading, query, result = found
        return Found(reading, query, result, steps, *self._ranked(query, result))

    def understand(self, request: SearchRequest, *, bold: bool = False) -> UnderstoodQuery:
        """What a request's query means; `bold` corrects words that the catalogue has as well."""
        if not request.understanding:
            return literally(request.query, encoder=self.encoder, prefix=request.prefix)
        return understand(
            request.query,
            encoder=self.encoder,
            lexicon=self.lexicon,
            synonyms=self.synonyms,
            prefix=request.prefix,
            known=self._knows,
            bold=bold,
        )

    def _knows(self, token: str) -> bool:
        """Whether the live index has a word, which may have come after the lexicon was fitted."""
        return self.engine.search(Query(where=Says(ALL, (token,)), limit=0)).total > 0

    def _readings(self, request: SearchRequest) -> Iterator[tuple[tuple[str, ...], UnderstoodQuery]]:
        """What the query may mean, and what was given up for it: the strictest reading first."""
        understood = self.understand(request)
        if understood.code is not None:
            exactly = AnyOf("code", (understood.code,))
            yield (), replace(understood, text=None, vector=None, where=exactly, entities=())
        if understood.text is None and understood.where is None and any(map(str.isalnum, understood.typed)):
            understood = replace(understood, where=OneOf(()))  # what no word is made of: nothing, not everything
            yield (), understood
            return
        yield (), understood
        bold = self.understand(request, bold=True) if request.understanding else understood
        bolder = [bold] if bold.corrections != understood.corrections else []
        for reading in bolder:
            yield (), reading
        steps: tuple[str, ...] = ()
        if understood.where is not None:
            asked = [entity for entity in understood.entities if entity.kind in ("price", "without")]
            said = (f"without {entity.text}" if entity.kind == "without" else entity.text for entity in asked)
            steps = (f"left out: {', '.join(said)}",)
            for reading in (understood, *bolder):
                yield steps, replace(reading, where=None)
        if understood.text is not None and len(understood.text.tokens) > 1:
            loose = replace(understood, text=replace(understood.text, minimum=1))
            yield ("any one of the words",), loose  # a price that is not in the way stays
            if loose.where is not None:
                yield (*steps, "any one of the words"), replace(loose, where=None)

    def _query(self, request: SearchRequest, understood: UnderstoodQuery, *, depth: int) -> Query:
        start, end = (request.page - 1) * request.size, request.page * request.size
        sort = request.sort
        if sort == "relevance" and understood.text is None:
            sort = "-popularity"  # nothing to be relevant to: browsing
        pooled = sort == "relevance" and start < self.pool
        clauses = [clause for clause in (request.where, understood.where) if clause is not None]
        return Query(
            text=_lifted(understood),
            vector=understood.vector,
            vector_floor=self.weights.floor,
            where=AllOf(tuple(clauses)) if clauses else None,
            refinements=dict(request.refinements),
            facets=request.facets,
            stats=request.stats,
            sort=sort,
            in_stock_first=request.in_stock_first,
            offset=0 if pooled else start,
            limit=max(end, self.pool, depth) if pooled else max(request.size, depth),
        )

    def _enough(self, query: Query, result: Result) -> bool:
        """Whether words were found where there are words: what is only close in meaning is a last resort.

        Where ticks leave only such, it counts whether words were found without the ticks: what is ticked shows as
        many products as its facet said.
        """
        if not result.total or query.text is None or result.max_lexical > 0:
            return result.total > 0
        if not query.refinements:
            return False
        everywhere = replace(query, refinements={}, facets=(), stats=(), offset=0, limit=0)
        return self.engine.search(everywhere).max_lexical > 0

    def _ranked(self, query: Query, result: Result) -> tuple[Scores | None, Sequence[int]]:
        """Scores for all candidates, and their order: the pool by score, the rest as the engine has it.

        Beyond the pool the engine's order stands, so that no hit is shown twice or never.
        """
        candidates = result.hits.candidates
        if query.sort != "relevance":
            return None, range(len(candidates))
        yardstick = Yardstick.of(candidates, max_lexical=result.max_lexical, first=self.pool)
        scores = score(candidates, yardstick=yardstick, weights=self.weights)
        pool = min(self.pool, len(candidates)) if query.offset == 0 else 0
        if pool and query.vector is not None and self.weights.feedback > 0:
            order = scores.order(candidates)
            best = order[order < pool]
            moved = feedback(
                query.vector,
                result.vectors([candidates.ids[place] for place in best]),
                scores=scores.total[best],
                weights=self.weights,
            )
            meaning = candidates.vector.copy()
            meaning[best] = moved
            scores = score(candidates, yardstick=yardstick, weights=self.weights, meaning=meaning)
        order = scores.order(candidates, in_stock_first=query.in_stock_first)
        return scores, [*order[order < pool].tolist(), *range(pool, len(candidates))]

    def _hit(self, found: Found, place: int, needles: Needles) -> SearchHit:
        hit = found.result.hits[place]
        if found.scores is None:
            scored = ScoredHit(hit, 0.0, tuple)
        else:
            why = partial(explained, hit, found.scores, place, weights=self.weights)
            scored = ScoredHit(hit, float(found.scores.total[place]), why)
        return shown(scored, needles=needles, typed=found.understood.typed, filters=found.query.asked)


def _lifted(understood: UnderstoodQuery) -> Text | None:
    """The text with what the query was found to name, so that documents where it is named so stand higher."""
    if understood.text is None:
        return None
    named: dict[int, str] = {}
    for entity in understood.entities:
        if entity.kind in _NAMED_IN:
            tokens = set(analyser().tokens(entity.text))
            places = (place for place, token in enumerate(understood.text.tokens) if token in tokens)
            named |= dict.fromkeys(places, _NAMED_IN[entity.kind])
    return replace(understood.text, named=named, lacking=understood.without)
