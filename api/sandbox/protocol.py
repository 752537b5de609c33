"""What one provider's protocol is to the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from fastapi import APIRouter

from api.sandbox.books import Event, Record


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to the shop; `accepted(status, body)` says whether an answer means that it was taken."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    accepted: Callable[[int, bytes], bool]


class SandboxProtocol(Protocol):
    """One provider's protocol: made with the bank, `Protocol(bank)`."""

    @property
    def name(self) -> str:
        """The provider's name, as in `/pay/{name}/...`."""
        ...

    @property
    def title(self) -> str:
        """What a shopper calls it."""
        ...

    def router(self) -> APIRouter:
        """Its addresses."""
        ...

    def notification(self, record: Record, event: Event) -> Outgoing | None:
        """The message about something that happened, signed now; None for what this provider does not tell."""
        ...
