"""Delivering webhooks: at least once, with the same id, for days; and not to who does not answer anyway.

A message that is not taken is tried again on the schedule that Standard Webhooks propose. After several failures
in a row the endpoint is closed for a growing time; then one message is tried, and its fate opens or closes again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlmodel import Session

from core.bulk import json_text, table_of
from core.clock import Clock
from core.database import Database, vault_of
from core.errors import MerxError
from core.posting import Answer, signed
from core.tables import WebhookDelivery, WebhookEndpoint

# After the first try at once; what the last one does not bring is given up.
SCHEDULE = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, *(hours * 3600 for hours in (2, 5, 10, 14, 20, 24)))
)
GONE = 410
FAILURES = 5  # in a row, after which an endpoint is closed
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)

_ENDPOINT = table_of(WebhookEndpoint)
_DELIVERY = table_of(WebhookDelivery)

Post = Callable[[str, str, dict[str, str]], Answer]


@dataclass(frozen=True, slots=True)
class _Due:
    row: int
    id: str
    attempts: int
    content: str
    url: str
    sealed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Courier:
    """Brings messages to endpoints. `post` (url, content, headers) does the sending, outside of transactions."""

    database: Database
    clock: Clock
    post: Post

    def due(self, *, but: Collection[int] = (), limit: int = 100) -> list[int]:
        """Endpoints (row numbers) that have something to be told now, who waits longest first, less `but`."""
        with self.database.read() as session:
            return _due_endpoints(session, now=self.clock(), but=but, limit=limit)

    def deliver(self, endpoint: int, *, most: int = 20) -> tuple[int, int]:
        """Send an endpoint (row number) up to `most` messages; returns how many were taken and how many were not.

        It ends with the first that is not taken: others have a turn before it is tried again.
        """
        taken = 0
        while taken < most:
            now = self.clock()
            with self.database.read() as session:
                due = _next(session, endpoint, now=now)
            if due is None:
                return taken, 0
            answer = self._sent(due, now=now)
            self.database.transact(
                lambda session, due=due, answer=answer: _mark(  # type: ignore[misc]
                    session, endpoint, due, answer, now=self.clock()
                )
            )
            if not answer.taken:
                return taken, 1
            taken += 1
        return taken, 0

    def _sent(self, due: _Due, *, now: datetime) -> Answer:
        try:
            with self.database.read() as session:
                secrets = [vault_of(session).open(secret) for secret in due.sealed]
        except MerxError as error:  # a key that is not here, say: that must not end the work for others
            return Answer(None, error.message)
        return self.post(due.url, due.content, signed(due.content, id=due.id, secrets=secrets, at=now))

    def round(self) -> tuple[int, int]:
        """Send everything that is due, one endpoint after the other; returns how many were taken, how many not."""
        taken = failed = 0
        seen: set[int] = set()
        while endpoints := self.due(but=seen):
            for endpoint in endpoints:
                good, bad = self.deliver(endpoint)
                taken, failed = taken + good, failed + bad
                if bad or not good:
                    seen.add(endpoint)
        return taken, failed


def pause_after(failures: int) -> timedelta | None:
    """How long an endpoint is closed after so many failures in a row; None for too few of them."""
    if failures < FAILURES:
        return None
    doubled: int = 2 ** min(failures - FAILURES, 16)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def _open(now: datetime) -> Any:
    return _ENDPOINT.c.active & or_(_ENDPOINT.c.closed_until.is_(None), _ENDPOINT.c.closed_until <= now)


def _waiting(now: datetime) -> Any:
    return (_DELIVERY.c.status == "pending") & (_DELIVERY.c.next_attempt_at <= now)


def _due_endpoints(session: Session, *, now: datetime, but: Collection[int], limit: int) -> list[int]:
    statement = (
        select(_DELIVERY.c.endpoint_id)
        .join(_ENDPOINT, _ENDPOINT.c.id == _DELIVERY.c.endpoint_id)
        .where(_waiting(now), _open(now), _DELIVERY.c.endpoint_id.not_in(sorted(but)))
        .group_by(_DELIVERY.c.endpoint_id)
        .order_by(func.min(_DELIVERY.c.next_attempt_at), _DELIVERY.c.endpoint_id)
        .limit(limit)
    )
    return list(session.execute(statement).scalars())


def _next(session: Session, endpoint: int, *, now: datetime) -> _Due | None:
    """The endpoint's message whose turn it is, the longest due first."""
    statement = (
        select(
            _DELIVERY, _ENDPOINT.c.url, _ENDPOINT.c.secret, _ENDPOINT.c.previous_secret, _ENDPOINT.c.previous_until
        )
        .join(_ENDPOINT, _ENDPOINT.c.id == _DELIVERY.c.endpoint_id)
        .where(_DELIVERY.c.endpoint_id == endpoint, _waiting(now), _open(now))
        .order_by(_DELIVERY.c.next_attempt_at, _DELIVERY.c.id)
        .limit(1)
    )
    row = session.execute(statement).first()
    if row is None:
        return None
    both = row.previous_secret is not None and row.previous_until is not None and row.previous_until > now
    sealed = (row.secret, row.previous_secret) if both else (row.secret,)
    return _Due(row.id, row.public_id, row.attempts, json_text(row.body), row.url, sealed)


def _mark(session: Session, endpoint: int, due: _Due, answer: Answer, *, now: datetime) -> None:
    """Write down what came of a message; the endpoint is locked first, as where it is removed."""
    held = select(_ENDPOINT.c.failures).where(_ENDPOINT.c.id == endpoint).with_for_update()
    failures = session.execute(held).scalar_one_or_none()
    if failures is None:
        return
    last = due.attempts >= len(SCHEDULE) or answer.status == GONE
    values: dict[str, Any] = {
        "attempts": due.attempts + 1,
        "last_status": answer.status,
        "last_error": answer.error or None,
        "status": "sent" if answer.taken else "dead" if last else "pending",
        "next_attempt_at": None if answer.taken or last else now + SCHEDULE[due.attempts],
        "sent_at": now if answer.taken else None,
    }
    # Somebody may have asked for it to be sent again meanwhile: then that is what counts.
    mine = (_DELIVERY.c.id == due.row) & (_DELIVERY.c.status == "pending") & (_DELIVERY.c.attempts == due.attempts)
    session.execute(update(_DELIVERY).where(mine).values(values))
    failures = 0 if answer.taken else failures + 1
    pause = pause_after(failures)
    state: dict[str, Any] = {"failures": failures, "closed_until": now + pause if pause else None}
    if answer.status == GONE:
        state["active"] = False
    session.execute(update(_ENDPOINT).where(_ENDPOINT.c.id == endpoint).values(state))
