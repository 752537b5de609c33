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
from core.errors import Conflict, Unavailable
from core.outbox import Message
from core.payments import STILL_PAYABLE, find_attempt, request_for, settle
from core.providers import PaymentProvider, ProviderPayment
from core.refunds import owed, request_of, settle_refund


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

        Raises Conflict while the provider has not made it: the relay asks again, and in the end gives it to staff.
        """
        with self.database.read() as session:
            todo = owed(session, refund)
        if todo.status == "settled":
            return
        said = self._provider(todo.provider).refund(request_of(todo))
        self.database.transact(
            lambda session: settle_refund(session, said, provider=todo.provider, at=self.clock())
        )
        if said.state != "settled":
            raise Conflict(
                f"the provider says of refund {refund}: {said.state} {said.reason}".rstrip(), refund=refund
            )

    def close(self, payment: str) -> None:
        """End an attempt whose order cannot be paid any more.

        What the provider then says of it is what counts: one that was paid, without the shop having heard of it,
        is captured and given back.
        """
        with self.database.read() as session:
            attempt = find_attempt(session, payment)
        if attempt.status not in STILL_PAYABLE:
            return
        said = self._provider(attempt.provider).close(request_for(attempt), reference=attempt.reference)
        self._take(said, attempt.provider)
        if said.state == "pending":
            raise Conflict(f"the provider has not closed payment {payment} yet", payment=payment)

    def look(self, payment: str) -> bool:
        """Ask what became of a payment of which nobody has told; returns whether that was news."""
        with self.database.read() as session:
            attempt = find_attempt(session, payment)
        if attempt.status == "captured":
            return False
        said = self._provider(attempt.provider).query(request_for(attempt), reference=attempt.reference)
        return self._take(said, attempt.provider)

    def _take(self, said: ProviderPayment, provider: str) -> bool:
        return self.database.transact(lambda session: settle(session, said, provider=provider, at=self.clock()))

    def _provider(self, name: str) -> PaymentProvider:
        if name not in self.providers:
            raise Unavailable(f"payments through {name!r} are not set up here")
        return self.providers[name]
