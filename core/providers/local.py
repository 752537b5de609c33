"""A payment provider for development: it signs and keeps its books like a real one, and moves no money.

Its books are files in a folder of their own, so that it remembers what the shop forgets when it is killed. What a
shopper does on a real provider's page is `decide` here.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from core.errors import Conflict, NotFound
from core.money import Money
from core.providers import (
    PaymentRequest,
    ProviderPayment,
    ProviderRefund,
    RefundRequest,
    Started,
    State,
    Unverified,
)
from core.providers.books import Books

FRESH = timedelta(minutes=5)
OPEN = ("pending", "failed")


@dataclass(frozen=True, slots=True)
class LocalProvider:
    """See the module. `secret` signs notifications, `folder` holds its books."""

    folder: Path
    secret: str
    name: str = "test"
    methods: tuple[str, ...] = ("",)
    acknowledgement: str = ""

    def takes(self, currency: str) -> bool:
        """It takes any."""
        return True

    def create(self, request: PaymentRequest) -> Started:
        """Start a payment; the shopper has to decide at the address in the action."""
        with self._books.locked(request.id):
            book = self._books.read(request.id)
            if book is None:
                book = {
                    "payment": request.id,
                    "reference": f"tp-{request.id}",
                    "amount": request.amount.minor,
                    "currency": request.amount.currency,
                    "state": "pending",
                    "refunds": {},
                }
                self._write(book)
        return Started(book["reference"], {"kind": "test", "decide": f"/v1/test-provider/{request.id}"})

    def query(self, request: PaymentRequest, *, reference: str | None) -> ProviderPayment:
        """What became of a payment; one that was never created waits."""
        return self._known(request, "pending")

    def read(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> ProviderPayment:
        """A notification that this provider signed within FRESH; raises Unverified for any other."""
        stamp = headers.get("test-provider-time", "")
        signature = headers.get("test-provider-signature", "")
        if not hmac.compare_digest(signature.encode(), self._sign(stamp, body).encode()):
            raise Unverified("the signature is not the test provider's")
        try:
            age = now - datetime.fromisoformat(stamp)
        except (ValueError, TypeError) as error:
            raise Unverified("the notification has no time") from error
        if abs(age) > FRESH:
            raise Unverified("the notification is stale")
        return _payment(json.loads(body))

    def refund(self, request: RefundRequest) -> ProviderRefund:
        """Give money back at once; raises Conflict beyond what was paid."""
        with self._books.locked(request.payment):
            book = self._held(request.payment)
            given = book["refunds"]
            if request.id not in given:
                if book["state"] != "captured" or sum(given.values()) + request.amount.minor > book["amount"]:
                    raise Conflict(
                        f"payment {request.payment} has less than that to give back", payment=request.payment
                    )
                given[request.id] = request.amount.minor
                self._write(book)
        return ProviderRefund(request.id, f"tr-{request.id}", "settled", request.amount)

    def query_refund(self, request: RefundRequest) -> ProviderRefund | None:
        """What became of a refund: it is made at once or not at all."""
        book = self._books.read(request.payment)
        if book is None or request.id not in book["refunds"]:
            return None
        return ProviderRefund(request.id, f"tr-{request.id}", "settled", request.amount)

    def close(self, request: PaymentRequest, *, reference: str | None) -> ProviderPayment:
        """End a payment that was not made; one that was made stays."""
        with self._books.locked(request.id):
            book = self._books.read(request.id)
            if book is not None and book["state"] in OPEN:
                self._write({**book, "state": "closed"})
        return self._known(request, "closed")

    def decide(
        self, payment: str, outcome: Literal["captured", "failed"], *, now: datetime
    ) -> tuple[dict[str, str], bytes]:
        """The shopper pays, or the payment fails; returns headers and body of the notification about it.

        One that failed can be tried again, as with cards. Raises NotFound for a payment that was never created,
        Conflict for one that is over.
        """
        with self._books.locked(payment):
            book = self._held(payment)
            if book["state"] in OPEN:
                reason = "" if outcome == "captured" else "the shopper's bank refused"
                book = {**book, "state": outcome, "reason": reason}
                self._write(book)
        if book["state"] != outcome:
            raise Conflict(f"payment {payment} is {book['state']} already", payment=payment)
        return self.notification(payment, now=now)

    def notification(self, payment: str, *, now: datetime) -> tuple[dict[str, str], bytes]:
        """Headers and body of a message about a payment as it is, signed now."""
        body = json.dumps(self._held(payment), sort_keys=True).encode()
        stamp = now.isoformat()
        return {"test-provider-time": stamp, "test-provider-signature": self._sign(stamp, body)}, body

    def known(self, payment: str) -> ProviderPayment:
        """What the books say of a payment; raises NotFound for one that was never created."""
        return _payment(self._held(payment))

    def given_back(self, payment: str) -> Money:
        """What the books say was refunded."""
        book = self._held(payment)
        return Money(sum(book["refunds"].values()), book["currency"])

    def _sign(self, stamp: str, body: bytes) -> str:
        key = f"test provider:{self.secret}".encode()
        return hmac.new(key, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()

    @property
    def _books(self) -> Books:
        return Books(self.folder)

    def _known(self, request: PaymentRequest, otherwise: State) -> ProviderPayment:
        book = self._books.read(request.id)
        if book is None:
            return ProviderPayment(f"{request.id}:{otherwise}", request.id, None, otherwise, request.amount)
        return _payment(book)

    def _held(self, payment: str) -> dict[str, Any]:
        book = self._books.read(payment)
        if book is None:
            raise NotFound(f"the test provider knows no payment {payment!r}", payment=payment)
        return book

    def _write(self, book: Mapping[str, Any]) -> None:
        self._books.write(book["payment"], book)


def _payment(book: Mapping[str, Any]) -> ProviderPayment:
    state: State = book["state"]
    amount = Money(book["amount"], book["currency"])
    event = f"{book['reference']}:{state}"
    return ProviderPayment(event, book["payment"], book["reference"], state, amount, book.get("reason", ""))
