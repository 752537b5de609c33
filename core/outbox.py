"""The outbox: what changed, written in the transaction of the change, for a relay to tell the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlmodel import Session, col

from core.tables import OutboxEvent

MAX_ATTEMPTS = 8


def emit(
    session: Session,
    *,
    aggregate: str,
    aggregate_id: str,
    kind: str,
    at: datetime,
    payload: dict[str, Any] | None = None,
) -> None:
    """Write an event into the session's transaction, e.g. aggregate "product", kind "price-changed"."""
    session.add(
        OutboxEvent(
            aggregate=aggregate, aggregate_id=aggregate_id, kind=kind, payload=payload or {}, created_at=at
        )
    )


def due(session: Session, *, now: datetime, limit: int = 500) -> list[OutboxEvent]:
    """The oldest undelivered events whose next attempt is due, in the order they were written."""
    statement = (
        select(OutboxEvent)
        .where(col(OutboxEvent.status) == "pending")
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
