"""Killed at every point of a checkout, a payment and a cancellation: all of it happened, or nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from core.charges import load_charges
from core.database import Database
from core.settings import Settings
from core.tables import LoginSession, Order
from core.vouchers import NewVoucher, create_voucher
from tests.core.trade import NOW, Trade
from tests.faults.killing import Databases, Request, Victim, signed_in, told_of_everything
from tests.faults.victim import SECRET


@dataclass
class Scene:
    """A shop in a state of before, and fresh copies of it."""

    trade: Trade
    settings: Settings
    databases: Databases
    copies: list[Database] = field(default_factory=list)

    def fresh(self, folder: Path) -> Trade:
        """The shop as it was, in a database and a folder of its own."""
        for old in self.copies:
            old.close()
        self.trade.database.close()
        made = Database(self.databases.copy(), vault=self.settings.vault)
        self.copies = [made]
        if self.trade.folder.exists():
            shutil.copytree(self.trade.folder, folder)
        return replace(self.trade, database=made, folder=folder)


@pytest.fixture
def scene(databases: Databases, tmp_path: Path) -> Iterator[Scene]:
    settings = Settings(home=tmp_path / "home", secret=SECRET)
    database = Database(databases.url, vault=settings.vault)
    trade = Trade(database, tmp_path / "before", load_charges(settings), secret=SECRET).stocked([5, 5, 5])
    with database.write() as session:
        voucher = NewVoucher(code="V", kind="amount", value=100, currency="EUR", usage_limit=1, user_limit=1)
        create_voucher(session, voucher, at=NOW)
        login = LoginSession(public_id="l", user_id=trade.user(session, 0), created_at=NOW)
        session.add(login)
    scene = Scene(trade, settings, databases)
    yield scene
    for old in (*scene.copies, database):
        old.close()


def killed_everywhere(scene: Scene, victim: Victim, request: Request, tmp_path: Path, check: Check) -> list[str]:
    """Kill the request at the points drawn; returns the names of all.

    After each, the shop must be sound, and the same request again must end as if nothing had been.
    """
    whole = scene.fresh(tmp_path / "whole")
    place = {"url": whole.database.url, "home": str(whole.folder)}
    points = victim.ask({**request, **place})["points"]
    check(whole)
    for number, point in enumerate(scene.databases.drawn(points)):
        trade = scene.fresh(tmp_path / f"home-{number}")
        place = {"url": trade.database.url, "home": str(trade.folder)}
        assert victim.ask({**request, **place}, fatal=point)["killed"], point
        assert told_of_everything(trade) == [], point
        again = victim.ask({**request, **place})
        assert again["status"] < 300, (point, again)
        assert told_of_everything(trade) == [], point
        check(trade)
    return [str(point) for point in points]


Check = Callable[[Trade], None]


def orders_of(trade: Trade) -> list[str]:
    with trade.database.read() as session:
        return list(session.execute(select(col(Order.public_id))).scalars())


def test_a_checkout_is_killed_everywhere(scene: Scene, victim: Victim, tmp_path: Path) -> None:
    cart, total = scene.trade.cart(0, {"v0": 2, "v1": 1, "v2": 1}, voucher="V")
    body = {"cart": cart, "address": "a0", "total_minor": total}

    def check(trade: Trade) -> None:
        (order,) = orders_of(trade)
        assert trade.see(order).status == "pending"
        assert trade.levels() == {"v0": (5, 2), "v1": (5, 1), "v2": (5, 1)}

    points = killed_everywhere(scene, victim, signed_in("/v1/orders", body, at=NOW.isoformat()), tmp_path, check)
    assert len(points) >= 20


def test_the_cancellation_of_an_unpaid_order_is_killed_everywhere(
    scene: Scene, victim: Victim, tmp_path: Path
) -> None:
    order = scene.trade.order(0, {"v0": 2, "v1": 1}, voucher="V")
    scene.trade.begin(0, order)

    def check(trade: Trade) -> None:
        assert trade.see(order).status == "cancelled"
        assert trade.levels()["v0"] == (5, 0)

    request = signed_in(f"/v1/orders/{order}/cancel", {"reason": "no"}, at=NOW.isoformat())
    assert len(killed_everywhere(scene, victim, request, tmp_path, check)) >= 20


def test_the_cancellation_of_a_paid_order_is_killed_everywhere(
    scene: Scene, victim: Victim, tmp_path: Path
) -> None:
    order = scene.trade.order(0, {"v0": 2, "v1": 1}, voucher="V")
    scene.trade.pay(0, order)

    def check(trade: Trade) -> None:
        seen = trade.see(order)
        assert seen.status == "cancelled"
        assert [refund.amount_minor for refund in seen.refunds] == [seen.total_minor]
        assert trade.levels()["v0"] == (5, 0)

    request = signed_in(f"/v1/orders/{order}/cancel", {"reason": "no"}, at=NOW.isoformat())
    assert len(killed_everywhere(scene, victim, request, tmp_path, check)) >= 20


def test_a_payment_is_killed_everywhere(scene: Scene, victim: Victim, tmp_path: Path) -> None:
    order = scene.trade.order(0, {"v0": 2, "v1": 1})
    attempt = scene.trade.begin(0, order)

    def check(trade: Trade) -> None:
        seen = trade.see(order)
        assert (seen.status, seen.payments[0].captured_minor) == ("paid", seen.total_minor)
        assert trade.levels()["v0"] == (3, 0)
        assert trade.provider.known(attempt.id).state == "captured"

    request = signed_in(f"/v1/test-provider/{attempt.id}", {"outcome": "captured"}, at=NOW.isoformat())
    assert len(killed_everywhere(scene, victim, request, tmp_path, check)) >= 20
