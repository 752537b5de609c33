"""The relay: hands the events of the outbox to their consumers, one batch after the other.

To add a consumer: name it in `outbox.CONSUMERS` for the aggregates it hears of, write a class with `name`, `size`
and `handle` (or `write`), and list it in `pipelines.relay.consumers_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from sqlmodel import Session

from core import outbox_delivery as delivery
from core.clock import Clock
from core.database import Database
from core.errors import MerxError, Unavailable
from core.logs import get_logger
from core.outbox import Message

log = get_logger("relay")


class Consumer(Protocol):
    """Makes something happen outside of the database: at least once, so a repeat must do no harm.

    `handle` takes up to `size` events, in order. It raises Unavailable when nothing can be done at all at the
    moment: then no event counts as tried. Whatever else it raises is the fault of some event: where the events are
    of several aggregates they are handed over again, an aggregate at a time, to see which.
    """

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int: ...

    def handle(self, events: Sequence[Message]) -> None: ...


@runtime_checkable
class Writer(Protocol):
    """Changes the database only: exactly once, because its changes and the mark "delivered" are one transaction.

    `write` takes the session of that transaction and raises as `Consumer.handle` does, which undoes all of it.
    """

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int: ...

    def write(self, session: Session, events: Sequence[Message]) -> None: ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """How many events were delivered, and how many failed for now."""

    delivered: int
    failed: int


def deliver(
    consumer: Consumer | Writer,
    *,
    database: Database,
    clock: Clock,
    limit: int = 500,
    held: Callable[[], bool] = lambda: True,
) -> Delivery:
    """Hand over up to `limit` events that are due. Raises Unavailable when the consumer says so.

    `held` says whether this process still is the one that delivers. What it did after it no longer was may have
    come after what its successor did with newer knowledge: those events are handed out once more.
    """
    with database.read() as session:
        events = delivery.due(session, consumer=consumer.name, now=clock(), limit=limit)
    batch = _Batch(consumer, database, clock, held)
    for start in range(0, len(events), consumer.size):
        if not held():
            break
        # What comes after an event that just failed waits with it.
        some = events[start : start + consumer.size]
        batch.hand([event for event in some if event.subject not in batch.broken])
    return Delivery(batch.delivered, batch.failed)


class _Batch:
    def __init__(
        self, consumer: Consumer | Writer, database: Database, clock: Clock, held: Callable[[], bool]
    ) -> None:
        self.consumer, self.database, self.clock, self.held = consumer, database, clock, held
        self.delivered = self.failed = 0
        self.broken: set[tuple[str, str]] = set()

    def hand(self, events: Sequence[Message]) -> None:
        if not events:
            return
        try:
            self.delivered += self._done(events)
        except Unavailable:
            raise
        except Exception as error:
            groups: dict[tuple[str, str], list[Message]] = {}
            for event in events:
                groups.setdefault(event.subject, []).append(event)
            if len(groups) > 1:
                for group in groups.values():
                    self.hand(group)
            else:
                self._fail(events, error)

    def _done(self, events: Sequence[Message]) -> int:
        ids = [event.id for event in events]
        consumer = self.consumer
        if isinstance(consumer, Writer):
            return self.database.transact(lambda session: self._written(session, consumer, events))
        consumer.handle(events)
        if self.held():
            return len(self.database.transact(lambda session: delivery.delivered(session, ids)))
        log.warning("the lease ran out during a batch; its events are handed out again", consumer=consumer.name)
        self.database.transact(lambda session: delivery.again(session, ids))
        return 0

    @staticmethod
    def _written(session: Session, consumer: Writer, events: Sequence[Message]) -> int:
        mine = delivery.delivered(session, [event.id for event in events])
        if mine:
            consumer.write(session, [event for event in events if event.id in mine])
        return len(mine)

    def _fail(self, events: Sequence[Message], error: Exception) -> None:
        if isinstance(error, MerxError):
            reason = error.message
        else:
            reason = type(error).__name__  # its text may hold anything, personal data too
            log.error("a consumer failed", consumer=self.consumer.name, exc_info=error)
        ids = [event.id for event in events]
        self.database.transact(lambda session: delivery.failed(session, ids, reason=reason, now=self.clock()))
        self.broken.add(events[0].subject)
        self.failed += len(ids)
