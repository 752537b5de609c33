"""The same shop, paid through the three providers by their own protocols: their books and the shop's are one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import update
from sqlmodel import Session, col

from api.sandbox.notifier import Faults
from api.state import Shop as ApiShop
from core.charges import Charges
from core.database import Database
from core.payments import Attempt, find_attempt, request_for, start_payment
from core.settings import Settings
from core.settlement import Settlement
from core.tables import Order
from tests.core.trade import Trade
from tests.properties.shop import NewDatabase, Outcome, Shop, run
from tests.services.paying import PROVIDERS, PaidTrade
from tests.services.sandbox import Sandbox

VERY_LATE = timedelta(days=1)


class PaidShop(Shop):
    """Time passes by ending orders: providers sign with the real time, which no test can move."""

    sandbox: Sandbox

    def opened(self, database: Database, charges: Charges) -> Trade:
        sandbox = type(self).sandbox
        now = datetime.now(UTC)
        settings = Settings(home=sandbox.home, database_url=database.url, sandbox_url=sandbox.url)
        self.shop = ApiShop(settings, clock=lambda: now)
        return PaidTrade(database, self.folder, charges, now=now, shop=self.shop, sandbox=sandbox)

    def teardown(self) -> None:
        super().teardown()
        self.shop.close()

    @property
    def paid(self) -> PaidTrade:
        assert isinstance(self.trade, PaidTrade)
        return self.trade

    def began(self, user: int, order: str, way: str, *, asked: bool, noted: bool) -> str:
        trade = self.paid
        if noted:
            return trade.start(user, order, way).id
        cause = self.cause(f"user:u{user}")

        def begin(session: Session) -> Attempt:
            row = trade.user(session, user)
            return start_payment(session, order, user=row, provider=way, method=PROVIDERS[way], cause=cause)

        attempt = trade.do(begin)
        if asked:
            trade.providers[way].create(request_for(attempt))
        return attempt.id

    def attempt_of(self, payment: str) -> Attempt:
        with self.trade.database.read() as session:
            return find_attempt(session, payment)

    def done_there(self, payment: str, outcome: Outcome) -> None:
        attempt, bank = self.attempt_of(payment), self.paid.sandbox.bank
        bank.decide(attempt.provider, self.paid.id_there(attempt), outcome, reason="no money")

    def tell(self, payment: str) -> bool:
        attempt = self.attempt_of(payment)
        news = [self.paid.hear(attempt.provider, word) for word in self.paid.words(attempt)]
        return any(news)

    def kept_there(self, payment: str) -> int:
        trade, attempt = self.paid, self.attempt_of(payment)
        record = trade.sandbox.bank.ledger.find(attempt.provider, trade.id_there(attempt))
        if record is None or record.state != "captured":
            return 0
        return record.amount_minor - record.refunded_minor

    def settlement(self) -> Settlement:
        return self.paid.settlement

    @rule(minutes=st.just(0))
    def time_passes(self, minutes: int) -> None:
        """The time of every order that waits to be paid is over."""
        with self.trade.database.write() as session:
            waiting = col(Order.status) == "pending"
            session.execute(update(Order).where(waiting).values(expires_at=self.trade.now - VERY_LATE))


def test_a_short_run_on_sqlite(sqlite_databases: NewDatabase, start_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = start_sandbox(faults=Faults(drop=1.0))  # the machine itself brings the notifications
    assert run(sqlite_databases, examples=8, steps=30, shop=PaidShop, sandbox=sandbox) > 100


@pytest.mark.postgres
def test_a_short_run_on_postgresql(new_postgres: NewDatabase, start_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = start_sandbox(faults=Faults(drop=1.0))
    assert run(new_postgres, examples=4, steps=30, shop=PaidShop, sandbox=sandbox) > 50


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_many_steps(sqlite_databases: NewDatabase, start_sandbox: Callable[..., Sandbox]) -> None:
    sandbox, done = start_sandbox(faults=Faults(drop=1.0)), 0
    while done < 10_000:
        done += run(sqlite_databases, examples=100, steps=60, shop=PaidShop, sandbox=sandbox)
