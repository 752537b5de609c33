"""A shop that is paid through the sandbox's providers, each by its own protocol over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle

import pytest
from sqlalchemy import select
from sqlmodel import col

from api.sandbox.protocol import Outgoing, SandboxProtocol
from api.state import Shop
from core import payments, stock
from core.providers import PaymentProvider, ProviderRefund
from core.providers.alipay import to_alipay
from core.reconcile import Reconciled, reconcile
from core.refunds import settle_refund
from core.relay import Delivery, deliver
from core.settings import Settings
from core.settlement import Settlement
from core.tables import LoginSession, Variant
from core.tokens import Tokens
from tests.core.trade import Trade
from tests.services.sandbox import Sandbox

PROVIDERS = {"alipay": "qr", "wechatpay": "native", "stripe": "card"}
SECRET = "a secret of a shop that is paid"


@dataclass
class PaidTrade(Trade):
    """A trade whose payments go through the sandbox. The time is the real one: providers sign with theirs."""

    shop: Shop = field(kw_only=True)
    sandbox: Sandbox = field(kw_only=True)
    turns: Iterator[str] = field(default_factory=lambda: cycle(PROVIDERS), kw_only=True)

    @property
    def providers(self) -> dict[str, PaymentProvider]:
        return self.shop.providers

    @property
    def settlement(self) -> Settlement:
        return Settlement(self.database, lambda: self.now, self.providers)

    def start(self, n: int, order: str, provider: str) -> payments.Attempt:
        """Begin to pay an order of user n, as the route does."""
        cause = self.cause(f"user:u{n}")

        def begin(session: object) -> payments.Attempt:
            return payments.start_payment(
                session,  # type: ignore[arg-type]
                order,
                user=self.user(session, n),  # type: ignore[arg-type]
                provider=provider,
                method=PROVIDERS[provider],
                cause=cause,
            )

        attempt = self.do(begin)
        started = self.providers[provider].create(payments.request_for(attempt))
        self.do(lambda session: payments.attach(session, attempt.id, started, cause=cause))
        return attempt

    def id_there(self, attempt: payments.Attempt) -> str:
        """What the sandbox calls a payment."""
        return to_alipay(attempt.id) if attempt.provider == "alipay" else attempt.id

    def words(self, attempt: payments.Attempt) -> list[Outgoing]:
        """Every notification that the provider has for what happened to a payment, the oldest first."""
        record = self.sandbox.bank.get(attempt.provider, self.id_there(attempt))
        protocol: SandboxProtocol = self.sandbox.protocols[attempt.provider]
        found = [protocol.notification(record, event) for event in record.events]
        return [word for word in found if word is not None]

    def hear(self, provider: str, word: Outgoing) -> bool:
        """Take a notification, as the route does; whether it changed anything."""
        headers = {name.lower(): value for name, value in word.headers.items()}
        said = self.providers[provider].read(headers, word.body, now=self.now)
        if isinstance(said, ProviderRefund):
            return self.do(lambda session: settle_refund(session, said, provider=provider, at=self.now))
        assert said is not None
        return self.do(lambda session: payments.settle(session, said, provider=provider, at=self.now))

    def buy(self, n: int, order: str, provider: str) -> payments.Attempt:
        """Pay an order, and tell the shop of it."""
        attempt = self.start(n, order, provider)
        self.sandbox.bank.decide(provider, self.id_there(attempt), "captured")
        for word in self.words(attempt):
            self.hear(provider, word)
        return attempt

    def pay(self, n: int, order: str) -> str:
        """Pay an order, through one provider after the other; returns the payment's id."""
        return self.buy(n, order, next(self.turns)).id

    def given_back(self, attempt: payments.Attempt) -> int:
        """What the provider gave back of a payment, minor units."""
        return self.sandbox.bank.get(attempt.provider, self.id_there(attempt)).refunded_minor

    def ask_providers(self) -> Delivery:
        return deliver(self.settlement, database=self.database, clock=lambda: self.now)

    def restock(self, variant: str, count: int) -> None:
        """So many pieces more."""
        with self.database.write() as session:
            row = session.execute(select(col(Variant.id)).where(col(Variant.public_id) == variant)).scalar_one()
            stock.adjust(session, variant_row=row or 0, delta=count, reason="delivery", reference="", at=self.now)

    def reconcile(self) -> Reconciled:
        return reconcile(self.settlement, patience=-self.now.resolution)

    def headers(self, n: int) -> dict[str, str]:
        """What the requests of user n carry."""
        token = Tokens(self.secret, access_minutes=60).access(user=f"u{n}", session=f"l{n}", at=self.now)
        return {"Authorization": f"Bearer {token}"}


MakePaid = Callable[..., PaidTrade]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def paid(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[PaidTrade]:
    """Goods v0 to v2, 50 pieces each, users u0 and u1 who are logged in; on both databases."""
    made = paid_trade(request.getfixturevalue(f"new_{request.param}")(), sandbox)
    yield made
    made.shop.close()


def paid_trade(url: str, sandbox: Sandbox, *, secret: str = SECRET, **more: str) -> PaidTrade:
    """Such a shop in a migrated database."""
    settings = Settings(
        home=sandbox.home,
        database_url=url,
        secret=secret,
        sandbox_url=sandbox.url,
        **more,  # type: ignore[arg-type]
    )
    now = datetime.now(UTC)
    shop = Shop(settings, clock=lambda: now)
    trade = PaidTrade(
        shop.database, sandbox.home, shop.charges, now=now, secret=secret, shop=shop, sandbox=sandbox
    )
    trade.stocked([50, 50, 50])
    with shop.database.write() as session:
        for n in (0, 1):
            session.add(LoginSession(public_id=f"l{n}", user_id=trade.user(session, n), created_at=now))
    return trade
