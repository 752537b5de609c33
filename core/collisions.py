"""Bulk work that comes upon somebody else's: the drivers' own errors, said as a conflict."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import IntegrityError

from core.errors import Conflict

# Columnar work speaks to the drivers themselves, so their errors come as they are.
_COLLISIONS = (
    IntegrityError,
    sqlite3.IntegrityError,
    psycopg.IntegrityError,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)


@contextmanager
def as_conflict() -> Iterator[None]:
    """Raise Conflict where another transaction took the same codes, or the same rows in another order."""
    try:
        yield
    except _COLLISIONS as error:
        raise Conflict("others changed the same things at the same time: send it again") from error
