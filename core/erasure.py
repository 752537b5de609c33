"""Erasing a user: at once in the tables, and later in what batches made of them.

In the tables the user becomes a tombstone: a public id that the ledger and the audit log point at and that says
nothing. Snapshots and models hold the shopper's key until the batch part (`pipelines.erasing`) has rewritten them;
until then the key is kept in one row here, so that it knows what to look for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlmodel import Session

from core import audit, lockout, outbox
from core.accounts import find_account
from core.bulk import table_of
from core.cancel import cancel
from core.database import vault_of
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.tables import (
    Erasure,
    Order,
    Picture,
    Refund,
    Return,
    ReviewPicture,
    Seller,
    ShopperKey,
    User,
)
from core.traces import Left, remove_traces
from core.transitions import Cause

UNDER_WAY = ("paid", "part-shipped", "shipped")  # an order on its way to the buyer

_ERASURE, _USER, _ORDER = table_of(Erasure), table_of(User), table_of(Order)
_KEY = table_of(ShopperKey)


@dataclass(frozen=True, slots=True)
class Erased:
    """A user (public id) who was erased; `again` where that was so before.

    `finished_at` is since when batch outputs are clean too.
    """

    id: str
    user: str
    erased_at: datetime
    finished_at: datetime | None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An erasure whose traces batch outputs may hold: the shopper's key, and pictures (urls) to be deleted."""

    id: str
    row: int
    user: str
    shopper: str | None
    files: Sequence[str]
    erased_at: datetime


def find_user(session: Session, name: str) -> str:
    """The public id of a user who is named by it or by an e-mail address; raises NotFound."""
    if "@" in name:
        account = find_account(session, name)
        found = account.user if account is not None else None
    else:
        found = session.execute(select(_USER.c.public_id).where(_USER.c.public_id == name)).scalar_one_or_none()
    if found is None:
        raise NotFound("there is no such user")
    return found


def erase(session: Session, user: str, *, actor: str, at: datetime, reason: str = "") -> Erased:
    """Erase a user (public id). Unpaid orders are cancelled; once more does nothing and says when it was done.

    `reason` is written to the audit log, which is never shortened: it must not say who the user is.
    Raises NotFound, and Conflict for sellers and staff, and while a paid order is on its way, goods are being
    returned or money is owed back: the shop could not finish what it owes to somebody it does not know.
    """
    # First, before carts: what is written for the user from now on waits. A checkout that is under way holds its
    # cart and then waits for this row; where the two meet, one of them is run again.
    found = session.execute(select(_USER).where(_USER.c.public_id == user).with_for_update()).first()
    if found is None:
        raise NotFound(f"there is no user {user!r}", user=user)
    if found.status == "erased":
        return _before(session, found.id, user)
    _refuse(session, found.id, user, found.role)
    unpaid = select(_ORDER.c.public_id).where(_ORDER.c.user_id == found.id, _ORDER.c.status == "pending")
    cause = Cause(actor, at, "the account is erased")
    for order in session.execute(unpaid.order_by(_ORDER.c.id)).scalars().all():
        cancel(session, order, cause=cause)
    shopper = session.execute(select(_KEY.c.key).where(_KEY.c.user_id == found.id)).scalar_one_or_none()
    left = remove_traces(session, row=found.id, user=user, shopper=shopper)
    if found.email:
        email = vault_of(session).open(found.email)
        lockout.forget(session, [lockout.account(email), lockout.mail(email)])
    # Again: an order may have been paid, and cancelled here with a refund, before its row was held.
    _refuse(session, found.id, user, found.role)
    erasure = new_id("e-")
    told = {"public_id": erasure, "user_id": found.id, "shopper": shopper, "actor": actor, "erased_at": at}
    session.execute(insert(_ERASURE).values(**told, files=left.files))
    _tell(session, left, at=at)
    detail = {"erasure": erasure, "reason": reason}
    audit.record(session, actor=actor, action="user-erased", subject=user, detail=detail, at=at)
    return Erased(erasure, user, at, None)


def erasures(session: Session, *, limit: int = 1000) -> list[Erased]:
    """All erasures, those that batch outputs still know of first, then the newest."""
    rows = session.execute(
        select(_ERASURE, _USER.c.public_id.label("user"))
        .join(_USER, _USER.c.id == _ERASURE.c.user_id)
        .order_by(_ERASURE.c.finished_at.is_not(None), _ERASURE.c.id.desc())
        .limit(limit)
    )
    return [Erased(row.public_id, row.user, row.erased_at, row.finished_at) for row in rows]


def unfinished(session: Session) -> list[Unfinished]:
    """The erasures that the batch part has to finish, the oldest first."""
    rows = session.execute(
        select(_ERASURE, _USER.c.public_id.label("user"))
        .join(_USER, _USER.c.id == _ERASURE.c.user_id)
        .where(_ERASURE.c.finished_at.is_(None))
        .order_by(_ERASURE.c.id)
    )
    return [
        Unfinished(row.public_id, row.user_id, row.user, row.shopper, tuple(row.files), row.erased_at)
        for row in rows
    ]


def sweep(session: Session, erasure: Unfinished, *, at: datetime) -> list[str]:
    """Take away what requests that were on their way during an erasure left; returns urls of pictures."""
    left = remove_traces(session, row=erasure.row, user=erasure.user, shopper=erasure.shopper)
    _tell(session, left, at=at)
    files = sorted({*erasure.files, *left.files})
    session.execute(update(_ERASURE).where(_ERASURE.c.public_id == erasure.id).values(files=files))
    return files


def still_named(session: Session, urls: Collection[str]) -> set[str]:
    """Those of the pictures (urls) that a product or somebody's review still shows: equal ones are kept once."""
    named: set[str] = set()
    for table in (table_of(Picture), table_of(ReviewPicture)):
        named.update(session.execute(select(table.c.url).where(table.c.url.in_(list(urls)))).scalars())
    return named


def forget_keys(session: Session, ids: Collection[str]) -> None:
    """No snapshot, model or file holds anything of these erasures any more: their keys are dropped."""
    session.execute(update(_ERASURE).where(_ERASURE.c.public_id.in_(list(ids))).values(shopper=None, files=[]))


def finish(session: Session, ids: Collection[str], *, at: datetime) -> None:
    """These erasures are done, to the last byte."""
    over = _ERASURE.c.public_id.in_(list(ids)) & _ERASURE.c.finished_at.is_(None)
    session.execute(update(_ERASURE).where(over).values(finished_at=at))


def _before(session: Session, row: int, user: str) -> Erased:
    found = session.execute(select(_ERASURE).where(_ERASURE.c.user_id == row)).one()
    return Erased(found.public_id, user, found.erased_at, found.finished_at, again=True)


def _refuse(session: Session, row: int, user: str, role: str) -> None:
    seller, back, refund = table_of(Seller), table_of(Return), table_of(Refund)
    if role == "staff":
        raise Conflict("the user is one of the staff: take the role away first", user=user)
    if role == "seller" or session.execute(select(seller.c.id).where(seller.c.user_id == row)).first() is not None:
        raise Conflict("the user is a seller: the seller's shop has to be handed over first", user=user)
    # What was imported is not carried out here, and never moves on.
    mine = (_ORDER.c.user_id == row) & (_ORDER.c.source == "shop")
    coming = select(_ORDER.c.public_id).where(mine, _ORDER.c.status.in_(UNDER_WAY)).order_by(_ORDER.c.id).limit(1)
    order = session.execute(coming).scalar_one_or_none()
    if order is not None:
        text = f"order {order} is paid and not delivered yet: cancel it, or wait until it has arrived"
        raise Conflict(text, user=user, order=order)
    returning = (
        select(back.c.public_id)
        .join(_ORDER, _ORDER.c.id == back.c.order_id)
        .where(mine, back.c.status.in_(("requested", "approved")))
        .limit(1)
    )
    name = session.execute(returning).scalar_one_or_none()
    if name is not None:
        raise Conflict(f"return {name} is under way: withdraw it, or wait until it is over", user=user)
    # What an import knows as given back has no payment here.
    owed = (
        select(refund.c.public_id)
        .join(_ORDER, _ORDER.c.id == refund.c.order_id)
        .where(mine, refund.c.payment_id.is_not(None), refund.c.status != "settled")
        .limit(1)
    )
    name = session.execute(owed).scalar_one_or_none()
    if name is not None:
        raise Conflict(f"refund {name} has not been paid out yet: wait until it has", user=user)


def _tell(session: Session, left: Left, *, at: datetime) -> None:
    outbox.emit(session, *(outbox.News("product", product, "reviewed") for product in left.products), at=at)
