"""What messages and webhooks about orders are made of, read for many events in a few statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.bulk import FRESH
from core.database import vault_of
from core.money import Money
from core.tables import (
    Order,
    OrderLine,
    Product,
    Refund,
    RefundLine,
    Return,
    ReturnLine,
    Review,
    Seller,
    Shipment,
    ShipmentLine,
    User,
    Variant,
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an order; `seller` and `variant_row` are row numbers."""

    number: int
    variant_row: int
    variant: str
    sku: str
    title: str
    quantity: int
    cancelled: int
    shipped: int
    unit_price_minor: int
    seller: int | None


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order as it is now; `row` and `user` are row numbers."""

    row: int
    id: str
    user: int | None
    status: str
    total: Money
    expires_at: datetime | None
    lines: tuple[Line, ...]

    @property
    def sellers(self) -> set[int]:
        """The row numbers of those whose goods are in it."""
        return {line.seller for line in self.lines if line.seller is not None}

    def of(self, seller: int | None) -> tuple[Line, ...]:
        """The lines of a seller (row number); all of them for None."""
        return tuple(line for line in self.lines if seller is None or line.seller == seller)


@dataclass(frozen=True, slots=True)
class ShipmentFacts:
    """A parcel: `pieces` by line number, `seller` a row number."""

    id: str
    seller: int
    status: str
    carrier: str
    tracking_number: str
    pieces: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """Money given back; `by_seller` (row number) is what it gives back of each seller's lines, in minor units."""

    id: str
    status: str
    amount: Money
    by_seller: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class ReturnFacts:
    """Goods that come back: `pieces` by line number of the order, `seller` a row number."""

    id: str
    order: str
    seller: int
    status: str
    answer: str
    pieces: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """A review: of what kind of thing, which one (public id), and whose (row number of the seller)."""

    id: str
    subject: str
    about: str
    score: int
    seller: int


def orders_of(session: Session, names: Collection[str]) -> dict[str, OrderFacts]:
    """The orders with these public ids that are there, by id."""
    wanted = select(Order).where(col(Order.public_id).in_(sorted(names))).order_by(col(Order.id))
    rows = list(session.execute(wanted, execution_options=FRESH).scalars()) if names else []
    lines: dict[int, list[Line]] = {}
    in_orders: Any = (
        select(OrderLine, col(Variant.public_id), col(Variant.sku))
        .join(Variant, col(Variant.id) == col(OrderLine.variant_id))
        .where(col(OrderLine.order_id).in_([row.id for row in rows]))
        .order_by(col(OrderLine.order_id), col(OrderLine.line_number))
    )
    for line, variant, sku in session.execute(in_orders, execution_options=FRESH) if rows else ():
        lines.setdefault(line.order_id, []).append(
            Line(
                line.line_number,
                line.variant_id,
                variant,
                sku,
                line.title,
                line.quantity,
                line.cancelled,
                line.shipped,
                line.unit_price_minor,
                line.seller_id,
            )
        )
    return {
        row.public_id: OrderFacts(
            row.id or 0,
            row.public_id,
            row.user_id,
            row.status,
            Money(row.total_minor, row.currency),
            row.expires_at,
            tuple(lines.get(row.id or 0, ())),
        )
        for row in rows
    }


def shipment_of(session: Session, name: str) -> ShipmentFacts | None:
    """A shipment by its public id."""
    statement: Any = (
        select(Shipment, col(OrderLine.line_number), col(ShipmentLine.quantity))
        .join(ShipmentLine, col(ShipmentLine.shipment_id) == col(Shipment.id))
        .join(OrderLine, col(OrderLine.id) == col(ShipmentLine.order_line_id))
        .where(col(Shipment.public_id) == name)
        .order_by(col(OrderLine.line_number))
    )
    rows = session.execute(statement, execution_options=FRESH).all()
    if not rows:
        return None
    sent = rows[0][0]
    pieces = {number: quantity for _, number, quantity in rows}
    return ShipmentFacts(name, sent.seller_id, sent.status, sent.carrier, sent.tracking_number, pieces)


def refund_of(session: Session, name: str) -> RefundFacts | None:
    """A refund by its public id."""
    row: Any = session.execute(
        select(Refund).where(col(Refund.public_id) == name), execution_options=FRESH
    ).scalar_one_or_none()
    if row is None:
        return None
    by_seller: Any = (
        select(col(OrderLine.seller_id), func.sum(col(RefundLine.amount_minor)))
        .join(OrderLine, col(OrderLine.id) == col(RefundLine.order_line_id))
        .where(col(RefundLine.refund_id) == row.id, col(OrderLine.seller_id).is_not(None))
        .group_by(col(OrderLine.seller_id))
    )
    parts = {seller: int(amount) for seller, amount in session.execute(by_seller)}
    return RefundFacts(name, row.status, Money(row.amount_minor, row.currency), parts)


def return_of(session: Session, name: str) -> ReturnFacts | None:
    """A return by its public id."""
    statement: Any = (
        select(Return, col(Order.public_id), col(OrderLine.line_number), col(ReturnLine.quantity))
        .join(Order, col(Order.id) == col(Return.order_id))
        .join(ReturnLine, col(ReturnLine.return_id) == col(Return.id))
        .join(OrderLine, col(OrderLine.id) == col(ReturnLine.order_line_id))
        .where(col(Return.public_id) == name)
        .order_by(col(OrderLine.line_number))
    )
    rows = session.execute(statement, execution_options=FRESH).all()
    if not rows:
        return None
    held, order = rows[0][0], rows[0][1]
    pieces = {number: quantity for _, _, number, quantity in rows}
    return ReturnFacts(name, order, held.seller_id, held.status, held.answer, pieces)


def review_of(session: Session, name: str) -> ReviewFacts | None:
    """A published review of a product or of a seller, by its public id."""
    statement: Any = (
        select(
            Review,
            col(Product.public_id).label("product"),
            func.coalesce(col(Product.seller_id), col(Review.seller_id)).label("owner"),
        )
        .outerjoin(Product, col(Product.id) == col(Review.product_id))
        .where(col(Review.public_id) == name, col(Review.subject).in_(("product", "seller")))
        .where(col(Review.status) == "published")
    )
    found = session.execute(statement, execution_options=FRESH).first()
    if found is None or found.owner is None:
        return None
    seller = session.execute(select(col(Seller.public_id)).where(col(Seller.id) == found.owner)).scalar_one()
    review = found[0]
    return ReviewFacts(name, review.subject, found.product or seller, review.score, found.owner)


def addresses_of(session: Session, users: Collection[int]) -> dict[int, str]:
    """The e-mail addresses, opened, of those of these users (row numbers) who may be written to."""
    wanted: Any = select(col(User.id), col(User.email)).where(
        col(User.id).in_(sorted(users)), col(User.status) == "active", col(User.email).is_not(None)
    )
    vault = vault_of(session)
    return {row: vault.open(email) for row, email in session.execute(wanted)} if users else {}


def users_of(session: Session, sellers: Collection[int]) -> dict[int, int]:
    """The user of each of these sellers (row numbers) that has one."""
    wanted: Any = select(col(Seller.id), col(Seller.user_id)).where(
        col(Seller.id).in_(sorted(sellers)), col(Seller.user_id).is_not(None)
    )
    return {row.id: row.user_id for row in session.execute(wanted)} if sellers else {}
