"""Messages that leave a transaction: the outbox, notifications, and the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from core.tables.columns import check, document, moment, one_of, reference

OUTBOX_STATUSES = ("pending", "delivered", "dead")
NOTIFICATION_STATUSES = ("pending", "sent", "failed")


class OutboxEvent(SQLModel, table=True):
    """Written in the transaction of the change it tells of; a relay delivers it at least once."""

    __tablename__ = "outbox_event"
    __table_args__ = (
        one_of("status", OUTBOX_STATUSES),
        check("attempts >= 0", name="attempts_not_negative"),
        Index(None, "status", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    aggregate: str
    aggregate_id: str
    kind: str
    payload: dict[str, Any] = document()
    status: str = "pending"
    attempts: int = 0
    last_error: str | None = None
    next_attempt_at: datetime | None = moment(nullable=True)
    created_at: datetime = moment()


class Notification(SQLModel, table=True):
    __tablename__ = "notification"
    __table_args__ = (one_of("status", NOTIFICATION_STATUSES),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    user_id: int | None = reference("app_user.id", nullable=True)
    channel: str
    kind: str
    payload: dict[str, Any] = document()
    status: str = "pending"
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
