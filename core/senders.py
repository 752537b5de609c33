"""Messages to users, and how they leave.

A sender is a class named by `MERX_SENDER` (MODULE:NAME). It takes a message inside the transaction that asks for
it, so it must not call anybody there: it writes down what is to be delivered, and delivers it afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib import import_module
from typing import Literal, Protocol

from sqlalchemy import select
from sqlmodel import Session, col

from core.bulk import insert_of, table_of
from core.database import vault_of
from core.errors import BadSettings
from core.ids import new_id
from core.tables import Notification

Kind = Literal["verify-email", "reset-password", "change-email", "already-registered", "email-changed"]

# Subject and text of each kind; {link} where it has one.
TEMPLATES: dict[Kind, tuple[str, str]] = {
    "verify-email": (
        "Confirm your e-mail address",
        "Open this link within 24 hours to confirm your address and use your account:\n\n{link}\n\n"
        "If you did not register, do not open it: without it nobody can use the account.",
    ),
    "reset-password": (
        "A new password",
        "Open this link within an hour to choose a new password:\n\n{link}\n\n"
        "If you did not ask for it, nothing has changed and you need not do anything.",
    ),
    "change-email": (
        "Confirm your new e-mail address",
        "Open this link within 24 hours to make this the address of your account:\n\n{link}",
    ),
    "already-registered": (
        "You already have an account",
        "Somebody, perhaps you, tried to register with this address, which already has an account.\n"
        "If you have forgotten the password, this link gives you a new one within an hour:\n\n{link}",
    ),
    "email-changed": (
        "Your e-mail address was changed",
        "Your account has another e-mail address from now on. If you did not do this, write to us at once.",
    ),
}


@dataclass(frozen=True, slots=True)
class Message:
    """Something to tell a user (`user` is the row number) at an e-mail address.

    `event` is the key of what it tells of, if any: a user is told of it once in each kind.
    """

    user: int
    to: str
    kind: str
    subject: str
    text: str
    link: str = ""
    event: str | None = None


class Sender(Protocol):
    """One way for messages to leave."""

    def send(self, session: Session, message: Message, *, at: datetime) -> None:
        """Take a message in the session's transaction: when that is rolled back, nothing was sent."""
        ...


class LogSender:
    """Keeps messages, sealed, in the notification log and delivers them nowhere: for development."""

    def send(self, session: Session, message: Message, *, at: datetime) -> None:
        """Write the message down."""
        write_down(session, message, channel="log", at=at, status="sent")


def write_down(
    session: Session,
    message: Message,
    *,
    channel: str,
    at: datetime,
    status: Literal["pending", "sent"] = "pending",
) -> None:
    """Put a message, sealed, into the notification log; what waits there is for who delivers that channel.

    A message of the same event and kind to the same user is there already: then nothing happens.
    """
    payload = asdict(message)
    event = payload.pop("event")
    table = table_of(Notification)
    row = {
        "public_id": new_id("n-"),
        "user_id": message.user,
        "channel": channel,
        "kind": message.kind,
        "payload": vault_of(session).seal(json.dumps(payload, ensure_ascii=False)),
        "status": status,
        "event_key": event,
        "next_attempt_at": at if status == "pending" else None,
        "created_at": at,
    }
    session.execute(insert_of(session, table).values(row).on_conflict_do_nothing())


def written(kind: Kind, *, user: int, to: str, link: str = "") -> Message:
    """A message of a kind, in words."""
    subject, text = TEMPLATES[kind]
    return Message(user=user, to=to, kind=kind, subject=subject, text=text.format(link=link), link=link)


def open_sender(name: str) -> Sender:
    """The sender that MODULE:NAME names; raises BadSettings where there is none."""
    module, _, attribute = name.partition(":")
    try:
        made: Sender = getattr(import_module(module), attribute)()
        if not callable(made.send):
            raise TypeError("its `send` cannot be called")
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise BadSettings(f"MERX_SENDER: no sender {name!r}: {error}") from error
    return made


def opened_messages(session: Session, *, limit: int) -> Iterator[tuple[datetime, str, dict[str, str]]]:
    """The newest messages first: when, of what kind, and their opened payload."""
    newest = select(Notification).order_by(col(Notification.id).desc()).limit(limit)
    for row in session.execute(newest).scalars():
        yield row.created_at, row.kind, json.loads(vault_of(session).open(row.payload))


@dataclass(frozen=True, slots=True)
class Logged:
    """How the delivery of a message goes; nothing of what it says, nor to whom."""

    id: str
    at: datetime
    kind: str
    channel: str
    status: str
    attempts: int
    last_error: str | None
    next_attempt_at: datetime | None


def message_log(session: Session, *, limit: int, opened: bool) -> Iterator[tuple[Logged, dict[str, str]]]:
    """The newest messages first, with their opened payload where that is wanted."""
    for row in session.execute(select(Notification).order_by(col(Notification.id).desc()).limit(limit)).scalars():
        logged = Logged(
            row.public_id,
            row.created_at,
            row.kind,
            row.channel,
            row.status,
            row.attempts,
            row.last_error,
            row.next_attempt_at,
        )
        yield logged, json.loads(vault_of(session).open(row.payload)) if opened else {}
