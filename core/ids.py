"""Opaque ids: outside the database a thing is known by a random string, never by its row number."""

from __future__ import annotations

import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u


def new_id(prefix: str = "") -> str:
    """A fresh id of 20 characters (100 random bits) after `prefix`."""
    bits = secrets.randbits(100)
    text = "".join(_ALPHABET[(bits >> shift) & 31] for shift in range(95, -1, -5))
    return f"{prefix}{text}"
