"""Time is UTC and timezone-aware, and the clock is given, never taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def frozen_clock(at: datetime) -> Clock:
    """A clock that always says `at` (must be timezone-aware)."""
    if at.tzinfo is None:
        raise ValueError("a clock needs a timezone-aware moment")
    moment = at.astimezone(UTC)
    return lambda: moment
