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
from core.providers import PaymentProvider, RefundRequest
from core.refunds import owed, settle_refund


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
        # The reason is the shopper's and the shop's: no provider needs it.
        request = RefundRequest(todo.id, todo.payment, todo.reference, todo.amount)
        said = self._provider(todo.provider).refund(request)
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
        provider = self._provider(attempt.provider)
        if attempt.reference is None:
            # The provider may have been asked just before a crash: asked again it says under which name.
            provider.create(request_for(attempt))
        provider.close(attempt.id, reference=attempt.reference or "")
        said = provider.query(attempt.id, reference=attempt.reference or "")
        self.database.transact(lambda session: settle(session, said, provider=attempt.provider, at=self.clock()))
        if said.state == "pending":
            raise Conflict(f"the provider has not closed payment {payment} yet", payment=payment)

    def _provider(self, name: str) -> PaymentProvider:
        if name not in self.providers:
            raise Unavailable(f"payments through {name!r} are not set up here")
        return self.providers[name]
