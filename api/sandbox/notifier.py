"""Tells the shop what happened, again and again until it has taken it, and with faults where those are asked for.

What waits is in the books: an event is marked when the shop has taken it, so a restart begins where the last run
ended.
"""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

import httpx

from api.sandbox.books import Event, Ledger, Record
from api.sandbox.protocol import SandboxProtocol
from core.logs import get_logger

log = get_logger("sandbox")

PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds before each try after the first; the last one goes on
TRIES = 100
TIMEOUT = 10.0
SPREAD = 0.4  # seconds by which shuffled messages are held back at most
WORKERS = 4


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong: `drop` is the share of events that the shop never hears of, `duplicate` the times each is
    sent, `shuffle` holds messages back so that they overtake each other. The same seed draws the same.
    """

    drop: float = 0.0
    duplicate: int = 1
    shuffle: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _Message:
    provider: str
    payment: str
    event: str
    tries: int = 0


class Notifier:
    """Posts messages from threads of its own."""

    def __init__(self, ledger: Ledger, *, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self._ledger = ledger
        self._random = random.Random(self.faults.seed)
        self._protocols: Mapping[str, SandboxProtocol] = {}
        self._waiting: list[tuple[float, int, _Message]] = []
        self._open: dict[tuple[str, str, str], int] = {}  # messages under way, by what they are about
        self._order = count()
        self._changed = threading.Condition()
        self._stopping = False
        self._workers: list[threading.Thread] = []
        self._client: httpx.Client | None = None

    def start(self, protocols: Mapping[str, SandboxProtocol]) -> None:
        """Begin to send, with what the shop had not taken when the last run ended."""
        self._protocols, self._client, self._stopping = protocols, httpx.Client(timeout=TIMEOUT), False
        for record in self._ledger.all():
            for event in record.events:
                self.add(record, event)
        self._workers = [
            threading.Thread(target=self._work, name="sandbox-notifier", daemon=True) for _ in range(WORKERS)
        ]
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """End the threads; what waits is sent by the next run."""
        with self._changed:
            self._stopping = True
            self._waiting.clear()
            self._open.clear()
            self._changed.notify_all()
        for worker in self._workers:
            worker.join(timeout=TIMEOUT)
        if self._client is not None:
            self._client.close()

    def add(self, record: Record, event: Event) -> None:
        """Have the shop told of an event that is in the books, unless it was."""
        if event.told:
            return
        with self._changed:
            about = (record.provider, record.id, event.id)
            if about in self._open:
                return
            lost = self._random.random() < self.faults.drop
            if not lost:
                self._open[about] = self.faults.duplicate
                for _ in range(self.faults.duplicate):
                    pause = self._random.uniform(0, SPREAD) if self.faults.shuffle else 0.0
                    self._put(_Message(*about), pause)
        if lost:
            self._mark(_Message(*about), "lost")

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is under way; returns whether that came in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._open, timeout=seconds)

    def _put(self, message: _Message, pause: float) -> None:
        heapq.heappush(self._waiting, (time.monotonic() + pause, next(self._order), message))
        self._changed.notify_all()

    def _work(self) -> None:
        while (message := self._next()) is not None:
            try:
                taken = self._send(message)
            except Exception as error:  # one bad record must not silence the sandbox
                log.warning("a notification cannot be sent", payment=message.payment, detail=repr(error))
                taken = False
            if taken or message.tries + 1 >= TRIES:
                self._ended(message, "taken" if taken else "given up")
                continue
            pause = PAUSES[min(message.tries, len(PAUSES) - 1)]
            with self._changed:
                if not self._stopping:
                    self._put(_Message(message.provider, message.payment, message.event, message.tries + 1), pause)

    def _next(self) -> _Message | None:
        with self._changed:
            while not self._stopping:
                now = time.monotonic()
                if self._waiting and self._waiting[0][0] <= now:
                    return heapq.heappop(self._waiting)[2]
                self._changed.wait(self._waiting[0][0] - now if self._waiting else None)
            return None

    def _send(self, message: _Message) -> bool:
        record = self._ledger.find(message.provider, message.payment)
        if record is None or self._client is None:
            return True
        outgoing = self._protocols[message.provider].notification(record, record.event(message.event))
        if outgoing is None:
            return True
        try:
            answer = self._client.post(outgoing.url, content=outgoing.body, headers=dict(outgoing.headers))
        except httpx.HTTPError:
            return False
        return outgoing.accepted(answer.status_code, answer.content)

    def _ended(self, message: _Message, told: str) -> None:
        about = (message.provider, message.payment, message.event)
        with self._changed:
            left = self._open.get(about, 1) - 1
            if left > 0:
                self._open[about] = left
                return
        self._mark(message, told)
        with self._changed:
            self._open.pop(about, None)
            self._changed.notify_all()

    def _mark(self, message: _Message, told: str) -> None:
        with self._ledger.held(message.provider, message.payment) as record:
            record.event(message.event).told = told
