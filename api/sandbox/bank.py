"""The moves of a payment that all providers share, each under the record's lock and harmless when repeated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from api.sandbox.books import Event, Ledger, Record, RefundEntry
from api.sandbox.notifier import Notifier
from core.clock import Clock
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.providers import State
from core.providers.sandbox_keys import SandboxKeys

OPEN = ("pending", "failed")  # one that failed may be tried again


class Bank:
    """The providers' side of every payment. `shop_url` is where the shop listens."""

    def __init__(
        self, keys: SandboxKeys, ledger: Ledger, notifier: Notifier, *, clock: Clock, shop_url: str
    ) -> None:
        self.keys = keys
        self.ledger = ledger
        self.notifier = notifier
        self.clock = clock
        self.shop_url = shop_url.rstrip("/")

    def open(self, record: Record) -> Record:
        """Begin a payment; one with its id that is there already is returned as it is."""
        record.created_at = record.created_at or self.clock()
        if self.ledger.add(record) is record:
            for event in record.events:
                self.notifier.add(record, event)
        return self.get(record.provider, record.id)

    def get(self, provider: str, name: str) -> Record:
        """A payment by the shop's id or the provider's, closed if its time is over; raises NotFound."""
        record = self.ledger.find(provider, name) or self.ledger.find_reference(provider, name)
        if record is None:
            raise NotFound(f"there is no payment {name!r}", payment=name)
        if self._late(record):
            with self.held(provider, record.id) as record:
                pass
        return record

    @contextmanager
    def held(self, provider: str, id: str) -> Iterator[Record]:
        """A payment by the shop's id, to be changed in the block; the shop is then told of what was `note`d.

        Raises NotFound.
        """
        with self.ledger.held(provider, id) as record:
            known = len(record.events)
            if self._late(record):
                self._move(record, "closed", "not paid in time")
            yield record
        for event in record.events[known:]:
            self.notifier.add(record, event)

    def note(self, record: Record, kind: str, *, reason: str = "", refund: str = "", state: str = "") -> Event:
        """Write down that something happened to a payment that is held."""
        event = Event(new_id(), self.clock(), kind, reason, refund, state)
        record.events.append(event)
        return event

    def decide(
        self, provider: str, id: str, outcome: Literal["captured", "failed"], *, reason: str = ""
    ) -> Record:
        """The shopper pays, or the payment fails. Raises Conflict for a payment that is over in another way."""
        with self.held(provider, id) as record:
            if record.state in OPEN:
                self._move(record, outcome, reason)
            elif not (record.state == outcome == "captured"):
                raise Conflict(f"payment {id} is {record.state} already", payment=id)
        return record

    def close(self, provider: str, id: str) -> Record:
        """End a payment that was not made; one that was made stays as it is."""
        with self.held(provider, id) as record:
            if record.state in OPEN:
                self._move(record, "closed", "")
        return record

    def refund(
        self,
        provider: str,
        id: str,
        *,
        refund: str,
        reference: str,
        amount_minor: int,
        extra: Mapping[str, Any] | None = None,
    ) -> RefundEntry:
        """Give money back once for the refund's id.

        Raises Conflict for a payment that was not made, for more than what is left of it, and for an id that was
        used with another amount.
        """
        with self.held(provider, id) as record:
            there = record.refunds.get(refund)
            if there is not None and there.amount_minor != amount_minor:
                raise Conflict(f"refund {refund} was asked for with another amount", refund=refund)
            if there is None:
                left = record.amount_minor - record.refunded_minor if record.state == "captured" else 0
                if not 0 < amount_minor <= left:
                    raise Conflict(f"payment {id} has {left} left to give back", payment=id, left=left)
                there = record.refunds[refund] = RefundEntry(
                    reference, amount_minor, "settled", extra=dict(extra or {})
                )
                self.note(record, "refund", refund=refund, state="settled")
        return there

    def _late(self, record: Record) -> bool:
        over = record.expires_at is not None and record.expires_at <= self.clock()
        return over and record.state in OPEN

    def _move(self, record: Record, state: State, reason: str) -> None:
        if (record.state, record.reason) != (state, reason):
            record.state, record.reason = state, reason
            self.note(record, state, reason=reason)
