"""Behaviour: shoppers' random keys, what they did, and the past that recommendations are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import String, and_, cast, exists, func, literal, null, select, union_all
from sqlmodel import Session, col

from core.bulk import insert_frame
from core.errors import InvalidInput, NotFound
from core.frames import EVENTS
from core.ids import new_id
from core.orders import SOLD_STATUSES
from core.tables import Event, Order, OrderLine, Product, Refund, RefundLine, ShopperKey, User, Variant
from core.upsert import with_reference


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One thing a shopper did. `id` is the caller's: reporting it twice records it once.

    `kind` is one of `core.tables.behaviour.EVENT_KINDS`; a query has a `query` and no `product`, all others have a
    `product` (its public id).
    """

    id: str
    kind: str
    at: datetime
    product: str | None = None
    query: str | None = None
    position: int | None = None
    request_id: str | None = None
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Past:
    """One row of a shopper's history: the product's public id, what happened to it, and when.

    `country` is that of the order, None for anything else.
    """

    product: str
    kind: str
    at: datetime
    country: str | None = None


def new_shopper(session: Session, *, at: datetime) -> str:
    """A fresh key for a guest."""
    key = new_id()
    session.add(ShopperKey(key=key, created_at=at))
    session.flush()
    return key


def admit_shopper(session: Session, key: str, *, at: datetime) -> None:
    """Take a key that a storefront made up as a guest's; does nothing for one that is known."""
    row = pl.DataFrame({"key": [key], "created_at": [at]})
    insert_frame(session, ShopperKey, row, on_conflict="ignore")


def shopper_of(session: Session, user: str) -> str:
    """The key of a user (a public id); raises NotFound where there is none, as for an erased user."""
    statement = (
        select(col(ShopperKey.key))
        .join(User, col(User.id) == col(ShopperKey.user_id))
        .where(col(User.public_id) == user)
    )
    key = session.execute(statement).scalar_one_or_none()
    if key is None:
        raise NotFound(f"user {user!r} has no shopper key", user=user)
    return str(key)


def record_events(session: Session, events: Sequence[NewEvent], *, shopper: str) -> int:
    """Record what a shopper did; returns how many events were new.

    Raises NotFound for a shopper key that does not exist (any more), InvalidInput for events that are incomplete
    or name a product that does not exist; nothing is recorded then.
    """
    if session.get(ShopperKey, shopper) is None:
        raise NotFound("there is no such shopper", shopper=shopper)
    for event in events:
        if (event.kind == "query") != (event.product is None) or (event.kind == "query" and not event.query):
            raise InvalidInput(f"event {event.id}: a query has a query text, every other event a product")
    names = [name for name in EVENTS if name not in ("public_id", "shopper", "user")]
    rows = [(event.id, shopper, *(getattr(event, name) for name in names)) for event in events]
    schema = {name: EVENTS[name][0] for name in ("public_id", "shopper", *names)}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    frame = with_reference(session, frame, Product, column="product", into="product_id")
    return insert_frame(session, Event, frame, on_conflict="ignore")


def history(session: Session, shopper: str, *, limit: int = 100, until: datetime | None = None) -> list[Past]:
    """The last `limit` things a shopper did with products (up to a moment), newest last.

    Purchases are the order lines of the user behind the key of which at least a piece was kept. An event that
    reports a purchase counts only where no order of the shopper has the product.
    """
    both = union_all(_purchases(shopper), _events(shopper)).subquery()
    newest = select(both).order_by(both.c.at.desc(), both.c.product.desc(), both.c.kind.desc()).limit(limit)
    if until is not None:
        newest = newest.where(both.c.at <= until)
    rows = [Past(row.product, row.kind, row.at, row.country) for row in session.execute(newest)]
    return rows[::-1]


def _purchases(shopper: str) -> Any:
    given_back = (
        select(func.coalesce(func.sum(col(RefundLine.quantity)), 0))
        .join(Refund, col(Refund.id) == col(RefundLine.refund_id))
        .where(col(RefundLine.order_line_id) == col(OrderLine.id), col(Refund.status) == "settled")
        .scalar_subquery()
    )
    return (
        select(
            col(Product.public_id).label("product"),
            literal("purchase").label("kind"),
            col(Order.placed_at).label("at"),
            col(Order.country).label("country"),
        )
        .select_from(ShopperKey)
        .join(Order, col(Order.user_id) == col(ShopperKey.user_id))
        .join(OrderLine, col(OrderLine.order_id) == col(Order.id))
        .join(Variant, col(Variant.id) == col(OrderLine.variant_id))
        .join(Product, col(Product.id) == col(Variant.product_id))
        .where(
            col(ShopperKey.key) == shopper,
            col(Order.status).in_(SOLD_STATUSES),
            col(OrderLine.quantity) > given_back,
        )
    )


def _events(shopper: str) -> Any:
    ordered = (
        exists()
        .where(col(ShopperKey.key) == shopper)
        .where(col(Order.user_id) == col(ShopperKey.user_id), col(Order.status).in_(SOLD_STATUSES))
        .where(col(OrderLine.order_id) == col(Order.id))
        .where(col(Variant.id) == col(OrderLine.variant_id), col(Variant.product_id) == col(Event.product_id))
    )
    return (
        select(
            col(Product.public_id).label("product"),
            col(Event.kind).label("kind"),
            col(Event.at).label("at"),
            cast(null(), String).label("country"),
        )
        .join(Product, col(Product.id) == col(Event.product_id))
        .where(col(Event.shopper) == shopper, ~and_(col(Event.kind) == "purchase", ordered))
    )
