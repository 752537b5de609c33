"""Who is logged in, and who is locked out."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from core.tables.columns import moment, reference


class LoginSession(SQLModel, table=True):
    """One login and the family of refresh tokens that came from it; `revoked_at` ends all of them at once."""

    __tablename__ = "login_session"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    user_id: int = reference("app_user.id")
    created_at: datetime = moment()
    revoked_at: datetime | None = moment(nullable=True)
    revoked_for: str = ""


class RefreshToken(SQLModel, table=True):
    """Good for one use, which gives the next one. Only a hash of it is kept."""

    __tablename__ = "refresh_token"

    id: int | None = Field(default=None, primary_key=True)
    session_id: int = reference("login_session.id")
    token_hash: str = Field(unique=True)
    issued_at: datetime = moment()
    expires_at: datetime = moment(index=True)
    used_at: datetime | None = moment(nullable=True)


class LoginLock(SQLModel, table=True):
    """Failed logins of an account or from an address; `scope` is a keyed hash that says neither."""

    __tablename__ = "login_lock"

    scope: str = Field(primary_key=True)
    failures: int = 0
    first_failed_at: datetime = moment()
    locked_until: datetime | None = moment(nullable=True)


class IdempotencyKey(SQLModel, table=True):
    """A write that was asked for with a key, and its sealed answer: the same request gets it again."""

    __tablename__ = "idempotency_key"

    scope: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_hash: str
    status: int | None = None
    answer: str | None = None
    created_at: datetime = moment(index=True)
