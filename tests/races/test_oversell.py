"""Many shoppers at once on few pieces: nothing is sold twice, and nobody hears of anything but "out of stock"."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.database import Database
from tests.core.trade import broken_invariants
from tests.keys import TEST_VAULT
from tests.races.rush import Rush, prepare, promised, run

CONNECTIONS = 32
THREADS_ON_SQLITE = 16


def rushes(attempts: int) -> dict[str, Rush]:
    """One hot variant and five-line orders over 200 variants, with stock for all and for a hundredth."""
    each = attempts * 5 // 200
    return {
        "hot, for all": Rush(attempts, 1, 1, stock=attempts),
        "hot, for a hundredth": Rush(attempts, 1, 1, stock=attempts // 100),
        "spread, for all": Rush(attempts, 200, 5, stock=each * 2),
        "spread, for a hundredth": Rush(attempts, 200, 5, stock=max(1, each // 100)),
    }


def check(database: Database, rush: Rush, *, threads: int) -> None:
    """Run a rush and hold it to what must hold."""
    prepare(database, rush)
    outcome = run(database, rush, threads=threads)
    assert set(outcome.ends) <= {"ordered", "out of stock"}, outcome.ends
    assert outcome.ends.total() == rush.attempts
    ordered = outcome.ends["ordered"]
    reserved, lines, orders = promised(database)
    assert (reserved, lines, orders) == (ordered * rush.lines, ordered * rush.lines, ordered)
    assert reserved <= rush.stock * rush.variants
    if rush.stock * rush.variants >= 2 * rush.attempts * rush.lines or rush.variants == 1:
        assert ordered == min(rush.attempts, rush.stock * rush.variants)
    else:
        assert ordered > 0
    with database.read() as session:
        assert broken_invariants(session) == []


@pytest.mark.postgres
@pytest.mark.parametrize("name", rushes(1))
def test_nothing_is_oversold_on_postgresql(new_postgres: Callable[[], str], name: str) -> None:
    database = Database(new_postgres(), vault=TEST_VAULT, pool_size=CONNECTIONS)
    check(database, rushes(600)[name], threads=CONNECTIONS)
    database.close()


@pytest.mark.parametrize("name", rushes(1))
def test_nothing_is_oversold_on_sqlite(sqlite: Database, name: str) -> None:
    check(sqlite, rushes(400)[name], threads=THREADS_ON_SQLITE)


@pytest.mark.nightly
@pytest.mark.postgres
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", rushes(1))
def test_ten_thousand_attempts_on_postgresql(new_postgres: Callable[[], str], name: str) -> None:
    database = Database(new_postgres(), vault=TEST_VAULT, pool_size=CONNECTIONS)
    check(database, rushes(10_000)[name], threads=CONNECTIONS)
    database.close()


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", rushes(1))
def test_ten_thousand_attempts_on_sqlite(sqlite: Database, name: str) -> None:
    check(sqlite, rushes(10_000)[name], threads=THREADS_ON_SQLITE)
