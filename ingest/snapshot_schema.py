"""The shape of a snapshot: what stands in each of its Parquet files.

A snapshot knows a shopper only by the random key of `shopper_key`. Moments are Datetime[us, UTC], money is in
minor units, categories are paths ("Home > Lamps"), attributes are JSON text.
"""

from __future__ import annotations

from typing import Any

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

MOMENT = pl.Datetime("us", "UTC")

# One row a published product. `sellable` means published with at least one piece in stock.
PRODUCTS = {
    "product_id": pl.String,
    "title": pl.String,
    "title_zh": pl.String,
    "brand": pl.String,
    "category": pl.String,
    "description": pl.String,
    "attributes": pl.String,
    "price_minor": pl.Int64,
    "currency": pl.String,
    "rating_mean": pl.Float64,
    "rating_count": pl.Int64,
    "sellable": pl.Boolean,
    "released_at": MOMENT,
}

# One row an interaction, sorted by moment. Purchases come from order lines less what was refunded of them;
# `basket` numbers the order within the snapshot (null for events); `shopper` is null for an order without a
# customer.
INTERACTIONS = {
    "shopper": pl.String,
    "product_id": pl.String,
    "kind": pl.String,
    "at": MOMENT,
    "quantity": pl.Int64,
    "value_minor": pl.Int64,
    "basket": pl.Int64,
}

# One row a published review.
REVIEWS = {"shopper": pl.String, "product_id": pl.String, "score": pl.Int64, "at": MOMENT}

# One row a search.
QUERIES = {"shopper": pl.String, "query": pl.String, "at": MOMENT}

FILES: dict[str, dict[str, Any]] = {
    "products": PRODUCTS,
    "interactions": INTERACTIONS,
    "reviews": REVIEWS,
    "queries": QUERIES,
}

NULLABLE = {
    "products": {"category", "price_minor", "currency", "rating_mean", "released_at"},
    "interactions": {"shopper", "basket"},
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
