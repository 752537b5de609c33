"""The shapes of accounts: what comes in and what goes out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from api.schemas import Out, ShopperKeyText

# No control characters: PostgreSQL keeps no NUL, and a name on a label has no use for the others.
_LINE = r"^[^\x00-\x1f\x7f]*$"
_LINES = r"^[^\x00-\x09\x0b-\x1f\x7f]*$"


def _whole(password: SecretStr) -> SecretStr:
    """Half of a surrogate pair is no character, and has no bytes to hash."""
    if any("\ud800" <= letter <= "\udfff" for letter in password.get_secret_value()):
        raise ValueError("not a valid text")
    return password


Email = Annotated[
    str,
    Field(max_length=254, pattern=r"^[^\s@\x00-\x1f\x7f]{1,64}@[^\s@\x00-\x1f\x7f]+\.[^\s@.\x00-\x1f\x7f]+$"),
    Field(examples=["ann@example.com"]),
]
Phone = Annotated[str, Field(pattern=r"^\+?[0-9][0-9 ()./-]{4,30}$", examples=["+44 20 7946 0958"])]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2", examples=["GB"])]
Name = Annotated[str, Field(max_length=200, pattern=_LINE, examples=["Ann Example"])]
Token = Annotated[str, Field(min_length=1, max_length=2048, pattern=r"^[\x21-\x7e]+$")]
Password = Annotated[SecretStr, Field(min_length=1, max_length=256), AfterValidator(_whole)]
NewPassword = Annotated[SecretStr, Field(min_length=10, max_length=256), AfterValidator(_whole)]
Id = Annotated[str, Path(min_length=1, max_length=200, pattern=_LINE)]


class In(BaseModel):
    """Base of what comes in: an unknown name is a mistake, and no input is repeated in an error."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class RegisterIn(In):
    email: Email
    password: NewPassword
    name: Name = ""
    phone: Phone | None = None
    country: Country | None = None
    shopper: ShopperKeyText | None = Field(None, description="the key under which the guest was known")


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

    name: Name | None = None
    phone: Phone | None = None
    country: Country | None = None


class AddressIn(In):
    recipient: Annotated[str, Field(min_length=1, max_length=200, pattern=_LINE, examples=["Ann Example"])]
    lines: Annotated[str, Field(min_length=1, max_length=500, pattern=_LINES, examples=["1 High Street"])]
    city: Annotated[str, Field(min_length=1, max_length=100, pattern=_LINE, examples=["London"])]
    postcode: Annotated[str, Field(max_length=20, pattern=_LINE, examples=["N1 9GU"])] = ""
    phone: Phone | None = None
    country: Country


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
    reviews: list[dict[str, Any]]
    seller_reviews: list[dict[str, Any]]
    events: list[dict[str, Any]]
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
    seller_name: Annotated[str, Field(min_length=1, max_length=200, pattern=_LINE)] | None = Field(
        None, description="of a new seller, which the user becomes"
    )
    seller: Annotated[str, Field(min_length=1, max_length=200, pattern=_LINE)] | None = Field(
        None, description="the id of a seller that nobody is yet, which the user becomes"
    )
    reason: Annotated[str, Field(max_length=500, pattern=_LINE)] = ""


class BlockIn(In):
    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=_LINE)]
