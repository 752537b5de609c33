"""What a payment provider is to the core. Calls go over a network: never make one inside a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from core.errors import InvalidInput
from core.money import Money

State = Literal["pending", "captured", "failed", "closed"]


class Unverified(InvalidInput):
    """A notification that is not what the provider signed, is stale, or is not about this shop's payments."""

    code = "unverified-notification"
    title = "Unverified notification"


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """What is to be paid. `id` is ours: asking again with the same one starts no second payment."""

    id: str
    order: str
    amount: Money
    expires_at: datetime | None = None
    return_url: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """The provider's own name for the payment, and what the shopper has to do (a page to open, a code to scan)."""

    reference: str
    action: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProviderPayment:
    """What the provider says about a payment; `event` is its own id of this message, the same in a repeat."""

    event: str
    payment: str
    reference: str
    state: State
    amount: Money
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Money to give back of a captured payment. `id` is ours: asking again gives nothing back twice."""

    id: str
    payment: str
    reference: str
    amount: Money
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """What became of a refund."""

    refund: str
    reference: str
    state: Literal["pending", "settled", "failed"]
    reason: str = ""


class PaymentProvider(Protocol):
    """One way to pay. All of it may be called again with the same ids; Unavailable where it cannot be reached."""

    @property
    def name(self) -> str:
        """How settings, payments and addresses speak of it."""
        ...

    def create(self, request: PaymentRequest) -> Started:
        """Start a payment."""
        ...

    def query(self, payment: str, *, reference: str) -> ProviderPayment:
        """What became of a payment, by our id and the provider's."""
        ...

    def read(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> ProviderPayment:
        """The notification that arrived; raises Unverified. Makes no network call. Header names are lower-case."""
        ...

    def refund(self, request: RefundRequest) -> ProviderRefund:
        """Give money back."""
        ...

    def close(self, payment: str, *, reference: str) -> None:
        """End a payment that was not made, so that it cannot be made any more."""
        ...
