"""Every change of state of an order, a payment, a refund, a shipment or a return: who, when, why."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from core.tables.columns import moment, one_of

SUBJECTS = ("order", "payment", "refund", "shipment", "return")


class Transition(SQLModel, table=True):
    """Append-only. `before` is empty for the first state of a subject, whose public id is `subject_id`."""

    __tablename__ = "transition"
    __table_args__ = (one_of("subject", SUBJECTS), Index(None, "subject", "subject_id", "id"))

    id: int | None = Field(default=None, primary_key=True)
    subject: str
    subject_id: str
    before: str
    after: str
    actor: str
    reason: str = ""
    at: datetime = moment()
