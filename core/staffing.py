"""What staff do to accounts: roles, blocking, finding a user by an exact e-mail address. All of it is audited."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import Session

from core import audit
from core.accounts import Account, account_of
from core.bulk import table_of
from core.errors import Conflict, InvalidInput, NotFound
from core.ids import new_id
from core.logins import revoke_logins
from core.tables import Seller, User
from core.tables.people import ROLES

_USER = table_of(User)
_SELLER = table_of(Seller)


def grant(
    session: Session,
    user: str,
    *,
    role: str,
    actor: str,
    at: datetime,
    seller_name: str | None = None,
    seller: str | None = None,
    reason: str = "",
) -> Account:
    """Give a user a role and end the user's logins; returns the account as it is now.

    A seller is also a row of its own: the one the user has, the ownerless one with public id `seller`, or a new
    one called `seller_name`. It stays the user's when the role changes again. Raises NotFound for a user or seller
    that does not exist, InvalidInput for a seller without a name, Conflict for a seller that is somebody else's,
    for a blocked user, and for one's own role.
    """
    if role not in ROLES:
        raise InvalidInput(f"there is no role {role!r}: {', '.join(ROLES)}")
    account = _another(session, user, actor=actor)
    changed = (
        update(_USER)
        .where(_USER.c.id == account.row, _USER.c.status == "active")
        .values(role=role)
        .returning(_USER.c.role)
    )
    if session.execute(changed).first() is None:
        raise Conflict(f"user {user} is {account.status}", user=user)
    linked = _seller_of(session, account, name=seller_name, seller=seller, at=at) if role == "seller" else None
    revoke_logins(session, user_row=account.row, reason=f"role {role}", at=at)
    detail = {"before": account.role, "after": role, "seller": linked, "reason": reason}
    audit.record(session, actor=actor, action="user.role", subject=f"user:{user}", detail=detail, at=at)
    return account_of(session, user)


def block(session: Session, user: str, *, reason: str, actor: str, at: datetime) -> Account:
    """Keep a user out, whose logins end; raises NotFound, and Conflict for a blocked user or for oneself."""
    return _set_status(session, user, before="active", after="blocked", reason=reason, actor=actor, at=at)


def unblock(session: Session, user: str, *, reason: str, actor: str, at: datetime) -> Account:
    """Let a blocked user in again; raises NotFound, and Conflict for a user who is not blocked."""
    return _set_status(session, user, before="blocked", after="active", reason=reason, actor=actor, at=at)


def seller_of_user(session: Session, user_row: int) -> str | None:
    """The public id of the seller that a user is; None where the user is none."""
    found = select(_SELLER.c.public_id).where(_SELLER.c.user_id == user_row).order_by(_SELLER.c.id).limit(1)
    return session.execute(found).scalar_one_or_none()


def _set_status(
    session: Session, user: str, *, before: str, after: str, reason: str, actor: str, at: datetime
) -> Account:
    account = _another(session, user, actor=actor)
    changed = update(_USER).where(_USER.c.id == account.row, _USER.c.status == before).values(status=after)
    if session.execute(changed.returning(_USER.c.id)).first() is None:
        raise Conflict(f"user {user} is not {before}", user=user)
    revoke_logins(session, user_row=account.row, reason=after, at=at)
    action = "user.block" if after == "blocked" else "user.unblock"
    audit.record(session, actor=actor, action=action, subject=f"user:{user}", detail={"reason": reason}, at=at)
    return account_of(session, user)


def _another(session: Session, user: str, *, actor: str) -> Account:
    """Nobody changes their own role or keeps themselves out: the last of the staff would be locked out."""
    account = account_of(session, user)
    if actor == f"user:{user}":
        raise Conflict("ask somebody else of the staff to change your own account", user=user)
    return account


def _seller_of(session: Session, account: Account, *, name: str | None, seller: str | None, at: datetime) -> str:
    mine = seller_of_user(session, account.row)
    if seller is not None and seller != mine:
        there = session.execute(select(_SELLER.c.id).where(_SELLER.c.public_id == seller)).first()
        if there is None:
            raise NotFound(f"there is no seller {seller!r}", seller=seller)
        free = (_SELLER.c.public_id == seller) & _SELLER.c.user_id.is_(None)
        linking = update(_SELLER).where(free).values(user_id=account.row).returning(_SELLER.c.id)
        if mine is not None or session.execute(linking).first() is None:
            raise Conflict("the user is another seller, or the seller another user", seller=seller)
        return seller
    if mine is not None:
        return mine
    if not (name or "").strip():
        raise InvalidInput("a seller needs a name")
    made = Seller(public_id=new_id("s-"), user_id=account.row, name=(name or "").strip(), created_at=at)
    session.add(made)
    session.flush()
    return made.public_id
