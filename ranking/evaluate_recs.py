"""Evaluation of every model and of the blend that is served, on public sequences or on the shop's own snapshot."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.artifacts import Version
from core.errors import InvalidInput
from ranking.blend import BlendRecommender
from recsys.data import TrainingData
from recsys.evaluation.intervals import interval
from recsys.evaluation.metrics import CUTOFFS, Doubles, coverage, measure_all, novelty
from recsys.evaluation.splits import Split, global_time_split, last_part, leave_last_out
from recsys.training import read_sequences, training_data

Report = Callable[[str, int, int], None]
Table = dict[str, dict[str, Any]]

CASES = 20_000  # shoppers asked for at most on a shop's snapshot


def evaluate_sequences(
    path: Path,
    *,
    attributes: Path | None = None,
    titles: Path | None = None,
    seed: int = 0,
    threads: int = 0,
    progress: Report | None = None,
) -> Table:
    """Leave-last-out over all items on a file of sequences: for each model and the blend the metrics and fit_s.

    The blend chooses its weights on the item before the last; everything is fitted on all but the last item.
    Raises InvalidInput for files that cannot be read.
    """
    data = read_sequences(path, attributes=attributes, titles=titles)
    split = leave_last_out(data)
    if not split.histories:
        raise InvalidInput(f"{path.name} has no shopper with two items")
    _, table = fit_and_measure(
        BlendRecommender(holdout="last"), split, seed=seed, threads=threads, progress=progress
    )
    return table


def evaluate_snapshot(
    snapshot: Version, *, seed: int = 0, threads: int = 0, progress: Report | None = None
) -> Table:
    """A global time split of a snapshot: what shoppers newly bought in its last part, by what went before.

    Beside the ranking metrics (of shoppers with a history; `cold_` ones are of those without) each row has
    coverage and novelty of the first ten. Raises InvalidInput where there is too little to split.
    """
    data = training_data(snapshot.path)
    split = shop_split(data, seed=seed)
    if split is None:
        raise InvalidInput(f"the snapshot {snapshot.name} has nobody who bought something new in its last part")
    _, table = fit_and_measure(
        BlendRecommender(holdout="time"), split, seed=seed, threads=threads, lists=True, progress=progress
    )
    return table


def shop_split(data: TrainingData, *, seed: int = 0) -> Split | None:
    """The time split of a shop's data with at most CASES shoppers; None where it has no cases."""
    if len(data.at) == 0 or data.at.min() >= data.now:
        return None
    split = global_time_split(data, at=last_part(data))
    return split.sample(CASES, seed=seed) if split.histories else None


def fit_and_measure(
    blend: BlendRecommender,
    split: Split,
    *,
    seed: int = 0,
    threads: int = 0,
    lists: bool = False,
    progress: Report | None = None,
) -> tuple[BlendRecommender, Table]:
    """Fit the blend (and with it all models) on the split's training part and measure them on its cases."""
    report = progress or (lambda _stage, _done, _total: None)
    started = time.perf_counter()
    report("fit", 0, 1)
    blend.fit(split.train, seed=seed, threads=threads)
    report("fit", 1, 1)
    seconds = {**blend.fit_seconds, blend.name: round(time.perf_counter() - started, 3)}

    def ask(histories: Any) -> dict[str, Any]:
        shares = blend.shares(histories, now=split.now)
        return {**shares, blend.name: blend.weighted(shares)}

    measured = measure_all(ask, split, lists=lists, progress=lambda done, total: report("measure", done, total))
    table: Table = {}
    for name, found in measured.items():
        table[name] = _row(found.values, split)
        if lists:
            warm = found.listed[~split.cold]
            table[name]["coverage"] = round(coverage(warm, items=len(split.train.items)), 4)
            table[name]["novelty"] = round(novelty(warm, split), 3)
        table[name]["fit_s"] = seconds[name]
    return blend, table


def _row(values: dict[str, Doubles], split: Split) -> dict[str, Any]:
    cold = split.cold
    row: dict[str, Any] = {}
    if (~cold).any():
        for k in CUTOFFS:
            for metric in (f"hr@{k}", f"ndcg@{k}"):
                row[metric] = round(float(values[metric][~cold].mean()), 5)
        row["mrr"] = round(float(values["mrr"][~cold].mean()), 5)
        low, high = interval(values["ndcg@10"][~cold])
        row["ndcg@10_interval"] = [round(low, 5), round(high, 5)]
    row["cases"] = int((~cold).sum())
    if cold.any():
        row["cold_hr@10"] = round(float(values["hr@10"][cold].mean()), 5)
        row["cold_cases"] = int(np.count_nonzero(cold))
    return row
