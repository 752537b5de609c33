"""Users and their addresses: the only tables that hold personal data besides orders' address copies."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from core.tables.columns import moment, one_of, reference

ROLES = ("customer", "seller", "staff")
USER_STATUSES = ("active", "blocked", "erased")


class User(SQLModel, table=True):
    __tablename__ = "app_user"  # `user` is a reserved word in PostgreSQL
    __table_args__ = (one_of("role", ROLES), one_of("status", USER_STATUSES))

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    email: str | None = Field(default=None, unique=True)
    name: str = ""
    phone: str | None = None
    country: str | None = Field(default=None, max_length=64)
    role: str = "customer"
    status: str = "active"
    created_at: datetime = moment()


class Address(SQLModel, table=True):
    __tablename__ = "address"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    user_id: int = reference("app_user.id")
    recipient: str
    lines: str
    city: str
    postcode: str = ""
    country: str
    phone: str | None = None
    created_at: datetime = moment()
