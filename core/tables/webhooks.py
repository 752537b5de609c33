"""Webhooks: addresses of others that are told what happens in the shop, and what was sent to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from core.tables.columns import counter, document, moment, one_of, reference

DELIVERY_STATUSES = ("pending", "sent", "dead")


class WebhookEndpoint(SQLModel, table=True):
    """Who is told, and of which kinds of events; without a seller it is the shop's own and hears of everybody's.

    `secret` (sealed) signs what is sent; so does `previous_secret` (sealed) until `previous_until`, for receivers
    that do not know the new one yet. After `failures` in a row nothing is sent until `closed_until`.
    """

    __tablename__ = "webhook_endpoint"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    seller_id: int | None = reference("seller.id", nullable=True)
    url: str
    secret: str
    previous_secret: str | None = None
    previous_until: datetime | None = moment(nullable=True)
    kinds: list[str] = document(default=list)
    active: bool = True
    failures: int = counter()
    closed_until: datetime | None = moment(nullable=True)
    created_at: datetime = moment()


class WebhookDelivery(SQLModel, table=True):
    """One message for an endpoint, and how its delivery goes. `body` names no person."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        one_of("status", DELIVERY_STATUSES),
        UniqueConstraint("endpoint_id", "event_key"),
        Index(None, "status", "next_attempt_at"),
        Index(None, "created_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    endpoint_id: int = reference("webhook_endpoint.id", index=False)
    event_key: str
    kind: str
    body: dict[str, Any] = document()
    status: str = "pending"
    attempts: int = counter()
    last_status: int | None = None
    last_error: str | None = None
    next_attempt_at: datetime | None = moment(nullable=True)
    created_at: datetime = moment()
    sent_at: datetime | None = moment(nullable=True)
