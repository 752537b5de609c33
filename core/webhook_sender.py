"""Messages to users for a mail service of one's own: posted to MERX_MESSAGES_URL, signed like webhooks are.

This is the one place that hands a message, with its receiver, to somebody else: to whom the operator named.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlmodel import Session

from core.bulk import json_text
from core.clock import Clock
from core.errors import Unavailable
from core.message_delivery import Carry, Letter, NotNow
from core.posting import post, signed
from core.senders import Message, write_down
from core.settings import Settings

CHANNEL = "webhook"


class WebhookSender:
    """Takes messages for the endpoint; `MessageCarrier` brings them there."""

    def send(self, session: Session, message: Message, *, at: datetime) -> None:
        """Write the message down, to be posted."""
        write_down(session, message, channel=CHANNEL, at=at)


class MessageCarrier:
    """Posts messages to the address in the settings, which may be one of the shop's own network."""

    channel = CHANNEL

    def __init__(self, settings: Settings, *, clock: Clock) -> None:
        self._url, self._secret, self._clock = settings.messages_url, settings.messages_secret, clock

    @contextmanager
    def open(self) -> Iterator[Carry]:
        """Each message is a request of its own."""
        yield self._carry

    def _carry(self, letter: Letter) -> None:
        data = {"id": letter.id, "kind": letter.kind, "to": letter.to, "subject": letter.subject}
        told = {
            "type": "message",
            "timestamp": letter.at.astimezone(UTC).isoformat(),
            "data": {**data, "text": letter.text, "link": letter.link},
        }
        content = json_text(told)
        headers = signed(content, id=letter.id, secrets=[self._secret], at=self._clock())
        answer = post(self._url, content, headers=headers, anywhere=True)
        if answer.status is None:
            raise Unavailable(f"the endpoint of messages is away: {answer.error}")
        if not answer.taken:
            # Its words may name the receiver.
            raise NotNow(f"the endpoint of messages answered {answer.status}")
