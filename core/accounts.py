"""Accounts as they are: who is calling, and whose an e-mail address or an id is."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlmodel import Session, col

from core.database import vault_of
from core.errors import NotFound, Unauthorized
from core.persons import find_by
from core.tables import LoginSession, User
from core.tokens import Access


@dataclass(frozen=True, slots=True)
class Caller:
    """A user who is logged in: public ids of the user and the login session, the user's row number and role."""

    user: str
    row: int
    role: str
    session: str

    @property
    def actor(self) -> str:
        """How records name the caller."""
        return f"user:{self.user}"


def caller_of(session: Session, access: Access) -> Caller:
    """Whom an access token speaks of, in one statement.

    Raises Unauthorized when the session was ended, or the user may not come in any more.
    """
    found = session.execute(
        select(col(User.id), col(User.role))
        .join(LoginSession, col(LoginSession.user_id) == col(User.id))
        .where(col(LoginSession.public_id) == access.session, col(LoginSession.revoked_at).is_(None))
        .where(col(User.public_id) == access.user, col(User.status) == "active")
    ).first()
    if found is None:
        raise Unauthorized("this login has ended: log in again")
    return Caller(user=access.user, row=found.id, role=found.role, session=access.session)


@dataclass(frozen=True, slots=True)
class Account:
    """A user as registration and login see one: the row number, and the e-mail address opened ("" for none)."""

    user: str
    row: int
    email: str
    password_hash: str | None
    verified: bool
    role: str
    status: str

    @property
    def state(self) -> str:
        """What a link in a message is bound to: after another address or another password it is void."""
        return "\x00".join((self.email, self.password_hash or ""))


def find_account(session: Session, email: str) -> Account | None:
    """The account with an e-mail address, in whatever case it is written; None where there is none."""
    return _account(session, col(User.email_hash).in_(find_by(session, email, purpose="email")))


def account_of(session: Session, user: str) -> Account:
    """The account with a public id; raises NotFound."""
    account = _account(session, col(User.public_id) == user)
    if account is None or account.status == "erased":
        raise NotFound(f"there is no user {user!r}", user=user)
    return account


def _account(session: Session, condition: ColumnElement[bool]) -> Account | None:
    # Twice for one person is possible only while keys are rotated under an import: the older row is the account.
    found = session.execute(select(User).where(condition).order_by(col(User.id)).limit(1)).scalar_one_or_none()
    if found is None or found.id is None:
        return None
    return Account(
        user=found.public_id,
        row=found.id,
        email=vault_of(session).open(found.email) if found.email else "",
        password_hash=found.password_hash,
        verified=found.email_verified_at is not None,
        role=found.role,
        status=found.status,
    )
