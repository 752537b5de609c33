"""The shapes of what staff see of the shop's own working: the audit log and the outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from api.schemas import Out

Place = Annotated[int, Field(ge=1, le=2**31 - 1)]


class AuditEntryOut(Out):
    number: int = Field(description="counts from 1 without gaps", examples=[17])
    at: datetime
    actor: str = Field(examples=["user:u-4f0c21b7d9"])
    action: str = Field(examples=["order.cancel"])
    subject: str = Field(examples=["order:o-4f0c21b7d9"])
    detail: dict[str, Any]
    hash: str


class AuditOut(Out):
    entries: list[AuditEntryOut]
    next: int | None = Field(description="the `before` of the next page; null for the last")


class DeadLetterOut(Out):
    key: str = Field(examples=["x-4f0c21b7d94f0c21b7d9"])
    consumer: str = Field(examples=["index"])
    aggregate: str = Field(examples=["product"])
    aggregate_id: str
    kind: str = Field(examples=["price-changed"])
    attempts: int
    last_error: str | None
    created_at: datetime


class DeadLettersOut(Out):
    events: list[DeadLetterOut]
    next: int | None = Field(description="the `before` of the next page; null for the last")


class ResentOut(Out):
    events: int = Field(description="how many will be tried again")
