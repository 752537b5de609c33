"""Reconciling: what nobody told the shop is found by asking, however the answers come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col

from core.cancel import cancel
from core.database import Database
from core.errors import Conflict, Unavailable
from core.money import Money
from core.outbox_delivery import MAX_ATTEMPTS, dead_letters
from core.payments import settle, start_payment
from core.providers import PaymentRequest, ProviderPayment, ProviderRefund, RefundRequest
from core.providers.local import LocalProvider
from core.reconcile import PATIENCE, Reconciled, reconcile
from core.refunds import settle_refund
from core.settlement import Settlement
from core.tables import Payment
from tests.core.trade import Trade, broken_invariants


@dataclass(frozen=True, slots=True)
class Away(LocalProvider):
    """A provider that is out of reach about some payments, says "closed" of some that are being made, and "failed"
    of some refunds until they are asked for again."""

    away: set[str] = field(default_factory=set)
    hasty: set[str] = field(default_factory=set)
    bounced: set[str] = field(default_factory=set)

    def query_refund(self, request: RefundRequest) -> ProviderRefund | None:
        if request.id in self.bounced:
            return ProviderRefund(request.id, "tr-bounced", "failed", request.amount)
        return LocalProvider.query_refund(self, request)

    def close(self, request: PaymentRequest, *, reference: str | None) -> ProviderPayment:
        if request.id in self.hasty:
            return ProviderPayment(f"{request.id}:closed", request.id, reference, "closed", request.amount)
        return LocalProvider.close(self, request, reference=reference)

    def query(self, request: PaymentRequest, *, reference: str | None) -> ProviderPayment:
        if request.id in self.away:
            raise Unavailable("the provider does not answer")
        return LocalProvider.query(self, request, reference=reference)

    def refund(self, request: RefundRequest) -> ProviderRefund:
        if request.payment in self.away:
            raise Unavailable("the provider does not answer")
        return LocalProvider.refund(self, request)


@dataclass
class AwayTrade(Trade):
    """A shop with such a provider."""

    away: set[str] = field(default_factory=set)
    hasty: set[str] = field(default_factory=set)
    bounced: set[str] = field(default_factory=set)

    @property
    def provider(self) -> LocalProvider:
        moods = {"away": self.away, "hasty": self.hasty, "bounced": self.bounced}
        return Away(self.folder / "test-provider", self.secret, **moods)  # type: ignore[arg-type]

    def reconcile(self) -> Reconciled:
        return reconcile(Settlement(self.database, lambda: self.now, {"test": self.provider}))


@pytest.fixture
def trade(database: Database, tmp_path: Path) -> Iterator[AwayTrade]:
    made = AwayTrade(database, tmp_path)
    made.stocked([9, 9])
    yield made
    with database.read() as session:
        assert broken_invariants(session) == []


def told_nobody(trade: Trade, order: str, outcome: str = "captured") -> str:
    """The shopper decides, and the notification is lost; returns the payment's id."""
    attempt = trade.begin(0, order)
    trade.provider.decide(attempt.id, outcome, now=trade.now)  # type: ignore[arg-type]
    return attempt.id


def test_a_payment_nobody_told_of_is_found_once_it_is_late(trade: AwayTrade) -> None:
    order = trade.order(0, {"v0": 1})
    told_nobody(trade, order)
    assert trade.reconcile() == Reconciled()  # the notification may come yet
    trade.now += PATIENCE
    assert trade.reconcile() == Reconciled(payments=1, finished=1)
    assert trade.see(order).status == "paid"
    assert trade.reconcile() == Reconciled()


def test_a_refusal_nobody_told_of_is_found_and_the_order_can_still_be_paid(trade: AwayTrade) -> None:
    order = trade.order(0, {"v0": 1})
    told_nobody(trade, order, "failed")
    trade.now += PATIENCE
    assert trade.reconcile() == Reconciled(payments=1, finished=1)
    assert [payment.status for payment in trade.see(order).payments] == ["failed"]
    trade.pay(0, order)
    assert trade.see(order).status == "paid"


def test_one_that_was_never_asked_for_stays_payable(trade: AwayTrade) -> None:
    order = trade.order(0, {"v0": 1})
    trade.do(
        lambda session: start_payment(
            session, order, user=trade.user(session, 0), provider="test", cause=trade.cause()
        )
    )
    trade.now += PATIENCE
    assert trade.reconcile() == Reconciled(payments=1)
    trade.pay(0, order)
    assert trade.see(order).status == "paid"


def test_what_the_relay_gave_up_is_ended_and_given_back(trade: AwayTrade) -> None:
    unpaid, paid = trade.order(0, {"v0": 1}), trade.order(0, {"v1": 1})
    late = told_nobody(trade, unpaid)
    trade.pay(0, paid)
    for order in (unpaid, paid):
        trade.do(lambda session, order=order: cancel(session, order, cause=trade.cause()))  # type: ignore[misc]
    trade.now += PATIENCE
    # The relay never comes: a first run finds the late money and the owed one, a second the refund of the first.
    assert trade.reconcile() == Reconciled(payments=1, refunds=1, finished=2)
    trade.now += PATIENCE
    assert trade.reconcile() == Reconciled(refunds=1, finished=1)
    assert trade.reconcile() == Reconciled()
    assert trade.provider.given_back(late).minor == trade.see(unpaid).payments[0].captured_minor
    assert [refund.status for order in (unpaid, paid) for refund in trade.see(order).refunds] == ["settled"] * 2


def test_one_that_cannot_be_asked_about_holds_up_nobody(trade: AwayTrade) -> None:
    orders = [trade.order(0, {"v0": 1}) for _ in range(3)]
    attempts = [told_nobody(trade, order) for order in orders]
    trade.away.add(attempts[0])
    trade.now += PATIENCE
    done = trade.reconcile()
    assert (done.payments, done.finished) == (3, 2)
    assert done.failed == {attempts[0]: "the provider does not answer"}
    trade.away.clear()
    assert trade.reconcile() == Reconciled(payments=1, finished=1)


def test_money_that_comes_to_a_closed_payment_is_found(trade: AwayTrade) -> None:
    order = trade.order(0, {"v0": 1})
    attempt = trade.begin(0, order)
    trade.hasty.add(attempt.id)
    trade.do(lambda session: cancel(session, order, cause=trade.cause()))
    trade.ask_providers()
    assert [payment.status for payment in trade.see(order).payments] == ["closed"]
    trade.provider.decide(attempt.id, "captured", now=trade.now)
    trade.now += PATIENCE
    assert trade.reconcile() == Reconciled(payments=1, finished=1)
    trade.ask_providers()
    assert [(p.status, p.refunded_minor) for p in trade.see(order).payments] == [("captured", 1000)]
    trade.now += timedelta(days=4)
    assert trade.reconcile() == Reconciled()


def test_a_refund_that_the_relay_could_not_make_is_made(trade: AwayTrade) -> None:
    order = trade.order(0, {"v0": 1})
    trade.pay(0, order)
    (payment,) = trade.see(order).payments
    trade.away.add(payment.id)
    trade.do(lambda session: cancel(session, order, cause=trade.cause()))
    for _ in range(MAX_ATTEMPTS + 1):
        with pytest.raises(Unavailable):
            trade.ask_providers()
    trade.now += PATIENCE
    assert list(trade.reconcile().failed) == [trade.see(order).refunds[0].id]
    trade.away.clear()
    assert trade.reconcile() == Reconciled(refunds=1, finished=1)
    assert trade.provider.given_back(payment.id).minor == 1000


def test_one_that_failed_is_ended_once_its_order_is_over(trade: AwayTrade) -> None:
    order = trade.order(0, {"v0": 1})
    attempt = trade.begin(0, order)
    trade.notify(*trade.provider.decide(attempt.id, "failed", now=trade.now))
    trade.do(lambda session: cancel(session, order, cause=trade.cause()))
    trade.now += PATIENCE  # the relay never comes
    assert trade.reconcile() == Reconciled(payments=1, finished=1)
    with pytest.raises(Conflict, match="is closed already"):
        trade.provider.decide(attempt.id, "captured", now=trade.now)


def test_a_refund_that_failed_is_asked_for_again(trade: AwayTrade) -> None:
    order = trade.order(0, {"v0": 1})
    trade.pay(0, order)
    trade.do(lambda session: cancel(session, order, cause=trade.cause()))
    (refund,) = trade.see(order).refunds
    failed = ProviderRefund(refund.id, "tr", "failed", Money(refund.amount_minor, "EUR"))
    trade.do(lambda session: settle_refund(session, failed, provider="test", at=trade.now))
    trade.bounced.add(refund.id)
    trade.now += PATIENCE
    assert trade.reconcile() == Reconciled(refunds=1, finished=1)
    assert [item.status for item in trade.see(order).refunds] == ["settled"]


def test_a_provider_that_is_not_here_any_more_holds_up_no_refund_of_others(trade: AwayTrade) -> None:
    orders = [trade.order(0, {"v0": 1}) for _ in range(2)]
    for order in orders:
        trade.pay(0, order)
    with trade.database.write() as session:
        gone = trade.see(orders[0]).payments[0].id
        session.execute(update(Payment).where(col(Payment.public_id) == gone).values(provider="gone"))
    for order in orders:
        trade.do(lambda session, order=order: cancel(session, order, cause=trade.cause()))  # type: ignore[misc]
    trade.ask_providers()
    assert [item.status for order in orders for item in trade.see(order).refunds] == ["requested", "settled"]
    with trade.database.read() as session:
        assert [item.last_error for item in dead_letters(session)] == []
    for _ in range(MAX_ATTEMPTS):
        trade.now += PATIENCE
        trade.ask_providers()
    with trade.database.read() as session:
        (left,) = dead_letters(session)
    assert left.last_error == "payments through 'gone' are not set up here"


def test_a_refusal_that_was_told_and_is_found_too_is_one(trade: AwayTrade) -> None:
    order = trade.order(0, {"v0": 1})
    attempt = trade.begin(0, order)
    said = trade.provider.read(*trade.provider.decide(attempt.id, "failed", now=trade.now), now=trade.now)
    told = replace(said, event="evt_1")  # as providers do whose messages have ids of their own
    trade.do(lambda session: settle(session, told, provider="test", at=trade.now))
    trade.now += PATIENCE
    assert trade.reconcile() == Reconciled(payments=1)
    assert trade.told("order").count((order, "payment-failed")) == 1
