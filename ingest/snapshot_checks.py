"""Whether frames are a good snapshot: the shape of `ingest.snapshot_schema`, and what the shape cannot say."""

from __future__ import annotations

from typing import Any

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from ingest.snapshot_schema import FILES

NULLABLE = {
    "products": {"category", "price_minor", "currency", "rating_mean", "released_at"},
    "interactions": {"shopper", "basket", "country"},
    "reviews": {"shopper"},
    "queries": set[str](),
}
CHECKS: dict[str, dict[str, list[pa.Check]]] = {
    "products": {
        "price_minor": [pa.Check.ge(0)],
        "rating_mean": [pa.Check.in_range(0, 5)],
        "rating_count": [pa.Check.ge(0)],
    },
    "interactions": {
        "kind": [pa.Check.isin(["purchase", "add_to_cart", "click", "view"])],
        "quantity": [pa.Check.gt(0)],
        "value_minor": [pa.Check.ge(0)],
    },
    "reviews": {"score": [pa.Check.in_range(1, 5)]},
    "queries": {"query": [pa.Check.str_length(min_value=1)]},
}


def validate(frames: dict[str, pl.DataFrame]) -> list[str]:
    """What is wrong with the frames of a snapshot, in words; empty for a good one."""
    if set(frames) != set(FILES):
        return [f"the files are {sorted(frames)}, not {sorted(FILES)}"]
    faults: list[str] = []
    for name, frame in frames.items():
        try:
            _schema(name).validate(frame, lazy=True)
        except SchemaErrors as error:
            cases = error.failure_cases.head(3).select("column", "check").unique().rows()
            faults += [f"{name}: {column} fails {check}" for column, check in cases]
        if "at" in frame.columns and not frame["at"].is_sorted():
            faults.append(f"{name}: not sorted by moment")
    if faults:
        return faults
    known = frames["products"]["product_id"]
    for name in ("interactions", "reviews"):
        if not frames[name]["product_id"].is_in(known.implode()).all():
            faults.append(f"{name}: names products that are not in the snapshot")
    return faults


def _schema(name: str) -> Any:
    columns = {
        column: pa.Column(
            kind,
            nullable=column in NULLABLE[name],
            unique=(name, column) == ("products", "product_id"),
            checks=CHECKS[name].get(column),
        )
        for column, kind in FILES[name].items()
    }
    return pa.DataFrameSchema(columns, strict=True, ordered=True)
