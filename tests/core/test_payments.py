"""Payments: the provider's word is taken once and checked, and no money is kept that buys nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core import payments
from core.cancel import cancel
from core.database import Database
from core.errors import Conflict, NotFound
from core.money import Money
from core.outbox_delivery import MAX_ATTEMPTS, dead_letters, resend
from core.providers import PaymentRequest, ProviderPayment, ProviderRefund, RefundRequest, Unverified
from core.providers.local import FRESH, LocalProvider
from core.refunds import owed, settle_refund
from core.tables import AuditEntry, PaymentEvent
from tests.core.trade import HOLD, Trade, broken_invariants

NOTHING = Money(0, "EUR")


@dataclass(frozen=True, slots=True)
class Saying(LocalProvider):
    """A provider whose first answers to refunds and questions were given beforehand."""

    refunds: list[ProviderRefund] = field(default_factory=list)
    payments: list[ProviderPayment] = field(default_factory=list)
    asked: list[RefundRequest] = field(default_factory=list)

    def refund(self, request: RefundRequest) -> ProviderRefund:
        self.asked.append(request)
        if self.refunds:
            return replace(self.refunds.pop(0), refund=request.id, amount=request.amount)
        return LocalProvider.refund(self, request)

    def close(self, request: PaymentRequest, *, reference: str | None) -> ProviderPayment:
        said = LocalProvider.close(self, request, reference=reference)
        return self.payments.pop(0) if self.payments else said


@dataclass
class SayingTrade(Trade):
    """A shop with such a provider."""

    refunds: list[ProviderRefund] = field(default_factory=list)
    payments: list[ProviderPayment] = field(default_factory=list)
    asked: list[RefundRequest] = field(default_factory=list)

    @property
    def provider(self) -> LocalProvider:
        answers = {"refunds": self.refunds, "payments": self.payments, "asked": self.asked}
        return Saying(self.folder / "test-provider", self.secret, **answers)


@pytest.fixture
def trade(database: Database, tmp_path: Path) -> Iterator[SayingTrade]:
    made = SayingTrade(database, tmp_path)
    made.stocked([5, 5, 5])
    yield made
    with database.read() as session:
        assert broken_invariants(session) == []


def said(trade: Trade, attempt: payments.Attempt, state: Any = "captured", **other: Any) -> bool:
    """Settle what the provider says of an attempt, with something else in it."""
    word = ProviderPayment(f"evt-{state}", attempt.id, f"tp-{attempt.id}", state, attempt.amount)
    provider = other.pop("provider", "test")
    word = replace(word, **other)
    return trade.do(lambda session: payments.settle(session, word, provider=provider, at=trade.now))


def states(trade: Trade, order: str) -> list[tuple[str, int, int]]:
    """Status, captured and refunded of the payments of an order."""
    return [(p.status, p.captured_minor, p.refunded_minor) for p in trade.see(order).payments]


@pytest.mark.parametrize(
    "other",
    [
        {"amount": Money(999, "EUR")},
        {"amount": Money(1001, "EUR")},
        {"amount": Money(1000, "USD")},
        {"reference": "tp-other"},
        {"payment": "p-none"},
        {"provider": "another"},
    ],
    ids=str,
)
def test_a_word_about_another_payment_is_not_believed(trade: SayingTrade, other: dict[str, Any]) -> None:
    order = trade.order(0, {"v0": 1})
    attempt = trade.begin(0, order)
    with pytest.raises(Unverified):
        said(trade, attempt, **other)
    assert (trade.see(order).status, states(trade, order)) == ("pending", [("pending", 0, 0)])
    with trade.database.read() as session:
        assert session.execute(select(PaymentEvent)).first() is None
    assert said(trade, attempt)


def test_a_notification_is_signed_whole_and_fresh(trade: SayingTrade) -> None:
    attempt = trade.begin(0, trade.order(0, {"v0": 1}))
    headers, body = trade.provider.decide(attempt.id, "captured", now=trade.now)
    for wrong in (body + b" ", body.replace(b"captured", b"failed"), b""):
        with pytest.raises(Unverified):
            trade.notify(headers, wrong)
    for stamp in (trade.now.isoformat()[:-1], "", "now"):
        with pytest.raises(Unverified):
            trade.notify({**headers, "test-provider-time": stamp}, body)
    with pytest.raises(Unverified):
        replace(trade, secret="other").notify(headers, body)
    trade.now += FRESH + timedelta(seconds=1)
    with pytest.raises(Unverified, match="stale"):
        trade.notify(headers, body)
    trade.now -= timedelta(seconds=1)
    assert trade.notify(headers, body)


def test_a_word_is_taken_once_and_money_is_not_lost_by_one_that_is_late(trade: SayingTrade) -> None:
    order = trade.order(0, {"v0": 2})
    attempt = trade.begin(0, order)
    assert [said(trade, attempt, "failed") for _ in range(3)] == [True, False, False]
    assert (trade.see(order).status, trade.levels()["v0"]) == ("pending", (5, 2))
    assert [said(trade, attempt) for _ in range(3)] == [True, False, False]  # a card that was tried again
    assert not said(trade, attempt, "closed")
    assert (trade.see(order).status, states(trade, order)) == ("paid", [("captured", 2000, 0)])
    assert trade.levels()["v0"] == (3, 0)
    assert trade.told("order") == [
        (order, kind) for kind in ("placed", "payment-failed", "payment-captured", "paid")
    ]
    with trade.database.read() as session:
        (entry,) = session.execute(select(AuditEntry)).scalars()
    assert (entry.actor, entry.action, entry.subject) == ("provider:test", "payment-captured", order)
    assert entry.detail == {"amount_minor": 2000, "currency": "EUR", "payment": attempt.id}


def test_an_attempt_is_taken_up_again_and_another_is_made_when_it_failed(trade: SayingTrade) -> None:
    order = trade.order(0, {"v0": 1})
    first = trade.begin(0, order)
    assert trade.begin(0, order).id == first.id
    trade.notify(*trade.provider.decide(first.id, "failed", now=trade.now))
    assert trade.begin(0, order).id != first.id
    with pytest.raises(NotFound, match="there is no order"):
        trade.begin(1, order)


@pytest.mark.parametrize("how", ["time is over", "paid", "cancelled"])
def test_what_cannot_be_paid_any_more_is_not_begun(trade: SayingTrade, how: str) -> None:
    order = trade.order(0, {"v0": 1})
    if how == "paid":
        trade.pay(0, order)
    elif how == "cancelled":
        trade.do(lambda session: cancel(session, order, cause=trade.cause()))
    else:
        trade.now += HOLD
    before = trade.see(order)
    with pytest.raises(Conflict, match="cannot be paid"):
        trade.begin(0, order)
    assert trade.see(order) == before


def test_an_attempt_is_taken_up_again_by_the_same_method_alone(trade: SayingTrade) -> None:
    order = trade.order(0, {"v0": 1})

    def begin(method: str) -> str:
        cause = trade.cause("user:u0")
        return trade.do(
            lambda session: payments.start_payment(
                session, order, user=trade.user(session, 0), provider="test", method=method, cause=cause
            )
        ).id

    page, code = begin("page"), begin("qr")
    assert page != code
    assert (begin("page"), begin("qr")) == (page, code)


def test_money_of_another_amount_than_the_order_has_now_goes_back(trade: SayingTrade) -> None:
    order = trade.order(0, {"v0": 1, "v1": 2})
    attempt = trade.begin(0, order)
    said(trade, attempt, "failed")
    trade.do(lambda session: cancel(session, order, pieces={2: 2}, cause=trade.cause()))
    assert said(trade, attempt)
    assert trade.see(order).status == "pending"
    assert states(trade, order) == [("captured", 3002, 3002)]
    trade.pay(0, order)
    assert (trade.see(order).status, states(trade, order)[1:]) == ("paid", [("captured", 1000, 0)])


def test_of_a_second_refusal_the_shopper_is_told_the_reason_too(trade: SayingTrade) -> None:
    order = trade.order(0, {"v0": 1})
    attempt = trade.begin(0, order)
    assert said(trade, attempt, "failed", event="first", reason="too little money")
    assert said(trade, attempt, "failed", event="second", reason="a wrong number")
    assert not said(trade, attempt, "failed", event="first", reason="too little money")
    assert [payment.failure for payment in trade.see(order).payments] == ["a wrong number"]
    assert trade.told("order").count((order, "payment-failed")) == 2
    assert said(trade, attempt)
    assert [payment.failure for payment in trade.see(order).payments] == [""]


def test_who_pays_twice_gets_the_second_back(trade: SayingTrade) -> None:
    order = trade.order(0, {"v0": 1})
    first = trade.begin(0, order)
    trade.provider.decide(first.id, "failed", now=trade.now)
    said(trade, first, "failed")
    second = trade.begin(0, order)
    trade.notify(*trade.provider.decide(first.id, "captured", now=trade.now))
    # The second is ended; the shopper was faster.
    trade.notify(*trade.provider.decide(second.id, "captured", now=trade.now))
    trade.ask_providers()
    assert states(trade, order) == [("captured", 1000, 0), ("captured", 1000, 1000)]
    assert trade.provider.given_back(first.id).minor == 0
    assert trade.provider.given_back(second.id).minor == 1000
    assert trade.levels()["v0"] == (4, 0)


def test_the_other_attempt_is_ended_when_one_was_paid(trade: SayingTrade) -> None:
    order = trade.order(0, {"v0": 1})
    first = trade.begin(0, order)
    said(trade, first, "failed")
    second = trade.begin(0, order)
    said(trade, first)
    trade.ask_providers()
    assert [status for status, _, _ in states(trade, order)] == ["captured", "closed"]
    assert trade.provider.known(second.id).state == "closed"


@pytest.mark.parametrize("told", [True, False], ids=["told", "never-told"])
def test_money_for_an_order_that_is_over_goes_back(trade: SayingTrade, told: bool) -> None:
    order = trade.order(0, {"v0": 1})
    attempt = trade.begin(0, order)
    notification = trade.provider.decide(attempt.id, "captured", now=trade.now)
    trade.do(lambda session: cancel(session, order, cause=trade.cause()))
    if told:
        assert trade.notify(*notification)
    for _ in range(2):  # the second for the refund that the first found out about
        trade.ask_providers()
    assert trade.see(order).status == "cancelled"
    assert states(trade, order) == [("captured", 1000, 1000)]
    assert [refund.status for refund in trade.see(order).refunds] == ["settled"]
    assert trade.provider.given_back(attempt.id).minor == 1000
    assert trade.levels()["v0"] == (5, 0)


def test_an_attempt_that_nobody_wrote_down_is_ended_too(trade: SayingTrade) -> None:
    order = trade.order(0, {"v0": 1})
    cause = trade.cause("user:u0")
    attempt = trade.do(
        lambda session: payments.start_payment(session, order, user=1, provider="test", cause=cause)
    )
    trade.provider.create(payments.request_for(attempt))  # and the process ends here
    trade.do(lambda session: cancel(session, order, cause=cause))
    assert trade.ask_providers().delivered == 1
    assert trade.provider.known(attempt.id).state == "closed"
    assert [status for status, _, _ in states(trade, order)] == ["closed"]


def test_a_provider_that_takes_its_time_to_close_is_asked_again(trade: SayingTrade) -> None:
    order = trade.order(0, {"v0": 1})
    attempt = trade.begin(0, order)
    trade.do(lambda session: cancel(session, order, cause=trade.cause()))
    trade.payments.append(trade.provider.known(attempt.id))
    assert (trade.ask_providers().failed, states(trade, order)) == (1, [("pending", 0, 0)])
    trade.now += timedelta(seconds=1)
    assert (trade.ask_providers().delivered, states(trade, order)) == (1, [("closed", 0, 0)])


def refunded(trade: Trade) -> str:
    """The id of an order that was paid and cancelled; its refund is not asked for yet."""
    order = trade.order(0, {"v0": 1})
    trade.pay(0, order)
    cause = trade.cause("user:u0", "I moved to 1 High Street")
    trade.do(lambda session: cancel(session, order, cause=cause))
    return order


def test_a_refund_that_the_provider_makes_later_waits_for_its_word(trade: SayingTrade) -> None:
    order = refunded(trade)
    trade.refunds.append(ProviderRefund("", "tr", "pending", NOTHING))
    done = trade.ask_providers()
    assert (done.delivered, done.failed) == (1, 0)
    (refund,) = trade.see(order).refunds
    assert refund.status == "requested"
    with trade.database.read() as session:
        word = ProviderRefund(refund.id, "tr", "settled", owed(session, refund.id).amount)
    assert trade.do(lambda session: settle_refund(session, word, provider="test", at=trade.now))
    assert [refund.status for refund in trade.see(order).refunds] == ["settled"]


def test_a_refund_that_failed_is_asked_for_again(trade: SayingTrade) -> None:
    order = refunded(trade)
    trade.refunds.append(ProviderRefund("", "tr", "failed", NOTHING, "balance too low"))
    assert trade.ask_providers().failed == 1
    assert [refund.status for refund in trade.see(order).refunds] == ["failed"]
    trade.now += timedelta(seconds=1)
    assert trade.ask_providers().delivered == 1
    assert [refund.status for refund in trade.see(order).refunds] == ["settled"]
    assert len({request.id for request in trade.asked}) == 1  # so that it is made once
    assert "High Street" not in str(trade.asked)


def test_a_refund_that_is_never_made_ends_with_staff_who_can_ask_again(trade: SayingTrade) -> None:
    order = refunded(trade)
    trade.refunds.extend([ProviderRefund("", "tr", "failed", NOTHING, "balance too low")] * MAX_ATTEMPTS)
    for _ in range(MAX_ATTEMPTS + 2):
        trade.ask_providers()
        trade.now += timedelta(minutes=5)
    assert [refund.status for refund in trade.see(order).refunds] == ["failed"]
    with trade.database.read() as session:
        (letter,) = dead_letters(session)
    assert (letter.aggregate, letter.attempts) == ("refund", MAX_ATTEMPTS)
    assert "balance too low" in (letter.last_error or "")
    trade.do(lambda session: resend(session, key=letter.key, actor="user:clerk", at=trade.now))
    assert trade.ask_providers().delivered == 1
    assert [refund.status for refund in trade.see(order).refunds] == ["settled"]


def test_a_refund_that_comes_back_to_the_provider_is_told_once_and_the_books_stay(trade: SayingTrade) -> None:
    order = refunded(trade)
    trade.ask_providers()
    (refund,) = trade.see(order).refunds
    with trade.database.read() as session:
        amount = owed(session, refund.id).amount
    word = ProviderRefund(refund.id, f"tr-{refund.id}", "failed", amount, "the account is closed")

    def told() -> bool:
        return trade.do(lambda session: settle_refund(session, word, provider="test", at=trade.now))

    assert [told() for _ in range(3)] == [True, False, False]
    assert [refund.status for refund in trade.see(order).refunds] == ["settled"]
    with trade.database.read() as session:
        log = [entry.action for entry in session.execute(select(AuditEntry)).scalars()]
    assert log.count("refund-bounced") == 1
    assert trade.told("order").count((order, "refund-bounced")) == 1


def test_two_that_write_one_attempt_down_at_once_do_no_harm(trade: SayingTrade) -> None:
    order = trade.order(0, {"v0": 1})
    cause = trade.cause("user:u0")
    attempt = trade.do(
        lambda session: payments.start_payment(session, order, user=1, provider="test", cause=cause)
    )
    started = trade.provider.create(payments.request_for(attempt))
    ready, failures = threading.Barrier(4), list[BaseException]()

    def attach() -> None:
        ready.wait()
        try:
            trade.do(lambda session: payments.attach(session, attempt.id, started, cause=cause))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=attach) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    (payment,) = trade.see(order).payments
    assert (payment.status, payment.action) == ("pending", started.action)
