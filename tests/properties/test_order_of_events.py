"""Whatever the order in which a payment's notifications arrive, and arrive again: the same end."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from core import payments
from core.cancel import cancel
from core.providers import ProviderPayment, ProviderRefund
from core.refunds import owed, request_of, settle_refund
from core.tables import MoneyMovement, Order, Payment, Refund, StockLevel
from tests.core.trade import broken_invariants
from tests.services.paying import PROVIDERS, PaidTrade

Word = ProviderPayment | ProviderRefund
SOME = 120  # orders tried of six words by default (all of five); nightly it is every one of 720


def heard(paid: PaidTrade, attempt: payments.Attempt) -> list[Word]:
    """What the provider has to say about a payment, verified."""
    provider = paid.providers[attempt.provider]
    words = []
    for word in paid.words(attempt):
        headers = {name.lower(): value for name, value in word.headers.items()}
        said = provider.read(headers, word.body, now=paid.now)
        assert said is not None
        words.append(said)
    return words


def end(paid: PaidTrade, words: Sequence[Word], provider: str, known: set[str]) -> str:
    """What the shop's tables say after hearing these, in this order; nothing of it is kept.

    That they are sound is looked at for an end that is not `known` yet.
    """
    with paid.database.write() as session:
        for word in words:
            if isinstance(word, ProviderRefund):
                settle_refund(session, word, provider=provider, at=paid.now)
            else:
                payments.settle(session, word, provider=provider, at=paid.now)
        session.expire_all()
        seen = (
            _rows(session, Order.public_id, Order.status),
            _rows(session, Payment.public_id, Payment.status, Payment.captured_minor, Payment.refunded_minor),
            _rows(session, Refund.amount_minor, Refund.status),
            _rows(session, StockLevel.variant_id, StockLevel.quantity, StockLevel.reserved),
            _rows(session, MoneyMovement.payment_id, MoneyMovement.kind, MoneyMovement.amount_minor),
        )
        if repr(seen) not in known:
            assert broken_invariants(session) == []
        session.rollback()
    return repr(seen)


def _rows(session: Session, *columns: Any) -> list[tuple[Any, ...]]:
    return sorted(tuple(row) for row in session.execute(select(*columns)))


def orders_of(words: Sequence[Word], *, some: int | None) -> list[tuple[Word, ...]]:
    found = list(permutations(words))
    if some is not None and len(found) > some:
        found = [tuple(words), tuple(reversed(words)), *random.Random(5).sample(found, some)]
    return found


def tried(paid: PaidTrade, words: Sequence[Word], provider: str, *, whole: bool) -> set[str]:
    """The different ends of all orders of these words (or of some), each with a repeat of one of them."""
    some = None if whole else SOME
    draw = random.Random(7)
    ends: set[str] = set()
    for words_now in orders_of(words, some=some):
        ends.add(end(paid, [*words_now, draw.choice(words_now)], provider, ends))
    return ends


def story(paid: PaidTrade, provider: str) -> tuple[str, payments.Attempt]:
    """A payment refused twice and then made: the shop has heard nothing of it yet."""
    order = paid.order(0, {"v0": 2, "v1": 1})
    attempt = paid.start(0, order, provider)
    bank, name = paid.sandbox.bank, paid.id_there(attempt)
    for reason in ("no money", "wrong number"):
        bank.decide(provider, name, "failed", reason=reason)
    bank.decide(provider, name, "captured")
    return order, attempt


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_payment_refused_and_made_is_paid(paid: PaidTrade, provider: str) -> None:
    order, attempt = story(paid, provider)
    words = heard(paid, attempt)
    late = ProviderPayment("late", attempt.id, words[-1].reference, "pending", attempt.amount)
    shut = ProviderPayment("shut", attempt.id, words[-1].reference, "closed", attempt.amount)
    assert len(tried(paid, [*words, late, shut], provider, whole=False)) == 1
    for word in words:
        paid.do(lambda session, word=word: payments.settle(session, word, provider=provider, at=paid.now))  # type: ignore[misc]
    assert paid.see(order).status == "paid"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_money_that_comes_after_the_end_goes_back(paid: PaidTrade, provider: str) -> None:
    order, attempt = story(paid, provider)
    words = heard(paid, attempt)
    paid.do(lambda session: cancel(session, order, cause=paid.cause()))
    (seen,) = tried(paid, words, provider, whole=False)
    assert "'cancelled'" in seen
    assert "'requested'" in seen


def six(paid: PaidTrade, provider: str) -> list[Word]:
    """A payment that is captured and given back in two parts, as six words that the shop has not heard."""
    order, attempt = story(paid, provider)
    # The shop has asked by itself that it was paid; every notification is still under way.
    paid.reconcile()
    assert paid.see(order).status == "paid"
    for pieces in ({1: 1}, None):
        paid.do(lambda session, pieces=pieces: cancel(session, order, pieces=pieces, cause=paid.cause()))  # type: ignore[misc]
    with paid.database.read() as session:
        wanted = select(col(Refund.public_id)).order_by(col(Refund.id))
        requests = [request_of(owed(session, refund)) for refund in session.execute(wanted).scalars()]
    for request in requests:
        paid.providers[provider].refund(request)
    if provider == "wechatpay":
        paid.sandbox.bank.notifier.wait(5)
    words = heard(paid, attempt)
    reference = next(word.reference for word in words if isinstance(word, ProviderPayment))
    shut = ProviderPayment("shut", attempt.id, reference, "closed", attempt.amount)
    made = ProviderPayment("again", attempt.id, reference, "captured", attempt.amount)
    refunds = [word for word in words if isinstance(word, ProviderRefund)]
    return [*[word for word in words if word not in refunds][:3], *refunds, made, shut][:6]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_six_words_about_one_payment(paid: PaidTrade, provider: str) -> None:
    words = six(paid, provider)
    assert len(words) >= 4
    assert len(tried(paid, words, provider, whole=False)) == 1


@pytest.mark.nightly
@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_order_of_six_words(paid: PaidTrade, provider: str) -> None:
    assert len(tried(paid, six(paid, provider), provider, whole=True)) == 1
