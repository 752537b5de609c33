"""Users, their addresses and favourites. What says who a person is, is sealed (`core.vault`)."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from core.tables.columns import document, moment, one_of, reference

ROLES = ("customer", "seller", "staff")
USER_STATUSES = ("active", "blocked", "erased")


class User(SQLModel, table=True):
    """`email`, `name` and `phone` are sealed; `email_hash` and `phone_hash` are what they are looked up by."""

    __tablename__ = "app_user"  # `user` is a reserved word in PostgreSQL
    __table_args__ = (one_of("role", ROLES), one_of("status", USER_STATUSES))

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    email: str | None = None
    email_hash: str | None = Field(default=None, unique=True)
    email_verified_at: datetime | None = moment(nullable=True)
    name: str | None = None
    phone: str | None = None
    phone_hash: str | None = Field(default=None, index=True)
    password_hash: str | None = None
    country: str | None = Field(default=None, max_length=64)
    role: str = "customer"
    status: str = "active"
    created_at: datetime = moment()


class Erasure(SQLModel, table=True):
    """A user who was erased; `shopper` is the key that batch outputs still hold until `finished_at`.

    `files` are the pictures (urls) of the user's reviews that are to be deleted until then.
    """

    __tablename__ = "erasure"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    user_id: int = Field(foreign_key="app_user.id", unique=True)
    shopper: str | None = None
    files: list[str] = document(default=list)
    actor: str
    erased_at: datetime = moment()
    finished_at: datetime | None = moment(nullable=True, index=True)


class Address(SQLModel, table=True):
    """`sealed` is JSON text of recipient, lines, city, postcode and phone, sealed as a whole."""

    __tablename__ = "address"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    user_id: int = reference("app_user.id")
    sealed: str
    country: str
    created_at: datetime = moment()


class Favourite(SQLModel, table=True):
    __tablename__ = "favourite"

    user_id: int = reference("app_user.id", index=False, primary_key=True)
    product_id: int = reference("product.id", primary_key=True)
    created_at: datetime = moment()
