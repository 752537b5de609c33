"""Passwords: argon2id (RFC 9106), hashed and checked outside any transaction.

The parameters are above OWASP's minimum (19 MiB, 2 passes, 1 lane): 32 MiB and 2 passes take about 57 ms of one
processor here, so that a whole login stays under 200 ms.
"""

from __future__ import annotations

import os
import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from core.errors import InvalidInput, Unavailable

MIN_LENGTH = 10
MAX_LENGTH = 256
MEMORY_KIB = 32_768
PASSES = 2
PATIENCE = 10.0  # seconds to wait for a turn


class Passwords:
    """Hashes and checks passwords, a few at a time: each takes its memory, however many come at once."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES, at_once: int | None = None) -> None:
        self._hashing = PasswordHash([Argon2Hasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)])
        self._turns = threading.BoundedSemaphore(at_once or min(8, 2 * (os.cpu_count() or 1)))
        # What unknown users are checked against: nobody knows the password, and it takes as long.
        self._nobody = self._hashing.hash(secrets.token_urlsafe(32))

    def hash(self, password: str) -> str:
        """The hash to keep; raises Unavailable when too many others wait."""
        with self._turn():
            return self._hashing.hash(_normal(password))

    def check(self, password: str, kept: str | None) -> tuple[bool, str | None]:
        """Whether the password is that of the hash `kept`, and a new hash where the parameters have changed.

        Where there is none to check against (None), the answer is no, and takes as long. Raises Unavailable when
        too many others wait.
        """
        with self._turn():
            right, renewed = self._hashing.verify_and_update(_normal(password), kept or self._nobody)
        return (right, renewed) if kept else (False, None)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=PATIENCE):
            raise Unavailable("too many people log in at once: try again")
        try:
            yield
        finally:
            self._turns.release()


def require_good(password: str, *, email: str) -> None:
    """Raises InvalidInput for a password that is too short, too long, or the user's own e-mail address."""
    length = len(_normal(password))
    if not MIN_LENGTH <= length <= MAX_LENGTH:
        raise InvalidInput(f"a password has {MIN_LENGTH} to {MAX_LENGTH} characters")
    if _normal(password).strip().casefold() == email.strip().casefold():
        raise InvalidInput("a password cannot be the e-mail address")


def _normal(password: str) -> str:
    """One form for what looks the same, however a keyboard composes it (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
