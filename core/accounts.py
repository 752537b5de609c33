"""Who is calling."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from core.errors import Unauthorized
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
