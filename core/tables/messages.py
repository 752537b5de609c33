"""Messages that leave a transaction: the outbox, notifications, and the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from core.tables.columns import check, counter, document, moment, one_of, reference

OUTBOX_STATUSES = ("pending", "delivered", "dead")
NOTIFICATION_STATUSES = ("pending", "sent", "failed")


class OutboxEvent(SQLModel, table=True):
    """Written in the transaction of the change it tells of, once for each consumer; delivered at least once.

    `key` is the event's own and the same in every consumer's copy: by it a consumer knows a repeat.
    """

    __tablename__ = "outbox_event"
    __table_args__ = (
        one_of("status", OUTBOX_STATUSES),
        check("attempts >= 0", name="attempts_not_negative"),
        UniqueConstraint("key", "consumer"),
        Index(None, "consumer", "status", "id"),
        {"sqlite_autoincrement": True},  # a position in the outbox is never given twice
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str
    consumer: str
    aggregate: str
    aggregate_id: str
    kind: str
    payload: dict[str, Any] = document()
    status: str = "pending"
    attempts: int = 0
    last_error: str | None = None
    next_attempt_at: datetime | None = moment(nullable=True)
    created_at: datetime = moment()


class Lease(SQLModel, table=True):
    """Who does a job that only one process may do at a time, and until when."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True)
    holder: str
    until: datetime = moment()


class Notification(SQLModel, table=True):
    """A message to a user. `payload` is JSON text, sealed: it may hold names, addresses and links.

    `event_key` is that of the outbox event it tells of, if any.
    """

    __tablename__ = "notification"
    __table_args__ = (
        one_of("status", NOTIFICATION_STATUSES),
        UniqueConstraint("event_key", "user_id", "kind"),
        Index(None, "status", "next_attempt_at"),
        Index(None, "created_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    user_id: int | None = reference("app_user.id", nullable=True)
    channel: str
    kind: str
    payload: str
    status: str = "pending"
    event_key: str | None = None
    attempts: int = counter()
    last_error: str | None = None
    next_attempt_at: datetime | None = moment(nullable=True)
    created_at: datetime = moment()


class AuditEntry(SQLModel, table=True):
    """One staff or money action; `hash` covers the entry and the hash before it."""

    __tablename__ = "audit_entry"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = moment()
    actor: str
    action: str
    subject: str
    detail: dict[str, Any] = document()
    previous_hash: str = Field(unique=True)
    hash: str = Field(unique=True)


class AuditHead(SQLModel, table=True):
    """The end of the chain, in one row: how many entries, the hash of the last, and a keyed hash of both."""

    __tablename__ = "audit_head"

    id: int = Field(primary_key=True)
    entries: int
    hash: str
    seal: str
