"""The gate before a generation: one that lost documents, or finds worse than the live one, does not serve.

What is asked of both are canary queries. Where the shop keeps a judgment set named `canary`, they are its
queries, measured by its grades. Otherwise they make themselves: titles of the products that sell best, which have
to find their product as well as before, and the queries that shoppers type most, whose first pages have to be much
like the live ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from core.errors import NotFound, RefusedPromotion
from core.extracts import published_products
from index.engine import Generation, Result, SearchEngine
from index.query import Query
from pipelines.house import House
from ranking.judgment_sets import named_judgments
from ranking.judgments import Judgments, Run, measure, permutation_test
from ranking.opening import open_searcher
from ranking.search import SearchRequest
from ranking.suggest_entries import SUGGESTIONS, read_entries

CANARY = "canary"  # the name of the judgment set that is asked, where there is one
LEAST = 0.9  # share of the live generation's documents below which the core has to confirm that they are gone
DROP = 0.02  # a mean may fall by so much without anybody looking
CHANCE = 0.05  # and by more where it may be chance
LIKE = 0.7  # nDCG@10 of the new first pages by the live ones, mean over what shoppers type
QUERIES = 50  # of each kind
_FIRST = 10


class _OneGeneration:
    """An engine as far as a searcher asks it, of which one generation answers whichever is live."""

    def __init__(self, engine: SearchEngine, generation: str) -> None:
        self._engine = engine
        self._generation = generation

    def search(self, query: Query) -> Result:
        return self._engine.search(query, generation=self._generation)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a generation finds for the canaries, and for those that are judged by its vectors alone."""

    run: Run
    meaning: Run


@dataclass(frozen=True, slots=True)
class Canaries:
    """Judgments that both generations are measured on, and queries whose pages have to be alike."""

    judged: Judgments
    typed: Sequence[str]
    measured: str  # one of ranking.judgments.MEASURES
    named: str  # what they are, for whoever reads why a generation was refused


def check_generation(house: House, engine: SearchEngine, name: str) -> str:
    """Compare a generation with the live one; returns what was compared, in a few words.

    Raises RefusedPromotion, saying why, for one that is worse, and NotFound for one that does not exist.
    """
    new = next((found for found in engine.generations() if found.name == name), None)
    if new is None:
        raise NotFound(f"there is no generation {name!r}: `merx index list` shows them", generation=name)
    live = engine.live()
    if live is None or live.name == name:
        return "nothing to compare with"
    _check_documents(house, new, live, engine)
    canaries = _canaries(house, engine, live)
    ours, before = (_asked(house, engine, generation, canaries) for generation in (new, live))
    _check_judged(canaries, ours.run, before.run, new)
    _check_judged(canaries, ours.meaning, before.meaning, new, how=" by meaning alone")
    _check_typed(canaries, ours.run, before.run, new)
    return f"{len(canaries.judged) + len(canaries.typed)} canary queries asked"


def _check_documents(house: House, new: Generation, live: Generation, engine: SearchEngine) -> None:
    """The live generation may have changed since its build: what it has now is counted."""
    now = engine.search(Query(limit=0), generation=live.name).total
    here = engine.search(Query(limit=0), generation=new.name).total
    if here >= LEAST * now:
        return
    with house.database.read() as session:
        published = published_products(session).height
    if here < published:
        raise RefusedPromotion(
            f"{new.name} lost documents: it has {here:,}, the one that serves {now:,}, and the shop has "
            f"{published:,} published products",
            generation=new.name,
        )


def _check_judged(canaries: Canaries, ours: Run, before: Run, new: Generation, *, how: str = "") -> None:
    if not canaries.judged:
        return
    found, was = (_values(run, canaries) for run in (ours, before))
    drop = float(was.mean() - found.mean())
    if drop > DROP and permutation_test(found - was) < CHANCE:
        worst = sorted(zip(canaries.judged, found - was, strict=True), key=lambda pair: pair[1])[:3]
        raise RefusedPromotion(
            f"{new.name} finds worse: {canaries.measured} on {canaries.named}{how} fell from "
            f"{was.mean():.3f} to {found.mean():.3f}, most for {', '.join(repr(query) for query, _ in worst)}",
            generation=new.name,
        )


def _check_typed(canaries: Canaries, ours: Run, before: Run, new: Generation) -> None:
    pages = {query: before[query][:_FIRST] for query in canaries.typed if before[query]}
    if not pages:
        return
    as_good: Mapping[str, Mapping[str, int]] = {query: dict.fromkeys(page, 1) for query, page in pages.items()}
    values = measure({query: ours[query] for query in pages}, as_good)["ndcg@10"]
    if values.mean() < LIKE:
        worst = sorted(zip(pages, values, strict=True), key=lambda pair: pair[1])[:3]
        raise RefusedPromotion(
            f"{new.name} answers what shoppers type most quite otherwise than before (nDCG@10 {values.mean():.2f} "
            f"by the pages of now), most for {', '.join(repr(query) for query, _ in worst)}",
            generation=new.name,
        )


def _values(run: Run, canaries: Canaries) -> npt.NDArray[np.float64]:
    return measure({query: run[query] for query in canaries.judged}, canaries.judged)[canaries.measured]


def _canaries(house: House, engine: SearchEngine, live: Generation) -> Canaries:
    try:
        judged = named_judgments(house.artifacts, CANARY)
        return Canaries(judged, (), "ndcg@10", "the judgment set `canary`")
    except NotFound:
        pass
    best = engine.search(Query(sort="-popularity", limit=QUERIES), generation=live.name)
    best.prefetch([hit.id for hit in best.hits])
    # A product that is not published any more is no canary; where several have one title, each of them will do.
    with house.database.read() as session:
        titles = dict(published_products(session).select("product_id", "title").iter_rows())
    known: dict[str, dict[str, int]] = {}
    for hit in best.hits:
        if hit.id in titles:
            known.setdefault(titles[hit.id], {})[hit.id] = 3
    return Canaries(known, _typed(house), "rr@10", "titles of what sells best")


def _typed(house: House) -> list[str]:
    version = house.artifacts.live(SUGGESTIONS)
    if version is None:
        return []
    asked = [entry for entry in read_entries(version) if entry.kind == "query"]
    return [entry.text for entry in sorted(asked, key=lambda entry: -entry.weight)[:QUERIES]]


def _asked(house: House, engine: SearchEngine, generation: Generation, canaries: Canaries) -> _Asked:
    one = cast(SearchEngine, _OneGeneration(engine, generation.name))
    searcher = open_searcher(one, generation, artifacts=house.artifacts)
    queries = dict.fromkeys((*canaries.judged, *canaries.typed))
    run = {query: searcher.find(SearchRequest(query, facets=())).ids for query in queries}
    # Words hide vectors that say nothing: an encoder that is spoilt is found out where it stands alone.
    meaning: dict[str, list[str]] = {query: [] for query in canaries.judged}
    if searcher.encoder is not None and meaning:
        for query, vector in zip(meaning, searcher.encoder.encode(list(meaning)), strict=True):
            meaning[query] = list(one.search(Query(vector=vector, limit=_FIRST)).hits.candidates.ids)
    return _Asked(run, meaning)
