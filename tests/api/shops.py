"""Changes to a shop as the core would make them, delivered to its index at once."""

from __future__ import annotations

from typing import Any

import polars as pl
from sqlmodel import select

from api.state import Shop
from core.frames import Frames
from core.loading import load
from core.tables import Product, Variant
from index.relay import relay_once


def change_product(shop: Shop, name: str, *, stock: int = 5, **product: Any) -> None:
    """Set the stock of every variant of a product; with fields of a product, load it with one variant first."""
    with shop.database.write() as session:
        if product:
            variant = {
                "public_id": f"{name}-v",
                "product": name,
                "sku": name,
                "price_minor": 999,
                "currency": "GBP",
            }
            sellers = pl.DataFrame({"public_id": ["new-seller"], "name": ["New Seller"]})
            frames = Frames(
                sellers=sellers,
                products=pl.DataFrame([{"public_id": name, "seller": "new-seller", **product}]),
                variants=pl.DataFrame([{**variant, "currency": "GBP"}]),
            )
            load(session, frames, at=shop.clock())
        own = select(Variant.public_id).join(Product).where(Product.public_id == name)
        variants = list(session.exec(own))
        frame = pl.DataFrame({"variant": variants, "quantity": [stock] * len(variants)})
        load(session, Frames(stock=frame), at=shop.clock())
    deliver(shop)


def deliver(shop: Shop) -> None:
    """Do what the relay does until nothing waits any more."""
    while relay_once(shop.engine, database=shop.database, artifacts=shop.artifacts, clock=shop.clock).delivered:
        pass
