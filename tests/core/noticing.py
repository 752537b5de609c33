"""A shop whose users have addresses and whose sellers are users, and what they are told."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from core.notices import Notices
from core.relay import Delivery, deliver
from core.senders import LogSender, Sender
from core.shipments import prepare, send
from core.tables import Notification, Seller, User, WebhookDelivery, WebhookEndpoint
from core.webhooks import KINDS, new_secret
from tests.core.trade import NOW, Trade

URL = "https://shop.example"


def peopled(trade: Trade) -> Trade:
    """Give every user an address (u0@shop.example, ...) and every seller a user (su0, ...)."""
    vault = trade.database.vault
    assert vault is not None
    with trade.database.write() as session:
        for seller in session.execute(select(Seller)).scalars():
            user = User(public_id=f"u{seller.public_id}", role="seller", created_at=NOW)
            session.add(user)
            session.flush()
            seller.user_id = user.id
        session.flush()
        for user in session.execute(select(User)).scalars():
            user.email = vault.seal(f"{user.public_id}@people.example")
    return trade


def notify(trade: Trade, *, low: int = 0, sender: Sender | None = None, later: int = 0) -> Delivery:
    """Hand the relay's events over to who tells people."""
    now = trade.now + timedelta(seconds=later)
    notices = Notices(sender or LogSender(), URL, low, lambda: now)
    return deliver(notices, database=trade.database, clock=lambda: now)


def told(trade: Trade, user: str) -> list[tuple[str, dict[str, str]]]:
    """The kinds and contents of a user's messages, the oldest first."""
    vault = trade.database.vault
    assert vault is not None
    wanted: Any = (
        select(col(Notification.kind), col(Notification.payload))
        .join(User, col(User.id) == col(Notification.user_id))
        .where(col(User.public_id) == user)
        .order_by(col(Notification.id))
    )
    with trade.database.read() as session:
        return [(kind, json.loads(vault.open(payload))) for kind, payload in session.execute(wanted)]


def kinds(trade: Trade, user: str) -> list[str]:
    return [kind for kind, _ in told(trade, user)]


def last(trade: Trade, user: str) -> dict[str, str]:
    return told(trade, user)[-1][1]


def seller_row(trade: Trade, name: str) -> int:
    with trade.database.read() as session:
        return session.execute(select(col(Seller.id)).where(col(Seller.public_id) == name)).scalar_one() or 0


def endpoint(trade: Trade, name: str, *, seller: str | None = None, url: str = URL, **more: Any) -> str:
    """An endpoint that hears of everything; returns its secret."""
    secret = new_secret()
    vault = trade.database.vault
    assert vault is not None
    with trade.database.write() as session:
        session.add(
            WebhookEndpoint(
                public_id=name,
                seller_id=seller_row(trade, seller) if seller else None,
                url=url,
                secret=vault.seal(secret),
                kinds=more.pop("kinds", list(KINDS)),
                created_at=NOW,
                **more,
            )
        )
    return secret


def hooks(trade: Trade, name: str) -> list[dict[str, Any]]:
    """The bodies of what is written down for an endpoint, the oldest first."""
    wanted: Any = (
        select(col(WebhookDelivery.body))
        .join(WebhookEndpoint, col(WebhookEndpoint.id) == col(WebhookDelivery.endpoint_id))
        .where(col(WebhookEndpoint.public_id) == name)
        .order_by(col(WebhookDelivery.id))
    )
    with trade.database.read() as session:
        return list(session.execute(wanted).scalars())


def pack(trade: Trade, order: str, seller: str, pieces: dict[int, int] | None = None) -> str:
    """Prepare and send a seller's parcel; returns its id."""
    row = seller_row(trade, seller)
    cause = trade.cause(f"user:u{seller}")
    parcel = trade.do(lambda session: prepare(session, order, seller=row, pieces=pieces, cause=cause)).id
    trade.do(
        lambda session: send(session, parcel, seller=row, carrier="DHL", tracking_number="JD0001", cause=cause)
    )
    return parcel


def block(trade: Trade, user: str, status: str) -> None:
    with trade.database.write() as session:
        session.execute(update(User).where(col(User.public_id) == user).values(status=status))
