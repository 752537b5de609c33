"""What a user was told, for the user; what could be followed into the account is left out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.database import vault_of
from core.errors import NotFound
from core.senders import TEMPLATES
from core.tables import Notification


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """A message as its receiver reads it again; `link` leads to a page of the shop and opens nothing."""

    id: str
    kind: str
    subject: str
    text: str
    link: str
    at: datetime


def messages_of(session: Session, user: int, *, limit: int = 20, before: str | None = None) -> list[InboxMessage]:
    """A user's (row number) messages, newest first; `before` is the last id of the page before.

    Raises NotFound for a `before` that is not theirs.
    """
    own = col(Notification.user_id) == user
    wanted = select(Notification).where(own).order_by(col(Notification.id).desc()).limit(limit)
    if before is not None:
        last: Any = select(col(Notification.id)).where(own, col(Notification.public_id) == before)
        row = session.execute(last).scalar_one_or_none()
        if row is None:
            raise NotFound(f"there is no message {before!r}", notification=before)
        wanted = wanted.where(col(Notification.id) < row)
    return [_shown(session, row) for row in session.execute(wanted).scalars()]


def _shown(session: Session, row: Notification) -> InboxMessage:
    told = json.loads(vault_of(session).open(row.payload))
    text, link = str(told["text"]), str(told["link"])
    if row.kind in TEMPLATES:
        # Links of account messages are keys: who reads a session's messages must not get a new password by them.
        text, link = (text.replace(link, "(a link)") if link else text), ""
    return InboxMessage(row.public_id, row.kind, str(told["subject"]), text, link, row.created_at)
