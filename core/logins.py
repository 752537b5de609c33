"""Logins: a session opened with a password lives on by refresh tokens, each good for one use.

Only a hash of a refresh token is kept (it is random, so a plain SHA-256 says nothing about it). One that is shown
a second time was stolen by somebody: the whole family, which is the session, ends (RFC 9700, 4.14.2).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, func, insert, select, update
from sqlmodel import Session

from core.accounts import Account
from core.bulk import table_of
from core.errors import NotFound, Unauthorized
from core.ids import new_id
from core.tables import LoginSession, RefreshToken, ShopperKey, User

_USER = table_of(User)
_KEY = table_of(ShopperKey)
_LOGIN = table_of(LoginSession)
_TOKEN = table_of(RefreshToken)


@dataclass(frozen=True, slots=True)
class Login:
    """Who came in: public ids of the user and the session, the role, the user's shopper key, the refresh token."""

    user: str
    session: str
    role: str
    shopper: str | None
    refresh: str


@dataclass(frozen=True, slots=True)
class LoginView:
    """A session that is alive, and when it was last renewed."""

    id: str
    created_at: datetime
    renewed_at: datetime


def open_login(
    session: Session, account: Account, *, at: datetime, life: timedelta, renewed_hash: str | None = None
) -> Login:
    """Let a user in whose password was found right; `renewed_hash` replaces the password's hash.

    Raises Unauthorized when the account was blocked or its password changed since `account` was read.
    """
    row = session.execute(
        update(_USER)
        .where(_USER.c.id == account.row, _USER.c.status == "active")
        .where(_USER.c.password_hash == account.password_hash, _USER.c.email_verified_at.is_not(None))
        .values(password_hash=renewed_hash or account.password_hash)
        .returning(_USER.c.id)
    ).first()
    if row is None:
        raise Unauthorized("the account was changed in the meantime: log in again")
    opened = insert(_LOGIN).values(public_id=new_id("l-"), user_id=account.row, created_at=at, revoked_for="")
    login = session.execute(opened.returning(_LOGIN.c.id, _LOGIN.c.public_id)).one()
    refresh = _issue(session, login.id, at=at, life=life)
    return Login(account.user, login.public_id, account.role, _shopper(session, account.row), refresh)


def renew_login(session: Session, refresh: str, *, at: datetime, life: timedelta) -> Login | None:
    """Use a refresh token up and give the next one; None where it is not good (any more).

    A token that was used before ends its session: commit that, whatever the caller is then told. Of two that come
    with one token at once, one gets a new token and the other ends the session.
    """
    digest = _digest(refresh)
    used = session.execute(
        update(_TOKEN)
        .where(_TOKEN.c.token_hash == digest, _TOKEN.c.used_at.is_(None))
        .values(used_at=at)
        .returning(_TOKEN.c.session_id, _TOKEN.c.expires_at)
    ).first()
    if used is None:
        family = select(_TOKEN.c.session_id).where(_TOKEN.c.token_hash == digest).scalar_subquery()
        _revoke(session, _LOGIN.c.id == family, reason="a refresh token was used twice", at=at)
        return None
    if used.expires_at <= at:
        return None
    found = session.execute(
        select(_LOGIN.c.public_id, _USER.c.id, _USER.c.public_id.label("user"), _USER.c.role)
        .join(_USER, _USER.c.id == _LOGIN.c.user_id)
        .where(_LOGIN.c.id == used.session_id, _LOGIN.c.revoked_at.is_(None), _USER.c.status == "active")
    ).first()
    if found is None:
        return None
    session.execute(delete(_TOKEN).where(_TOKEN.c.session_id == used.session_id, _TOKEN.c.expires_at <= at))
    fresh = _issue(session, used.session_id, at=at, life=life)
    return Login(found.user, found.public_id, found.role, _shopper(session, found.id), fresh)


def logins_of(session: Session, user_row: int, *, at: datetime) -> list[LoginView]:
    """A user's sessions that can still be renewed, the newest first."""
    alive = exists().where(
        _TOKEN.c.session_id == _LOGIN.c.id, _TOKEN.c.used_at.is_(None), _TOKEN.c.expires_at > at
    )
    renewed = select(func.max(_TOKEN.c.issued_at)).where(_TOKEN.c.session_id == _LOGIN.c.id).scalar_subquery()
    rows = session.execute(
        select(_LOGIN.c.public_id, _LOGIN.c.created_at, renewed.label("renewed_at"))
        .where(_LOGIN.c.user_id == user_row, _LOGIN.c.revoked_at.is_(None), alive)
        .order_by(_LOGIN.c.id.desc())
    )
    return [LoginView(row.public_id, row.created_at, row.renewed_at) for row in rows]


def end_login(session: Session, login: str, *, user_row: int, at: datetime, reason: str = "logged out") -> None:
    """End one of a user's sessions; one that ended before stays as it is. Raises NotFound for others' sessions."""
    mine = (_LOGIN.c.public_id == login) & (_LOGIN.c.user_id == user_row)
    if session.execute(select(_LOGIN.c.id).where(mine)).first() is None:
        raise NotFound(f"there is no session {login!r}", session=login)
    _revoke(session, mine, reason=reason, at=at)


def revoke_logins(session: Session, *, user_row: int, reason: str, at: datetime, but: str | None = None) -> int:
    """End all sessions of a user but for the one with public id `but`; returns how many were ended."""
    return _revoke(
        session, (_LOGIN.c.user_id == user_row) & (_LOGIN.c.public_id != (but or "")), reason=reason, at=at
    )


def forget_old(session: Session, *, at: datetime) -> int:
    """Delete the refresh tokens whose time is over; returns how many. Their sessions stay on record."""
    over = delete(_TOKEN).where(_TOKEN.c.expires_at <= at)
    return len(session.execute(over.returning(_TOKEN.c.id)).all())


def _revoke(session: Session, which: ColumnElement[bool], *, reason: str, at: datetime) -> int:
    ended = update(_LOGIN).where(which, _LOGIN.c.revoked_at.is_(None)).values(revoked_at=at, revoked_for=reason)
    return len(session.execute(ended.returning(_LOGIN.c.id)).all())


def _issue(session: Session, login_row: int, *, at: datetime, life: timedelta) -> str:
    refresh = secrets.token_urlsafe(32)
    session.execute(
        insert(_TOKEN).values(
            session_id=login_row, token_hash=_digest(refresh), issued_at=at, expires_at=at + life
        )
    )
    return refresh


def _shopper(session: Session, user_row: int) -> str | None:
    return session.execute(select(_KEY.c.key).where(_KEY.c.user_id == user_row)).scalar_one_or_none()


def _digest(refresh: str) -> str:
    return hashlib.sha256(refresh.encode()).hexdigest()
