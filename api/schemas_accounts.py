"""The shapes of accounts: what comes in and what goes out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from api.schemas import In, Out
from api.texts import (
    Country,
    Email,
    Label,
    Line,
    Lines,
    Name,
    NewPassword,
    Password,
    Phone,
    PublicId,
    Reason,
    ShopperKey,
    Token,
)


class RegisterIn(In):
    email: Email
    password: NewPassword
    name: Line = Field("", examples=["Ann Example"])
    phone: Phone | None = None
    country: Country | None = None
    shopper: ShopperKey | None = Field(None, description="the key under which the guest was known")


class LoginIn(In):
    email: Email
    password: Password


class RefreshIn(In):
    refresh_token: Token


class LogoutIn(In):
    everywhere: bool = Field(False, description="end all sessions, not this one alone")


class TokenIn(In):
    token: Token = Field(description="from the link in the message, behind #token=")


class ForgotIn(In):
    email: Email


class ResetIn(In):
    token: Token
    password: NewPassword


class PasswordIn(In):
    current: Password
    new: NewPassword


class EmailIn(In):
    email: Email
    password: Password


class AcceptedOut(Out):
    """The same whether or not there is an account."""

    message: str = Field(examples=["if the address is right, a message is on its way"])


class LoginOut(Out):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = Field(description="seconds", examples=[600])
    refresh_token: str = Field(description="good for one use")
    user: str
    session: str
    role: Literal["customer", "seller", "staff"]
    shopper: str | None = Field(description="the key to report the user's events with")


class ProfileOut(Out):
    id: str
    email: str
    email_verified_at: datetime | None
    name: str
    phone: str
    country: str | None
    role: Literal["customer", "seller", "staff"]
    shopper: str | None
    seller: str | None = Field(description="the id of the seller that the user is")
    created_at: datetime


class ProfileIn(In):
    """What is left out stays; an empty text or null takes it away."""

    name: Line | None = Field(None, examples=["Ann Example"])
    phone: Phone | None = None
    country: Country | None = None


class AddressIn(In):
    recipient: Name = Field(examples=["Ann Example"])
    lines: Lines = Field(examples=["1 High Street"])
    city: Label = Field(examples=["London"])
    postcode: Line = Field("", max_length=20, examples=["N1 9GU"])
    phone: Phone | None = None
    country: Country


class ErasureIn(In):
    password: Password


class ErasureOut(Out):
    """`finished_at` is since when snapshots and models hold nothing of the user either."""

    id: str
    user: str
    erased_at: datetime
    finished_at: datetime | None


class AddressOut(Out):
    id: str
    recipient: str
    lines: str
    city: str
    postcode: str
    phone: str
    country: str
    created_at: datetime


class AddressesOut(Out):
    addresses: list[AddressOut]


class FavouriteOut(Out):
    product: str
    title: str
    published: bool
    since: datetime


class FavouritesOut(Out):
    favourites: list[FavouriteOut]


class SessionOut(Out):
    id: str
    created_at: datetime
    renewed_at: datetime
    current: bool


class SessionsOut(Out):
    sessions: list[SessionOut]


class ExportOut(Out):
    """All that is kept about a user."""

    at: datetime
    profile: dict[str, Any]
    addresses: list[dict[str, Any]]
    favourites: list[dict[str, Any]]
    carts: list[dict[str, Any]]
    orders: list[dict[str, Any]]
    refunds: list[dict[str, Any]]
    returns: list[dict[str, Any]]
    reviews: list[dict[str, Any]]
    seller_reviews: list[dict[str, Any]]
    reviews_about_you: list[dict[str, Any]]
    review_votes: list[dict[str, Any]]
    events: list[dict[str, Any]]
    hidden: list[dict[str, Any]]
    shown: list[dict[str, Any]]
    sessions: list[dict[str, Any]]
    notifications: list[dict[str, Any]]


class StaffUserOut(Out):
    id: str
    email: str
    verified: bool
    role: Literal["customer", "seller", "staff"]
    status: Literal["active", "blocked"]


class StaffUsersOut(Out):
    users: list[StaffUserOut]


class RoleIn(In):
    role: Literal["customer", "seller", "staff"]
    seller_name: Name | None = Field(None, description="of a new seller, which the user becomes")
    seller: PublicId | None = Field(
        None, description="the id of a seller that nobody is yet, which the user becomes"
    )
    reason: Reason = ""


class BlockIn(In):
    reason: Reason = Field(min_length=1)
