"""Killed at every point of a checkout, a payment and a cancellation: all of it happened, or nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select
from sqlmodel import col

from core.charges import load_charges
from core.database import Database
from core.settings import Settings
from core.tables import LoginSession, Order, OutboxEvent, Refund
from core.tokens import Tokens
from core.vouchers import NewVoucher, create_voucher
from tests.core.trade import NOW, Trade, broken_invariants
from tests.faults.victim import SECRET

ROOT = Path(__file__).parents[2]
Request = dict[str, Any]


class Victim:
    """A process that dies in the middle of requests, again and again."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.victim"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, request: Request, *, fatal: str | None = None) -> dict[str, Any]:
        """Do a request; what the process says it saw, or that it was killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({**request, "fatal": fatal}) + "\n")
        self._process.stdin.flush()
        return dict(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """Let it go."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


@pytest.fixture(scope="module")
def victim() -> Iterator[Victim]:
    made = Victim()
    yield made
    made.close()


@dataclass
class Scene:
    """A shop in a state of before, and fresh copies of it."""

    trade: Trade
    settings: Settings
    copy: Callable[[], str]
    copies: list[Database] = field(default_factory=list)

    def fresh(self, folder: Path) -> Trade:
        """The shop as it was, in a database and a folder of its own."""
        for old in self.copies:
            old.close()
        made = Database(self.copy(), vault=self.settings.vault)
        self.copies = [made]
        if self.trade.folder.exists():
            shutil.copytree(self.trade.folder, folder)
        return replace(self.trade, database=made, folder=folder)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    settings = Settings(home=tmp_path / "home", secret=SECRET)
    url = request.getfixturevalue("new_sqlite" if request.param == "sqlite" else "new_postgres")()
    database = Database(url, vault=settings.vault)
    trade = Trade(database, tmp_path / "before", load_charges(settings), secret=SECRET).stocked([5, 5, 5])
    with database.write() as session:
        voucher = NewVoucher(code="V", kind="amount", value=100, currency="EUR", usage_limit=1, user_limit=1)
        create_voucher(session, voucher, at=NOW)
        login = LoginSession(public_id="l", user_id=trade.user(session, 0), created_at=NOW)
        session.add(login)

    def copy() -> str:
        database.close()
        name = f"{request.param}_{len(made)}"
        made.append(name)
        if request.param == "sqlite":
            path = tmp_path / f"{name}.db"
            shutil.copyfile(url.removeprefix("sqlite:///"), path)
            return f"sqlite:///{path}"
        base, _, own = url.partition("?")[0].rpartition("/")
        server = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {own}_{len(made)} TEMPLATE {own}")
        query = f"?{url.partition('?')[2]}" if "?" in url else ""
        return f"{base}/{own}_{len(made)}{query}"

    made: list[str] = []
    scene = Scene(trade, settings, copy)
    yield scene
    for old in scene.copies:
        old.close()
    if request.param == "postgres":
        own = url.partition("?")[0].rpartition("/")[2]
        with psycopg.connect(request.getfixturevalue("postgres_server"), autocommit=True) as connection:
            for number in range(1, len(made) + 1):
                connection.execute(f"DROP DATABASE {own}_{number} WITH (FORCE)")


def wanted(scene: Scene, path: str, body: Any) -> Request:
    """A request of user 0."""
    tokens = Tokens(SECRET, access_minutes=60)
    token = tokens.access(user="u0", session="l", at=NOW)
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "the-same-key"}
    return {"method": "POST", "path": path, "body": body, "headers": headers, "at": NOW.isoformat()}


def killed_everywhere(scene: Scene, victim: Victim, request: Request, tmp_path: Path, check: Check) -> list[str]:
    """Kill the request at each of its points; returns their names.

    After each, the shop must be sound, and the same request again must end as if nothing had been.
    """
    whole = scene.fresh(tmp_path / "whole")
    place = {"url": whole.database.url, "home": str(whole.folder)}
    points = victim.ask({**request, **place})["points"]
    check(whole)
    for number, point in enumerate(points):
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


def told_of_everything(trade: Trade) -> list[str]:
    """What is broken, and what happened without the outbox knowing."""
    with trade.database.read() as session:
        faults = broken_invariants(session)

        def events(kind: str, aggregate: str = "order") -> set[str]:
            found = select(col(OutboxEvent.aggregate_id)).where(
                col(OutboxEvent.kind) == kind, col(OutboxEvent.aggregate) == aggregate
            )
            return set(session.execute(found).scalars())

        for order in session.execute(select(Order)).scalars():
            due = {"pending": "placed", "paid": "paid", "cancelled": "cancelled"}[order.status]
            if order.public_id not in events(due):
                faults.append(f"nobody was told that {order.public_id} is {order.status}")
        placed = session.execute(select(func.count(col(Order.id)))).scalar_one()
        if len(events("placed")) != placed:
            faults.append("orders and the news of them differ")
        for refund in session.execute(select(Refund)).scalars():
            if refund.public_id not in events("requested", "refund"):
                faults.append(f"nobody was told of refund {refund.public_id}")
        return faults


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

    points = killed_everywhere(scene, victim, wanted(scene, "/v1/orders", body), tmp_path, check)
    assert len(points) >= 20


def test_the_cancellation_of_an_unpaid_order_is_killed_everywhere(
    scene: Scene, victim: Victim, tmp_path: Path
) -> None:
    order = scene.trade.order(0, {"v0": 2, "v1": 1}, voucher="V")
    scene.trade.begin(0, order)

    def check(trade: Trade) -> None:
        assert trade.see(order).status == "cancelled"
        assert trade.levels()["v0"] == (5, 0)

    request = wanted(scene, f"/v1/orders/{order}/cancel", {"reason": "no"})
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

    request = wanted(scene, f"/v1/orders/{order}/cancel", {"reason": "no"})
    assert len(killed_everywhere(scene, victim, request, tmp_path, check)) >= 20


def test_a_payment_is_killed_everywhere(scene: Scene, victim: Victim, tmp_path: Path) -> None:
    order = scene.trade.order(0, {"v0": 2, "v1": 1})
    attempt = scene.trade.begin(0, order)

    def check(trade: Trade) -> None:
        seen = trade.see(order)
        assert (seen.status, seen.payments[0].captured_minor) == ("paid", seen.total_minor)
        assert trade.levels()["v0"] == (3, 0)
        assert trade.provider.known(attempt.id).state == "captured"

    request = wanted(scene, f"/v1/test-provider/{attempt.id}", {"outcome": "captured"})
    assert len(killed_everywhere(scene, victim, request, tmp_path, check)) >= 20
