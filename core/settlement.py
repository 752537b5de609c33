"""What has to be asked of payment providers outside of any transaction: refunds, and closing payments that are
over.

As a consumer of the relay ("payments") it may be asked the same thing twice: providers do a refund once for its
id, and what they answer is taken once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.clock import Clock
from core.database import Database
from core.errors import Conflict
from core.outbox import Message
from core.payments import STILL_PAYABLE, Attempt, find_attempt, request_for, settle
from core.providers import PaymentProvider, ProviderPayment, ProviderRefund
from core.refunds import Owed, owed, request_of, settle_refund


@dataclass(frozen=True, slots=True)
class Settlement:
    """The providers of a shop, by name, and the books that their answers go into."""

    database: Database
    clock: Clock
    providers: Mapping[str, PaymentProvider]
    name: str = "payments"
    size: int = 1

    def handle(self, events: Sequence[Message]) -> None:
        """Do what events of the aggregates "refund" and "payment" ask for."""
        for event in events:
            if event.aggregate == "refund":
                self.refund(event.aggregate_id)
            else:
                self.close(event.aggregate_id)

    def refund(self, refund: str) -> None:
        """Have a refund made; does nothing for one that is settled.

        One that the provider makes later is settled by its notification or by reconciling. Raises Conflict for one
        that failed: the relay asks again, and in the end gives it to staff.
        """
        todo = self._owed(refund)
        if todo.status == "settled":
            return
        said = self._provider(todo.provider).refund(request_of(todo))
        self._take_refund(said, todo.provider)
        if said.state == "failed":
            raise Conflict(f"the provider did not make refund {refund}: {said.reason}".rstrip(": "), refund=refund)

    def close(self, payment: str) -> None:
        """End an attempt whose order cannot be paid any more.

        What the provider then says of it is what counts: one that was paid, without the shop having heard of it,
        is captured and given back.
        """
        if self.end(payment) is None:
            raise Conflict(f"the provider has not closed payment {payment} yet", payment=payment)

    def end(self, payment: str) -> bool | None:
        """End an attempt; whether that was news, None while the provider still holds it open."""
        attempt = self._attempt(payment)
        if attempt.status not in STILL_PAYABLE:
            return False
        said = self._provider(attempt.provider).close(request_for(attempt), reference=attempt.reference)
        changed = self._take(said, attempt.provider)
        return None if said.state == "pending" else changed

    def look(self, payment: str) -> bool:
        """Ask what became of a payment of which nobody has told; returns whether that was news."""
        attempt = self._attempt(payment)
        if attempt.status == "captured":
            return False
        said = self._provider(attempt.provider).query(request_for(attempt), reference=attempt.reference)
        return self._take(said, attempt.provider)

    def look_at_refund(self, refund: str) -> bool:
        """Ask what became of a refund, and for it where it is not under way; returns whether that settled it."""
        todo = self._owed(refund)
        if todo.status == "settled":
            return False
        provider, request = self._provider(todo.provider), request_of(todo)
        said = provider.query_refund(request)
        if said is None or said.state == "failed":
            said = provider.refund(request)
        return self._take_refund(said, todo.provider) and said.state == "settled"

    def _attempt(self, payment: str) -> Attempt:
        with self.database.read() as session:
            return find_attempt(session, payment)

    def _owed(self, refund: str) -> Owed:
        with self.database.read() as session:
            return owed(session, refund)

    def _take_refund(self, said: ProviderRefund, provider: str) -> bool:
        return self.database.transact(
            lambda session: settle_refund(session, said, provider=provider, at=self.clock())
        )

    def _take(self, said: ProviderPayment, provider: str) -> bool:
        return self.database.transact(lambda session: settle(session, said, provider=provider, at=self.clock()))

    def _provider(self, name: str) -> PaymentProvider:
        if name not in self.providers:
            # Not Unavailable: what waits for that holds up all that comes after it.
            raise Conflict(f"payments through {name!r} are not set up here")
        return self.providers[name]
