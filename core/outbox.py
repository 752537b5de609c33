"""The outbox: what changed, written in the transaction of the change, for a relay to tell the others.

Here is the writing, and the catching up of whoever was built from the tables; `core.outbox_delivery` hands events
out to consumers, `core.following` follows them in a process that is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, literal_column, or_, select, text
from sqlmodel import Session

from core.bulk import insert_rows, table_of
from core.errors import Conflict
from core.ids import new_id
from core.tables import OutboxEvent

# Which consumers hear of what. What none is told of is kept all the same: open pages follow it.
CONSUMERS: dict[str, tuple[str, ...]] = {
    "product": ("index",),
    "refund": ("payments",),
    "payment": ("payments",),
    "order": ("notify",),
    "return": ("notify",),
    "review": ("notify",),
    "stock": ("notify",),
}
NOBODY = "nobody"
PRUNED = "pruned"  # the kind of the one row that stands for all that were removed

_EVENT = table_of(OutboxEvent)


@dataclass(frozen=True, slots=True)
class News:
    """What happened to an aggregate, e.g. aggregate "product", kind "price-changed"."""

    aggregate: str
    id: str
    kind: str
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """An event as it is handed out. `id` is that of the consumer's copy, `key` the event's own in all copies."""

    id: int
    key: str
    aggregate: str
    aggregate_id: str
    kind: str
    payload: Mapping[str, Any]
    attempts: int
    created_at: datetime

    @property
    def subject(self) -> tuple[str, str]:
        """What it is about: its events stay in order."""
        return self.aggregate, self.aggregate_id


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
    insert_rows(session, OutboxEvent, rows)


def position(session: Session) -> str:
    """Where the outbox is, taken before a rebuild reads the tables; for `since` to go on from.

    On SQLite that is the highest id: writers are alone. On PostgreSQL a transaction may have drawn a lower id and
    not have committed yet, so the snapshot belongs to it, which says who was still at work.
    """
    top = select(func.coalesce(func.max(_EVENT.c.id), 0))
    if session.get_bind().dialect.name == "sqlite":
        return str(session.execute(top).scalar_one())
    # In one statement: both are of the same snapshot.
    found = session.execute(top.add_columns(literal_column("pg_current_snapshot()::text"))).one()
    return f"{found[0]} {found[1]}"


def since(session: Session, start: str) -> list[Message]:
    """All events that were not there at a position, whatever became of them since, by id; some older ones too.

    Raises Conflict when events after the position were removed meanwhile.
    """
    top, _, snapshot = start.partition(" ")
    lost = exists().where(_EVENT.c.kind == PRUNED, _EVENT.c.id > int(top))
    if session.execute(select(lost)).scalar_one():
        raise Conflict("not all changes since then are kept any more")
    later = _EVENT.c.id > int(top)
    if snapshot:
        later = or_(later, text(_UNSEEN).bindparams(snapshot=snapshot))
    statement = messages().where(later, _EVENT.c.kind != PRUNED).order_by(_EVENT.c.id)
    return [Message(*row) for row in session.execute(statement)]


def messages() -> Select[Any]:
    """A statement for the columns of `Message`, in their order."""
    columns = ("id", "key", "aggregate", "aggregate_id", "kind", "payload", "attempts", "created_at")
    return select(*(_EVENT.c[name] for name in columns))


# Rows written by transactions that a snapshot does not see. A row knows its writer by the lower 32 bits of its
# number, which lies in the past; rows that were changed since count as new, which does no harm.
_UNSEEN = """
    NOT pg_visible_in_snapshot((
        pg_snapshot_xmax(pg_current_snapshot())::text::bigint
        - ((pg_snapshot_xmax(pg_current_snapshot())::text::bigint - outbox_event.xmin::text::bigint) & 4294967295)
    )::text::xid8, CAST(:snapshot AS pg_snapshot))
"""
