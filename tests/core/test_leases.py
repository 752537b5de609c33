"""Leases: one holder at a time, taken over when it is gone."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from core.clock import system_clock
from core.database import Database
from core.leases import Keeper, give_back, take

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def takes(database: Database, holder: str, now: datetime = NOW) -> bool:
    return database.transact(lambda session: take(session, name="job", holder=holder, now=now))


def test_a_lease_is_held_renewed_and_taken_over_when_it_has_run_out(database: Database) -> None:
    assert takes(database, "a")
    assert not takes(database, "b", NOW + timedelta(seconds=5))
    assert takes(database, "a", NOW + timedelta(seconds=5))
    assert not takes(database, "b", NOW + timedelta(seconds=12))
    assert takes(database, "b", NOW + timedelta(seconds=15))
    assert not takes(database, "a", NOW + timedelta(seconds=16))


def test_a_lease_given_back_is_free_at_once_and_only_its_holder_gives_it_back(database: Database) -> None:
    assert takes(database, "a")
    database.transact(lambda session: give_back(session, name="job", holder="b"))
    assert not takes(database, "b")
    database.transact(lambda session: give_back(session, name="job", holder="a"))
    assert takes(database, "b")


def test_of_many_at_once_one_gets_it(database: Database) -> None:
    for now in (NOW, NOW + timedelta(minutes=1)):  # the row is new; the row has run out
        with ThreadPoolExecutor(8) as pool:
            got = list(pool.map(lambda number, now=now: takes(database, f"{now}{number}", now), range(8)))  # type: ignore[misc]
        assert sum(got) == 1


def test_a_keeper_stands_by_until_the_other_has_gone(database: Database) -> None:
    with (
        Keeper(database, "job", clock=system_clock, seconds=0.8) as first,
        Keeper(database, "job", clock=system_clock, seconds=0.8) as waiting,
    ):
        assert first.held
        assert not waiting.held
        first.__exit__(None, None, None)
        assert not first.held
        until = time.monotonic() + 20
        while not waiting.held and time.monotonic() < until:
            time.sleep(0.02)
        assert waiting.held


def test_a_keeper_that_cannot_reach_the_database_knows_that_it_lost_its_lease(sqlite: Database) -> None:
    with Keeper(sqlite, "job", clock=system_clock, seconds=0.4) as keeper:
        assert keeper.held
        with sqlite.write():  # nobody else writes while this lasts
            until = time.monotonic() + 20
            while keeper.held and time.monotonic() < until:
                time.sleep(0.02)
            assert not keeper.held
