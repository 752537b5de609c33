"""Shipments: each seller of an order sends its own part."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from core.tables.columns import check, moment, one_of, reference

SHIPMENT_STATUSES = ("prepared", "shipped", "delivered", "cancelled")


class Shipment(SQLModel, table=True):
    __tablename__ = "shipment"
    __table_args__ = (one_of("status", SHIPMENT_STATUSES),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    order_id: int = reference("customer_order.id")
    seller_id: int = reference("seller.id")
    status: str = "prepared"
    carrier: str = ""
    tracking_number: str = ""
    created_at: datetime = moment()


class ShipmentLine(SQLModel, table=True):
    __tablename__ = "shipment_line"
    __table_args__ = (
        UniqueConstraint("shipment_id", "order_line_id"),
        check("quantity > 0", name="quantity_positive"),
    )

    id: int | None = Field(default=None, primary_key=True)
    shipment_id: int = reference("shipment.id", index=False)
    order_line_id: int = reference("order_line.id")
    quantity: int
