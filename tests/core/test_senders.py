"""Messages: written from templates, taken by a class of one's choice in the transaction that asks for them."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

import pytest
from sqlmodel import Session

from core.database import Database
from core.errors import BadSettings
from core.letters import Letters
from core.senders import TEMPLATES, Kind, LogSender, Message, open_sender, opened_messages, written
from tests.core.people import LETTERS, NOW, TOKENS, add_user


class Postbox:
    """A sender of one's own."""

    def __init__(self) -> None:
        self.taken: list[Message] = []

    def send(self, session: Session, message: Message, *, at: datetime) -> None:
        """Keep the message."""
        self.taken.append(message)


class Mute:
    """Has nothing to send with."""


def test_a_sender_is_named_by_its_class(database: Database) -> None:
    assert isinstance(open_sender("core.senders:LogSender"), LogSender)
    mine = open_sender(f"{__name__}:Postbox")
    ann = add_user(database)
    with database.write() as session:
        Letters(mine, TOKENS, "https://shop.example").reset_password(session, ann, at=NOW)
        assert list(opened_messages(session, limit=1)) == []
    (message,) = mine.taken  # type: ignore[attr-defined]
    assert message.to == ann.email
    assert message.link.startswith("https://shop.example/account/password#token=")
    assert message.link in message.text


@pytest.mark.parametrize("name", ["", "nonsense", "no.such:Sender", "core.senders:Nobody", f"{__name__}:Mute"])
def test_what_is_no_sender_is_refused(name: str) -> None:
    with pytest.raises(BadSettings, match="MERX_SENDER"):
        open_sender(name)


def test_a_message_of_a_transaction_that_failed_was_never_sent(database: Database) -> None:
    ann = add_user(database)
    with pytest.raises(RuntimeError), database.write() as session:
        LETTERS.reset_password(session, ann, at=NOW)
        raise RuntimeError("stop")
    with database.read() as session:
        assert list(opened_messages(session, limit=1)) == []


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_is_written_in_full(kind: Kind) -> None:
    message = written(kind, user=1, to="ann@example.com", link="https://shop.example/x")
    assert "{" not in message.subject + message.text
    assert ("https://shop.example/x" in message.text) == ("{link}" in TEMPLATES[kind][1])
