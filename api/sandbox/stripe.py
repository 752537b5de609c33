"""Stripe's payment intents and refunds, as its SDK asks for them, and its signed notifications.

https://docs.stripe.com/api and https://docs.stripe.com/webhooks.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from api.sandbox.bank import OPEN, Bank
from api.sandbox.books import Event, Record, RefundEntry
from api.sandbox.card_pages import add_card_page
from api.sandbox.protocol import Outgoing
from core.errors import Conflict, MerxError, NotFound
from core.ids import new_id
from core.providers import State

NAME = "stripe"
TYPES = {
    "created": "payment_intent.created",
    "requires_action": "payment_intent.requires_action",
    "captured": "payment_intent.succeeded",
    "failed": "payment_intent.payment_failed",
    "closed": "payment_intent.canceled",
    "refund": "refund.created",
}
STATUSES: Mapping[State, str] = {
    "pending": "requires_payment_method",
    "failed": "requires_payment_method",
    "captured": "succeeded",
    "closed": "canceled",
}
REFUND_STATUSES = {"settled": "succeeded", "pending": "pending", "failed": "failed"}


async def _body(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(_body)]


class Stripe:
    """See the module. What the SDK is told of goes by the names of Stripe's API."""

    name = NAME
    title = "Card"

    def __init__(self, bank: Bank) -> None:
        self.bank = bank

    def router(self) -> APIRouter:
        """Its addresses below `/stripe/v1`, and the page with the card form."""
        router = APIRouter()
        routes = (
            ("POST", "/payment_intents", self.create),
            ("GET", "/payment_intents/{intent}", self.retrieve),
            ("POST", "/payment_intents/{intent}/cancel", self.cancel),
            ("POST", "/refunds", self.refund),
            ("GET", "/refunds", self.refunds),
        )
        for method, path, act in routes:
            router.add_api_route(f"/stripe/v1{path}", act, methods=[method])
        add_card_page(router, self.bank)
        return router

    def create(self, request: Request, body: Body) -> Response:
        """Make an intent; a repeated Idempotency-Key gets the one of the first time."""
        if refused := self._stranger(request):
            return refused
        asked = dict(parse_qsl(body.decode("utf-8", "replace")))
        amount, currency = asked.get("amount", ""), asked.get("currency", "")
        if not re.fullmatch(r"[1-9][0-9]{0,11}", amount) or not re.fullmatch(r"[a-z]{3}", currency):
            return _error(400, "parameter_invalid", "An intent needs an amount and a currency.")
        id = request.headers.get("idempotency-key") or new_id("intent-")
        reference = f"pi_{secrets.token_hex(12)}"
        record = Record(
            id,
            NAME,
            reference,
            int(amount),
            currency.upper(),
            method="card",
            title=asked.get("description", ""),
            events=[Event(new_id(), self.bank.clock(), "created")],
            extra={
                "asked": hashlib.sha256(body).hexdigest(),
                "client_secret": f"{reference}_secret_{secrets.token_hex(12)}",
                "metadata": _metadata(asked),
            },
        )
        kept = self.bank.open(record)
        if kept.extra["asked"] != record.extra["asked"]:
            return _error(
                400, "idempotency_key_in_use", "That key was used with other parameters.", "idempotency_error"
            )
        # As the first time: what became of it since then is not in the answer to a repeated key.
        return JSONResponse(intent_of(kept, "pending"))

    def retrieve(self, request: Request, intent: str) -> Response:
        """An intent as it is."""
        return self._stranger(request) or self._answer(lambda: intent_of(self._find(intent)))

    def cancel(self, request: Request, intent: str) -> Response:
        """End an intent that did not succeed."""

        def close() -> dict[str, Any]:
            record = self.bank.close(NAME, self._find(intent).id)
            if record.state == "captured":
                raise Conflict("You cannot cancel this PaymentIntent because it has a status of succeeded.")
            return intent_of(record)

        return self._stranger(request) or self._answer(close)

    def refund(self, request: Request, body: Body) -> Response:
        """Give back money of an intent; a repeated Idempotency-Key gets the refund of the first time."""
        asked = dict(parse_qsl(body.decode("utf-8", "replace")))

        def give_back() -> dict[str, Any]:
            record = self._find(asked.get("payment_intent", ""))
            left = record.amount_minor - record.refunded_minor
            amount = asked.get("amount", str(left))
            if not re.fullmatch(r"[0-9]{1,12}", amount):
                raise Conflict("Invalid amount.")
            made = self.bank.refund(
                NAME,
                record.id,
                refund=request.headers.get("idempotency-key") or new_id("refund-"),
                reference=f"re_{secrets.token_hex(12)}",
                amount_minor=int(amount),
                extra={"metadata": _metadata(asked), "created": int(self.bank.clock().timestamp())},
            )
            return refund_of(record, made)

        return self._stranger(request) or self._answer(give_back)

    def refunds(
        self, request: Request, payment_intent: str, limit: int = 10, starting_after: str = ""
    ) -> Response:
        """The refunds of an intent, the newest first."""

        def listed() -> dict[str, Any]:
            record = self._find(payment_intent)
            all_ = [refund_of(record, refund) for refund in reversed(record.refunds.values())]
            names = [refund["id"] for refund in all_]
            start = names.index(starting_after) + 1 if starting_after in names else 0
            page = all_[start : start + min(max(limit, 1), 100)]
            more = start + len(page) < len(all_)
            return {"object": "list", "url": "/v1/refunds", "has_more": more, "data": page}

        return self._stranger(request) or self._answer(listed)

    def notification(self, record: Record, event: Event) -> Outgoing:
        """The event as it was then, signed now."""
        if event.kind == "refund":
            entry = record.refunds[event.refund]
            thing = refund_of(record, RefundEntry(**{**entry.__dict__, "state": event.state}))
        else:
            states: Mapping[str, State] = {"captured": "captured", "failed": "failed", "closed": "closed"}
            thing = intent_of(record, states.get(event.kind, "pending"), event.reason)
            if event.kind == "requires_action":
                thing["status"] = "requires_action"
        told = {
            "id": f"evt_{event.id}",
            "object": "event",
            "created": int(event.at.timestamp()),
            "livemode": False,
            "type": TYPES[event.kind],
            "data": {"object": thing},
        }
        body = json.dumps(told).encode()
        stamp = int(self.bank.clock().timestamp())
        secret = self.bank.keys.stripe_webhook_secret.encode()
        signature = hmac.new(secret, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        return Outgoing(
            f"{self.bank.shop_url}/v1/payments/notify/{NAME}",
            {"Stripe-Signature": f"t={stamp},v1={signature}", "Content-Type": "application/json"},
            body,
            lambda status, _body: 200 <= status < 300,
        )

    def _find(self, reference: str) -> Record:
        record = self.bank.ledger.find_reference(NAME, reference)
        if record is None:
            raise NotFound(f"No such payment_intent: {reference!r}")
        return record

    def _stranger(self, request: Request) -> Response | None:
        """The answer to somebody without the secret key."""
        given = request.headers.get("authorization", "")
        if hmac.compare_digest(given.encode(), f"Bearer {self.bank.keys.stripe_secret_key}".encode()):
            return None
        return _error(401, "", "Invalid API Key provided.")

    def _answer(self, act: Any) -> Response:
        try:
            return JSONResponse(act())
        except NotFound as error:
            return _error(404, "resource_missing", error.message)
        except MerxError as error:
            return _error(400, "parameter_invalid", error.message)


def intent_of(record: Record, state: State | None = None, reason: str | None = None) -> dict[str, Any]:
    """A payment as a PaymentIntent: as it is, or as it was in a state that it ended in for a reason."""
    acting = state is None and record.extra.get("acting") and record.state in OPEN
    state = state or record.state
    reason = record.reason if reason is None else reason
    code = record.extra.get("decline_code", "generic_decline")
    failure = {"type": "card_error", "code": "card_declined", "decline_code": code, "message": reason}
    return {
        "id": record.reference,
        "object": "payment_intent",
        "amount": record.amount_minor,
        "amount_received": record.amount_minor if state == "captured" else 0,
        "currency": record.currency.lower(),
        "client_secret": record.extra["client_secret"],
        "created": int(record.created_at.timestamp()) if record.created_at else 0,
        "description": record.title,
        "last_payment_error": failure if state == "failed" else None,
        "livemode": False,
        "metadata": record.extra["metadata"],
        "payment_method_types": ["card"],
        "status": "requires_action" if acting else STATUSES[state],
    }


def refund_of(record: Record, refund: RefundEntry) -> dict[str, Any]:
    """Money given back as a Refund."""
    return {
        "id": refund.reference,
        "object": "refund",
        "amount": refund.amount_minor,
        "created": refund.extra.get("created", 0),
        "currency": record.currency.lower(),
        "failure_reason": refund.reason or None,
        "metadata": refund.extra.get("metadata", {}),
        "payment_intent": record.reference,
        "status": REFUND_STATUSES[refund.state],
    }


def _metadata(asked: Mapping[str, str]) -> dict[str, str]:
    found = ((re.fullmatch(r"metadata\[([a-z_]+)\]", name), value) for name, value in asked.items())
    return {name[1]: value for name, value in found if name}


def _error(status: int, code: str, message: str, kind: str = "invalid_request_error") -> Response:
    return JSONResponse({"error": {"type": kind, "code": code or None, "message": message}}, status)
