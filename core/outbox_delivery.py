"""Handing events out: in order, again after a failure, and aside when it is hopeless."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, delete, func, or_, select, update
from sqlmodel import Session

from core import audit
from core.bulk import table_of
from core.errors import Conflict, NotFound
from core.outbox import NOBODY, PRUNED, Message, messages
from core.tables import OutboxEvent

MAX_ATTEMPTS = 8
KEPT = timedelta(days=7)  # how long a delivered event stays, for those that catch up
PRUNED_AT_ONCE = 5000
NEWEST_KEPT = 1000

_EVENT = table_of(OutboxEvent)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for a consumer. `waiting` are those of `pending` that failed before and are not due yet."""

    consumer: str
    pending: int
    waiting: int
    dead: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that its consumer could not be told of, and why."""

    id: int
    key: str
    consumer: str
    aggregate: str
    aggregate_id: str
    kind: str
    attempts: int
    last_error: str | None
    created_at: datetime


def due(session: Session, *, consumer: str, now: datetime, limit: int = 500) -> list[Message]:
    """A consumer's oldest undelivered events whose turn it is, in the order they were written.

    The events of one aggregate keep their order: while one of them waits for its next attempt, the later ones wait
    with it. Once it is dead they go on: what a consumer never took must not hold up the aggregate for ever.
    """
    open_ = and_(_EVENT.c.consumer == consumer, _EVENT.c.status == "pending")
    waiting = (
        select(_EVENT.c.aggregate, _EVENT.c.aggregate_id, func.min(_EVENT.c.id).label("first"))
        .where(open_, _EVENT.c.next_attempt_at > now)
        .group_by(_EVENT.c.aggregate, _EVENT.c.aggregate_id)
        .cte("waiting")
    )
    same = and_(waiting.c.aggregate == _EVENT.c.aggregate, waiting.c.aggregate_id == _EVENT.c.aggregate_id)
    statement = (
        messages()
        .outerjoin_from(_EVENT, waiting, same)
        .where(open_, or_(waiting.c.first.is_(None), _EVENT.c.id < waiting.c.first))
        .order_by(_EVENT.c.id)
        .limit(limit)
    )
    return [Message(*row) for row in session.execute(statement)]


def delivered(session: Session, ids: Collection[int]) -> set[int]:
    """Mark events as delivered; returns the ids of those that still were pending, which others had not taken."""
    statement = (
        update(_EVENT)
        .where(_EVENT.c.id.in_(ids), _EVENT.c.status == "pending")
        .values(status="delivered", last_error=None, next_attempt_at=None)
        .returning(_EVENT.c.id)
    )
    return set(session.execute(statement).scalars())


def again(session: Session, ids: Collection[int]) -> None:
    """Hand events out once more, whoever has marked them as delivered."""
    statement = update(_EVENT).where(_EVENT.c.id.in_(ids), _EVENT.c.status == "delivered")
    session.execute(statement.values(status="pending", next_attempt_at=None))


def failed(session: Session, ids: Collection[int], *, reason: str, now: datetime) -> None:
    """Count a failed attempt: try again after 1, 2, 4, ... seconds, and give up after MAX_ATTEMPTS."""
    statement = select(_EVENT.c.id, _EVENT.c.attempts).where(_EVENT.c.id.in_(ids), _EVENT.c.status == "pending")
    rows = [
        {
            "row": event.id,
            "before": event.attempts,
            "status": "dead" if event.attempts + 1 >= MAX_ATTEMPTS else "pending",
            "attempts": event.attempts + 1,
            "last_error": reason[:500],
            "next_attempt_at": now + timedelta(seconds=2**event.attempts),
        }
        for event in session.execute(statement.order_by(_EVENT.c.id).with_for_update())
    ]
    if rows:
        changed = update(_EVENT).where(
            _EVENT.c.id == bindparam("row"),
            _EVENT.c.attempts == bindparam("before"),
            _EVENT.c.status == "pending",
        )
        session.connection().execute(changed, rows)


def backlog(session: Session, *, now: datetime) -> list[Backlog]:
    """How each consumer stands, by name; those that everything was delivered to are left out."""
    pending = _EVENT.c.status == "pending"
    statement = (
        select(
            _EVENT.c.consumer,
            func.sum(case((pending, 1), else_=0)),
            func.sum(case((and_(pending, _EVENT.c.next_attempt_at > now), 1), else_=0)),
            func.sum(case((_EVENT.c.status == "dead", 1), else_=0)),
            func.min(case((pending, _EVENT.c.created_at))),
        )
        .where(_EVENT.c.status.in_(("pending", "dead")), _EVENT.c.consumer != NOBODY)
        .group_by(_EVENT.c.consumer)
        .order_by(_EVENT.c.consumer)
    )
    return [Backlog(*row) for row in session.execute(statement)]


def dead_letters(session: Session, *, before: int | None = None, limit: int = 100) -> list[DeadLetter]:
    """The dead letters, the newest first; those with ids below `before`."""
    columns = (field for field in DeadLetter.__slots__)
    statement: Select[Any] = select(*(_EVENT.c[name] for name in columns)).where(_EVENT.c.status == "dead")
    if before is not None:
        statement = statement.where(_EVENT.c.id < before)
    return [DeadLetter(*row) for row in session.execute(statement.order_by(_EVENT.c.id.desc()).limit(limit))]


def resend(session: Session, *, key: str | None, actor: str, at: datetime) -> int:
    """Give dead letters all their attempts again: the event with this key, or every one; returns how many.

    They are handed out in their old place: before what came later and was not delivered yet. Who asked for it is
    in the audit log. Raises NotFound for an event that is not there, Conflict for one that is not dead.
    """
    statement = update(_EVENT).where(_EVENT.c.status == "dead")
    if key is not None:
        statement = statement.where(_EVENT.c.key == key)
    fresh = statement.values(status="pending", attempts=0, next_attempt_at=None).returning(_EVENT.c.id)
    count = len(session.execute(fresh).all())
    if key is not None and not count:
        if session.execute(select(_EVENT.c.id).where(_EVENT.c.key == key)).first() is None:
            raise NotFound(f"there is no event {key!r}", event=key)
        raise Conflict(f"event {key} is not a dead letter", event=key)
    detail = {"events": count}
    audit.record(session, actor=actor, action="outbox.resend", subject=f"event:{key or '*'}", detail=detail, at=at)
    return count


def prune(session: Session, *, before: datetime) -> int:
    """Remove delivered events written before a moment, PRUNED_AT_ONCE at most; returns how many.

    The newest NEWEST_KEPT stay, and so do dead letters. One row stays in the place of all that were removed, by
    which `outbox.since` knows that it cannot tell everything.
    """
    top = session.execute(select(func.coalesce(func.max(_EVENT.c.id), 0))).scalar_one()
    old = (
        select(_EVENT.c.id)
        .where(_EVENT.c.status == "delivered", _EVENT.c.created_at < before, _EVENT.c.kind != PRUNED)
        .where(_EVENT.c.id <= top - NEWEST_KEPT)
        .order_by(_EVENT.c.id)
        .limit(PRUNED_AT_ONCE)
    )
    ids = list(session.execute(old).scalars())
    if not ids:
        return 0
    session.execute(delete(_EVENT).where(or_(_EVENT.c.id.in_(ids[:-1]), _EVENT.c.kind == PRUNED)))
    stays = update(_EVENT).where(_EVENT.c.id == ids[-1])
    session.execute(stays.values(aggregate="outbox", aggregate_id="", kind=PRUNED, payload={}, consumer=NOBODY))
    return len(ids)
