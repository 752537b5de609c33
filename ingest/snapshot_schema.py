"""The shape of a snapshot: what stands in each of its Parquet files.

A snapshot knows a shopper only by the random key of `shopper_key`. Moments are Datetime[us, UTC], money is in
minor units, categories are paths ("Home > Lamps"), attributes are JSON text.
"""

from __future__ import annotations

from typing import Any

import polars as pl

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
# customer. `country` is the order's, null for events and where it is not known.
INTERACTIONS = {
    "shopper": pl.String,
    "product_id": pl.String,
    "kind": pl.String,
    "at": MOMENT,
    "quantity": pl.Int64,
    "value_minor": pl.Int64,
    "basket": pl.Int64,
    "country": pl.String,
}

# One row a published review.
REVIEWS = {"shopper": pl.String, "product_id": pl.String, "score": pl.Int64, "at": MOMENT}

# One row a search.
QUERIES = {"shopper": pl.String, "query": pl.String, "at": MOMENT}

# Columns that snapshots of older versions lack: there they count as null.
LATER = {"interactions": ("country",)}

FILES: dict[str, dict[str, Any]] = {
    "products": PRODUCTS,
    "interactions": INTERACTIONS,
    "reviews": REVIEWS,
    "queries": QUERIES,
}


def completed(frame: pl.DataFrame, *, file: str) -> pl.DataFrame:
    """A frame as it was read from a snapshot's file, with nulls in the columns that came later."""
    missing = [name for name in LATER.get(file, ()) if name not in frame.columns]
    return frame.with_columns(pl.lit(None, dtype=FILES[file][name]).alias(name) for name in missing)
