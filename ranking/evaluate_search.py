"""Search evaluation: every judged query is run against the whole catalogue and measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from index.engine import Result
from index.query import Query
from ranking.judgments import MEASURES, Judgments, Run, bootstrap_interval, measure
from ranking.scoring import RankingWeights, score_hits
from ranking.search import Searcher, SearchRequest
from ranking.understanding import understand

DEPTH = 200  # results a query is measured on; the deepest measure looks at 100 judged or unjudged ones
MEANING_GRID = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)

Progress = Callable[[int, int], None]


def evaluate_search(
    searcher: Searcher, judgments: Judgments, *, folds: int = 0, progress: Progress | None = None
) -> dict[str, float | int | list[float]]:
    """Measure a searcher on judged queries: means of MEASURES, their intervals, and the time of a shopper's page.

    With `folds` the weight of meaning against text is chosen anew for each fold on the other folds' queries, and
    each query is measured with the weight its own fold did not help to choose.
    """
    times, candidates = [], {}
    for place, query in enumerate(judgments):
        started = time.perf_counter()
        searcher.search(SearchRequest(query))
        times.append((time.perf_counter() - started) * 1000)
        candidates[query] = _candidates(searcher, query)
        if progress is not None:
            progress(place + 1, len(judgments))
    chosen = _cross_validated(candidates, judgments, searcher.weights, folds) if folds > 1 else None
    weights = dict.fromkeys(judgments, searcher.weights) if chosen is None else chosen
    values = measure(_run(candidates, weights), judgments)
    report: dict[str, float | int | list[float]] = {"queries": len(judgments)}
    report |= {name: round(float(values[name].mean()), 4) for name in MEASURES}
    report["p50_ms"], report["p99_ms"] = (round(float(np.percentile(times, q)), 2) for q in (50, 99))
    for name in ("ndcg@10", "condensed_ndcg@10"):
        report[f"{name}_interval"] = [round(bound, 4) for bound in bootstrap_interval(values[name])]
    if chosen is not None:
        report["meaning_weights"] = sorted({weight.meaning for weight in chosen.values()})
    return report


def _candidates(searcher: Searcher, query: str) -> Result:
    understood = understand(query, encoder=searcher.encoder)
    return searcher.find(Query(text=understood.text, vector=understood.vector, limit=DEPTH))[0]


def _run(candidates: dict[str, Result], weights: dict[str, RankingWeights]) -> Run:
    return {
        query: [
            item.hit.id for item in score_hits(result.hits, max_lexical=result.max_lexical, weights=weights[query])
        ]
        for query, result in candidates.items()
    }


def _cross_validated(
    candidates: dict[str, Result], judgments: Judgments, base: RankingWeights, folds: int
) -> dict[str, RankingWeights]:
    grid = [replace(base, meaning=meaning) for meaning in MEANING_GRID]
    table = np.array(
        [measure(_run(candidates, dict.fromkeys(judgments, weights)), judgments)["ndcg@10"] for weights in grid]
    )  # [grid, queries]
    fold_of = np.random.default_rng(0).permutation(len(judgments)) % folds
    best: Sequence[int] = [int(table[:, fold_of != fold].mean(axis=1).argmax()) for fold in range(folds)]
    return {query: grid[best[fold_of[place]]] for place, query in enumerate(judgments)}
