"""Delivering messages to users and webhooks, by one process at a time, and nobody waiting for who is slow."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from core.errors import Conflict
from core.leases import Keeper
from core.logs import get_logger
from core.mail import SmtpCarrier
from core.message_delivery import Carrier, Circuit, deliver_messages
from core.posting import post
from core.webhook_delivery import Courier
from core.webhook_sender import MessageCarrier
from pipelines.house import House

INTERVAL = 1.0  # seconds between two looks for what is due
ENDPOINTS_AT_ONCE = 8
LEASE = "notifications"

log = get_logger("notifications")


@dataclass(frozen=True, slots=True)
class Brought:
    """How many messages and webhooks were taken, and how many were not, for now or for good."""

    messages: int
    webhooks: int
    failed: int


def carriers_of(house: House) -> list[Carrier]:
    """Whom the settings name to bring messages; none where they are only kept."""
    settings = house.settings
    carriers: list[Carrier] = []
    if settings.smtp_host and settings.mail_from:
        carriers.append(SmtpCarrier(settings))
    if settings.messages_url and settings.messages_secret:
        carriers.append(MessageCarrier(settings, clock=house.clock))
    return carriers


def courier_of(house: House) -> Courier:
    """Who brings webhooks. This machine's own addresses may be called in development alone."""
    local = house.settings.mode == "development"
    return Courier(
        house.database, house.clock, lambda url, content, headers: post(url, content, headers=headers, local=local)
    )


def deliver_now(house: House) -> Brought:
    """Deliver what is due, once. Raises Conflict while another process does."""
    with Keeper(house.database, LEASE, clock=house.clock) as keeper:
        if not keeper.held:
            raise Conflict("a relay is running: it delivers by itself")
        sent = failed = 0
        for carrier in carriers_of(house):
            circuit = Circuit(house.clock)
            while True:
                done = _messages(house, carrier, circuit, keeper)
                sent, failed = sent + done[0], failed + done[1]
                if not any(done):
                    break
        taken, refused = courier_of(house).round()
    return Brought(sent, taken, failed + refused)


def run_notifications(house: House, *, stop: threading.Event) -> None:
    """Deliver until told to stop; where another process does, stand by. A failure is logged and tried again."""
    carriers = [(carrier, Circuit(house.clock)) for carrier in carriers_of(house)]
    courier = courier_of(house)
    with (
        Keeper(house.database, LEASE, clock=house.clock) as keeper,
        _Desk(len(carriers)) as letters,
        _Desk(ENDPOINTS_AT_ONCE) as webhooks,
    ):
        while not stop.wait(INTERVAL):
            if not keeper.held:
                continue
            try:
                for carrier, circuit in carriers:
                    letters.give(carrier.channel, partial(_messages, house, carrier, circuit, keeper))
                if webhooks.room:
                    for endpoint in courier.due(but=webhooks.busy, limit=webhooks.room):
                        webhooks.give(endpoint, partial(courier.deliver, endpoint))
            except Exception as error:  # the database was away, say; what is due stays due
                log.error("notifications could not be delivered", exc_info=error)


class _Desk:
    """Work by name, in threads of its own: under each name one thing at a time."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool = ThreadPoolExecutor(max(workers, 1))
        self._running: dict[str | int, Future[None]] = {}

    def __enter__(self) -> _Desk:
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    @property
    def busy(self) -> list[int]:
        """The numbers under which something is being done."""
        self._running = {name: work for name, work in self._running.items() if not work.done()}
        return [name for name in self._running if isinstance(name, int)]

    @property
    def room(self) -> int:
        """How many more things can be begun at once."""
        return self._workers - len(self.busy)

    def give(self, name: str | int, work: Callable[[], object]) -> None:
        """Begin something, unless what was begun under the name is still being done."""
        held = self._running.get(name)
        if held is None or held.done():
            self._running[name] = self._pool.submit(_logged, name, work)


def _logged(name: str | int, work: Callable[[], object]) -> None:
    try:
        work()
    except Exception as error:
        log.error("a delivery failed; it is tried again", to=name, exc_info=error)


def _messages(house: House, carrier: Carrier, circuit: Circuit, keeper: Keeper) -> tuple[int, int]:
    done = deliver_messages(
        carrier, database=house.database, clock=house.clock, circuit=circuit, held=lambda: keeper.held
    )
    return done.sent, done.failed
