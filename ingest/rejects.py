"""Rejected lines: a file that says which line of which file was left out, and why."""

from __future__ import annotations

from pathlib import Path

import polars as pl

# `line` counts from 1; `reason` is one of a few stable words, `detail` says more; `raw` is the line as it came.
REJECTS = {"file": pl.String, "line": pl.Int64, "reason": pl.String, "detail": pl.String, "raw": pl.String}


def draft_rejects(rejects: pl.DataFrame, target: Path) -> Path:
    """Write the rejects, a JSON object a line, beside `target` under a temporary name; returns that name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.part")
    rejects.write_ndjson(draft)
    return draft


def count_by_reason(rejects: pl.DataFrame) -> dict[str, int]:
    """How many lines were rejected for each reason, most first."""
    counted = rejects.group_by("reason").len().sort(["len", "reason"], descending=[True, False])
    return dict(counted.iter_rows())
