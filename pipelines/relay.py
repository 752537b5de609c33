"""The relay loop: outbox events reach the index within a fraction of a second."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from core.errors import MerxError
from core.logs import get_logger
from index.engine import SearchEngine
from index.relay import relay_once
from pipelines.house import House

BATCH = 500

log = get_logger("relay")


@dataclass(frozen=True, slots=True)
class Delivered:
    """How many events were delivered and how many documents they changed."""

    events: int
    documents: int


def deliver_pending(house: House, engine: SearchEngine) -> Delivered:
    """Deliver what is due now, batch by batch, until nothing is left; raises what the engine raises."""
    events = documents = 0
    while True:
        report = relay_once(
            engine, database=house.database, artifacts=house.artifacts, clock=house.clock, limit=BATCH
        )
        events += report.delivered
        documents += report.changed
        if report.delivered == 0:
            return Delivered(events, documents)


def run_relay(house: House, engine: SearchEngine, *, stop: threading.Event) -> None:
    """Deliver until told to stop. A failure is logged and tried again: the events wait in the outbox."""
    pause = house.settings.relay_interval
    while not stop.wait(pause):
        try:
            done = deliver_pending(house, engine)
            pause = house.settings.relay_interval
            if done.events:
                log.info("delivered", events=done.events, documents=done.documents)
        except MerxError as error:
            pause = min(pause * 2, 30.0)
            log.warning("the index could not be reached; the events wait", detail=error.message)
