"""One row a model: what it found, what its lists are like, for whom, and by how much the served one is ahead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sparse

from recsys.data import Ints
from recsys.evaluation.calibration import category_shares, divergence, price_bands, wanted_shares
from recsys.evaluation.intervals import Doubles, exposure_interval, intervals
from recsys.evaluation.lists import coverage, exposure, gini, novelty, self_information
from recsys.evaluation.metrics import CUTOFFS, Measured, values
from recsys.evaluation.segments import new_items, rare_items, shopper_segments
from recsys.evaluation.splits import Bools, Split

Table = dict[str, dict[str, Any]]

LEADING = "ndcg@10"  # the metric that models are compared by
_OF_SEGMENTS = ("hr@10", LEADING)


class Measurer:
    """Makes rows from what `measure_all` found; what all rows need of the split is worked out once.

    `timed` says that the moments of the data are real, so that items have an age.
    """

    def __init__(self, split: Split, *, timed: bool) -> None:
        self._split = split
        self._segments = shopper_segments(split)
        self._warm = ~self._segments["cold"]
        self._information = self_information(split.train)
        self._items = len(split.train.items)
        self._kinds = _kinds_of_targets(split, timed=timed)
        groups = {
            "price_calibration": price_bands(split.train.items),
            "category_calibration": category_shares(split.train.items),
        }
        self._groups: dict[str, tuple[sparse.csr_matrix, sparse.csr_matrix]] = {
            name: (wanted_shares(split.histories, table), table)
            for name, table in groups.items()
            if table is not None
        }

    def table(self, measured: Mapping[str, Measured], *, served: str) -> Table:
        """A row for each of `measured`, that of `served` being what the others are compared with."""
        leader = measured[served].values[LEADING]
        return {name: self._row(found, leader if name != served else None) for name, found in measured.items()}

    def _row(self, found: Measured, leader: Doubles | None) -> dict[str, Any]:
        warm = self._warm
        row: dict[str, Any] = {}
        means = self._means(found, leader)
        if warm.any():
            for k in CUTOFFS:
                for metric in ("hr", "ndcg", "recall"):
                    row[f"{metric}@{k}"] = _mean(found.values[f"{metric}@{k}"][warm])
            row["mrr"] = _mean(found.values["mrr"][warm])
            for name in ("hr@10", LEADING, "mrr", f"{LEADING}_ahead"):
                if name in means:
                    row[name], row[f"{name}_interval"] = means[name]
        row["cases"] = int(warm.sum())
        if not warm.all():
            row["cold_hr@10"] = _mean(found.values["hr@10"][~warm])
            row["cold_cases"] = int((~warm).sum())
        row |= self._of_lists(found.listed[warm], means)
        row["segments"] = self._of_segments(found, means)
        return row

    def _means(self, found: Measured, leader: Doubles | None) -> dict[str, tuple[float, list[float]]]:
        """Everything that is a mean over cases, with its interval; what no case counts for is left out."""
        columns = {name: _where(self._warm, found.values[name]) for name in ("hr@10", LEADING, "mrr")}
        if leader is not None:
            columns[f"{LEADING}_ahead"] = _where(self._warm, leader - found.values[LEADING])
        columns["novelty"] = _where(self._warm, novelty(found.listed, self._information))
        for name, (wanted, groups) in self._groups.items():
            columns[name] = _where(self._warm, divergence(found.listed, wanted, groups))
        for name, cases in self._segments.items():
            for metric in _OF_SEGMENTS:
                columns[f"{name} {metric}"] = _where(cases, found.values[metric])
        for name, targets in self._kinds.items():
            aged = values(found.ranks, self._split, among=targets)
            for metric in _OF_SEGMENTS:
                columns[f"{name} {metric}"] = _where(self._warm, aged[metric])
        columns = {name: column for name, column in columns.items() if np.isfinite(column).any()}
        if not columns:
            return {}
        ends = intervals(np.column_stack(list(columns.values())))
        return {
            name: (_mean(column[np.isfinite(column)]), [round(float(end), 5) for end in both])
            for (name, column), both in zip(columns.items(), ends, strict=True)
        }

    def _of_lists(self, listed: Ints, means: Mapping[str, tuple[float, list[float]]]) -> dict[str, Any]:
        row: dict[str, Any] = {}
        shown = exposure(listed, items=self._items)
        for name, statistic in (("coverage", coverage), ("gini", gini)):
            row[name] = round(statistic(shown), 4)
            row[f"{name}_interval"] = [
                round(end, 4) for end in exposure_interval(listed, statistic, items=self._items)
            ]
        for name in ("novelty", *self._groups):
            if name in means:
                row[name], row[f"{name}_interval"] = means[name]
        return row

    def _of_segments(
        self, found: Measured, means: Mapping[str, tuple[float, list[float]]]
    ) -> dict[str, dict[str, Any]]:
        parts: dict[str, dict[str, Any]] = {}
        sizes = {name: int(cases.sum()) for name, cases in self._segments.items()}
        sizes |= {name: self._cases_with(targets) for name, targets in self._kinds.items()}
        for name, size in sizes.items():
            if size:
                parts[name] = {"cases": size}
                for metric in _OF_SEGMENTS:
                    parts[name][metric], parts[name][f"{metric}_interval"] = means[f"{name} {metric}"]
        return parts

    def _cases_with(self, targets: Bools) -> int:
        rows = np.repeat(self._warm, [len(items) for items in self._split.targets])
        cases = np.repeat(np.arange(len(self._warm)), [len(items) for items in self._split.targets])
        return len(np.unique(cases[targets & rows]))


def _kinds_of_targets(split: Split, *, timed: bool) -> dict[str, Bools]:
    """The targets of each kind, each of shape [targets]."""
    targets = np.concatenate(split.targets) if len(split.targets) else np.zeros(0, dtype=np.int32)
    rare = rare_items(split)[targets]
    kinds = {"rare_items": rare, "common_items": ~rare}
    if timed:
        new = new_items(split)[targets]
        kinds |= {"new_items": new, "established_items": ~new}
    return kinds


def _where(cases: Bools, column: Doubles) -> Doubles:
    return np.where(cases, column, np.nan)


def _mean(column: Doubles) -> float:
    return round(float(column.mean()), 5) if len(column) else 0.0
