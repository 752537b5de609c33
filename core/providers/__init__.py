"""What a payment provider is to the core. Calls go over a network: never make one inside a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from core.errors import InvalidInput
from core.money import Money

State = Literal["pending", "captured", "failed", "closed"]
RefundState = Literal["pending", "settled", "failed"]


class Unverified(InvalidInput):
    """A notification that is not what the provider signed, is stale, or is not about this shop's payments."""

    code = "unverified-notification"
    title = "Unverified notification"


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """What is to be paid. `id` is ours: asking again with the same one starts no second payment.

    `method` is one of the provider's ways to pay, `payer` the provider's own name of who pays, for methods that
    need one. The shopper comes back to `return_url`.
    """

    id: str
    order: str
    amount: Money
    expires_at: datetime | None = None
    return_url: str = ""
    method: str = ""
    payer: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """What the shopper has to do (a page to open, a code to scan), and the provider's own name for the payment.

    The name is None where the provider gives one only when the shopper comes.
    """

    reference: str | None
    action: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProviderPayment:
    """What the provider says about a payment; `event` is its own id of this message, the same in a repeat."""

    event: str
    payment: str
    reference: str | None
    state: State
    amount: Money
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Money to give back of a captured payment. `id` is ours: asking again gives nothing back twice.

    `paid` is what was captured in all.
    """

    id: str
    payment: str
    reference: str
    amount: Money
    paid: Money


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """What became of a refund, by our id and the provider's."""

    refund: str
    reference: str
    state: RefundState
    amount: Money
    reason: str = ""


Notice = ProviderPayment | ProviderRefund | None


class PaymentProvider(Protocol):
    """One way to pay.

    All of it may be called again with the same ids. Every call but `read` goes over the network and raises
    Unavailable where the provider cannot be reached or its answer is not signed by it: then nothing is known.
    """

    @property
    def name(self) -> str:
        """How settings, payments and addresses speak of it."""
        ...

    @property
    def methods(self) -> tuple[str, ...]:
        """Its ways to pay, the usual one first."""
        ...

    @property
    def acknowledgement(self) -> str:
        """The text that tells it a notification was taken; empty where the status is enough."""
        ...

    def takes(self, currency: str) -> bool:
        """Whether payments in a currency can be made with it."""
        ...

    def create(self, request: PaymentRequest) -> Started:
        """Start a payment; raises InvalidInput for a method or payer that it cannot do it with."""
        ...

    def query(self, request: PaymentRequest, *, reference: str | None) -> ProviderPayment:
        """What became of a payment that was asked for so, by our id and the provider's where that is known.

        One that the provider has never heard of, as nobody came to pay it, is "pending".
        """
        ...

    def read(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notice:
        """The notification that arrived; None for a genuine one that is about something else.

        Raises Unverified. Makes no network call. Header names are lower-case.
        """
        ...

    def refund(self, request: RefundRequest) -> ProviderRefund:
        """Give money back, once for the request's id; one that failed may be tried again."""
        ...

    def query_refund(self, request: RefundRequest) -> ProviderRefund | None:
        """What became of a refund; None for one that was never asked for."""
        ...

    def close(self, request: PaymentRequest, *, reference: str | None) -> ProviderPayment:
        """End a payment that was not made, so that it cannot be made any more; says what it is then.

        One that was made stays as it is. One that the provider has never heard of is "closed".
        """
        ...
