"""Graded judgments of search results, and the measures taken on them with `ir-measures`.

A judgment file is a CSV with the columns query, product_id, grade (0 irrelevant to 3 exact).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import ir_measures
import numpy as np
import numpy.typing as npt
import polars as pl
from ir_measures import RR, Judged, R, nDCG

from core.errors import InvalidInput

Judgments = Mapping[str, Mapping[str, int]]  # query -> product id -> grade
Run = Mapping[str, Sequence[str]]  # query -> product ids, best first

MEASURES = ("ndcg@10", "condensed_ndcg@10", "judged@10", "recall@100", "rr@10")


def read_judgments(path: Path) -> Judgments:
    """Read a judgment file; raises InvalidInput for one that is missing, empty or not of that form."""
    try:
        frame = pl.read_csv(
            path, schema_overrides={"query": pl.String, "product_id": pl.String, "grade": pl.Int64}
        )
        rows = frame.select("query", "product_id", "grade").drop_nulls()
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InvalidInput(f"{path.name} is not a judgment file (query, product_id, grade): {reason}") from error
    if rows.is_empty():
        raise InvalidInput(f"{path.name} holds no judgments")
    if not rows["grade"].is_between(0, 3).all():
        raise InvalidInput(f"{path.name}: grades are 0 to 3")
    judged: dict[str, dict[str, int]] = {}
    for query, product, grade in rows.iter_rows():
        judged.setdefault(query, {})[product] = grade
    return judged


def measure(run: Run, judgments: Judgments) -> dict[str, npt.NDArray[np.float64]]:
    """Each of MEASURES for each judged query, shape [queries], in the order of `judgments`.

    `ndcg@10` counts unjudged results as irrelevant; `condensed_ndcg@10` leaves them out first (Sakai,
    "Alternatives to Bpref", SIGIR 2007). `recall@100` counts grades from 2
    on, and is 0 where nothing has such a grade.
    """
    condensed = {query: [item for item in found if item in judgments[query]] for query, found in run.items()}
    plain = _calculate([nDCG @ 10, Judged @ 10, R(rel=2) @ 100, RR @ 10], run, judgments)
    return {
        "ndcg@10": plain["nDCG@10"],
        "condensed_ndcg@10": _calculate([nDCG @ 10], condensed, judgments)["nDCG@10"],
        "judged@10": plain["Judged@10"],
        "recall@100": plain["R(rel=2)@100"],
        "rr@10": plain["RR@10"],
    }


def bootstrap_interval(
    values: npt.NDArray[np.float64], *, seed: int = 0, samples: int = 2000
) -> tuple[float, float]:
    """The 95% bootstrap interval of a mean over queries; of differences query by query, the paired one."""
    drawn = np.random.default_rng(seed).integers(0, len(values), (samples, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def permutation_test(differences: npt.NDArray[np.float64], *, seed: int = 0, samples: int = 10_000) -> float:
    """The two-sided p-value of a mean difference between two systems on the same queries, shape [queries].

    The signs of the differences are drawn anew: were the systems equally good, each would be as likely either way.
    Source: Smucker, Allan, Carterette, "A comparison of statistical significance tests for information retrieval
    evaluation", CIKM 2007.
    """
    if not differences.any():
        return 1.0
    signs = np.random.default_rng(seed).integers(0, 2, (samples, len(differences)), dtype=np.int8) * 2 - 1
    means = np.abs(signs @ differences) / len(differences)
    # A hair of slack: sums in another order may differ in their last bit.
    extreme = int((means >= abs(differences.mean()) * (1 - 1e-9)).sum())
    return (extreme + 1) / (samples + 1)


def _calculate(
    measures: Sequence[ir_measures.Measure], run: Run, judgments: Judgments
) -> dict[str, npt.NDArray[np.float64]]:
    grades = {query: dict(items) for query, items in judgments.items()}
    # Scores fall with the rank, so that no tie is broken by another rule than the engine's own.
    scores = {
        query: {item: -float(rank) for rank, item in enumerate(items)} for query, items in run.items() if items
    }
    order = {query: place for place, query in enumerate(judgments)}
    values = {str(kind): np.zeros(len(order)) for kind in measures}
    for metric in ir_measures.iter_calc(measures, grades, scores):
        values[str(metric.measure)][order[metric.query_id]] = metric.value
    return values
