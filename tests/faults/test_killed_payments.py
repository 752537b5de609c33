"""Killed at every point of paying, being told, giving back and reconciling: no money twice, and none forgotten."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from api.sandbox.notifier import Faults
from core.cancel import cancel
from core.database import Database
from core.payments import Attempt
from core.settings import Settings
from tests.core.trade import Trade
from tests.faults.killing import Databases, Request, Victim, signed_in, told_of_everything
from tests.faults.victim import SECRET
from tests.services.paying import PROVIDERS, PaidTrade, paid_trade
from tests.services.sandbox import Sandbox

Check = Callable[[Trade], None]


@dataclass
class Paying:
    """A shop and its providers in a state of before."""

    paid: PaidTrade
    databases: Databases
    kept: Path
    copies: list[Database] = field(default_factory=list)

    def remember(self) -> None:
        """This is how it was before."""
        shutil.copytree(self.paid.sandbox.home / "sandbox", self.kept)

    def fresh(self) -> tuple[Trade, Request]:
        """The shop as it was before, the providers too; and where the process finds it."""
        for old in self.copies:
            old.close()
        self.paid.database.close()
        made = Database(self.databases.copy(), vault=Settings(secret=SECRET).vault)
        self.copies = [made]
        home = self.paid.sandbox.home
        for books in ("payments", "references"):
            shutil.rmtree(home / "sandbox" / books, ignore_errors=True)
            if (self.kept / books).exists():
                shutil.copytree(self.kept / books, home / "sandbox" / books)
        trade = Trade(made, home, self.paid.charges, now=self.paid.now)
        return trade, {"url": made.url, "home": str(home), "sandbox": self.paid.sandbox.url}

    def killed_everywhere(self, victim: Victim, asked: Request, check: Check) -> int:
        """Kill what is asked at each of its points, and do it again; returns how many there were."""
        asked = {**asked, "at": self.paid.now.isoformat()}
        trade, place = self.fresh()
        points = victim.ask({**asked, **place})["points"]
        check(trade)
        for point in self.databases.drawn(points):
            trade, place = self.fresh()
            assert victim.ask({**asked, **place}, fatal=point)["killed"], point
            assert told_of_everything(trade) == [], point
            again = victim.ask({**asked, **place})
            assert again["status"] < 300, (point, again)
            assert told_of_everything(trade) == [], point
            check(trade)
        return len(points)


@pytest.fixture
def paying(databases: Databases, start_sandbox: Callable[..., Sandbox], tmp_path: Path) -> Iterator[Paying]:
    # It tells the shop nothing by itself: its books are put back again and again.
    paid = paid_trade(databases.url, start_sandbox(faults=Faults(drop=1.0)), secret=SECRET)
    made = Paying(paid, databases, tmp_path / "kept")
    yield made
    for old in made.copies:
        old.close()
    paid.shop.close()


def captured(paying: Paying, provider: str) -> tuple[str, Attempt]:
    """An order whose payment was made at the provider, of which the shop has not heard."""
    paid = paying.paid
    order = paid.order(0, {"v0": 2, "v1": 1})
    attempt = paid.start(0, order, provider)
    paid.sandbox.bank.decide(provider, paid.id_there(attempt), "captured")
    return order, attempt


def settled(order: str, *, sold: int = 48) -> Check:
    def check(trade: Trade) -> None:
        seen = trade.see(order)
        assert (seen.status, [payment.captured_minor for payment in seen.payments]) == ("paid", [seen.total_minor])
        assert trade.levels()["v0"] == (sold, 0)

    return check


def each(default: str) -> Any:
    """All providers, but by default one: it takes a while to be killed everywhere."""
    others = [pytest.param(name, marks=pytest.mark.nightly) for name in PROVIDERS if name != default]
    return pytest.mark.parametrize("provider", [default, *others])


@each("stripe")
def test_paying_is_killed_everywhere(paying: Paying, victim: Victim, provider: str) -> None:
    paid = paying.paid
    order = paid.order(0, {"v0": 2})
    paying.remember()

    def check(trade: Trade) -> None:
        (payment,) = trade.see(order).payments
        assert (payment.status, bool(payment.action)) == ("pending", True)
        assert len(list(paid.sandbox.bank.ledger.all())) == 1

    asked = signed_in(
        f"/v1/orders/{order}/payments",
        {"provider": provider, "method": PROVIDERS[provider]},
        at=paid.now.isoformat(),
        session="l0",
    )
    assert paying.killed_everywhere(victim, asked, check) >= 20


@each("alipay")
def test_being_told_is_killed_everywhere(paying: Paying, victim: Victim, provider: str) -> None:
    order, attempt = captured(paying, provider)
    word = paying.paid.words(attempt)[-1]
    paying.remember()
    asked = {
        "method": "POST",
        "path": f"/v1/payments/notify/{provider}",
        "content": word.body.decode(),
        "headers": dict(word.headers),
    }
    assert paying.killed_everywhere(victim, asked, settled(order)) >= 20


@each("wechatpay")
def test_giving_back_is_killed_everywhere(paying: Paying, victim: Victim, provider: str) -> None:
    paid = paying.paid
    order = paid.order(0, {"v0": 2, "v1": 1})
    attempt = paid.buy(0, order, provider)
    paid.do(lambda session: cancel(session, order, cause=paid.cause()))
    paying.remember()

    def check(trade: Trade) -> None:
        seen = trade.see(order)
        record = paid.sandbox.bank.get(provider, paid.id_there(attempt))
        assert [entry.amount_minor for entry in record.refunds.values()] == [seen.total_minor]
        # One that is made later is still asked for until the provider says so.
        assert [refund.status for refund in seen.refunds] in (["settled"], ["requested"])

    assert paying.killed_everywhere(victim, {"job": "relay"}, check) >= 10


@each("stripe")
def test_reconciling_is_killed_everywhere(paying: Paying, victim: Victim, provider: str) -> None:
    paid = paying.paid
    over = paid.order(1, {"v2": 1})
    ended = paid.buy(1, over, provider)
    order, _ = captured(paying, provider)
    paid.do(lambda session: cancel(session, over, cause=paid.cause()))
    paying.remember()

    def check(trade: Trade) -> None:
        settled(order)(trade)
        record = paid.sandbox.bank.get(provider, paid.id_there(ended))
        assert [entry.amount_minor for entry in record.refunds.values()] == [trade.see(over).total_minor]

    assert paying.killed_everywhere(victim, {"job": "reconcile"}, check) >= 20
