"""What the sandbox keeps of a payment, the same for every provider."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from core.errors import NotFound
from core.providers import RefundState, State
from core.providers.books import Books


@dataclass
class RefundEntry:
    """Money given back, or asked for and refused. `extra` is whatever a protocol keeps besides."""

    reference: str
    amount_minor: int
    state: RefundState
    reason: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass
class Event:
    """Something that happened, which the shop is told of.

    `kind` is a state of the payment, "refund" (then `refund` is the shop's id of it and `state` what it was), or a
    word of the protocol's own. `told` is empty until the shop has taken the message; then "taken", "lost" (a fault
    that was asked for) or "given up".
    """

    id: str
    at: datetime
    kind: str
    reason: str = ""
    refund: str = ""
    state: str = ""
    told: str = ""


@dataclass
class Record:
    """A payment. `id` is the shop's, `reference` the provider's own, `extra` whatever a protocol keeps besides."""

    id: str
    provider: str
    reference: str
    amount_minor: int
    currency: str
    method: str = ""
    title: str = ""
    state: State = "pending"
    reason: str = ""
    notify_url: str = ""
    return_url: str = ""
    created_at: datetime | None = None
    expires_at: datetime | None = None
    refunds: dict[str, RefundEntry] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def refunded_minor(self) -> int:
        """What was given back, or is about to be."""
        return sum(refund.amount_minor for refund in self.refunds.values() if refund.state != "failed")

    def event(self, id: str) -> Event:
        """One of its events; raises NotFound."""
        for event in self.events:
            if event.id == id:
                return event
        raise NotFound(f"payment {self.id} has no event {id!r}")


class Ledger:
    """All payments, in files below a folder."""

    def __init__(self, folder: Path) -> None:
        self._payments = Books(folder / "payments")
        self._references = Books(folder / "references")

    def find(self, provider: str, id: str) -> Record | None:
        """A payment by the shop's id."""
        kept = self._payments.read(_key(provider, id))
        return _record(kept) if kept is not None else None

    def find_reference(self, provider: str, reference: str) -> Record | None:
        """A payment by the provider's id."""
        kept = self._references.read(_key(provider, reference))
        return self.find(provider, kept["id"]) if kept is not None else None

    def add(self, record: Record) -> Record:
        """Keep a new payment; one that is there already stays, and is returned."""
        with self._payments.locked(_key(record.provider, record.id)):
            there = self.find(record.provider, record.id)
            if there is None:
                # First the name, then what it names: killed in between, the name leads nowhere.
                self._references.write(_key(record.provider, record.reference), {"id": record.id})
                self._write(record)
            return there or record

    @contextmanager
    def held(self, provider: str, id: str) -> Iterator[Record]:
        """A payment that nobody else changes in the block; what the block makes of it is kept if it ends well.

        Raises NotFound.
        """
        with self._payments.locked(_key(provider, id)):
            record = self.find(provider, id)
            if record is None:
                raise NotFound(f"there is no payment {id!r}", payment=id)
            before = asdict(record)
            yield record
            if asdict(record) != before:
                self._write(record)

    def all(self) -> Iterator[Record]:
        """Every payment, in no order."""
        return (_record(kept) for kept in self._payments.all())

    def _write(self, record: Record) -> None:
        self._payments.write(_key(record.provider, record.id), _plain(asdict(record)))


def _key(provider: str, name: str) -> str:
    return f"{provider}:{name}"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(held) for name, held in value.items()}
    if isinstance(value, list):
        return [_plain(held) for held in value]
    return value


def _record(kept: dict[str, Any]) -> Record:
    refunds = {id: RefundEntry(**refund) for id, refund in kept["refunds"].items()}
    events = [Event(**{**event, "at": datetime.fromisoformat(event["at"])}) for event in kept["events"]]
    times = {name: _moment(kept[name]) for name in ("created_at", "expires_at")}
    return Record(**{**kept, **times, "refunds": refunds, "events": events})


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
