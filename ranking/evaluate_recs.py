"""Recommendation evaluation: every model and the blend that is served, on the same cases, all items ranked.

Nothing here is chosen on the test part: the blend learns its weights on a part it holds back from the training data
by itself, and each model is fitted with the parameters that serve.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.artifacts import Version
from core.errors import InvalidInput
from ranking.blend import BlendRecommender, Holdout
from recsys.data import TrainingData
from recsys.evaluation.intervals import interval
from recsys.evaluation.metrics import CUTOFFS, coverage, measure, novelty
from recsys.evaluation.splits import Split, global_time_split, last_part, leave_last_out
from recsys.protocol import Recommender
from recsys.training import read_sequences, training_data

Progress = Callable[[str, int, int], None]
Row = dict[str, float | int | list[float]]

_METRICS = tuple(f"{name}@{k}" for k in CUTOFFS for name in ("hr", "ndcg"))
TEST_SHARE = 0.1  # of the time that a snapshot spans, at its end
MAX_CASES = 20_000  # more cases make the intervals hardly narrower


def evaluate_sequences(
    sequences: Path,
    *,
    attributes: Path | None = None,
    titles: Path | None = None,
    seed: int = 0,
    threads: int = 0,
    progress: Progress | None = None,
) -> dict[str, Row]:
    """Leave-last-out on purchase sequences: hr, ndcg at 5, 10 and 20, their intervals at 10, and fit_s per model.

    Raises InvalidInput for files that cannot be read or hold no shopper with two items.
    """
    data = read_sequences(sequences, attributes=attributes, titles=titles)
    split = leave_last_out(data)
    if not split.histories:
        raise InvalidInput(f"{sequences.name} holds no shopper with two items")
    return _evaluate(split, holdout="last", seed=seed, threads=threads, progress=progress, lists=False)


def evaluate_snapshot(
    snapshot: Version, *, seed: int = 0, threads: int = 0, progress: Progress | None = None
) -> dict[str, Row]:
    """A shop's own past, split at one moment for all shoppers: the metrics, coverage and novelty per model.

    The last TEST_SHARE of the time is the test. Raises InvalidInput for a shop too young to be split.
    """
    data = training_data(snapshot.path)
    split = shop_split(data, seed=seed)
    return _evaluate(split, holdout="time", seed=seed, threads=threads, progress=progress, lists=True)


def shop_split(data: TrainingData, *, seed: int = 0) -> Split:
    """The split that `evaluate_snapshot` measures on; raises InvalidInput where it leaves no case."""
    split = global_time_split(data, at=last_part(data, share=TEST_SHARE)).sample(MAX_CASES, seed=seed)
    if not split.histories:
        raise InvalidInput("nobody bought anything new in the last tenth of the time: there is nothing to test on")
    return split


def _evaluate(
    split: Split, *, holdout: Holdout, seed: int, threads: int, progress: Progress | None, lists: bool
) -> dict[str, Row]:
    report = progress or (lambda _stage, _done, _total: None)
    report("fit", 0, 1)
    blend = BlendRecommender(holdout=holdout).fit(split.train, seed=seed, threads=threads)
    report("fit", 1, 1)
    models: list[tuple[Recommender, float]] = [(m, blend.fit_seconds[m.name]) for m in blend.models]
    models.append((blend, sum(blend.fit_seconds.values())))
    rows: dict[str, Row] = {}
    for place, (model, seconds) in enumerate(models, 1):
        rows[model.name] = _row(model, split, lists=lists) | {"fit_s": round(seconds, 2)}
        report("evaluate", place, len(models))
    return rows


def _row(model: Recommender, split: Split, *, lists: bool) -> Row:
    measured = measure(model, split, lists=lists)
    row: Row = {name: round(float(measured.values[name].mean()), 4) for name in _METRICS}
    for name in ("hr@10", "ndcg@10"):
        row[f"{name}_interval"] = [round(bound, 4) for bound in interval(measured.values[name])]
    if lists:
        row["coverage"] = round(coverage(measured.listed, items=len(split.train.items)), 4)
        row["novelty"] = round(novelty(measured.listed, split), 3)
        row["cases"] = len(split.histories)
        row["cold"] = int(np.count_nonzero(split.cold))
    return row
