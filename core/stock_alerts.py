"""Low stock: its seller is told once that few pieces of a variant are left, and again only after there were more.

Whoever hears of movements asks here, outside of the transactions that made them: what is looked at is the level as
it is now. A row of `StockAlert` says that the seller was told.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, select
from sqlmodel import Session, col

from core.bulk import insert_of, table_of
from core.tables import Product, StockAlert, StockLevel, Variant

_ALERT = table_of(StockAlert)
_LEVEL = table_of(StockLevel)


@dataclass(frozen=True, slots=True)
class Low:
    """A variant (public id) of which few pieces are free; `seller` is a row number."""

    variant: str
    sku: str
    title: str
    available: int
    seller: int


def newly_low(
    session: Session, *, variants: Collection[int], products: Collection[str], below: int, at: datetime
) -> list[Low]:
    """Those of the variants (row numbers), and of the products' (public ids), with fewer than `below` free pieces.

    Only what is on sale, and only what nobody was told of since there were `below` or more: each is handed out
    once. `below` 0 is never.
    """
    enough = exists().where(
        _LEVEL.c.variant_id == _ALERT.c.variant_id, _LEVEL.c.quantity - _LEVEL.c.reserved >= below
    )
    session.execute(delete(_ALERT).where(enough))
    if not below or not (variants or products):
        return []
    free = func.coalesce(_LEVEL.c.quantity - _LEVEL.c.reserved, 0)
    statement: Any = (
        select(
            col(Variant.id),
            col(Variant.public_id),
            col(Variant.sku),
            col(Product.title),
            free,
            col(Product.seller_id),
        )
        .join(Product, col(Product.id) == col(Variant.product_id))
        .outerjoin(_LEVEL, _LEVEL.c.variant_id == col(Variant.id))
        .where(col(Variant.id).in_(sorted(variants)) | col(Product.public_id).in_(sorted(products)))
        .where(free < below, col(Variant.active), col(Product.status) == "published")
        .order_by(col(Variant.id))
    )
    low = {row: Low(*told) for row, *told in session.execute(statement)}
    if not low:
        return []
    new = insert_of(session, _ALERT).values([{"variant_id": row, "at": at} for row in low])
    taken = session.execute(new.on_conflict_do_nothing().returning(_ALERT.c.variant_id)).scalars()
    return [low[row] for row in sorted(taken)]
