"""`merx payments reconcile`, and the thread that does the same: what nobody told of is found and finished."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.charges import load_charges
from core.database import open_database
from core.settings import load_settings
from pipelines.house import open_house
from pipelines.reconciling import run_reconcile
from tests.core.trade import Trade
from tests.pipelines.conftest import Ran

Merx = Callable[..., Ran]


@pytest.fixture
def trade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trade]:
    """A shop that `merx` finds, paid through the test provider."""
    monkeypatch.setenv("MERX_HOME", str(tmp_path))
    settings = load_settings()
    database = open_database(settings)
    database.migrate()
    made = Trade(
        database, tmp_path, load_charges(settings), now=datetime.now(UTC), secret=settings.secret
    ).stocked([5])
    yield made
    database.close()


def paid_there(trade: Trade) -> str:
    """An order that was paid at the provider, of which nobody told the shop."""
    order = trade.order(0, {"v0": 1})
    trade.provider.decide(trade.begin(0, order).id, "captured", now=trade.now)
    return order


def test_what_nobody_told_of_is_finished(trade: Trade, merx: Merx) -> None:
    order = paid_there(trade)
    early = merx("payments", "reconcile")
    assert (early.code, trade.see(order).status) == (0, "pending")
    assert "0 payments and 0 refunds asked about, 0 finished" in early.said
    done = merx("payments", "reconcile", "--older-than", 0)
    assert (done.code, trade.see(order).status) == (0, "paid")
    assert "1 payments and 0 refunds asked about, 1 finished" in done.said


def test_one_that_cannot_be_asked_about_is_named_and_the_command_fails(trade: Trade, merx: Merx) -> None:
    order = paid_there(trade)
    for book in (trade.folder / "test-provider").glob("*.json"):
        book.write_text("{")
    ran = merx("payments", "reconcile", "--older-than", 0)
    assert ran.code == 1
    assert trade.see(order).payments[0].id in ran.said
    assert "0 finished, 1 could not be asked about" in ran.said


def test_the_thread_does_it_by_itself(trade: Trade) -> None:
    order = paid_there(trade)
    stop = threading.Event()
    with open_house(load_settings(), clock=lambda: datetime.now(UTC).replace(year=2100)) as house:
        worker = threading.Thread(target=run_reconcile, args=(house,), kwargs={"stop": stop, "interval": 0.05})
        worker.start()
        until = time.monotonic() + 60
        while trade.see(order).status != "paid":
            assert time.monotonic() < until
            time.sleep(0.02)
        stop.set()
        worker.join(60)
        assert not worker.is_alive()
