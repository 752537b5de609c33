"""The relay as it runs: one at a time, another stands by, and no failure ends it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from core import outbox
from core.errors import Conflict, Unavailable
from index.engine import Generation, SearchEngine
from pipelines.commands.index import build_index, publish_generation
from pipelines.house import House, open_house
from pipelines.relay import deliver_pending, run_relay
from tests.api.live_server import put


class Listener:
    """Writes down what it is told, after the failures it was given."""

    name = "index"
    size = 10

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.told: list[str] = []

    def handle(self, events: Sequence[outbox.Message]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.told += [event.aggregate_id for event in events]


@pytest.fixture
def house() -> Iterator[House]:
    with open_house() as opened:
        yield opened


@contextmanager
def relaying(house: House, consumer: Listener) -> Iterator[threading.Event]:
    """A relay in a thread; what is given stops it."""
    stop = threading.Event()
    with house.engine() as engine:
        relay = threading.Thread(
            target=run_relay, args=(house, engine), kwargs={"stop": stop, "consumers": [consumer]}, daemon=True
        )
        relay.start()
        try:
            yield stop
        finally:
            stop.set()
            relay.join(timeout=20)
            assert not relay.is_alive()


def emit(house: House, *names: str) -> None:
    with house.database.write() as session:
        outbox.emit(session, *(outbox.News("product", name, "changed") for name in names), at=house.clock())


def wait_until(fact: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not fact():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_one_relay_delivers_and_the_other_takes_over_when_it_stops(house: House) -> None:
    first, second = Listener(), Listener()
    with relaying(house, first) as stop:
        emit(house, "a")
        wait_until(lambda: first.told == ["a"])
        with relaying(house, second):
            emit(house, "b")
            wait_until(lambda: first.told == ["a", "b"])
            assert second.told == []
            stop.set()
            emit(house, "c")
            wait_until(lambda: second.told == ["c"])
    assert first.told == ["a", "b"]


def test_nobody_delivers_by_hand_while_a_relay_runs(house: House) -> None:
    listener = Listener()
    with relaying(house, listener), house.engine() as engine:
        emit(house, "a")
        wait_until(lambda: listener.told == ["a"])
        with pytest.raises(Conflict, match="relay is running"):
            deliver_pending(house, engine)


@pytest.mark.parametrize("failure", [Unavailable("away"), ZeroDivisionError("broken")], ids=["away", "broken"])
def test_a_failure_is_not_the_end(house: House, failure: Exception) -> None:
    listener = Listener(failure)
    with relaying(house, listener):
        emit(house, "a")
        wait_until(lambda: listener.told == ["a"])


class _Overtaken:
    """An engine: as it publishes, a change comes, and the relay brings it to the one that still serves."""

    def __init__(self, house: House, engine: SearchEngine) -> None:
        self._house = house
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def publish(self, name: str) -> Generation:
        put(self._house.database, "red", price=5)
        assert deliver_pending(self._house, self._engine).events == 1
        return self._engine.publish(name)


def test_what_is_delivered_while_a_generation_is_published_is_in_it_too(house: House) -> None:
    put(house.database, "red", price=1000)
    with house.engine() as engine:
        build_index(house, engine, publish=True)
        deliver_pending(house, engine)
        fresh = build_index(house, engine, publish=False)
        publish_generation(house, _Overtaken(house, engine), fresh.name)  # type: ignore[arg-type]
        live = engine.live()
        assert live is not None
        assert live.name == fresh.name
        assert engine.get(["red"])["red"].price_minor == 5
