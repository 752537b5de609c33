"""What Stripe says of intents and refunds, in its answers and in its signed notifications."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import stripe

from core.errors import InvalidInput
from core.money import Money, check_currency
from core.providers import Notice, ProviderPayment, ProviderRefund, RefundState, State, Unverified

FRESH = 300  # seconds, to both sides
_ITEM = re.compile(r"(t=[1-9][0-9]{0,10})|(v1=[0-9a-f]{64})|v[0-9]+=[0-9a-zA-Z]+")

_PAYMENT_EVENTS: Mapping[str, State] = {
    "payment_intent.succeeded": "captured",
    "payment_intent.payment_failed": "failed",
    "payment_intent.canceled": "closed",
    "payment_intent.created": "pending",
    "payment_intent.processing": "pending",
    "payment_intent.requires_action": "pending",
}
_REFUND_EVENTS = ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated")
_STATES: Mapping[str, State] = {"succeeded": "captured", "canceled": "closed"}
_REFUND_STATES: Mapping[str, RefundState] = {
    "succeeded": "settled",
    "failed": "failed",
    "canceled": "failed",
    "pending": "pending",
    "requires_action": "pending",
}


def read_notice(signature: str, body: bytes, *, secret: str, live: bool, now: datetime) -> Notice:
    """What a notification says; None for a genuine one that is about something else.

    `signature` is its Stripe-Signature header, `live` whether the shop's key moves money. Raises Unverified.
    """
    _check_signature(signature, body, secret=secret, now=now)
    try:
        event: Any = json.loads(body)
        kind, id, thing = event["type"], event["id"], event["data"]["object"]
        if event["livemode"] is not live:
            raise Unverified("the notification is of Stripe's other mode, live or test")
        if kind in _PAYMENT_EVENTS:
            return payment_of(thing, event=str(id), state=_PAYMENT_EVENTS[kind])
        if kind in _REFUND_EVENTS:
            return refund_of(thing)
        if kind == "charge.refunded":
            listed = (thing.get("refunds") or {}).get("data") or []
            return refund_of(listed[0]) if listed else None
    except (KeyError, TypeError, AttributeError, ValueError, InvalidInput) as error:
        if isinstance(error, Unverified):
            raise
        raise Unverified("the notification cannot be read") from None
    return None


def payment_of(
    intent: Mapping[str, Any], *, event: str = "", state: State | None = None
) -> ProviderPayment | None:
    """What an intent says; None for one that is not of this shop's making.

    `event` and `state` are those of the notification it came in. Raises KeyError, TypeError or InvalidInput where
    it is not an intent.
    """
    payment = (intent["metadata"] or {}).get("merx_payment")
    if not isinstance(payment, str) or not payment:
        return None
    status, failure = intent["status"], intent.get("last_payment_error") or {}
    if state is None:
        state = _STATES.get(status, "pending")
        if status == "requires_payment_method" and failure:
            state = "failed"
    if (state == "captured") != (status == "succeeded"):
        raise TypeError("an intent whose state is not that of its event")
    amount = _amount(intent["amount_received" if state == "captured" else "amount"], intent["currency"])
    reason = _words(failure) if state == "failed" else str(intent.get("cancellation_reason") or "")
    reference = str(intent["id"])
    return ProviderPayment(event or f"{reference}:{state}", payment, reference, state, amount, reason)


def refund_of(refund: Mapping[str, Any]) -> ProviderRefund | None:
    """What a refund says; None for one that this shop did not ask for. Raises as `payment_of`."""
    ours = (refund["metadata"] or {}).get("merx_refund")
    if not isinstance(ours, str) or not ours:
        return None
    state = _REFUND_STATES[refund["status"]]
    amount = _amount(refund["amount"], refund["currency"])
    return ProviderRefund(ours, str(refund["id"]), state, amount, str(refund.get("failure_reason") or ""))


def _check_signature(header: str, body: bytes, *, secret: str, now: datetime) -> None:
    """Raises Unverified. The library's own check of the time knows the past only, and another clock."""
    items = [_ITEM.fullmatch(item) for item in header.split(",")]
    stamps = [item[1] for item in items if item and item[1]]
    if not all(items) or len(stamps) != 1 or not any(item and item[2] for item in items):
        raise Unverified("the signature is not in Stripe's form")
    try:
        stripe.WebhookSignature.verify_header(body, header, secret, tolerance=None)
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        # Not chained: that error holds the whole body.
        raise Unverified("the signature is not Stripe's") from None
    if abs(now.timestamp() - int(stamps[0].removeprefix("t="))) > FRESH:
        raise Unverified("the notification is stale")


def _amount(minor: Any, currency: Any) -> Money:
    if type(minor) is not int or minor < 0 or not isinstance(currency, str):
        raise TypeError("not an amount")
    return Money(minor, check_currency(currency.upper()))


def _words(failure: Mapping[str, Any]) -> str:
    words = failure.get("message") or failure.get("decline_code") or failure.get("code") or ""
    return str(words).rstrip(".")[:300]
