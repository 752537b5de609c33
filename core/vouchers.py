"""Vouchers: what they take off, for whom and how often; and the back office's side of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from core.bulk import insert_of, table_of
from core.errors import Changed, Conflict, NotFound
from core.ids import new_id
from core.money import Money
from core.tables import Voucher, VoucherTally


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVoucher:
    """`value` is in hundredths of a percent, or in minor units of `currency`, as `minimum_minor` is."""

    code: str
    kind: Literal["percent", "amount"]
    value: int
    currency: str
    minimum_minor: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    usage_limit: int | None = None
    user_limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherView(NewVoucher):
    """A voucher as it is: `used` orders hold it."""

    id: str
    used: int
    active: bool


def normal_code(code: str) -> str:
    """A code as it is kept: shoppers type it in any case."""
    return code.strip().upper()


def create_voucher(session: Session, new: NewVoucher, *, at: datetime) -> VoucherView:
    """A new voucher; raises Conflict where its code is taken."""
    values = {name: getattr(new, name) for name in new.__dataclass_fields__} | {"code": normal_code(new.code)}
    public_id = new_id("vo-")
    try:
        with session.begin_nested():
            session.execute(
                insert(Voucher).values(public_id=public_id, used=0, active=True, created_at=at, **values)
            )
    except IntegrityError as error:
        raise Conflict(f"there is a voucher {values['code']} already", code=values["code"]) from error
    return VoucherView(id=public_id, used=0, active=True, **values)


def list_vouchers(session: Session, *, limit: int = 100, offset: int = 0) -> list[VoucherView]:
    """Vouchers, newest first."""
    statement = select(Voucher).order_by(col(Voucher.id).desc()).limit(limit).offset(offset)
    return [_view(voucher) for voucher in session.execute(statement).scalars()]


def end_voucher(session: Session, public_id: str) -> None:
    """Let nobody use a voucher any more; orders that hold it keep it. Raises NotFound."""
    done = session.execute(
        update(Voucher).where(col(Voucher.public_id) == public_id).values(active=False).returning(col(Voucher.id))
    ).first()
    if done is None:
        raise NotFound(f"there is no voucher {public_id!r}", voucher=public_id)


def voucher_by_code(session: Session, code: str) -> Voucher | None:
    """The voucher with a code, in whatever case it was typed."""
    statement = select(Voucher).where(col(Voucher.code) == normal_code(code))
    return session.execute(statement).scalar_one_or_none()


def voucher_row(session: Session, code: str) -> int:
    """The row number of the voucher with a code; raises NotFound."""
    voucher = voucher_by_code(session, code)
    if voucher is None or voucher.id is None:
        raise NotFound("there is no such voucher", code=code)
    return voucher.id


def refusal(voucher: Voucher, *, goods_minor: int, currency: str, used_by_user: int, now: datetime) -> str | None:
    """Why a voucher cannot be used on a cart of `goods_minor` (before discounts); None when it can."""
    if not voucher.active or (voucher.ends_at is not None and voucher.ends_at <= now):
        return "the voucher has ended"
    if voucher.starts_at is not None and voucher.starts_at > now:
        return "the voucher is not valid yet"
    if voucher.usage_limit is not None and voucher.used >= voucher.usage_limit:
        return "the voucher is used up"
    if voucher.user_limit is not None and used_by_user >= voucher.user_limit:
        return "you have used the voucher as often as it may be"
    if voucher.currency != currency:
        return f"the voucher is for prices in {voucher.currency}"
    if goods_minor < voucher.minimum_minor:
        return f"the voucher is for orders from {Money(voucher.minimum_minor, voucher.currency)} on"
    return None


def discount(voucher: Voucher, *, goods_minor: int) -> int:
    """Minor units that a voucher takes off goods of `goods_minor`; never more than they cost."""
    if voucher.kind == "percent":
        return goods_minor * voucher.value // 10_000
    return min(voucher.value, goods_minor)


def times_used(session: Session, *, voucher: int, user: int | None) -> int:
    """How many orders of a user hold a voucher (row numbers)."""
    if user is None:
        return 0
    tally = session.get(VoucherTally, (voucher, user))
    return tally.used if tally else 0


def take(session: Session, voucher: Voucher, *, user: int) -> None:
    """Use a voucher for an order of a user; raises Changed where others were faster and a limit is reached."""
    taken = session.execute(
        update(Voucher)
        .where(col(Voucher.id) == voucher.id, col(Voucher.active))
        .where(col(Voucher.usage_limit).is_(None) | (col(Voucher.used) < col(Voucher.usage_limit)))
        .values(used=col(Voucher.used) + 1)
        .returning(col(Voucher.user_limit))
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        raise Changed("the voucher is used up", voucher=voucher.code)
    table = table_of(VoucherTally)
    counted = insert_of(session, table).values(voucher_id=voucher.id, user_id=user, used=1)
    more = counted.on_conflict_do_update(
        index_elements=["voucher_id", "user_id"],
        set_={"used": table.c.used + 1},
        where=None if taken.user_limit is None else table.c.used < taken.user_limit,
    ).returning(table.c.used)
    if session.execute(more).first() is None:
        raise Changed("you have used the voucher as often as it may be", voucher=voucher.code)


def give_back(session: Session, *, voucher: int, user: int) -> None:
    """An order that held a voucher is gone."""
    session.execute(
        update(Voucher)
        .where(col(Voucher.id) == voucher)
        .values(used=col(Voucher.used) - 1)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(VoucherTally)
        .where(col(VoucherTally.voucher_id) == voucher, col(VoucherTally.user_id) == user)
        .values(used=col(VoucherTally.used) - 1)
        .execution_options(synchronize_session=False)
    )


def _view(voucher: Voucher) -> VoucherView:
    return VoucherView(
        id=voucher.public_id,
        **{name: getattr(voucher, name) for name in VoucherView.__dataclass_fields__ if name != "id"},
    )
