"""Signed tokens: short ones that say who is logged in, and links that are good for one purpose.

JWTs under HS256 (RFC 7519). Every purpose has a key of its own, derived from the shop's secret with HKDF-SHA256:
a token made for one is nothing to another.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import InvalidInput, Unauthorized

LinkPurpose = Literal["verify-email", "change-email", "reset-password"]
_PURPOSES = ("access", "verify-email", "change-email", "reset-password")
_MAX_LENGTH = 2048


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token says: a user and the login session it belongs to, by public ids."""

    user: str
    session: str


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says: whose it is, and a text it carries; `fits` whether what it was made for is still so."""

    user: str
    carried: str
    _bound: str
    _key: bytes

    def fits(self, text: str) -> bool:
        """Whether the link was made while `text` (an e-mail address, a password's hash) was what it is."""
        return hmac.compare_digest(self._bound, _fingerprint(self._key, text))


class Tokens:
    """Makes and reads the tokens of one shop."""

    def __init__(self, secret: str, *, access_minutes: int) -> None:
        self._keys = {purpose: _derived(secret, purpose) for purpose in _PURPOSES}
        self.access_life = timedelta(minutes=access_minutes)

    def access(self, *, user: str, session: str, at: datetime) -> str:
        """A token that says who is logged in, for as long as `access_life`."""
        return self._signed("access", {"sub": user, "sid": session}, at=at, life=self.access_life)

    def read_access(self, token: str, *, now: datetime) -> Access:
        """Raises Unauthorized for a token that is not one of ours, was changed, or is too old."""
        claims = self._claims(token, "access", now=now)
        if claims is None:
            raise Unauthorized("the access token is not valid, or too old")
        return Access(claims["sub"], claims["sid"])

    def link(
        self, purpose: LinkPurpose, *, user: str, bound_to: str, at: datetime, life: timedelta, carries: str = ""
    ) -> str:
        """A token for a link in a message to `user`; it stops fitting when `bound_to` is not so any more.

        Whoever has the link can read what it `carries`.
        """
        bound = _fingerprint(self._keys[purpose], bound_to)
        return self._signed(purpose, {"sub": user, "bound": bound, "carried": carries}, at=at, life=life)

    def read_link(self, token: str, *, purpose: LinkPurpose, now: datetime) -> Link:
        """Raises InvalidInput for a token that is not of this purpose, was changed, or is too old."""
        claims = self._claims(token, purpose, now=now)
        if claims is None:
            raise InvalidInput("the link is not valid, or too old")
        return Link(claims["sub"], claims["carried"], claims["bound"], self._keys[purpose])

    def _signed(self, purpose: str, claims: dict[str, Any], *, at: datetime, life: timedelta) -> str:
        moments = {"iat": int(at.timestamp()), "exp": int((at + life).timestamp())}
        return jwt.encode({**claims, **moments, "aud": purpose}, self._keys[purpose], algorithm="HS256")

    def _claims(self, token: str, purpose: str, *, now: datetime) -> dict[str, Any] | None:
        """The claims of a token that is good at `now`; pyjwt would ask the system's clock."""
        if len(token) > _MAX_LENGTH or not token.isascii():
            return None
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._keys[purpose],
                algorithms=["HS256"],
                audience=purpose,
                options={"verify_exp": False, "verify_iat": False, "require": ["sub", "exp", "aud"]},
            )
        except jwt.InvalidTokenError:
            return None
        return claims if now < datetime.fromtimestamp(claims["exp"], UTC) else None


def _derived(secret: str, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"merx token {purpose}".encode()).derive(secret.encode())


def _fingerprint(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), "sha256").hexdigest()[:32]
