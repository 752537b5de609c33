"""The same request with the same key has one effect and one answer, however often and however fast it comes.

A key is claimed in the transaction of the work itself: of many at once one claims it and the others wait for its
commit and get its answer; when the work fails nothing was claimed and the next one tries. The idea and the
header's name are those of the IETF draft "The Idempotency-Key HTTP Header Field".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from core.bulk import insert_of, table_of
from core.database import vault_of
from core.errors import Conflict, Reused
from core.tables import IdempotencyKey

KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: an HTTP status and a JSON text."""

    status: int
    text: str


def fingerprint(*parts: str | bytes) -> str:
    """A hash of what makes a request the same request: method, path, body."""
    digest = hashlib.sha256()
    for part in parts:
        plain = part.encode() if isinstance(part, str) else part
        digest.update(len(plain).to_bytes(8, "big") + plain)
    return digest.hexdigest()


def claim(session: Session, *, scope: str, key: str, request: str, at: datetime) -> Answer | None:
    """Claim `key` within `scope` (who asks) for a request (its fingerprint); None when the work is now to be done.

    Where it was done, its answer. Raises Reused where the key was used for another request.
    """
    table = table_of(IdempotencyKey)
    claimed = session.execute(
        insert_of(session, table)
        .values(scope=scope, key=key, request_hash=request, created_at=at)
        .on_conflict_do_nothing()
        .returning(table.c.key)
    ).first()
    if claimed is not None:
        return None
    known = _look_up(session, scope=scope, key=key, request=request)
    if known is None:
        raise Conflict("this Idempotency-Key was forgotten this moment: try again")
    return known


def _look_up(session: Session, *, scope: str, key: str, request: str) -> Answer | None:
    """The answer that a request with this key had before; None when it was not asked before.

    Raises Reused where the key was used for another request.
    """
    table = table_of(IdempotencyKey)
    statement: Any = select(table.c.request_hash, table.c.status, table.c.answer).where(
        table.c.scope == scope, table.c.key == key
    )
    held = session.execute(statement).first()
    if held is None:
        return None
    if held.request_hash != request:
        raise Reused("this Idempotency-Key was used for another request")
    return Answer(held.status, vault_of(session).open(held.answer))


def keep(session: Session, answer: Answer, *, scope: str, key: str) -> None:
    """Keep the answer of the work that `claim` allowed, in its transaction."""
    session.execute(
        update(IdempotencyKey)
        .where(col(IdempotencyKey.scope) == scope, col(IdempotencyKey.key) == key)
        .values(status=answer.status, answer=vault_of(session).seal(answer.text))
        .execution_options(synchronize_session=False)
    )


def forget(session: Session, *, now: datetime) -> int:
    """Delete keys that are older than KEPT; returns how many."""
    gone: Any = session.execute(delete(IdempotencyKey).where(col(IdempotencyKey.created_at) < now - KEPT))
    return int(gone.rowcount)
