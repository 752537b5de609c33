"""The outbox: written with the change or not at all, handed out in order, tried again with back-off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core import outbox
from core.database import Database

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def emit(database: Database, *names: str) -> list[int]:
    with database.write() as session:
        for name in names:
            outbox.emit(session, outbox.News("product", name, "changed"), at=NOW)
    with database.read() as session:
        return [event.id or 0 for event in outbox.due(session, consumer="index", now=NOW)]


def due(database: Database, now: datetime) -> list[str]:
    with database.read() as session:
        return [event.aggregate_id for event in outbox.due(session, consumer="index", now=now)]


def test_events_come_in_the_order_they_were_written(database: Database) -> None:
    emit(database, "b", "a", "c")
    assert due(database, NOW) == ["b", "a", "c"]


def test_an_event_of_a_failed_change_is_never_seen(database: Database) -> None:
    with pytest.raises(RuntimeError, match="stop"), database.write() as session:
        outbox.emit(session, outbox.News("product", "a", "changed"), at=NOW)
        session.flush()
        raise RuntimeError("stop")
    assert due(database, NOW) == []


def test_a_delivered_event_is_done(database: Database) -> None:
    first, *_ = emit(database, "a", "b")
    with database.write() as session:
        outbox.delivered(session, [first])
    assert due(database, NOW) == ["b"]


def test_a_failure_waits_longer_each_time_and_ends_as_a_dead_letter(database: Database) -> None:
    (event,) = emit(database, "a")
    now = NOW
    for attempt in range(outbox.MAX_ATTEMPTS):
        assert due(database, now) == ["a"]
        with database.write() as session:
            outbox.failed(session, [event], reason="engine away", now=now)
        wait = timedelta(seconds=2**attempt)
        assert due(database, now + wait - timedelta(milliseconds=1)) == []
        now += wait
    assert due(database, now + timedelta(days=365)) == []


def test_a_generation_catches_up_from_its_position_whatever_was_delivered(database: Database) -> None:
    emit(database, "a")
    with database.read() as session:
        start = outbox.position(session)
    ids = emit(database, "b", "c")
    with database.write() as session:
        outbox.delivered(session, ids)
    with database.read() as session:
        assert [event.aggregate_id for event in outbox.since(session, start)] == ["b", "c"]
