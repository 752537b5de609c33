"""Payments, what the providers said about them, and refunds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from core.tables.columns import check, document, moment, one_of, only_where, reference

PAYMENT_STATUSES = ("created", "pending", "captured", "failed", "closed")
REFUND_STATUSES = ("requested", "settled", "failed")
MONEY_KINDS = ("capture", "refund")


class Payment(SQLModel, table=True):
    """One attempt to pay an order. `action` is what the shopper has to do for it, as the provider said."""

    __tablename__ = "payment"
    __table_args__ = (
        one_of("status", PAYMENT_STATUSES),
        UniqueConstraint("provider", "provider_reference"),
        Index(None, "status", "created_at"),
        check("amount_minor > 0", name="amount_positive"),
        check("captured_minor >= 0 AND captured_minor <= amount_minor", name="captured_within_amount"),
        check("refunded_minor >= 0 AND refunded_minor <= captured_minor", name="refunded_within_captured"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    order_id: int = reference("customer_order.id")
    provider: str
    method: str = Field(default="", sa_column_kwargs={"server_default": ""})
    provider_reference: str | None = None
    status: str = "created"
    amount_minor: int = Field(sa_type=BigInteger)
    captured_minor: int = Field(default=0, sa_type=BigInteger)
    refunded_minor: int = Field(default=0, sa_type=BigInteger)
    currency: str
    action: dict[str, Any] = document()
    failure: str = ""
    created_at: datetime = moment()


class PaymentEvent(SQLModel, table=True):
    """One verified message of a provider; its provider's event id makes a repeat harmless."""

    __tablename__ = "payment_event"
    __table_args__ = (UniqueConstraint("provider", "provider_event_id"),)

    id: int | None = Field(default=None, primary_key=True)
    payment_id: int = reference("payment.id")
    provider: str
    provider_event_id: str
    kind: str
    payload: dict[str, Any] = document()
    received_at: datetime = moment()


class Refund(SQLModel, table=True):
    """Money given back. An imported credit note may name no order that is known."""

    __tablename__ = "refund"
    __table_args__ = (
        one_of("status", REFUND_STATUSES),
        Index(None, "status", "at"),
        check("amount_minor >= 0", name="amount_not_negative"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    order_id: int | None = reference("customer_order.id", nullable=True)
    payment_id: int | None = reference("payment.id", nullable=True)
    user_id: int | None = reference("app_user.id", nullable=True)
    status: str = "requested"
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str
    reason: str = ""
    provider_reference: str | None = None
    at: datetime = moment()


class RefundLine(SQLModel, table=True):
    """Pieces given back; `order_line_id` where the sale they belong to is known."""

    __tablename__ = "refund_line"
    __table_args__ = (
        UniqueConstraint("refund_id", "line_number"),
        check("quantity > 0", name="quantity_positive"),
        check("amount_minor >= 0", name="amount_not_negative"),
    )

    id: int | None = Field(default=None, primary_key=True)
    refund_id: int = reference("refund.id", index=False)
    line_number: int
    variant_id: int = reference("variant.id")
    order_line_id: int | None = reference("order_line.id", nullable=True)
    quantity: int
    amount_minor: int = Field(sa_type=BigInteger)
    title: str = ""


class MoneyMovement(SQLModel, table=True):
    """Append-only: money that came (a capture) and went (a settled refund, negative), each once."""

    __tablename__ = "money_movement"
    __table_args__ = (
        one_of("kind", MONEY_KINDS),
        check("(kind = 'capture') = (refund_id IS NULL)", name="refund_has_its_own"),
        check("(kind = 'capture') = (amount_minor > 0) AND amount_minor <> 0", name="sign_fits"),
        Index("uq_money_movement_capture", "payment_id", unique=True, **only_where("kind = 'capture'")),
    )

    id: int | None = Field(default=None, primary_key=True)
    payment_id: int = reference("payment.id")
    refund_id: int | None = Field(default=None, foreign_key="refund.id", unique=True)
    kind: str
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str
    at: datetime = moment()
