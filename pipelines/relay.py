"""The relay as a process runs it: every consumer in a thread of its own, one process at a time for each."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from core import outbox_delivery
from core.clock import Clock
from core.errors import Conflict, MerxError
from core.leases import Keeper
from core.logs import get_logger
from core.notices import Notices
from core.providers.opening import open_providers
from core.relay import Consumer, Writer, deliver
from core.senders import open_sender
from core.settings import Settings
from core.settlement import Settlement
from index.engine import SearchEngine
from index.pictures import PictureIndex
from index.relay import IndexConsumer
from pipelines.house import House

BATCH = 500
PRUNE_EVERY = 3600.0  # seconds
LONGEST_PAUSE = 30.0

log = get_logger("relay")


@dataclass(frozen=True, slots=True)
class Delivered:
    """How many events were delivered and how many documents they changed."""

    events: int
    documents: int


def consumers_of(house: House, engine: SearchEngine) -> list[Consumer | Writer]:
    """Everybody who is told what happened in this shop."""
    return [
        index_consumer(house, engine),
        Settlement(house.database, house.clock, open_providers(house.settings, clock=house.clock)),
        notices_of(house.settings, house.clock),
    ]


def index_consumer(house: House, engine: SearchEngine) -> IndexConsumer:
    """Who keeps the live generation, and the vectors of pictures, as the goods are."""
    pictures = PictureIndex(house.settings, artifacts=house.artifacts, database=house.database)
    return IndexConsumer(engine, database=house.database, artifacts=house.artifacts, pictures=pictures)


def notices_of(settings: Settings, clock: Clock) -> Notices:
    """Who tells people and endpoints what happened."""
    return Notices(open_sender(settings.sender), settings.public_url, settings.low_stock, clock)


def deliver_pending(house: House, engine: SearchEngine) -> Delivered:
    """Deliver what is due for the index now, until nothing is left; raises what the engine raises.

    Raises Conflict while a relay runs: two at once could bring an older state after a newer one.
    """
    consumer = index_consumer(house, engine)
    with _keeper(house, consumer) as keeper:
        if not keeper.held:
            raise Conflict("a relay is running: it brings the changes by itself")
        events = _deliver_all(house, consumer, keeper)
    return Delivered(events, consumer.changed)


def run_relay(
    house: House,
    engine: SearchEngine,
    *,
    stop: threading.Event,
    consumers: Sequence[Consumer | Writer] | None = None,
) -> None:
    """Deliver until told to stop. A failure is logged and tried again: the events wait in the outbox.

    Where another process delivers to a consumer already, this one stands by to take over.
    """
    chosen = consumers_of(house, engine) if consumers is None else consumers
    workers = [
        threading.Thread(target=_serve, args=(house, consumer, stop), name=f"relay {consumer.name}", daemon=True)
        for consumer in chosen
    ]
    for worker in workers:
        worker.start()
    while not stop.is_set():
        _prune(house)
        stop.wait(PRUNE_EVERY)
    for worker in workers:
        worker.join()


def _serve(house: House, consumer: Consumer | Writer, stop: threading.Event) -> None:
    interval = pause = house.settings.relay_interval
    with _keeper(house, consumer) as keeper:
        while not stop.wait(pause):
            try:
                events = _deliver_all(house, consumer, keeper, stop) if keeper.held else 0
                pause = interval
                if events:
                    log.info("delivered", consumer=consumer.name, events=events)
            except MerxError as error:
                pause = min(pause * 2, LONGEST_PAUSE)
                log.warning("a consumer is away; its events wait", consumer=consumer.name, detail=error.message)
            except Exception as error:  # the database was away, say: a relay that ends delivers nothing ever again
                pause = min(pause * 2, LONGEST_PAUSE)
                log.error("the relay failed; the events wait", consumer=consumer.name, exc_info=error)


def _deliver_all(
    house: House, consumer: Consumer | Writer, keeper: Keeper, stop: threading.Event | None = None
) -> int:
    events = 0
    while keeper.held and not (stop is not None and stop.is_set()):
        done = deliver(
            consumer,
            database=house.database,
            clock=house.clock,
            limit=BATCH,
            held=lambda: keeper.held,
        )
        events += done.delivered
        if done.delivered == 0:
            break
    return events


def _keeper(house: House, consumer: Consumer | Writer) -> Keeper:
    return Keeper(house.database, f"relay:{consumer.name}", clock=house.clock)


def _prune(house: House) -> None:
    before = house.clock() - outbox_delivery.KEPT
    try:
        while house.database.transact(lambda session: outbox_delivery.prune(session, before=before)):
            pass
    except Exception as error:  # there is another hour
        log.warning("old events could not be removed", error=type(error).__name__)
