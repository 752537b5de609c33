"""Retention: what is forgotten because it is old, a bounded number of rows in each transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, select, tuple_
from sqlmodel import Session

from core.bulk import table_of
from core.settings import Settings
from core.tables import (
    Cart,
    CartLine,
    Event,
    Exposure,
    HiddenProduct,
    Notification,
    Order,
    Transition,
    WebhookDelivery,
)
from core.traces import forget_places

MOST = 2000  # rows of each kind in a transaction

_CART, _ORDER = table_of(Cart), table_of(Order)


@dataclass(frozen=True, slots=True)
class Policy:
    """How long things are kept."""

    events: timedelta
    shown: timedelta
    messages: timedelta
    carts: timedelta
    addresses: timedelta


def policy_of(settings: Settings) -> Policy:
    """What the `MERX_KEEP_*_DAYS` settings say."""
    return Policy(
        events=timedelta(days=settings.keep_events_days),
        shown=timedelta(days=settings.keep_shown_days),
        messages=timedelta(days=settings.keep_messages_days),
        carts=timedelta(days=settings.keep_carts_days),
        addresses=timedelta(days=settings.keep_addresses_days),
    )


def forget(session: Session, *, policy: Policy, now: datetime, most: int = MOST) -> dict[str, int]:
    """Forget up to `most` of each kind of what is over; returns how many, by kind. All zero: nothing is left.

    Guests' carts that nobody touched, the addresses of old orders with what was said about them, events and what
    was hidden, what recommendations were shown, messages, and what was sent to webhooks. Amounts, lines and
    movements stay for good.
    """
    messages = now - policy.messages
    return {
        "carts": _forget_carts(session, before=now - policy.carts, most=most),
        "addresses": _forget_addresses(session, before=now - policy.addresses, most=most),
        "events": _forget_rows(session, table_of(Event), "at", before=now - policy.events, most=most),
        "hidden": _forget_hidden(session, before=now - policy.events, most=most),
        "shown": _forget_rows(session, table_of(Exposure), "at", before=now - policy.shown, most=most),
        "messages": _forget_rows(session, table_of(Notification), "created_at", before=messages, most=most),
        "deliveries": _forget_rows(session, table_of(WebhookDelivery), "created_at", before=messages, most=most),
    }


def _forget_carts(session: Session, *, before: datetime, most: int) -> int:
    untouched = (_CART.c.user_id.is_(None)) & (_CART.c.updated_at < before)
    ids = _held(session, _CART, untouched, most=most)
    line = table_of(CartLine)
    session.execute(delete(line).where(line.c.cart_id.in_(ids)))
    session.execute(delete(_CART).where(_CART.c.id.in_(ids)))
    return len(ids)


def _forget_addresses(session: Session, *, before: datetime, most: int) -> int:
    ids = _held(session, _ORDER, (_ORDER.c.placed_at < before) & _ORDER.c.address.is_not(None), most=most)
    # Staff's reasons too: they are about the same person.
    forget_places(session, _ORDER.c.id.in_(ids), actor=table_of(Transition).c.actor.startswith("user:"))
    return len(ids)


def _held(session: Session, table: Table, which: ColumnElement[bool], *, most: int) -> list[int]:
    """Row numbers, locked in their order; what somebody else holds now is left for the next time."""
    statement = select(table.c.id).where(which).order_by(table.c.id).limit(most).with_for_update(skip_locked=True)
    return list(session.execute(statement).scalars())


def _forget_hidden(session: Session, *, before: datetime, most: int) -> int:
    table = table_of(HiddenProduct)
    key = tuple_(table.c.shopper, table.c.product_id)
    old = select(table.c.shopper, table.c.product_id).where(table.c.at < before).order_by(table.c.at).limit(most)
    gone: Any = session.execute(delete(table).where(key.in_(old)))
    return int(gone.rowcount)


def _forget_rows(session: Session, table: Table, column: str, *, before: datetime, most: int) -> int:
    old = select(table.c.id).where(table.c[column] < before).order_by(table.c[column]).limit(most)
    gone: Any = session.execute(delete(table).where(table.c.id.in_(old)))
    return int(gone.rowcount)
