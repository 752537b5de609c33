"""Bank cards, through Stripe's payment intents.

https://docs.stripe.com/api/payment_intents and https://docs.stripe.com/webhooks#verify-manually.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import stripe

from core.errors import Conflict, Unavailable
from core.money import exponent
from core.providers import (
    Notice,
    PaymentRequest,
    ProviderPayment,
    ProviderRefund,
    RefundRequest,
    Started,
)
from core.providers.card_notices import payment_of, read_notice, refund_of

CONNECT, READ = 5.0, 20.0  # seconds
RETRIES = 1
# Where Stripe's minor unit is the major one, or must be a multiple of ten:
# https://docs.stripe.com/currencies#special-cases
WHOLE = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
)
TENTHS = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))

# At "debug" the library writes whole answers to the log, and they hold secrets.
logging.getLogger("stripe").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class CardAccount:
    """The shop's account with Stripe. `pages` is where shoppers pay without Stripe's own form: in the sandbox."""

    secret_key: str = field(repr=False)
    publishable_key: str
    webhook_secret: str = field(repr=False)
    gateway: str = "https://api.stripe.com"
    pages: str = ""

    @property
    def live(self) -> bool:
        """Whether money moves."""
        return "_live_" in self.secret_key


class CardProvider:
    """See the module."""

    name = "stripe"
    methods = ("card",)
    acknowledgement = ""

    def __init__(self, account: CardAccount) -> None:
        self.account = account
        client = stripe.StripeClient(
            account.secret_key,
            base_addresses={"api": account.gateway},
            max_network_retries=RETRIES,
            http_client=stripe.RequestsClient(timeout=(CONNECT, READ)),
        )
        self._intents = client.v1.payment_intents
        self._refunds = client.v1.refunds

    def takes(self, currency: str) -> bool:
        """Any in which an amount means the same to Stripe as here."""
        return currency not in TENTHS and exponent(currency) == (0 if currency in WHOLE else 2)

    def create(self, request: PaymentRequest) -> Started:
        """Make the intent; the shopper confirms it on the page with a card."""
        intent = self._made(request)
        secret = str(intent.client_secret)
        action = {
            "kind": "stripe",
            "client_secret": secret,
            "publishable_key": self.account.publishable_key,
        }
        if self.account.pages:
            asked = urlencode({"client_secret": secret, "return_url": request.return_url})
            action["page"] = f"{self.account.pages}/{intent.id}?{asked}"
        return Started(intent.id, action)

    def query(self, request: PaymentRequest, *, reference: str | None) -> ProviderPayment:
        """What became of the intent."""
        return _said(self._intent(request, reference), request)

    def read(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notice:
        """The notification, once its signature, its time and its mode are checked; raises Unverified."""
        return read_notice(
            headers.get("stripe-signature", ""),
            body,
            secret=self.account.webhook_secret,
            live=self.account.live,
            now=now,
        )

    def refund(self, request: RefundRequest) -> ProviderRefund:
        """Give money back, unless that was done.

        Stripe forgets an idempotency key after a day or so, so what was done is looked for among the refunds.
        """
        tried = self._given_back(request)
        for refund in tried:
            if refund.state != "failed":
                return refund
        if not request.reference:
            raise Conflict(f"payment {request.payment} has no intent to give back from", payment=request.payment)
        with _asking():
            made = self._refunds.create(
                {
                    "payment_intent": request.reference,
                    "amount": request.amount.minor,
                    "metadata": {"merx_refund": request.id, "merx_payment": request.payment},
                },
                # A key is answered for good as it was the first time: one that failed is asked with another.
                {"idempotency_key": f"{request.id}-{len(tried)}" if tried else request.id},
            )
        return _refund(made, request)

    def query_refund(self, request: RefundRequest) -> ProviderRefund | None:
        """What became of the refund: of several tries the one that did not fail, or else the newest."""
        tried = self._given_back(request)
        return next((refund for refund in tried if refund.state != "failed"), tried[0] if tried else None)

    def close(self, request: PaymentRequest, *, reference: str | None) -> ProviderPayment:
        """Cancel the intent; one that succeeded, or is being processed, stays as it is."""
        intent = self._intent(request, reference)
        if intent.status not in ("succeeded", "canceled"):
            try:
                with _asking():
                    intent = self._intents.cancel(intent.id)
            except Conflict:  # it moved on meanwhile
                intent = self._intent(request, intent.id)
        return _said(intent, request)

    def _made(self, request: PaymentRequest) -> stripe.PaymentIntent:
        with _asking():
            return self._intents.create(
                {
                    "amount": request.amount.minor,
                    "currency": request.amount.currency.lower(),
                    "allowed_payment_method_types": ["card"],
                    "description": f"Order {request.order}",
                    "metadata": {"merx_payment": request.id, "merx_order": request.order},
                },
                {"idempotency_key": request.id},
            )

    def _intent(self, request: PaymentRequest, reference: str | None) -> stripe.PaymentIntent:
        # The answer to a repeated key is the one of the first time: what it is by now has to be asked for.
        name = reference or self._made(request).id
        with _asking():
            return self._intents.retrieve(name)

    def _given_back(self, request: RefundRequest) -> list[ProviderRefund]:
        """The refunds made for a request, the newest first."""
        if not request.reference:
            return []
        with _asking():
            listed = self._refunds.list({"payment_intent": request.reference, "limit": 100})
            said = [refund_of(refund.to_dict()) for refund in listed.auto_paging_iter()]
        return [refund for refund in said if refund is not None and refund.refund == request.id]


def _said(intent: stripe.PaymentIntent, request: PaymentRequest) -> ProviderPayment:
    said = payment_of(intent.to_dict())
    if said is None or said.payment != request.id:
        raise Conflict(f"Stripe's {intent.id} is not payment {request.id}", payment=request.id)
    return said


def _refund(made: stripe.Refund, request: RefundRequest) -> ProviderRefund:
    said = refund_of(made.to_dict())
    if said is None or said.refund != request.id:
        raise Conflict(f"Stripe's {made.id} is not refund {request.id}", refund=request.id)
    return said


@contextmanager
def _asking() -> Iterator[None]:
    """Stripe's errors in the shop's words. Nothing of a request goes into them, as it holds the key."""
    try:
        yield
    except (stripe.AuthenticationError, stripe.PermissionError):
        raise Unavailable("Stripe refuses the shop's key") from None
    except (stripe.InvalidRequestError, stripe.IdempotencyError, stripe.CardError) as error:
        raise Conflict(f"Stripe refuses: {_words(error)}") from None
    except stripe.APIConnectionError:
        raise Unavailable("Stripe cannot be reached") from None
    except stripe.StripeError as error:
        raise Unavailable(f"Stripe does not answer as it should (status {error.http_status})") from None


def _words(error: Any) -> str:
    return str(error.user_message or error.code or f"status {error.http_status}")[:300]
