"""The texts, numbers and moments that come in from outside, each described once.

No control characters: PostgreSQL keeps no NUL, and nothing that is shown on one line has a use for the others.
Whole numbers and moments have bounds, so that there is none that a database cannot hold.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, Field, SecretStr, StringConstraints

ONE_LINE = r"^[^\x00-\x1f\x7f]*$"


def _of_our_time(at: datetime) -> datetime:
    if not 1970 <= at.year < 2200:
        raise ValueError("a moment lies between 1970 and 2200")
    return at.astimezone(UTC)


def _whole(password: SecretStr) -> SecretStr:
    """Half of a surrogate pair is no character, and has no bytes to hash."""
    if any("\ud800" <= letter <= "\udfff" for letter in password.get_secret_value()):
        raise ValueError("not a valid text")
    return password


PublicId = Annotated[str, StringConstraints(pattern=ONE_LINE, min_length=1, max_length=200)]
PathId = Annotated[str, Path(pattern=ONE_LINE, min_length=1, max_length=200)]
ShopperKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$", examples=["guest-4f0c21b7d9"])]

Line = Annotated[str, StringConstraints(pattern=ONE_LINE, max_length=200)]
Lines = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]+$", min_length=1, max_length=500)]
Name = Annotated[str, StringConstraints(pattern=ONE_LINE, min_length=1, max_length=200)]
Label = Annotated[str, StringConstraints(pattern=ONE_LINE, min_length=1, max_length=100)]
Title = Annotated[str, StringConstraints(pattern=ONE_LINE, min_length=1, max_length=500)]
Reason = Annotated[str, StringConstraints(pattern=ONE_LINE, max_length=500)]
Description = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=20_000)]
Sku = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]+$", max_length=100)]
Ean = Annotated[str, StringConstraints(pattern=r"^[0-9]{8,14}$")]
VoucherCode = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,40}$", strip_whitespace=True)]

Email = Annotated[
    str,
    Field(max_length=254, pattern=r"^[^\s@\x00-\x1f\x7f]{1,64}@[^\s@\x00-\x1f\x7f]+\.[^\s@.\x00-\x1f\x7f]+$"),
    Field(examples=["ann@example.com"]),
]
Phone = Annotated[str, Field(pattern=r"^\+?[0-9][0-9 ()./-]{4,30}$", examples=["+44 20 7946 0958"])]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2", examples=["GB"])]
Token = Annotated[str, Field(min_length=1, max_length=2048, pattern=r"^[\x21-\x7e]+$")]
Password = Annotated[SecretStr, Field(min_length=1, max_length=256), AfterValidator(_whole)]
NewPassword = Annotated[SecretStr, Field(min_length=10, max_length=256), AfterValidator(_whole)]

Minor = Annotated[int, Field(strict=True, ge=0, le=10**12, description="minor units")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Moment = Annotated[AwareDatetime, AfterValidator(_of_our_time)]
