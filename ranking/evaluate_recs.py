"""Evaluation of every model and of the blend that is served, on public sequences or on the shop's own snapshot."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from core.artifacts import Version
from core.errors import InvalidInput
from ranking.blend import BlendRecommender, Holdout
from recsys.data import Floats, History, TrainingData
from recsys.evaluation.baselines import baselines
from recsys.evaluation.metrics import measure_all
from recsys.evaluation.splits import Split, global_time_split, last_part, leave_last_out
from recsys.evaluation.table import Measurer, Table
from recsys.spaces import Value, models_with
from recsys.training import read_sequences, training_data

Report = Callable[[str, int, int], None]
Parameters = Mapping[str, Mapping[str, Value]]  # model -> parameter -> value

CASES = 20_000  # shoppers asked for at most on a shop's snapshot


def evaluate_sequences(
    path: Path,
    *,
    attributes: Path | None = None,
    titles: Path | None = None,
    parameters: Parameters | None = None,
    seed: int = 0,
    threads: int = 0,
    progress: Report | None = None,
) -> Table:
    """Leave-last-out over all items on a file of sequences: a row for each model, each baseline and the blend.

    The blend chooses its weights on the item before the last; everything is fitted on all but the last item.
    `parameters` are those of models that differ from the defaults. Raises InvalidInput for files that cannot be
    read.
    """
    data = read_sequences(path, attributes=attributes, titles=titles)
    split = leave_last_out(data)
    if not split.histories:
        raise InvalidInput(f"{path.name} has no shopper with two items")
    blend = BlendRecommender(holdout="last", models=models_with(parameters or {}))
    _, table = fit_and_measure(blend, split, seed=seed, threads=threads, timed=False, progress=progress)
    return table


def evaluate_snapshot(
    snapshot: Version,
    *,
    how: Holdout = "time",
    parameters: Parameters | None = None,
    seed: int = 0,
    threads: int = 0,
    progress: Report | None = None,
) -> Table:
    """Every model, each baseline and the blend on a snapshot, split by time or (`how` "last") by last items.

    By time: what shoppers newly bought in the last part, by what went before. Last items lie at all times, so that
    split lets models see what others did later: it flatters, and is there for comparison with published figures.
    `parameters` are those of models that differ from the defaults. Raises InvalidInput where there is too little
    to split.
    """
    data = training_data(snapshot.path)
    split = shop_split(data, how=how, seed=seed)
    if split is None:
        raise InvalidInput(f"the snapshot {snapshot.name} has nobody who bought something new in its last part")
    blend = BlendRecommender(holdout=how, models=models_with(parameters or {}))
    _, table = fit_and_measure(blend, split, seed=seed, threads=threads, progress=progress)
    return table


def shop_split(data: TrainingData, *, how: Holdout = "time", seed: int = 0) -> Split | None:
    """The split of a shop's data with at most CASES shoppers; None where it has no cases."""
    if len(data.at) == 0 or data.at.min() >= data.now:
        return None
    split = leave_last_out(data) if how == "last" else global_time_split(data, at=last_part(data))
    return split.sample(CASES, seed=seed) if split.histories else None


def fit_and_measure(
    blend: BlendRecommender,
    split: Split,
    *,
    seed: int = 0,
    threads: int = 0,
    timed: bool = True,
    progress: Report | None = None,
) -> tuple[BlendRecommender, Table]:
    """Fit the blend (and with it all models) on the split's training part and measure them on its cases.

    The rows are those of `recsys.evaluation.table`, with the seconds that fitting took; `timed` says that the
    moments of the data are real.
    """
    report = progress or (lambda _stage, _done, _total: None)
    started = time.perf_counter()
    report("fit", 0, 1)
    blend.fit(split.train, seed=seed, threads=threads)
    report("fit", 1, 1)
    seconds = {**blend.fit_seconds, blend.name: round(time.perf_counter() - started, 3)}
    others = baselines()
    for other in others:
        started = time.perf_counter()
        other.fit(split.train)
        seconds[other.name] = round(time.perf_counter() - started, 3)

    def ask(histories: Sequence[History]) -> Mapping[str, Floats]:
        shares = blend.shares(histories, now=split.now)
        said = {other.name: other.scores(histories, now=split.now) for other in others}
        return {**shares, **said, blend.name: blend.weighted(shares, histories)}

    found = measure_all(ask, split, lists=True, progress=lambda done, total: report("measure", done, total))
    table = Measurer(split, timed=timed).table(found, served=blend.name)
    for name, row in table.items():
        row["fit_s"] = seconds[name]
    return blend, table
