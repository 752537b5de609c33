"""The tail of the outbox: each event once, however late it commits, and nothing while nobody listens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from core import following, outbox
from core.database import Database
from core.following import Tail, Told
from tests.keys import TEST_VAULT

NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Ears:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self._turn = threading.Condition()

    def __call__(self, news: Sequence[Told]) -> None:
        with self._turn:
            self.told += news
            self._turn.notify_all()

    def wait_for(self, *names: str) -> list[str]:
        """The ids told of, once all of `names` are among them."""
        with self._turn:
            self._turn.wait_for(lambda: set(names) <= set(self.ids), timeout=20)
        return self.ids

    @property
    def ids(self) -> list[str]:
        return [told.subject[1] for told in self.told]


@pytest.fixture
def tail(database: Database) -> Iterator[Tail]:
    made = Tail(database)
    yield made
    made.close()


def emit(database: Database, *names: str, aggregate: str = "product") -> None:
    with database.write() as session:
        outbox.emit(session, *(outbox.News(aggregate, name, "changed") for name in names), at=NOW)


def test_what_happens_from_now_on_is_told_once_and_in_order(
    database: Database, tail: Tail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(outbox.CONSUMERS, "product", ("index", "other"))
    emit(database, "before")
    ears = Ears()
    tail.listen(ears)
    emit(database, "a", "b")
    emit(database, "o", aggregate="order")
    emit(database, "a")
    assert ears.wait_for("o", "b") is not None
    emit(database, "end")
    assert ears.wait_for("end") == ["a", "b", "o", "a", "end"]
    assert ears.told[2] == Told(ears.told[2].key, ("order", "o"), "changed")


def test_more_than_a_page_is_told_whole(database: Database, tail: Tail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PAGE", 3)
    ears = Ears()
    tail.listen(ears)
    names = [f"p{number}" for number in range(20)]
    emit(database, *names)
    assert ears.wait_for("p19") == names


def test_one_who_stops_listening_hears_no_more(database: Database, tail: Tail) -> None:
    stays, goes = Ears(), Ears()
    tail.listen(stays)
    stop = tail.listen(goes)
    emit(database, "a")
    goes.wait_for("a")
    stop()
    stop()
    emit(database, "b")
    stays.wait_for("b")
    assert goes.ids == ["a"]


def test_a_listener_that_fails_costs_the_others_nothing(database: Database, tail: Tail) -> None:
    def broken(_news: Sequence[Told]) -> None:
        raise RuntimeError("broken")

    ears = Ears()
    tail.listen(broken)
    tail.listen(ears)
    emit(database, "a")
    ears.wait_for("a")
    emit(database, "b")
    assert ears.wait_for("b") == ["a", "b"]


def test_it_sleeps_when_nobody_wants_to_know_and_begins_anew(
    database: Database, tail: Tail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "LINGER", 0.0)
    ears = Ears()
    tail.always(ears)
    tail.wake()
    until = time.monotonic() + 20
    while tail._place is not None and time.monotonic() < until:
        time.sleep(0.01)
    assert tail._place is None
    emit(database, "unheard")
    monkeypatch.setattr(following, "LINGER", 60.0)
    tail.wake()
    emit(database, "heard")
    assert ears.wait_for("heard") == ["heard"]


def test_a_database_that_was_away_costs_no_news(sqlite: Database) -> None:
    tail = Tail(sqlite)
    ears = Ears()
    tail.listen(ears)
    with sqlite.write() as session:
        session.execute(text("ALTER TABLE outbox_event RENAME TO away"))
    time.sleep(3 * following.INTERVAL)  # it looks, and fails
    with sqlite.write() as session:
        session.execute(text("ALTER TABLE away RENAME TO outbox_event"))
        outbox.emit(session, outbox.News("product", "a", "changed"), at=NOW)
    assert ears.wait_for("a") == ["a"]
    tail.close()


@pytest.mark.postgres
def test_who_commits_late_is_heard_all_the_same(new_postgres: Callable[[], str]) -> None:
    database = Database(new_postgres(), vault=TEST_VAULT)
    tail, ears = Tail(database), Ears()
    emit(database, "before")
    with database.write() as earliest, database.write() as slow:
        outbox.emit(earliest, outbox.News("product", "earliest", "changed"), at=NOW)
        emit(database, "hidden")  # a gap that is there when the listener comes
        tail.listen(ears)
        outbox.emit(slow, *(outbox.News("product", f"slow{n}", "changed") for n in range(3)), at=NOW)
        with pytest.raises(RuntimeError), database.write() as never:
            outbox.emit(never, outbox.News("product", "never", "changed"), at=NOW)
            raise RuntimeError
        emit(database, "quick")
        assert ears.wait_for("quick") == ["quick"]
        emit(database, "next")
        ears.wait_for("next")
    assert set(ears.wait_for("slow2", "earliest")) == {*("quick", "next", "earliest", "slow0", "slow1", "slow2")}
    # Once everybody is through, the gaps are closed. The server's other databases count, so that takes as long.
    assert tail._place is not None
    until = time.monotonic() + 60
    while tail._place._gaps:
        assert time.monotonic() < until
        name = f"x{len(ears.told)}"
        emit(database, name)
        ears.wait_for(name)
    assert len(ears.ids) == len(set(ears.ids))
    tail.close()
    database.close()
