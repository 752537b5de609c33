"""A snapshot of the small shop of tests/recsys, as `merx snapshot` would write it."""

from __future__ import annotations

import numpy as np
import polars as pl

from core.artifacts import Artifacts, Version
from ingest.snapshot_schema import INTERACTIONS, PRODUCTS
from recsys.data import TrainingData


def snapshot_of(data: TrainingData, artifacts: Artifacts, *, name: str = "first") -> Version:
    items = data.items
    known = {
        "product_id": list(items.ids),
        "title": list(items.titles),
        "brand": list(items.brands),
        "category": [" > ".join(names) for names in items.categories],
        "price_minor": items.prices.tolist(),
        "sellable": items.sellable.tolist(),
    }
    products = pl.DataFrame(
        {column: known.get(column, [None] * len(items)) for column in PRODUCTS}, schema=PRODUCTS
    )
    order = np.argsort(data.at, kind="stable")
    moments = pl.Series(data.at[order] * 1_000_000).cast(pl.Datetime("us", "UTC"))
    interactions = pl.DataFrame(
        {
            "shopper": [data.user_ids[user] if user >= 0 else None for user in data.users[order]],
            "product_id": [items.ids[item] for item in data.item_numbers[order]],
            "kind": ["purchase"] * len(order),
            "at": moments,
            "quantity": [1] * len(order),
            "value_minor": [995] * len(order),
            "basket": [None if basket < 0 else int(basket) for basket in data.baskets[order]],
            "country": [None] * len(order),
        },
        schema=INTERACTIONS,
    )
    with artifacts.create("snapshots", name=name, about={"created_at": "2024-01-01"}) as folder:
        products.write_parquet(folder / "products.parquet")
        interactions.write_parquet(folder / "interactions.parquet")
    return artifacts.get("snapshots", name)
