"""Notifications of Stripe: whatever is not exactly what it signed for this shop is refused."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.money import Money
from core.providers import Notice, ProviderPayment, ProviderRefund, Unverified
from core.providers.cards import CardAccount, CardProvider

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = "whsec_a-secret-of-the-tests"
ACCOUNT = CardAccount("sk_test_key", "pk_test_key", SECRET, gateway="http://127.0.0.1:9")
LIVE = CardAccount("sk_live_key", "pk_live_key", SECRET, gateway="http://127.0.0.1:9")


def intent(**changes: Any) -> dict[str, Any]:
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": 1999,
        "amount_received": 1999,
        "currency": "eur",
        "last_payment_error": None,
        "metadata": {"merx_payment": "p-1", "merx_order": "o-1"},
        "status": "succeeded",
        **changes,
    }


def refund(**changes: Any) -> dict[str, Any]:
    return {
        "id": "re_1",
        "object": "refund",
        "amount": 500,
        "currency": "eur",
        "metadata": {"merx_refund": "r-1"},
        "status": "succeeded",
        **changes,
    }


def event(kind: str, thing: Any, **changes: Any) -> bytes:
    told = {"id": "evt_1", "object": "event", "livemode": False, "type": kind, "data": {"object": thing}}
    return json.dumps({**told, **changes}).encode()


def signed(body: bytes, *, at: datetime = NOW, secret: str = SECRET) -> str:
    stamp = str(int(at.timestamp()))
    return f"t={stamp},v1={_mac(stamp, body, secret)}"


def _mac(stamp: str, body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def read(body: bytes, header: str | None = None, *, account: CardAccount = ACCOUNT) -> Notice:
    headers = {"stripe-signature": signed(body) if header is None else header}
    return CardProvider(account).read(headers, body, now=NOW)


PAID = event("payment_intent.succeeded", intent())


def test_what_stripe_signed_is_read() -> None:
    assert read(PAID) == ProviderPayment("evt_1", "p-1", "pi_1", "captured", Money(1999, "EUR"))


@pytest.mark.parametrize(
    ("kind", "thing", "state", "reason"),
    [
        (
            "canceled",
            {"status": "canceled", "cancellation_reason": "requested_by_customer"},
            "closed",
            "requested",
        ),
        (
            "payment_failed",
            {"status": "requires_payment_method", "last_payment_error": {"message": "Your card was declined."}},
            "failed",
            "Your card was declined",
        ),
        (
            "payment_failed",
            {"status": "requires_payment_method", "last_payment_error": {"decline_code": "insufficient_funds"}},
            "failed",
            "insufficient_funds",
        ),
        ("requires_action", {"status": "requires_action"}, "pending", ""),
        ("processing", {"status": "processing"}, "pending", ""),
        ("created", {"status": "requires_payment_method"}, "pending", ""),
    ],
)
def test_each_event_says_what_it_means(kind: str, thing: dict[str, Any], state: str, reason: str) -> None:
    said = read(event(f"payment_intent.{kind}", intent(amount_received=0, **thing)))
    assert isinstance(said, ProviderPayment)
    assert (said.state, said.amount) == (state, Money(1999, "EUR"))
    assert said.reason.startswith(reason)


@pytest.mark.parametrize(
    ("kind", "status", "state"),
    [
        ("refund.created", "pending", "pending"),
        ("refund.updated", "succeeded", "settled"),
        ("refund.failed", "failed", "failed"),
        ("refund.updated", "canceled", "failed"),
        ("charge.refund.updated", "succeeded", "settled"),
    ],
)
def test_a_refund_of_ours_is_read(kind: str, status: str, state: str) -> None:
    said = read(
        event(kind, refund(status=status, failure_reason="lost_or_stolen_card" if state == "failed" else None))
    )
    reason = "lost_or_stolen_card" if state == "failed" else ""
    assert said == ProviderRefund("r-1", "re_1", state, Money(500, "EUR"), reason)  # type: ignore[arg-type]


def test_a_charge_says_what_was_given_back_last() -> None:
    charge = {"object": "charge", "refunds": {"data": [refund(), refund(id="re_0")]}}
    assert read(event("charge.refunded", charge)) == ProviderRefund("r-1", "re_1", "settled", Money(500, "EUR"))
    assert read(event("charge.refunded", {"object": "charge"})) is None


@pytest.mark.parametrize(
    "body",
    [
        event("customer.created", {"object": "customer"}),
        event("payment_intent.amount_capturable_updated", intent()),
        event("payment_intent.succeeded", intent(metadata={})),
        event("payment_intent.succeeded", intent(metadata={"order": "another shop's"})),
        event("refund.created", refund(metadata={})),
    ],
)
def test_what_is_genuine_but_not_about_the_shop_is_passed_over(body: bytes) -> None:
    assert read(body) is None


def test_every_flipped_bit_is_refused() -> None:
    header = signed(PAID).encode()
    for place in range(len(PAID) * 8):
        changed = bytearray(PAID)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(Unverified):
            read(bytes(changed), header.decode())
    for place in range(len(header) * 8):
        changed = bytearray(header)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(Unverified):
            read(PAID, changed.decode("latin-1"))


@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 86_400])
def test_what_is_stale_or_of_the_future_is_refused(seconds: int) -> None:
    with pytest.raises(Unverified, match="stale"):
        read(PAID, signed(PAID, at=NOW + timedelta(seconds=seconds)))


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_what_is_fresh_is_taken(seconds: int) -> None:
    assert read(PAID, signed(PAID, at=NOW + timedelta(seconds=seconds))) is not None


def test_any_of_several_signatures_will_do_while_the_secret_is_rolled() -> None:
    stamp = str(int(NOW.timestamp()))
    other, right = _mac(stamp, PAID, "whsec_the-other"), _mac(stamp, PAID)
    assert read(PAID, f"t={stamp},v1={other},v1={right},v0={other}") is not None
    assert read(PAID, f"t={stamp},v1={right},v1={other}") is not None


def test_headers_that_are_not_in_stripes_form_are_refused() -> None:
    stamp = str(int(NOW.timestamp()))
    right = _mac(stamp, PAID)
    for header in (
        "",
        right,
        f"v1={right}",
        f"t={stamp}",
        f"t={stamp},v0={right}",
        f"t={stamp},v1={right},",
        f"t={stamp},t={stamp},v1={right}",
        f"t=0{stamp},v1={right}",
        f"t=+{stamp},v1={right}",
        f"t= {stamp},v1={right}",
        f"t={stamp},v1={right.upper()}",
        f"t={stamp},v1={right}\n",
        f"t={stamp},v1=\xe9",
        f"t={'9' * 400},v1={right}",
        f"t={stamp};v1={right}",
    ):
        with pytest.raises(Unverified):
            read(PAID, header)
    with pytest.raises(Unverified):
        CardProvider(ACCOUNT).read({}, PAID, now=NOW)


def test_the_secret_and_the_mode_must_be_the_shops() -> None:
    with pytest.raises(Unverified, match="not Stripe's"):
        read(PAID, signed(PAID, secret="whsec_another"))
    with pytest.raises(Unverified, match="other mode"):
        read(event("payment_intent.succeeded", intent(), livemode=True))
    with pytest.raises(Unverified, match="other mode"):
        read(PAID, account=LIVE)
    assert read(event("payment_intent.succeeded", intent(), livemode=True), account=LIVE) is not None


def test_the_amount_is_what_was_received() -> None:
    said = read(event("payment_intent.succeeded", intent(amount_received=1)))
    assert isinstance(said, ProviderPayment)
    assert said.amount == Money(1, "EUR")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b"{",
        event("payment_intent.succeeded", intent(status="processing")),
        event("payment_intent.payment_failed", intent()),
        event("payment_intent.succeeded", intent(amount_received="1999")),
        event("payment_intent.succeeded", intent(amount_received=-1)),
        event("payment_intent.succeeded", intent(amount_received=True)),
        event("payment_intent.succeeded", intent(amount_received=19.99)),
        event("payment_intent.succeeded", intent(currency="euro")),
        event("payment_intent.succeeded", intent(currency=None)),
        event("payment_intent.succeeded", None),
        event("refund.created", refund(status="who knows")),
        event("payment_intent.succeeded", intent(), livemode="false"),
    ],
)
def test_what_cannot_be_read_is_refused_though_it_is_signed(body: bytes) -> None:
    with pytest.raises(Unverified):
        read(body)


def test_no_secret_shows() -> None:
    assert "sk_test_key" not in repr(ACCOUNT)
    assert SECRET not in repr(ACCOUNT)


def test_currencies_in_which_an_amount_means_something_else_are_not_taken() -> None:
    provider = CardProvider(ACCOUNT)
    assert all(provider.takes(currency) for currency in ("EUR", "CNY", "JPY", "KRW", "CLP"))
    assert not any(provider.takes(currency) for currency in ("KWD", "ISK", "XOF"))
