"""The outbox: what changed, written in the transaction of the change, for a relay to tell the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, or_, select, update
from sqlmodel import Session, col

from core.ids import new_id
from core.tables import OutboxEvent

MAX_ATTEMPTS = 8


# Which consumers hear of what. What none is told of is kept all the same: open pages follow it.
CONSUMERS: dict[str, tuple[str, ...]] = {"product": ("index",), "refund": ("payments",)}
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class News:
    """What happened to an aggregate, e.g. aggregate "product", kind "price-changed"."""

    aggregate: str
    id: str
    kind: str
    payload: Mapping[str, Any] = field(default_factory=dict)


def emit(session: Session, *news: News, at: datetime) -> None:
    """Write events into the session's transaction, in one statement.

    Emit after the rows that tell of the aggregate were changed: their locks are what keeps its events in order.
    """
    rows = [
        {
            "key": key,
            "consumer": consumer,
            "aggregate": item.aggregate,
            "aggregate_id": item.id,
            "kind": item.kind,
            "payload": dict(item.payload),
            "status": "delivered" if consumer == NOBODY else "pending",
            "attempts": 0,
            "created_at": at,
        }
        for item, key in ((item, new_id("x-")) for item in news)
        for consumer in CONSUMERS.get(item.aggregate, (NOBODY,))
    ]
    if rows:
        session.execute(insert(OutboxEvent).values(rows))


def due(session: Session, *, consumer: str, now: datetime, limit: int = 500) -> list[OutboxEvent]:
    """A consumer's oldest undelivered events whose next attempt is due, in the order they were written."""
    statement = (
        select(OutboxEvent)
        .where(col(OutboxEvent.consumer) == consumer, col(OutboxEvent.status) == "pending")
        .where(or_(col(OutboxEvent.next_attempt_at).is_(None), col(OutboxEvent.next_attempt_at) <= now))
        .order_by(col(OutboxEvent.id))
        .limit(limit)
    )
    return list(session.execute(statement).scalars())


def delivered(session: Session, ids: Iterable[int]) -> None:
    """Mark events as delivered."""
    session.execute(
        update(OutboxEvent).where(col(OutboxEvent.id).in_(list(ids))).values(status="delivered", last_error=None)
    )


def failed(session: Session, ids: Sequence[int], *, reason: str, now: datetime) -> None:
    """Count a failed attempt: try again after 1, 2, 4, ... seconds, and give up after MAX_ATTEMPTS."""
    for event in session.execute(select(OutboxEvent).where(col(OutboxEvent.id).in_(list(ids)))).scalars():
        event.attempts += 1
        event.last_error = reason[:500]
        event.next_attempt_at = now + timedelta(seconds=2 ** (event.attempts - 1))
        if event.attempts >= MAX_ATTEMPTS:
            event.status = "dead"


def position(session: Session) -> int:
    """The highest event id so far; 0 for an empty outbox. Taken before a rebuild reads the tables."""
    return int(session.execute(select(func.coalesce(func.max(col(OutboxEvent.id)), 0))).scalar_one())


def since(session: Session, start: int) -> list[OutboxEvent]:
    """All events above a position, whatever became of them: what a fresh generation has to catch up with."""
    statement = select(OutboxEvent).where(col(OutboxEvent.id) > start).order_by(col(OutboxEvent.id))
    return list(session.execute(statement).scalars())
