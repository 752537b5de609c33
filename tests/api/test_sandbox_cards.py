"""Cards through the SDK and over HTTP: the shop's provider against the sandbox's Stripe."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from core.errors import Conflict, Unavailable
from core.money import Money
from core.providers import PaymentRequest, RefundRequest
from core.providers.cards import CardAccount, CardProvider
from tests.services.sandbox import Sandbox

EXPIRES = datetime(2026, 11, 22, 12, tzinfo=UTC) + timedelta(minutes=30)
BACK = "http://127.0.0.1:9/orders/o-1"
GOOD, ASKS, DECLINED, POOR = "4242424242424242", "4000002500003155", "4000000000000002", "4000000000009995"


def account_of(sandbox: Sandbox, **changes: str) -> CardAccount:
    keys = sandbox.keys
    given = {
        "secret_key": keys.stripe_secret_key,
        "publishable_key": keys.stripe_publishable_key,
        "webhook_secret": keys.stripe_webhook_secret,
        "gateway": f"{sandbox.url}/stripe",
        "pages": f"{sandbox.url}/pay/stripe",
        **changes,
    }
    return CardAccount(**given)


@pytest.fixture
def cards(sandbox: Sandbox) -> CardProvider:
    return CardProvider(account_of(sandbox))


def request(id: str = "p-1", minor: int = 1999) -> PaymentRequest:
    return PaymentRequest(id, "o-1", Money(minor, "EUR"), EXPIRES, BACK, "card")


def fill_in(action: Any, **form: str) -> httpx.Response:
    """What the shopper does on the card page: the fields the page holds go along, as a browser sends them."""
    url = httpx.URL(action["page"])
    hidden = {"client_secret": action["client_secret"], "return_url": url.params["return_url"]}
    return httpx.post(url, data={**hidden, **form})


def pay(cards: CardProvider, asked: PaymentRequest) -> str:
    """The reference of a payment that was made."""
    started = cards.create(asked)
    assert fill_in(started.action, number=GOOD).headers["location"] == BACK
    return started.reference or ""


def back(minor: int, id: str = "r-1", reference: str = "") -> RefundRequest:
    return RefundRequest(id, "p-1", reference, Money(minor, "EUR"), Money(1999, "EUR"))


def test_a_payment_is_made_on_the_card_page(sandbox: Sandbox, cards: CardProvider) -> None:
    started = cards.create(request())
    assert started.action["kind"] == "stripe"
    assert started.action["publishable_key"] == sandbox.keys.stripe_publishable_key
    assert cards.query(request(), reference=started.reference).state == "pending"
    shown = httpx.get(started.action["page"])
    assert "19.99 EUR" in shown.text
    assert "Order o-1" in shown.text
    answer = fill_in(started.action, number="4242 4242 4242 4242")
    assert (answer.status_code, answer.headers["location"]) == (303, BACK)
    said = cards.query(request(), reference=started.reference)
    assert (said.state, said.amount, said.payment) == ("captured", Money(1999, "EUR"), "p-1")
    assert "Paid" in httpx.get(started.action["page"]).text


def test_asking_twice_begins_one_payment(sandbox: Sandbox, cards: CardProvider) -> None:
    first, again = cards.create(request()), cards.create(request())
    assert first == again
    fill_in(first.action, number=GOOD)
    assert cards.create(request()) == first
    assert cards.query(request(), reference=None).state == "captured"  # found without its name
    with pytest.raises(Conflict, match="other parameters"):
        cards.create(request(minor=5))
    assert len(list(sandbox.bank.ledger.all())) == 1


def test_the_bank_may_ask_the_shopper_first(sandbox: Sandbox, cards: CardProvider) -> None:
    started = cards.create(request())
    assert "wants to know that it is you" in fill_in(started.action, number=ASKS).text
    assert cards.query(request(), reference=started.reference).state == "pending"
    refused = fill_in(started.action, decision="refuse")
    assert "did not confirm it with the bank" in refused.text
    said = cards.query(request(), reference=started.reference)
    assert (said.state, said.reason) == ("failed", "the shopper did not confirm it with the bank")
    fill_in(started.action, number=ASKS)
    assert fill_in(started.action, decision="confirm").headers["location"] == BACK
    assert cards.query(request(), reference=started.reference).state == "captured"
    kinds = [event.kind for event in sandbox.bank.get("stripe", "p-1").events]
    assert kinds == ["created", "requires_action", "failed", "requires_action", "captured"]


def test_a_declined_card_can_be_followed_by_another(cards: CardProvider) -> None:
    started = cards.create(request())
    for number, reason in ((DECLINED, "the card was declined"), (POOR, "the card has too little money")):
        assert reason in fill_in(started.action, number=number).text
        said = cards.query(request(), reference=started.reference)
        assert (said.state, said.reason) == ("failed", reason)
    assert "none of the sandbox" in fill_in(started.action, number="4111111111111111").text
    assert fill_in(started.action, number=GOOD).status_code == 303
    assert cards.query(request(), reference=started.reference).state == "captured"


def test_nobody_pays_without_the_intents_secret(cards: CardProvider) -> None:
    started = cards.create(request())
    page = httpx.URL(started.action["page"]).copy_set_param("client_secret", "pi_1_secret_guessed")
    assert httpx.get(page).status_code == 404
    assert httpx.post(page, data={"client_secret": "guessed", "number": GOOD}).status_code == 404
    assert cards.query(request(), reference=started.reference).state == "pending"


def test_closing_ends_a_payment_that_was_not_made(cards: CardProvider) -> None:
    started = cards.create(request())
    fill_in(started.action, number=ASKS)  # one that waits for the bank can be ended as well
    for _ in range(2):
        assert cards.close(request(), reference=started.reference).state == "closed"
    fill_in(started.action, number=GOOD)
    assert "This payment is over" in httpx.get(started.action["page"]).text
    assert cards.query(request(), reference=started.reference).state == "closed"
    assert cards.close(request("p-2"), reference=None).state == "closed"


def test_closing_leaves_a_payment_that_was_made(cards: CardProvider) -> None:
    reference = pay(cards, request())
    assert cards.close(request(), reference=reference).state == "captured"
    assert cards.close(request(), reference=None).state == "captured"


def test_money_goes_back_in_parts_and_never_more_than_came(cards: CardProvider) -> None:
    reference = pay(cards, request())
    for number, minor in enumerate((1000, 900, 99)):
        said = cards.refund(back(minor, f"r-{number}", reference))
        assert (said.state, said.amount, said.refund) == ("settled", Money(minor, "EUR"), f"r-{number}")
    with pytest.raises(Conflict, match="0 left"):
        cards.refund(back(1, "r-more", reference))
    assert cards.query_refund(back(1, "r-more", reference)) is None


def test_a_refund_asked_for_twice_is_one(sandbox: Sandbox, cards: CardProvider) -> None:
    reference = pay(cards, request())
    first = cards.refund(back(500, reference=reference))
    assert cards.refund(back(500, reference=reference)) == first
    assert cards.query_refund(back(500, reference=reference)) == first
    assert sandbox.bank.get("stripe", "p-1").refunded_minor == 500


def test_a_refund_is_found_after_stripe_has_forgotten_its_key(sandbox: Sandbox, cards: CardProvider) -> None:
    reference = pay(cards, request())
    for number in range(120):  # beyond a page of the list
        metadata = {"merx_refund": f"r-{number}", "merx_payment": "p-1"}
        given = {"refund": f"forgotten-{number}", "reference": f"re_{number}", "extra": {"metadata": metadata}}
        sandbox.bank.refund("stripe", "p-1", amount_minor=1, **given)
    assert cards.refund(back(1, "r-0", reference)).state == "settled"
    assert sandbox.bank.get("stripe", "p-1").refunded_minor == 120


def test_a_refund_that_failed_may_be_tried_again(sandbox: Sandbox, cards: CardProvider) -> None:
    reference = pay(cards, request())
    first = cards.refund(back(1999, reference=reference))
    with sandbox.bank.held("stripe", "p-1") as record:
        record.refunds["r-1"].state, record.refunds["r-1"].reason = "failed", "expired_or_canceled_card"
    failed = cards.query_refund(back(1999, reference=reference))
    assert failed is not None
    assert (failed.state, failed.reason) == ("failed", "expired_or_canceled_card")
    again = cards.refund(back(1999, reference=reference))
    assert again.state == "settled"
    assert again.reference != first.reference
    assert (
        cards.refund(back(1999, reference=reference))
        == again
        == cards.query_refund(back(1999, reference=reference))
    )


def test_a_payment_that_was_not_made_has_nothing_to_give_back(cards: CardProvider) -> None:
    started = cards.create(request())
    with pytest.raises(Conflict):
        cards.refund(back(1, reference=started.reference or ""))
    with pytest.raises(Conflict):
        cards.refund(back(1))
    with pytest.raises(Conflict, match="No such payment_intent"):
        cards.refund(back(1, reference="pi_unknown"))


def test_a_wrong_key_and_a_dead_line_are_said_without_the_key(sandbox: Sandbox, cards: CardProvider) -> None:
    stranger = CardProvider(account_of(sandbox, secret_key="sk_test_wrong"))
    with pytest.raises(Unavailable, match="refuses the shop's key") as told:
        stranger.create(request())
    assert "sk_test" not in str(told.value)
    nowhere = CardProvider(account_of(sandbox, gateway="http://127.0.0.1:9"))
    with pytest.raises(Unavailable, match="cannot be reached"):
        nowhere.query(request(), reference="pi_1")


def test_nothing_secret_is_logged(sandbox: Sandbox, cards: CardProvider, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        started = cards.create(request())
        cards.query(request(), reference=started.reference)
    assert "/stripe/v1/payment_intents" in caplog.text  # something is logged
    assert started.action["client_secret"] not in caplog.text
    assert sandbox.keys.stripe_secret_key not in caplog.text
