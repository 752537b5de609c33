"""The outbox: written with the change or not at all, handed out in order, tried again with back-off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from core import audit, outbox
from core import outbox_delivery as delivery
from core.database import Database
from core.errors import Conflict, NotFound
from tests.keys import TEST_VAULT

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def emit(database: Database, *names: str, aggregate: str = "product", at: datetime = NOW) -> None:
    with database.write() as session:
        for name in names:
            outbox.emit(session, outbox.News(aggregate, name, "changed"), at=at)


def messages(database: Database, now: datetime = NOW, consumer: str = "index") -> list[outbox.Message]:
    with database.read() as session:
        return delivery.due(session, consumer=consumer, now=now)


def due(database: Database, now: datetime = NOW) -> list[str]:
    return [message.aggregate_id for message in messages(database, now)]


def fail(database: Database, message: outbox.Message, now: datetime) -> None:
    with database.write() as session:
        delivery.failed(session, [message.id], reason="engine away", now=now)


def bury(database: Database, name: str) -> datetime:
    """Fail an aggregate's first event until it is dead; returns when that is."""
    now = NOW
    for attempt in range(delivery.MAX_ATTEMPTS):
        fail(database, next(found for found in messages(database, now) if found.aggregate_id == name), now)
        now += timedelta(seconds=2**attempt)
    return now


def test_events_come_in_the_order_they_were_written(database: Database) -> None:
    emit(database, "b", "a", "c")
    assert due(database) == ["b", "a", "c"]


def test_an_event_of_a_failed_change_is_never_seen(database: Database) -> None:
    with pytest.raises(RuntimeError, match="stop"), database.write() as session:
        outbox.emit(session, outbox.News("product", "a", "changed"), at=NOW)
        session.flush()
        raise RuntimeError("stop")
    assert due(database) == []


def test_what_no_consumer_hears_of_is_kept_for_those_who_follow(database: Database) -> None:
    emit(database, "s1", aggregate="seller")
    with database.read() as session:
        assert [event.subject for event in outbox.since(session, "0")] == [("seller", "s1")]
        assert delivery.backlog(session, now=NOW) == []


def test_a_delivered_event_is_done_once(database: Database) -> None:
    emit(database, "a", "b")
    first, second = (message.id for message in messages(database))
    with database.write() as session:
        assert delivery.delivered(session, [first]) == {first}
        assert delivery.delivered(session, [first, second]) == {second}
    assert due(database) == []
    with database.write() as session:
        delivery.again(session, [first])
    assert due(database) == ["a"]


def test_a_failure_waits_longer_each_time_and_ends_as_a_dead_letter(database: Database) -> None:
    emit(database, "a")
    now = NOW
    for attempt in range(delivery.MAX_ATTEMPTS):
        (message,) = messages(database, now)
        assert message.attempts == attempt
        fail(database, message, now)
        wait = timedelta(seconds=2**attempt)
        assert due(database, now + wait - timedelta(milliseconds=1)) == []
        now += wait
    assert due(database, now + timedelta(days=365)) == []


def test_later_events_of_an_aggregate_wait_for_the_one_that_failed(database: Database) -> None:
    emit(database, "a", "b", "a", "c")
    fail(database, messages(database)[0], NOW)
    assert due(database) == ["b", "c"]
    assert due(database, NOW + timedelta(seconds=1)) == ["a", "b", "a", "c"]


def test_they_go_on_when_it_is_dead(database: Database) -> None:
    emit(database, "a", "b", "a")
    assert due(database, bury(database, "a")) == ["b", "a"]


def test_the_same_id_in_another_aggregate_does_not_wait(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(outbox.CONSUMERS, "order", ("index",))
    emit(database, "a")
    emit(database, "a", aggregate="order")
    fail(database, messages(database)[0], NOW)
    assert [message.subject for message in messages(database)] == [("order", "a")]


def test_each_consumer_has_its_own_copy_under_one_key(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(outbox.CONSUMERS, "product", ("index", "other"))
    emit(database, "a")
    (one,), (other,) = messages(database), messages(database, consumer="other")
    assert one.key == other.key
    with database.write() as session:
        delivery.delivered(session, [one.id])
    assert messages(database, consumer="other") == [other]


def test_the_backlog_says_how_consumers_stand(database: Database) -> None:
    emit(database, "a", "b", "c")
    emit(database, "r", aggregate="refund", at=NOW + timedelta(seconds=1))
    bury(database, "a")
    fail(database, messages(database)[0], NOW)
    with database.read() as session:
        index, payments = delivery.backlog(session, now=NOW)
    assert index == delivery.Backlog("index", pending=2, waiting=1, dead=1, oldest=NOW)
    assert payments == delivery.Backlog("payments", 1, 0, 0, NOW + timedelta(seconds=1))


def test_a_dead_letter_can_be_read_and_sent_again(database: Database) -> None:
    emit(database, "a", "b")
    now = bury(database, "a")
    with database.read() as session:
        (letter,) = delivery.dead_letters(session)
    assert (letter.aggregate_id, letter.last_error, letter.attempts) == ("a", "engine away", 8)
    with database.write() as session:
        assert delivery.resend(session, key=letter.key, actor="user:u", at=NOW) == 1
    assert due(database, now) == ["a", "b"]
    assert messages(database, now)[0].attempts == 0
    with database.read() as session:
        (entry,) = audit.entries(session)
    assert (entry.actor, entry.subject) == ("user:u", f"event:{letter.key}")
    with pytest.raises(Conflict, match="not a dead letter"), database.write() as session:
        delivery.resend(session, key=letter.key, actor="user:u", at=NOW)
    with pytest.raises(NotFound), database.write() as session:
        delivery.resend(session, key="x-none", actor="user:u", at=NOW)


def test_all_dead_letters_can_be_sent_again(database: Database) -> None:
    emit(database, "a", "b", "c")
    bury(database, "a")
    bury(database, "b")
    with database.read() as session:
        newest, oldest = delivery.dead_letters(session)
        assert delivery.dead_letters(session, before=newest.id) == [oldest]
    with database.write() as session:
        assert delivery.resend(session, key=None, actor="user:u", at=NOW) == 2
    assert due(database) == ["a", "b", "c"]


def test_a_generation_catches_up_from_its_position_whatever_was_delivered(database: Database) -> None:
    emit(database, "a")
    with database.read() as session:
        start = outbox.position(session)
    emit(database, "b", "c")
    with database.write() as session:
        delivery.delivered(session, [message.id for message in messages(database)])
    with database.read() as session:
        found = {event.aggregate_id for event in outbox.since(session, start)}
    assert {"b", "c"} <= found <= {"a", "b", "c"}


@pytest.mark.postgres
def test_what_was_in_flight_at_a_position_is_caught_up_with(new_postgres: Callable[[], str]) -> None:
    database = Database(new_postgres(), vault=TEST_VAULT)
    emit(database, "before")
    with database.write() as slow:
        outbox.emit(slow, outbox.News("product", "slow", "changed"), at=NOW)
        emit(database, "quick")  # a higher id, committed first
        with database.read() as session:
            start = outbox.position(session)
            assert outbox.since(session, start) == []
    with database.read() as session:
        assert [event.aggregate_id for event in outbox.since(session, start)] == ["slow"]
        everything = [event.aggregate_id for event in outbox.since(session, "0")]
    assert everything == ["before", "slow", "quick"]
    database.close()


def test_old_delivered_events_are_removed_and_the_loss_is_known(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "NEWEST_KEPT", 1)
    monkeypatch.setattr(delivery, "PRUNED_AT_ONCE", 2)
    emit(database, "dead", "a", "b", "c")
    bury(database, "dead")
    with database.read() as session:
        early = outbox.position(session)
    emit(database, "d", "waits")
    with database.write() as session:
        delivery.delivered(session, [m.id for m in messages(database) if m.aggregate_id != "waits"])
    emit(database, "new", at=NOW + timedelta(days=2))
    with database.read() as session:
        late = outbox.position(session)

    def prune(before: datetime) -> int:
        return database.transact(lambda session: delivery.prune(session, before=before))

    assert prune(NOW) == 0
    assert [prune(NOW + timedelta(days=1)) for _ in range(3)] == [2, 2, 0]
    with database.read() as session:
        kept = [
            tuple(row) for row in session.execute(text("SELECT aggregate_id, kind FROM outbox_event ORDER BY id"))
        ]
        assert kept == [("dead", "changed"), ("", "pruned"), ("waits", "changed"), ("new", "changed")]
        assert outbox.since(session, late) == []
        with pytest.raises(Conflict, match="not all changes"):
            outbox.since(session, early)
