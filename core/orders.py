"""Reading an order: what was bought, what it cost, and what was given back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.errors import NotFound
from core.tables import Order, OrderLine, Product, Refund, RefundLine, User, Variant

# The statuses in which an order is a sale.
SOLD_STATUSES = ("paid", "shipped", "delivered")


@dataclass(frozen=True, slots=True)
class OrderLineView:
    """One line as it was sold; `refunded` pieces of it were given back. Money is in minor units."""

    number: int
    product: str
    variant: str
    title: str
    quantity: int
    refunded: int
    unit_price_minor: int
    discount_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class RefundView:
    """Money given back for the order."""

    id: str
    status: str
    amount_minor: int
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with its lines in their order and its refunds, oldest first. `user` is None for a guest's."""

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
    refunds: tuple[RefundView, ...]


def get_order(session: Session, public_id: str) -> OrderView:
    """The order with this id; raises NotFound where there is none."""
    statement: Any = (
        select(Order, col(User.public_id))
        .outerjoin(User, col(User.id) == col(Order.user_id))
        .where(col(Order.public_id) == public_id)
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        raise NotFound(f"there is no order {public_id!r}", order=public_id)
    order, user = found
    lines = _lines(session, order.id)
    return OrderView(
        id=order.public_id,
        user=user,
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
        select(OrderLine, col(Variant.public_id), col(Product.public_id))
        .join(Variant, col(Variant.id) == col(OrderLine.variant_id))
        .join(Product, col(Product.id) == col(Variant.product_id))
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
        )
        for line, variant, product in session.execute(statement)
    }


def _refunds(session: Session, order: int, lines: list[int]) -> tuple[RefundView, ...]:
    """Refunds of the order, and those that give back one of its lines beside lines of other orders."""
    through_lines = select(col(RefundLine.refund_id)).where(col(RefundLine.order_line_id).in_(lines))
    statement = (
        select(Refund)
        .where((col(Refund.order_id) == order) | col(Refund.id).in_(through_lines))
        .order_by(col(Refund.at), col(Refund.id))
    )
    return tuple(
        RefundView(refund.public_id, refund.status, refund.amount_minor, refund.reason, refund.at)
        for refund in session.execute(statement).scalars()
    )
