"""A shop's webhooks for tests: real receivers, things that happen, and a clock that is set by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from core.database import Database
from core.goods import Keeper
from core.posting import Answer, post
from core.webhook_delivery import Courier
from core.webhooks import KINDS, Occurrence, create_endpoint, deliver_to_endpoints, deliveries, list_endpoints
from tests.core.receiving import Receiver

SHOP = Keeper("user:tom", None)


def present() -> datetime:
    """The moment a desk opens: receivers look at their own clock, and take nothing that is five minutes old."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass
class Desk:
    """A shop's webhooks, with a clock that is set by hand."""

    database: Database
    now: datetime = field(default_factory=present)
    written: int = 0

    def __post_init__(self) -> None:
        self.opened = self.now

    @property
    def courier(self) -> Courier:
        def bring(url: str, content: str, headers: dict[str, str]) -> Answer:
            return post(url, content, headers=headers, local=True, seconds=5)

        return Courier(self.database, lambda: self.now, bring)

    def add(self, receiver: Receiver) -> str:
        """An endpoint of the shop for a receiver, which is given the secret; returns its id."""
        with self.database.write() as session:
            made, receiver.secret = create_endpoint(session, SHOP, url=receiver.url, kinds=KINDS, at=self.now)
        return made.id

    def happen(self, count: int = 1) -> None:
        """Things happen that all endpoints are told of."""
        told = []
        for _ in range(count):
            self.written += 1
            data = {"order": f"o-{self.written}", "total_minor": 1200}
            told.append(Occurrence(f"x-{self.written}", "order.paid", self.now, data, {}))
        with self.database.write() as session:
            deliver_to_endpoints(session, told, at=self.now)

    def states(self, name: str) -> list[tuple[str, int, int | None]]:
        """Status, attempts and last answer of an endpoint's deliveries, the oldest first."""
        with self.database.read() as session:
            found = deliveries(session, SHOP, name, limit=1000)
        return [(one.status, one.attempts, one.last_status) for one in reversed(found)]

    def endpoint(self, name: str) -> Any:
        with self.database.read() as session:
            return next(one for one in list_endpoints(session, SHOP) if one.id == name)

    def pass_by(self, **how: float) -> None:
        self.now += timedelta(**how)
