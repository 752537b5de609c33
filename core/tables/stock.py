"""Stock: what lies there now, and every movement that made it so."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from core.tables.columns import check, moment, one_of, reference

MOVEMENT_REASONS = ("import", "delivery", "sale", "cancel", "return", "write-off", "count")


class StockLevel(SQLModel, table=True):
    """`quantity` pieces are there, of which `reserved` are promised to open checkouts."""

    __tablename__ = "stock_level"
    __table_args__ = (
        check("quantity >= 0", name="quantity_not_negative"),
        check("reserved >= 0 AND reserved <= quantity", name="reserved_within_quantity"),
    )

    variant_id: int = reference("variant.id", index=False, primary_key=True)
    quantity: int = 0
    reserved: int = 0
    updated_at: datetime = moment()


class StockMovement(SQLModel, table=True):
    """Append-only: the sum of `delta` over a variant is its quantity."""

    __tablename__ = "stock_movement"
    __table_args__ = (one_of("reason", MOVEMENT_REASONS), check("delta <> 0", name="delta_not_zero"))

    id: int | None = Field(default=None, primary_key=True)
    variant_id: int = reference("variant.id")
    delta: int
    reason: str
    reference: str = ""
    at: datetime = moment()
