"""Orders as their sellers see them: their own lines, and the address once there is something to send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.bulk import FRESH
from core.database import vault_of
from core.orders import SOLD_STATUSES, ShipmentView, no_order, shipments_by_order
from core.tables import Order, OrderLine, Seller, Variant


@dataclass(frozen=True, slots=True)
class SellerLine:
    """One of the seller's lines."""

    number: int
    variant: str
    sku: str
    title: str
    quantity: int
    cancelled: int
    shipped: int


@dataclass(frozen=True, slots=True)
class SellerOrder:
    """What an order has of one seller's. `address` is empty for one of which there is nothing to send."""

    id: str
    status: str
    placed_at: datetime
    address: Mapping[str, Any]
    lines: tuple[SellerLine, ...]
    shipments: tuple[ShipmentView, ...]


def seller_orders(
    session: Session, *, seller: int, status: str | None = None, limit: int = 20, before: str | None = None
) -> list[SellerOrder]:
    """The orders with lines of a seller (row number), newest first; `before` is the last id of the page before."""
    own = select(col(OrderLine.order_id)).where(col(OrderLine.seller_id) == seller)
    statement = select(Order).where(col(Order.id).in_(own)).order_by(col(Order.id).desc()).limit(limit)
    if status is not None:
        statement = statement.where(col(Order.status) == status)
    if before is not None:
        statement = statement.where(col(Order.id) < _row(session, before, seller=seller))
    return _seen(session, list(session.execute(statement, execution_options=FRESH).scalars()), seller)


def seller_order(session: Session, order: str, *, seller: int) -> SellerOrder:
    """An order with lines of a seller (row number); raises NotFound."""
    statement = select(Order).where(col(Order.id) == _row(session, order, seller=seller))
    return _seen(session, list(session.execute(statement, execution_options=FRESH).scalars()), seller)[0]


def _row(session: Session, order: str, *, seller: int) -> int:
    statement: Any = (
        select(col(Order.id))
        .join(OrderLine, col(OrderLine.order_id) == col(Order.id))
        .where(col(Order.public_id) == order, col(OrderLine.seller_id) == seller)
        .limit(1)
    )
    row = session.execute(statement, execution_options=FRESH).scalar_one_or_none()
    if row is None:
        raise no_order(order)
    return int(row)


def _seen(session: Session, orders: list[Order], seller: int) -> list[SellerOrder]:
    """The orders as the seller sees them, in as many statements for one as for a hundred."""
    rows = [order.id or 0 for order in orders]
    statement: Any = (
        select(OrderLine, col(Variant.public_id), col(Variant.sku))
        .join(Variant, col(Variant.id) == col(OrderLine.variant_id))
        .where(col(OrderLine.order_id).in_(rows), col(OrderLine.seller_id) == seller)
        .order_by(col(OrderLine.line_number))
    )
    lines: dict[int, list[SellerLine]] = {}
    for line, variant, sku in session.execute(statement, execution_options=FRESH):
        seen = SellerLine(line.line_number, variant, sku, line.title, line.quantity, line.cancelled, line.shipped)
        lines.setdefault(line.order_id, []).append(seen)
    name = session.execute(select(col(Seller.public_id)).where(col(Seller.id) == seller)).scalar_one()
    shipments = shipments_by_order(session, rows)
    return [
        SellerOrder(
            id=order.public_id,
            status=order.status,
            placed_at=order.placed_at,
            address=_address(session, order, lines[row]),
            lines=tuple(lines[row]),
            shipments=tuple(shipment for shipment in shipments.get(row, ()) if shipment.seller == name),
        )
        for order, row in zip(orders, rows, strict=True)
    ]


def _address(session: Session, order: Order, lines: list[SellerLine]) -> Mapping[str, Any]:
    """Where to send it: only for who has something to send, or has sent it."""
    to_send = order.status in SOLD_STATUSES and any(line.quantity > line.cancelled for line in lines)
    if not to_send or order.address is None:
        return {}
    opened: dict[str, Any] = json.loads(vault_of(session).open(order.address))
    return opened
