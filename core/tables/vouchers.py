"""Vouchers, and how often each was used."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from core.tables.columns import check, moment, one_of, reference

VOUCHER_KINDS = ("percent", "amount")


class Voucher(SQLModel, table=True):
    """`value` is in hundredths of a percent for "percent", in minor units of `currency` for "amount".

    `used` counts the orders that hold it; a cancelled order gives its use back.
    """

    __tablename__ = "voucher"
    __table_args__ = (
        one_of("kind", VOUCHER_KINDS),
        check("value > 0 AND (kind <> 'percent' OR value <= 10000)", name="value_in_range"),
        check("minimum_minor >= 0", name="minimum_not_negative"),
        check("used >= 0 AND (usage_limit IS NULL OR used <= usage_limit)", name="used_within_limit"),
        check("user_limit IS NULL OR user_limit > 0", name="user_limit_positive"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    code: str = Field(unique=True)
    kind: str
    value: int = Field(sa_type=BigInteger)
    currency: str
    minimum_minor: int = Field(default=0, sa_type=BigInteger)
    starts_at: datetime | None = moment(nullable=True)
    ends_at: datetime | None = moment(nullable=True)
    usage_limit: int | None = None
    user_limit: int | None = None
    used: int = 0
    active: bool = True
    created_at: datetime = moment()


class VoucherTally(SQLModel, table=True):
    """How many orders of a user hold a voucher."""

    __tablename__ = "voucher_tally"
    __table_args__ = (check("used >= 0", name="used_not_negative"),)

    voucher_id: int = reference("voucher.id", index=False, primary_key=True)
    user_id: int = reference("app_user.id", primary_key=True)
    used: int = 0
