"""Measured recommendation models on a terminal of 100 columns: what they find, for whom, and with which lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.console import print_table
from recsys.evaluation.table import LEADING, Table

_AHEAD = f"{LEADING}_ahead"
_FOUND = {
    "hr@10": "hr@10",
    LEADING: LEADING,
    f"{LEADING}_interval": "95% interval",
    f"{_AHEAD}_interval": "blend ahead by",
    "mrr": "mrr",
    "fit_s": "fit_s",
}
_LISTS = ("coverage", "gini", "novelty", "price_calibration", "category_calibration")


def print_models(title: str, table: Table) -> None:
    """Print three tables: the metrics, LEADING by segment, and what the first ten of the lists are like."""
    print_table(title, {name: _named(row, _FOUND) for name, row in table.items()}, columns=[*_FOUND.values()])
    segments = {part: row["cases"] for each in table.values() for part, row in each.get("segments", {}).items()}
    if "established_items" in segments:  # the age says more, and there is no room for both
        segments = {part: cases for part, cases in segments.items() if part not in ("rare_items", "common_items")}
    if segments:
        heads = {part: f"{part.removesuffix('_items')}\n({cases})" for part, cases in segments.items()}
        rows = {name: _by_segment(row["segments"], heads) for name, row in table.items()}
        print_table(f"{LEADING} by segment (cases)", rows, columns=[*heads.values()])
    shown = [name for name in _LISTS if any(name in row for row in table.values())]
    if shown:
        heads = {name: name.replace("_", " ") for name in shown}
        rows = {name: _named(row, heads) for name, row in table.items()}
        print_table("the first ten of the lists (calibration: 0 is best)", rows, columns=[*heads.values()])


def _named(row: Mapping[str, Any], heads: Mapping[str, str]) -> dict[str, object]:
    return {head: row.get(column) for column, head in heads.items()}


def _by_segment(segments: Mapping[str, Mapping[str, Any]], heads: Mapping[str, str]) -> dict[str, object]:
    return {
        head: _give_or_take(segments[part][LEADING], segments[part][f"{LEADING}_interval"])
        for part, head in heads.items()
        if part in segments
    }


def _give_or_take(value: float, interval: Sequence[float]) -> str:
    return f"{value:.4f} ±{(interval[1] - interval[0]) / 2:.3f}"
