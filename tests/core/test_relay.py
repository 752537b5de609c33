"""The relay: consumers are told at least once, writers exactly once, and nobody waits for another's fault."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from core import outbox
from core import outbox_delivery as delivery
from core.clock import frozen_clock
from core.database import Database
from core.errors import InvalidInput, Unavailable
from core.relay import Consumer, Delivery, Writer, deliver
from tests.keys import TEST_VAULT

NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Listener:
    """Writes down what it is told; raises for what `faults` names."""

    name = "index"

    def __init__(self, *, size: int = 100, faults: dict[str, Exception] | None = None) -> None:
        self.size = size
        self.faults = faults or {}
        self.told: list[str] = []

    def handle(self, events: Sequence[outbox.Message]) -> None:
        for event in events:
            if event.aggregate_id in self.faults:
                raise self.faults[event.aggregate_id]
        self.told += [event.aggregate_id for event in events]


class Bookkeeper:
    """Inserts a row for each event: a repeat would be seen."""

    name = "index"
    size = 2

    def __init__(self, fault: str = "") -> None:
        self.fault = fault

    def write(self, session: Session, events: Sequence[outbox.Message]) -> None:
        for event in events:
            insert = "INSERT INTO seller (public_id, name, created_at) VALUES (:id, 'x', :at)"
            session.execute(text(insert), {"id": f"{event.id}-{event.aggregate_id}", "at": NOW})
            if event.aggregate_id == self.fault:
                raise InvalidInput("no")


def emit(database: Database, *names: str) -> None:
    with database.write() as session:
        outbox.emit(session, *(outbox.News("product", name, "changed") for name in names), at=NOW)


def run(
    database: Database,
    consumer: Consumer | Writer,
    *,
    seconds: float = 0,
    held: Callable[[], bool] = lambda: True,
) -> Delivery:
    return deliver(consumer, database=database, clock=frozen_clock(NOW + timedelta(seconds=seconds)), held=held)


def written(database: Database) -> list[str]:
    with database.read() as session:
        rows = session.execute(text("SELECT public_id FROM seller ORDER BY id")).scalars()
        return [row.partition("-")[2] for row in rows]


def test_all_that_is_due_is_handed_over_in_order_and_once(database: Database) -> None:
    emit(database, "a", "b", "a", "c")
    listener = Listener(size=3)
    assert run(database, listener) == Delivery(4, 0)
    assert run(database, listener) == Delivery(0, 0)
    assert listener.told == ["a", "b", "a", "c"]


def test_a_fault_holds_up_its_own_aggregate_only(database: Database) -> None:
    emit(database, "a", "bad", "c", "bad", "d")
    for size in (100, 1):
        listener = Listener(size=size, faults={"bad": ZeroDivisionError("card 4000 0000")})
        expected = Delivery(3, 2) if size == 100 else Delivery(0, 1)
        assert run(database, listener, seconds=10 if size == 1 else 0) == expected
    healed = Listener()
    assert run(database, healed, seconds=60) == Delivery(2, 0)
    assert healed.told == ["bad", "bad"]
    with database.read() as session:
        reasons = session.execute(text("SELECT DISTINCT last_error FROM outbox_event WHERE attempts > 0"))
        assert set(reasons.scalars()) == {None}


def test_what_failed_keeps_the_order_when_events_are_handed_over_singly(database: Database) -> None:
    emit(database, "bad", "a", "bad")
    listener = Listener(size=1, faults={"bad": InvalidInput("no")})
    assert run(database, listener) == Delivery(1, 1)
    with database.read() as session:
        rows = session.execute(text("SELECT attempts, last_error FROM outbox_event ORDER BY id")).all()
    assert [tuple(row) for row in rows] == [(1, "no"), (0, None), (0, None)]


def test_a_consumer_that_is_away_costs_no_attempt(database: Database) -> None:
    emit(database, "a", "b")
    with pytest.raises(Unavailable):
        run(database, Listener(size=1, faults={"b": Unavailable("engine away")}))
    listener = Listener()
    assert run(database, listener) == Delivery(1, 0)
    assert listener.told == ["b"]


def test_a_writer_does_each_thing_exactly_once(database: Database) -> None:
    emit(database, "a", "b", "bad", "c")
    assert run(database, Bookkeeper("bad")) == Delivery(3, 1)
    assert written(database) == ["a", "b", "c"]
    assert run(database, Bookkeeper(), seconds=60) == Delivery(1, 0)
    assert written(database) == ["a", "b", "c", "bad"]


def test_a_writer_whose_events_a_rival_took_does_nothing(database: Database) -> None:
    emit(database, "a", "b")

    class Overtaken(Bookkeeper):
        size = 1

        def write(self, session: Session, events: Sequence[outbox.Message]) -> None:
            super().write(session, events)
            delivery.delivered(session, range(1000))  # everything else goes to the rival

    assert run(database, Overtaken()) == Delivery(1, 0)
    assert written(database) == ["a"]


def test_what_was_done_without_the_lease_is_done_again(database: Database) -> None:
    emit(database, "a", "b")
    listener = Listener(size=1)
    assert run(database, listener, held=lambda: not listener.told) == Delivery(0, 0)
    assert listener.told == ["a"]
    successor = Listener()
    assert run(database, successor) == Delivery(2, 0)
    assert successor.told == ["a", "b"]


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from core.clock import frozen_clock
from core.database import Database
from core.relay import deliver

class Victim:
    name, size, told = "index", 2, 0
    def handle(self, events):
        with open(sys.argv[2], "a") as file:
            for event in events:
                file.write(event.aggregate_id + "\\n")
                file.flush()
                self.told += 1
                if self.told == int(sys.argv[3]):
                    os.kill(os.getpid(), signal.SIGKILL)

deliver(Victim(), database=Database(sys.argv[1]), clock=frozen_clock(datetime(2026, 1, 2, tzinfo=UTC)))
"""


@pytest.mark.parametrize("after", [1, 4, 5])
def test_a_relay_killed_in_the_middle_of_a_batch_loses_nothing(
    database: Database, tmp_path: Path, after: int
) -> None:
    emit(database, *"abcdef")
    heard = tmp_path / "heard"
    url = database.engine.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, url, str(heard), str(after)],
        cwd=Path(__file__).parent.parent.parent,
        env={**os.environ, "PYTHONPATH": "."},
        check=False,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL
    before = heard.read_text().split()
    successor = Listener()
    run(database, successor)
    assert [*before, *successor.told][: len(before)] == list("abcdef")[:after]
    assert set(before) | set(successor.told) == set("abcdef")
    assert successor.told == list("abcdef")[(after - 1) // 2 * 2 :]
    other = Database(url, vault=TEST_VAULT)
    with other.read() as session:
        assert delivery.backlog(session, now=NOW) == []
    other.close()
