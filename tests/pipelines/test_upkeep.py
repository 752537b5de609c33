"""Upkeep: unpaid orders end when their time is over, whatever one of them does."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col

from core import artifacts
from core.cancel import cancel
from core.database import Database
from core.settings import Settings
from core.tables import StockLevel
from pipelines import upkeep as work
from pipelines.house import House
from pipelines.upkeep import expire_orders, run_upkeep, upkeep
from tests.core.trade import HOLD, Trade, broken_invariants


@pytest.fixture
def trade(database: Database, tmp_path: Path) -> Trade:
    made = Trade(database, tmp_path).stocked([5, 5])
    return made


def house_of(trade: Trade) -> House:
    settings = Settings(home=trade.folder / "home")
    return House(settings, trade.database, artifacts.Artifacts(settings.artifacts), lambda: trade.now)


def statuses(trade: Trade, *orders: str) -> list[str]:
    return [trade.see(order).status for order in orders]


def test_only_what_is_over_and_not_paid_expires(trade: Trade) -> None:
    over, paid, fresh = trade.order(0, {"v0": 1}), trade.order(0, {"v0": 1}), ""
    trade.pay(0, paid)
    trade.begin(0, over)
    trade.now += HOLD / 2
    fresh = trade.order(1, {"v1": 1})
    assert expire_orders(house_of(trade)) == 0
    trade.now += HOLD / 2
    assert expire_orders(house_of(trade)) == 1
    assert statuses(trade, over, paid, fresh) == ["cancelled", "paid", "pending"]
    assert trade.levels() == {"v0": (4, 0), "v1": (5, 1)}
    assert trade.ask_providers().delivered == 1
    assert trade.see(over).payments[0].status == "closed"
    assert upkeep(house_of(trade)).expired == 0
    trade.now += HOLD
    assert upkeep(house_of(trade)).expired == 1
    with trade.database.read() as session:
        assert broken_invariants(session) == []


def test_what_is_paid_or_cancelled_while_it_looks_stays_so(trade: Trade) -> None:
    orders = [trade.order(0, {"v0": 1}) for _ in range(3)]
    attempt = trade.begin(0, orders[0])
    trade.now += HOLD
    told = trade.provider.decide(attempt.id, "captured", now=trade.now)
    looks = iter([0])

    def clock() -> object:
        """Both happen between the look for orders and the first of them being cancelled."""
        if next(looks, None) is None and trade.see(orders[0]).status == "pending":
            trade.notify(*told)
            trade.do(lambda session: cancel(session, orders[1], cause=trade.cause("user:u0")))
        return trade.now

    house = house_of(trade)
    settled = House(house.settings, house.database, house.artifacts, clock)  # type: ignore[arg-type]
    assert expire_orders(settled) == 1
    assert statuses(trade, *orders) == ["paid", "cancelled", "cancelled"]


def test_one_order_that_cannot_be_cancelled_holds_up_no_other(trade: Trade) -> None:
    bad = trade.order(0, {"v0": 1})
    trade.now += timedelta(seconds=1)
    good = trade.order(1, {"v1": 1})
    with trade.database.write() as session:  # its books are wrong: releasing breaks a rule of the database
        session.execute(update(StockLevel).where(col(StockLevel.variant_id) == 1).values(reserved=0))
    trade.now += HOLD
    assert [expire_orders(house_of(trade)) for _ in range(2)] == [1, 0]
    assert statuses(trade, bad, good) == ["pending", "cancelled"]
    with trade.database.write() as session:
        session.execute(update(StockLevel).where(col(StockLevel.variant_id) == 1).values(reserved=1))
    assert expire_orders(house_of(trade)) == 1


def test_it_goes_on_until_told_to_stop(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "INTERVAL", 0.01)
    order = trade.order(0, {"v0": 1})
    stop = threading.Event()
    running = threading.Thread(target=run_upkeep, args=(house_of(trade),), kwargs={"stop": stop}, daemon=True)
    running.start()
    try:
        trade.now += HOLD
        until = time.monotonic() + 20
        while trade.see(order).status == "pending":
            assert time.monotonic() < until
            time.sleep(0.01)
    finally:
        stop.set()
        running.join(timeout=20)
    assert not running.is_alive()
    assert statuses(trade, order) == ["cancelled"]
