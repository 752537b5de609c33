"""Search evaluation: every judged query is run against the whole catalogue and measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from ranking.judgments import MEASURES, Judgments, Run, bootstrap_interval, measure
from ranking.search import Searcher, SearchRequest

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
    times: list[float] = []
    for place, query in enumerate(judgments):
        started = time.perf_counter()
        searcher.search(SearchRequest(query))
        times.append((time.perf_counter() - started) * 1000)
        if progress is not None:
            progress(place + 1, len(judgments))
    run, chosen = run_queries(searcher, judgments), None
    if folds > 1:
        run, chosen = _cross_validated(searcher, judgments, folds)
    values = measure(run, judgments)
    report: dict[str, float | int | list[float]] = {"queries": len(judgments)}
    report |= {name: round(float(values[name].mean()), 4) for name in MEASURES}
    report["p50_ms"], report["p99_ms"] = (round(float(np.percentile(times, q)), 2) for q in (50, 99))
    for name in ("ndcg@10", "condensed_ndcg@10"):
        report[f"{name}_interval"] = [round(bound, 4) for bound in bootstrap_interval(values[name])]
    if chosen is not None:
        report["meaning_weights"] = sorted(set(chosen))
    return report


def run_queries(searcher: Searcher, queries: Iterable[str]) -> Run:
    """The first DEPTH document ids for each query, as a shopper gets them."""
    return {query: searcher.find(SearchRequest(query, facets=()), depth=DEPTH).ids for query in queries}


def _cross_validated(searcher: Searcher, judgments: Judgments, folds: int) -> tuple[Run, list[float]]:
    """Each query under the weight of meaning that did best on the other folds, and the weights by fold."""
    runs = []
    for meaning in MEANING_GRID:
        tried = searcher.with_weights(replace(searcher.weights, meaning=meaning))
        runs.append(run_queries(tried, judgments))
    table = np.array([measure(run, judgments)["ndcg@10"] for run in runs])  # [grid, queries]
    fold_of = np.random.default_rng(0).permutation(len(judgments)) % folds
    best = [int(table[:, fold_of != fold].mean(axis=1).argmax()) for fold in range(folds)]
    mixed = {query: runs[best[fold_of[place]]][query] for place, query in enumerate(judgments)}
    return mixed, [MEANING_GRID[choice] for choice in best]
