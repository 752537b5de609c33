"""Leases: a job that only one process may do at a time, and that another takes over when that one is gone."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from types import TracebackType

from sqlalchemy import delete, or_, update
from sqlmodel import Session

from core.bulk import insert_of, table_of
from core.clock import Clock
from core.database import Database
from core.ids import new_id
from core.logs import get_logger
from core.tables import Lease

SECONDS = 10.0

_LEASE = table_of(Lease)

log = get_logger("leases")


def take(session: Session, *, name: str, holder: str, now: datetime, seconds: float = SECONDS) -> bool:
    """Take or renew a lease; False while somebody else holds it.

    `now` is this machine's time: the machines that share a database must agree on it to within a few seconds.
    """
    until = now + timedelta(seconds=seconds)
    free = or_(_LEASE.c.holder == holder, _LEASE.c.until <= now)
    taken = update(_LEASE).where(_LEASE.c.name == name, free).values(holder=holder, until=until)
    if session.execute(taken.returning(_LEASE.c.name)).first() is not None:
        return True
    write = insert_of(session, _LEASE)
    first = write.values(name=name, holder=holder, until=until).on_conflict_do_nothing()
    return session.execute(first.returning(_LEASE.c.name)).first() is not None


def give_back(session: Session, *, name: str, holder: str) -> None:
    """Let others have the lease at once; does nothing when it is somebody else's."""
    session.execute(delete(_LEASE).where(_LEASE.c.name == name, _LEASE.c.holder == holder))


class Keeper:
    """Takes a lease as soon as it is free, renews it in a thread of its own, and gives it back at the end.

    Entering tries once before it returns. `held` goes by this process's own monotonic clock: a process that was
    held up past the end of its lease knows that it lost it, before it asks anybody.
    """

    def __init__(self, database: Database, name: str, *, clock: Clock, seconds: float = SECONDS) -> None:
        self.name = name
        self.holder = new_id("r-")
        self._database = database
        self._clock = clock
        self._seconds = seconds
        self._until = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"lease {name}", daemon=True)

    @property
    def held(self) -> bool:
        """Whether this process has the lease now."""
        return time.monotonic() < self._until

    def __enter__(self) -> Keeper:
        self._try()
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._until = 0.0
        try:
            self._database.transact(lambda session: give_back(session, name=self.name, holder=self.holder))
        except Exception as error:  # whatever the database has: the lease runs out by itself
            log.warning("a lease could not be given back", lease=self.name, error=type(error).__name__)

    def _renew(self) -> None:
        while not self._stop.wait(self._seconds / 4):
            self._try()

    def _try(self) -> None:
        started = time.monotonic()  # before it is asked for: it ends here before it ends there
        try:
            taken = self._database.transact(
                lambda session: take(
                    session, name=self.name, holder=self.holder, now=self._clock(), seconds=self._seconds
                )
            )
        except Exception as error:  # the database may be away for a while; what is held runs out meanwhile
            log.warning("a lease could not be renewed", lease=self.name, error=type(error).__name__)
            return
        self._until = started + self._seconds if taken else 0.0
