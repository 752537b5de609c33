"""Following the outbox in a process that is no consumer: what happens from now on, told to whoever listens."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, literal, literal_column, or_, select
from sqlmodel import Session

from core.bulk import table_of
from core.database import Database
from core.logs import get_logger
from core.tables import OutboxEvent

INTERVAL = 0.1  # seconds between two looks
LINGER = 10.0  # seconds that it goes on looking after the last call of `wake`
PAGE = 1000
GAPS = 200  # at most; the oldest are given up
RECENT = 4096  # keys by which a repeat is known

_EVENT = table_of(OutboxEvent)

log = get_logger("following")


@dataclass(frozen=True, slots=True)
class Told:
    """An event: `key` is its own, `subject` what it is about (aggregate and public id)."""

    key: str
    subject: tuple[str, str]
    kind: str


Listener = Callable[[Sequence[Told]], None]


@dataclass(frozen=True, slots=True)
class _Gap:
    """Ids that were not there although later ones were.

    On PostgreSQL an id is drawn long before its transaction commits, and may never be used. A gap is closed when
    every transaction with a number below `until` is over: then nobody is left who could fill it.
    """

    first: int
    last: int
    until: int


class Tail:
    """Tells its listeners of every event that is committed while somebody wants to know, each once.

    A thread looks every INTERVAL seconds while there are listeners added by `listen`, or for LINGER seconds after
    `wake`; otherwise it sleeps, and what happens is not told. Memory is bounded: a place in the outbox, GAPS gaps,
    RECENT keys. A listener is called in that thread and must return at once; if it raises, that is logged.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = threading.Condition()
        self._standing: list[Listener] = []
        self._listening: list[Listener] = []
        self._awake_until = 0.0
        self._closed = False
        self._thread: threading.Thread | None = None
        self._place: _Place | None = None  # None while asleep

    def always(self, listener: Listener) -> None:
        """Call `listener` whenever this looks at all; it does not keep it awake."""
        with self._turn:
            self._standing.append(listener)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` from now on: with all that commits after this returns. Returns how to stop."""
        with self._turn:
            self._listening.append(listener)
            try:
                self._start()
            except BaseException:
                self._listening.remove(listener)
                raise

        def stop() -> None:
            with self._turn:
                if listener in self._listening:
                    self._listening.remove(listener)

        return stop

    def wake(self) -> None:
        """See to it that all that commits after this returns is told, for LINGER seconds at least."""
        with self._turn:
            self._awake_until = time.monotonic() + LINGER
            self._start()

    def close(self) -> None:
        """Stop for good."""
        with self._turn:
            self._closed = True
            self._turn.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout=10)

    def _start(self) -> None:
        if self._closed or self._place is not None:
            return
        with self._database.read() as session:
            self._place = _Place(session)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="tail", daemon=True)
            self._thread.start()
        self._turn.notify_all()

    def _run(self) -> None:
        while True:
            with self._turn:
                if not self._listening and time.monotonic() > self._awake_until:
                    self._place = None
                while self._place is None and not self._closed:
                    self._turn.wait()
                if self._closed:
                    return
                place = self._place
            try:
                more = self._look(place)
            except Exception as error:  # the database is away: the place is kept, nothing is missed
                log.warning("the outbox could not be followed", error=type(error).__name__)
                more = False
            if not more:
                with self._turn:
                    self._turn.wait_for(lambda: self._closed, timeout=INTERVAL)

    def _look(self, place: _Place | None) -> bool:
        if place is None:
            return False
        with self._database.read() as session:
            news, more = place.advance(session)
        if news:
            with self._turn:
                listeners = [*self._standing, *self._listening]
            for listener in listeners:
                try:
                    listener(news)
                except Exception as error:  # one listener's fault must not cost the others their news
                    log.error("a listener failed", exc_info=error)
        return more


class _Place:
    """How far the outbox was read, and the gaps below that may still be filled."""

    def __init__(self, session: Session) -> None:
        self._gapless = session.get_bind().dialect.name == "sqlite"  # writers are alone there
        self._top = 0
        self._gaps: list[_Gap] = []
        self._recent: OrderedDict[str, None] = OrderedDict()
        # Who is in the middle of a transaction now will be heard: its ids are missing among the latest.
        last = select(func.coalesce(func.max(_EVENT.c.id), 0))
        self._top = max(0, int(session.execute(last).scalar_one()) - (0 if self._gapless else PAGE))
        more = not self._gapless
        while more:
            _, more = self.advance(session)

    def advance(self, session: Session) -> tuple[list[Told], bool]:
        """What is new, by id, and whether there may be more at once."""
        rows = session.execute(self._statement()).all()
        full = len(rows) == PAGE
        if not self._gapless:
            self._mind_the_gaps(rows, full=full)
        if rows:
            self._top = max(self._top, rows[-1].id)
        news = []
        for row in rows:
            if row.key not in self._recent:  # the copies of other consumers have the same key
                news.append(Told(row.key, (row.aggregate, row.aggregate_id), row.kind))
            self._recent[row.key] = None
            self._recent.move_to_end(row.key)
        while len(self._recent) > RECENT:
            self._recent.popitem(last=False)
        return news, full

    def _statement(self) -> Select[Any]:
        running: Any = literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        ended: Any = literal_column("pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        if self._gapless:
            running = ended = literal(0)
        wanted = [_EVENT.c.id.between(gap.first, gap.last) for gap in self._gaps]
        return (
            select(
                *(_EVENT.c[name] for name in ("id", "key", "aggregate", "aggregate_id", "kind")),
                running.label("running"),
                ended.label("ended"),
            )
            .where(or_(_EVENT.c.id > self._top, *wanted))
            .order_by(_EVENT.c.id)
            .limit(PAGE)
        )

    def _mind_the_gaps(self, rows: Sequence[Row[Any]], *, full: bool) -> None:
        if not rows:
            return  # what is over is seen with the next rows; until then the gaps cost nothing
        running, ended, end = rows[0].running, rows[0].ended, rows[-1].id
        found = [row.id for row in rows]
        gaps: list[_Gap] = []
        for gap in self._gaps:
            read = not full or gap.last <= end
            if not (read and gap.until <= running):
                gaps += _holes(gap, [id_ for id_ in found if gap.first <= id_ <= gap.last])
        if end > self._top:
            fresh = _Gap(self._top + 1, end, ended)
            gaps += _holes(fresh, [id_ for id_ in found if id_ > self._top])
        self._gaps = gaps[-GAPS:]


def _holes(gap: _Gap, found: Sequence[int]) -> list[_Gap]:
    holes, first = [], gap.first
    for id_ in found:
        if id_ > first:
            holes.append(_Gap(first, id_ - 1, gap.until))
        first = id_ + 1
    if first <= gap.last:
        holes.append(_Gap(first, gap.last, gap.until))
    return holes
