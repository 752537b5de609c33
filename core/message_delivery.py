"""Delivering what senders wrote down: at least once, with the same id, and nobody waits for another's fault.

A message that is not taken is tried again after 1, 2, 4, ... minutes and given up after MAX_ATTEMPTS. While a
carrier's server is away altogether no message counts as tried: now and then one connection is tried, with nobody
but the first message waiting for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select, update
from sqlmodel import Session

from core.bulk import table_of
from core.clock import Clock
from core.database import Database, vault_of
from core.errors import BrokenArtifact, MerxError, Unavailable
from core.tables import Notification

MAX_ATTEMPTS = 10
FIRST_WAIT = timedelta(minutes=1)
MOST_REASON = 200  # characters
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=5)

_NOTIFICATION = table_of(Notification)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message on its way; `id` is the same however often it is sent."""

    id: str
    to: str
    kind: str
    subject: str
    text: str
    link: str
    at: datetime


class Refused(Exception):
    """A message will never be taken; its text says why, without naming a person."""


class NotNow(Exception):
    """A message was not taken this time; its text says why, without naming a person."""


Carry = Callable[[Letter], None]


class Carrier(Protocol):
    """Brings the messages of a channel to where they go."""

    @property
    def channel(self) -> str: ...

    def open(self) -> AbstractContextManager[Carry]:
        """A connection for some messages; it is not used any more after a message was not taken.

        Raises Unavailable when the server is away; carrying raises Refused, NotNow or Unavailable.
        """
        ...


class Circuit:
    """Whether a server is worth a try: after each failure it is left alone for longer, up to LONGEST_PAUSE."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pause = FIRST_PAUSE
        self._until: datetime | None = None

    @property
    def closed(self) -> bool:
        """Whether to leave it alone now."""
        return self._until is not None and self._clock() < self._until

    def failed(self) -> None:
        """It was away."""
        self._until = self._clock() + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def answered(self) -> None:
        """It is there."""
        self._until, self._pause = None, FIRST_PAUSE


@dataclass(frozen=True, slots=True)
class Round:
    """How many messages were sent, and how many were not taken, for now or for good."""

    sent: int
    failed: int


def deliver_messages(
    carrier: Carrier,
    *,
    database: Database,
    clock: Clock,
    circuit: Circuit,
    limit: int = 100,
    held: Callable[[], bool] = lambda: True,
) -> Round:
    """Deliver up to `limit` messages of the carrier's channel that are due; ends where the server is away."""
    if circuit.closed:
        return Round(0, 0)
    with database.read() as session:
        due = _due(session, channel=carrier.channel, now=clock(), limit=limit)
    round_ = _Round(carrier, database, clock, circuit, held)
    while due and held() and not circuit.closed:
        due = round_.one_connection(due)
    return Round(round_.sent, round_.failed)


@dataclass(frozen=True, slots=True)
class _Due:
    row: int
    id: str
    kind: str
    payload: str
    attempts: int
    at: datetime


class _Round:
    def __init__(
        self, carrier: Carrier, database: Database, clock: Clock, circuit: Circuit, held: Callable[[], bool]
    ) -> None:
        self.carrier, self.database, self.clock, self.circuit, self.held = carrier, database, clock, circuit, held
        self.sent = self.failed = 0

    def one_connection(self, due: list[_Due]) -> list[_Due]:
        """Send messages until one is not taken; returns those that nobody tried."""
        done = 0
        try:
            with self.carrier.open() as carry:
                while done < len(due) and self.held():
                    done += 1
                    if not self._taken(carry, due[done - 1]):
                        break
        except Unavailable as error:
            self.circuit.failed()
            first = due[max(done - 1, 0)]
            waits = update(_NOTIFICATION).where(_NOTIFICATION.c.id == first.row)
            reason = error.message[:MOST_REASON]
            self.database.transact(lambda session: session.execute(waits.values(last_error=reason)))
        return due[done:]

    def _taken(self, carry: Carry, message: _Due) -> bool:
        fault: Exception | None = None
        try:
            carry(_letter(self.database, message))
        except Unavailable as error:
            if not isinstance(error, BrokenArtifact):
                raise
            fault = error  # the message cannot be opened: that is no matter of the server's
        except (Refused, NotNow, MerxError) as error:
            fault = error
        else:
            self.sent += 1
        if fault is not None:
            self.failed += 1
        self.circuit.answered()
        _mark(self.database, message, fault, now=self.clock())
        return fault is None


def _due(session: Session, *, channel: str, now: datetime, limit: int) -> list[_Due]:
    columns = ("id", "public_id", "kind", "payload", "attempts", "created_at")
    statement = (
        select(*(_NOTIFICATION.c[name] for name in columns))
        .where(_NOTIFICATION.c.status == "pending", _NOTIFICATION.c.next_attempt_at <= now)
        .where(_NOTIFICATION.c.channel == channel)
        .order_by(_NOTIFICATION.c.next_attempt_at, _NOTIFICATION.c.id)
        .limit(limit)
    )
    return [_Due(*row) for row in session.execute(statement)]


def _letter(database: Database, due: _Due) -> Letter:
    with database.read() as session:
        told = json.loads(vault_of(session).open(due.payload))
    return Letter(due.id, told["to"], due.kind, told["subject"], told["text"], told["link"], due.at)


def _mark(database: Database, due: _Due, error: Exception | None, *, now: datetime) -> None:
    over = isinstance(error, Refused) or due.attempts + 1 >= MAX_ATTEMPTS
    status = "sent" if error is None else "failed" if over else "pending"
    reason = error.message if isinstance(error, MerxError) else str(error)
    values: dict[str, Any] = {
        "status": status,
        "attempts": due.attempts + 1,
        "last_error": None if error is None else reason[:MOST_REASON],
        "next_attempt_at": now + FIRST_WAIT * 2**due.attempts if status == "pending" else None,
    }
    # Only what is as it was: a message that was removed meanwhile, with its user say, stays removed.
    same = (_NOTIFICATION.c.id == due.row) & (_NOTIFICATION.c.attempts == due.attempts)
    database.transact(lambda session: session.execute(update(_NOTIFICATION).where(same).values(values)))
