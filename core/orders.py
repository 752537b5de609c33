"""Reading orders: what was bought, what it cost, what became of it and what was given back."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.bulk import FRESH
from core.database import vault_of
from core.errors import NotFound
from core.return_views import ReturnView, returns_of
from core.tables import (
    Order,
    OrderLine,
    Payment,
    Product,
    Refund,
    RefundLine,
    Seller,
    Shipment,
    ShipmentLine,
    User,
    Variant,
)

# The statuses in which an order is a sale.
SOLD_STATUSES = ("paid", "part-shipped", "shipped", "delivered")


@dataclass(frozen=True, slots=True)
class OrderLineView:
    """One line as it was sold; `refunded` pieces of it were given back. Money is in minor units.

    Of its pieces, `cancelled` were taken back before they left, `shipped` are in a shipment, and `returned` of
    those came back. An imported line has no seller of its own.
    """

    number: int
    product: str
    variant: str
    title: str
    quantity: int
    refunded: int
    unit_price_minor: int
    discount_minor: int
    tax_minor: int
    seller: str | None = None
    cancelled: int = 0
    shipped: int = 0
    returned: int = 0


@dataclass(frozen=True, slots=True)
class RefundView:
    """Money given back for the order."""

    id: str
    status: str
    amount_minor: int
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PaymentView:
    """One attempt to pay; `action` is what the shopper has to do for it, `failure` why it did not work."""

    id: str
    provider: str
    method: str
    status: str
    amount_minor: int
    captured_minor: int
    refunded_minor: int
    action: Mapping[str, Any]
    failure: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ShipmentView:
    """What a seller sends: `pieces` by line number."""

    id: str
    seller: str
    status: str
    carrier: str
    tracking_number: str
    pieces: Mapping[int, int]
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with its lines in their order, and its refunds, payments, shipments and returns, oldest first.

    `user` is None for a guest's. `expires_at` is when an unpaid one loses its stock. `address` is the order's own
    copy, opened.
    """

    id: str
    user: str | None
    status: str
    source: str
    currency: str
    goods_minor: int
    discount_minor: int
    shipping_minor: int
    tax_minor: int
    total_minor: int
    country: str | None
    placed_at: datetime
    lines: tuple[OrderLineView, ...]
    refunds: tuple[RefundView, ...] = ()
    expires_at: datetime | None = None
    address: Mapping[str, Any] = field(default_factory=dict)
    payments: tuple[PaymentView, ...] = ()
    shipments: tuple[ShipmentView, ...] = ()
    returns: tuple[ReturnView, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """An order in a list."""

    id: str
    status: str
    currency: str
    total_minor: int
    placed_at: datetime


def get_order(session: Session, public_id: str, *, user: int | None = None) -> OrderView:
    """The order with this id; with `user` (row number) only if it is theirs. Raises NotFound otherwise."""
    statement: Any = (
        select(Order, col(User.public_id))
        .outerjoin(User, col(User.id) == col(Order.user_id))
        .where(col(Order.public_id) == public_id)
    )
    if user is not None:
        statement = statement.where(col(Order.user_id) == user)
    found = session.execute(statement, execution_options=FRESH).one_or_none()
    if found is None:
        raise no_order(public_id)
    order, user_id = found
    lines = _lines(session, order.id)
    return OrderView(
        id=order.public_id,
        user=user_id,
        status=order.status,
        source=order.source,
        currency=order.currency,
        goods_minor=order.goods_minor,
        discount_minor=order.discount_minor,
        shipping_minor=order.shipping_minor,
        tax_minor=order.tax_minor,
        total_minor=order.total_minor,
        country=order.country,
        placed_at=order.placed_at,
        lines=tuple(lines.values()),
        refunds=_refunds(session, order.id, list(lines)),
        expires_at=order.expires_at,
        address=json.loads(vault_of(session).open(order.address)) if order.address else {},
        payments=_payments(session, order.id),
        shipments=shipments_of(session, order.id),
        returns=tuple(returns_of(session, order.id)),
    )


def no_order(public_id: str) -> NotFound:
    """The error for an order that is not there, or may not be seen: the same words for both."""
    return NotFound(f"there is no order {public_id!r}", order=public_id)


def list_orders(session: Session, *, user: int, limit: int = 20, before: str | None = None) -> list[OrderSummary]:
    """A user's (row number) orders, newest first; `before` is the id of the last one of the page before."""
    statement = (
        select(Order)
        .where(col(Order.user_id) == user)
        .order_by(col(Order.placed_at).desc(), col(Order.id).desc())
        .limit(limit)
    )
    if before is not None:
        last: Any = select(col(Order.placed_at), col(Order.id)).where(
            col(Order.public_id) == before, col(Order.user_id) == user
        )
        found = session.execute(last).first()
        if found is None:
            raise no_order(before)
        older = (col(Order.placed_at) == found.placed_at) & (col(Order.id) < found.id)
        statement = statement.where((col(Order.placed_at) < found.placed_at) | older)
    return [
        OrderSummary(order.public_id, order.status, order.currency, order.total_minor, order.placed_at)
        for order in session.execute(statement, execution_options=FRESH).scalars()
    ]


def shipments_of(session: Session, order: int) -> tuple[ShipmentView, ...]:
    """The shipments of an order (row number), oldest first."""
    return shipments_by_order(session, [order]).get(order, ())


def shipments_by_order(session: Session, orders: Collection[int]) -> dict[int, tuple[ShipmentView, ...]]:
    """The shipments of each of some orders (row numbers) that has any, oldest first."""
    statement: Any = (
        select(Shipment, col(Seller.public_id), col(OrderLine.line_number), col(ShipmentLine.quantity))
        .join(Seller, col(Seller.id) == col(Shipment.seller_id))
        .join(ShipmentLine, col(ShipmentLine.shipment_id) == col(Shipment.id))
        .join(OrderLine, col(OrderLine.id) == col(ShipmentLine.order_line_id))
        .where(col(Shipment.order_id).in_(list(orders)))
        .order_by(col(Shipment.id), col(OrderLine.line_number))
    )
    pieces: dict[str, dict[int, int]] = {}
    rows: dict[str, tuple[Shipment, str]] = {}
    for shipment, seller, number, quantity in session.execute(statement, execution_options=FRESH):
        rows[shipment.public_id] = (shipment, seller)
        pieces.setdefault(shipment.public_id, {})[number] = quantity
    found: dict[int, tuple[ShipmentView, ...]] = {}
    for name, (s, seller) in rows.items():
        view = ShipmentView(name, seller, s.status, s.carrier, s.tracking_number, pieces[name], s.created_at)
        found[s.order_id] = (*found.get(s.order_id, ()), view)
    return found


def _payments(session: Session, order: int) -> tuple[PaymentView, ...]:
    statement = select(Payment).where(col(Payment.order_id) == order).order_by(col(Payment.id))
    return tuple(
        PaymentView(
            p.public_id,
            p.provider,
            p.method,
            p.status,
            p.amount_minor,
            p.captured_minor,
            p.refunded_minor,
            p.action,
            p.failure,
            p.created_at,
        )
        for p in session.execute(statement, execution_options=FRESH).scalars()
    )


def _lines(session: Session, order: int) -> dict[int, OrderLineView]:
    """The lines by row number."""
    given_back = (
        select(col(RefundLine.order_line_id), col(RefundLine.quantity))
        .join(Refund, col(Refund.id) == col(RefundLine.refund_id))
        .join(OrderLine, col(OrderLine.id) == col(RefundLine.order_line_id))
        .where(col(OrderLine.order_id) == order, col(Refund.status) == "settled")
    )
    refunded: dict[int, int] = {}
    for line, quantity in session.execute(given_back):
        refunded[line] = refunded.get(line, 0) + quantity
    statement: Any = (
        select(OrderLine, col(Variant.public_id), col(Product.public_id), col(Seller.public_id))
        .join(Variant, col(Variant.id) == col(OrderLine.variant_id))
        .join(Product, col(Product.id) == col(Variant.product_id))
        .outerjoin(Seller, col(Seller.id) == col(OrderLine.seller_id))
        .where(col(OrderLine.order_id) == order)
        .order_by(col(OrderLine.line_number))
    )
    return {
        line.id: OrderLineView(
            number=line.line_number,
            product=product,
            variant=variant,
            title=line.title,
            quantity=line.quantity,
            refunded=refunded.get(line.id, 0),
            unit_price_minor=line.unit_price_minor,
            discount_minor=line.discount_minor,
            tax_minor=line.tax_minor,
            seller=seller,
            cancelled=line.cancelled,
            shipped=line.shipped,
            returned=line.returned,
        )
        for line, variant, product, seller in session.execute(statement, execution_options=FRESH)
    }


def _refunds(session: Session, order: int, lines: list[int]) -> tuple[RefundView, ...]:
    """Refunds of the order, and those that give back one of its lines beside lines of other orders."""
    through_lines = select(col(RefundLine.refund_id)).where(col(RefundLine.order_line_id).in_(lines))
    own = select(col(Refund.id)).where(col(Refund.order_id) == order)
    statement = (
        select(Refund)
        .where(
            col(Refund.id).in_(own.union(through_lines))
        )  # each by its own index; OR would read the whole table
        .order_by(col(Refund.at), col(Refund.id))
    )
    return tuple(
        RefundView(refund.public_id, refund.status, refund.amount_minor, refund.reason, refund.at)
        for refund in session.execute(statement, execution_options=FRESH).scalars()
    )
