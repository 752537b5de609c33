"""Returns: goods that a buyer sends back to their seller."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from core.tables.columns import check, moment, one_of, reference

RETURN_STATUSES = ("requested", "approved", "rejected", "withdrawn", "received")
STOCK_FATES = ("restored", "written-off")


class Return(SQLModel, table=True):
    """Pieces of one seller's lines of an order. `reason` is the buyer's (sealed), `answer` the seller's."""

    __tablename__ = "goods_return"
    __table_args__ = (one_of("status", RETURN_STATUSES),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    order_id: int = reference("customer_order.id")
    seller_id: int = reference("seller.id")
    status: str = "requested"
    reason: str | None = None
    answer: str = ""
    refund_id: int | None = Field(default=None, foreign_key="refund.id", unique=True)
    created_at: datetime = moment()


class ReturnLine(SQLModel, table=True):
    """Pieces of an order line; `stock` is what became of them when they had come."""

    __tablename__ = "goods_return_line"
    __table_args__ = (
        UniqueConstraint("return_id", "order_line_id"),
        check("quantity > 0", name="quantity_positive"),
        one_of("stock", STOCK_FATES),
    )

    id: int | None = Field(default=None, primary_key=True)
    return_id: int = reference("goods_return.id", index=False)
    order_line_id: int = reference("order_line.id")
    quantity: int
    stock: str | None = None
