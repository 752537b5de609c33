"""Stock: what lies there now, and every movement that made it so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from core.tables.columns import check, moment, one_of, reference

REPORT_KINDS = ("count", "delta")
REPORT_OUTCOMES = ("applied", "superseded", "short")
MOVEMENT_REASONS = ("import", "delivery", "sale", "cancel", "return", "write-off", "count")


class StockLevel(SQLModel, table=True):
    """`quantity` pieces are there, of which `reserved` are promised to open checkouts.

    `counted` pieces were there at `counted_at`, says the newest count of whoever counted; null before any.
    """

    __tablename__ = "stock_level"
    __table_args__ = (
        check("quantity >= 0", name="quantity_not_negative"),
        check("reserved >= 0 AND reserved <= quantity", name="reserved_within_quantity"),
    )

    variant_id: int = reference("variant.id", index=False, primary_key=True)
    quantity: int = 0
    reserved: int = 0
    updated_at: datetime = moment()
    counted: int | None = None
    counted_at: datetime | None = moment(nullable=True)


class StockMovement(SQLModel, table=True):
    """Append-only: the sum of `delta` over a variant is its quantity."""

    __tablename__ = "stock_movement"
    __table_args__ = (one_of("reason", MOVEMENT_REASONS), check("delta <> 0", name="delta_not_zero"))

    id: int | None = Field(default=None, primary_key=True)
    variant_id: int = reference("variant.id")
    delta: int
    reason: str
    reference: str = ""
    at: datetime = moment()


class StockAlert(SQLModel, table=True):
    """The seller of a variant was told that few pieces are left, and is not told again before there are more."""

    __tablename__ = "stock_alert"

    variant_id: int = reference("variant.id", index=False, primary_key=True)
    at: datetime = moment()


class Device(SQLModel, table=True):
    """A shelf sensor or a warehouse scanner; it signs reports with an Ed25519 key, whose public half is here."""

    __tablename__ = "device"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    seller_id: int | None = reference("seller.id", nullable=True)
    name: str
    public_key: str = Field(unique=True)
    active: bool = True
    created_at: datetime = moment()


class StockReport(SQLModel, table=True):
    """What a device saw, in the order of its own numbers.

    A count says how many pieces there were at `taken_at`, a delta how many came or went. `superseded` is one that
    a newer count made up for; `short` one after which fewer would be there than are promised to open orders: the
    level stays at what is promised.
    """

    __tablename__ = "stock_report"
    __table_args__ = (
        UniqueConstraint("device_id", "number"),
        one_of("kind", REPORT_KINDS),
        one_of("outcome", REPORT_OUTCOMES),
    )

    id: int | None = Field(default=None, primary_key=True)
    device_id: int = reference("device.id", index=False)
    number: int = Field(sa_type=BigInteger)
    variant_id: int = reference("variant.id")
    kind: str
    quantity: int
    taken_at: datetime = moment()
    received_at: datetime = moment()
    outcome: str
