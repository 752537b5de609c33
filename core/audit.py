"""The audit log: staff and money actions, each entry bound to the one before by a hash.

An entry's hash is SHA-256 over a canonical JSON of all its columns, the previous entry's hash among them. The head
row holds how many entries there are, the last hash, and a digest of both under a key that is not in the database.
So whoever can write to the database but does not have the key cannot change, remove, insert or cut off entries
unnoticed. What is left to them is to put back a whole earlier log with its head: compare with a hash that was
noted elsewhere (`verify(expect=...)`) to notice that too.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlmodel import Session

from core.bulk import insert_of, table_of
from core.database import vault_of
from core.errors import BrokenArtifact
from core.tables import AuditEntry, AuditHead

GENESIS = "0" * 64  # what the first entry is bound to
BATCH = 1000

_ENTRY = table_of(AuditEntry)
_HEAD = table_of(AuditHead)
_PURPOSE = "audit"


@dataclass(frozen=True, slots=True)
class Entry:
    """One action. `number` counts from 1 without gaps."""

    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found: the length of the log and its last hash, and the first thing wrong, "" for nothing.

    `entry` is the number of the entry it is wrong with; None where it is the end of the log.
    """

    entries: int
    hash: str
    entry: int | None = None
    fault: str = ""


def record(
    session: Session, *, actor: str, action: str, subject: str, detail: Mapping[str, Any], at: datetime
) -> None:
    """Append an entry: who did what to which thing, e.g. action "order.cancel", subject "order:o-4f0c".

    The last thing of a transaction, because its lock holds up all others that append. `detail` may hold text,
    whole numbers, truth values, None, moments, lists and mappings; a float is kept as text, since the databases do
    not all give back the same one. Personal data has no place in it. Raises TypeError for anything else,
    BadSettings where the key that sealed the head is not here.
    """
    head = _locked_head(session)
    sound = vault_of(session).confirms(head.seal, _sealed_text(head.entries, head.hash), purpose=_PURPOSE)
    row = {
        "id": head.entries + 1,
        "at": at,
        "actor": actor,
        "action": action,
        "subject": subject,
        "detail": _plain(detail),
        "previous_hash": head.hash,
    }
    row["hash"] = _hash_of(row)
    session.execute(insert(_ENTRY).values(row))
    # A head that was forged is never sealed again: the log goes on, and so does what `verify` says about it.
    seal = _seal(session, row["id"], row["hash"]) if sound else head.seal
    session.execute(update(_HEAD).values(entries=row["id"], hash=row["hash"], seal=seal))


def verify(session: Session, *, expect: str | None = None) -> Verdict:
    """Read the whole log, BATCH entries at a time, and say what is wrong with it first.

    Entries that are appended meanwhile do no harm. `expect` is a hash that was noted before: it must still be that
    of some entry.
    """
    head = session.execute(select(_HEAD)).first()
    count, last = (head.entries, head.hash) if head is not None else (0, GENESIS)
    number, previous, expected = 0, GENESIS, expect in (None, GENESIS)

    def wrong(entry: int | None, fault: str) -> Verdict:
        return Verdict(count, last, entry, fault)

    for row in _rows(session, until=count):
        number += 1
        if row.id < number:
            return wrong(row.id, "was inserted")
        if row.id > number:
            return wrong(number, "was removed")
        if row.hash != _hash_of(row._asdict()):
            return wrong(number, "was changed")
        if row.previous_hash != previous:
            return wrong(number, "does not follow from the entry before: one of them was replaced")
        previous = row.hash
        expected = expected or row.hash == expect
    if number < count:
        return wrong(number + 1, "was removed: the log is cut off before its end")
    # One statement, one view of both tables: an honest append is in both or in neither.
    beyond = select(func.coalesce(func.max(_HEAD.c.entries), 0)).scalar_subquery()
    inserted = session.execute(select(func.min(_ENTRY.c.id)).where(_ENTRY.c.id > beyond)).scalar_one()
    if inserted is not None:
        return wrong(inserted, "was inserted after the end" if head is not None else "has no head: it was removed")
    if head is not None and not _is_sealed(session, head):
        return wrong(None, "the head was forged, or sealed under a key that is not among MERX_DATA_KEYS")
    if previous != last:
        return wrong(None, "the head does not have the hash of the last entry")
    if not expected:
        return wrong(None, f"no entry has the hash {expect}: the log was rewritten or put back to an earlier one")
    return Verdict(count, last)


def reseal(session: Session) -> Verdict:
    """Seal the head under the current key, if the log is sound; part of rotating the keys.

    Raises BrokenArtifact naming what is wrong otherwise: a new seal must not vouch for a log that was changed.
    """
    head = _locked_head(session)
    verdict = verify(session)
    if verdict.fault:
        raise BrokenArtifact(f"the audit log: {described(verdict)}")
    session.execute(update(_HEAD).values(seal=_seal(session, head.entries, head.hash)))
    return verdict


def described(verdict: Verdict) -> str:
    """A verdict in a line."""
    if not verdict.fault:
        return f"{verdict.entries:,} entries, unbroken, head {verdict.hash}"
    return f"entry {verdict.entry} {verdict.fault}" if verdict.entry is not None else verdict.fault


def entries(session: Session, *, before: int | None = None, limit: int = 100) -> list[Entry]:
    """The newest entries first, or those with numbers below `before`."""
    statement = select(_ENTRY).order_by(_ENTRY.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(_ENTRY.c.id < before)
    return [
        Entry(row.id, row.at, row.actor, row.action, row.subject, row.detail, row.hash)
        for row in session.execute(statement)
    ]


def _locked_head(session: Session) -> Row[Any]:
    statement = select(_HEAD).with_for_update()
    head = session.execute(statement).first()
    if head is None:
        # Two first appends at once: one inserts, the other waits for it here and then reads what it left.
        write = insert_of(session, _HEAD)
        first = {"id": 1, "entries": 0, "hash": GENESIS, "seal": _seal(session, 0, GENESIS)}
        session.execute(write.values(first).on_conflict_do_nothing())
        head = session.execute(statement).one()
    return head


def _rows(session: Session, *, until: int) -> Iterator[Row[Any]]:
    statement = select(_ENTRY).where(_ENTRY.c.id <= until).order_by(_ENTRY.c.id).limit(BATCH)
    batch = session.execute(statement).all()
    while batch:
        yield from batch
        batch = session.execute(statement.where(_ENTRY.c.id > batch[-1].id)).all()


def _hash_of(row: Mapping[str, Any]) -> str:
    told = {name: value for name, value in row.items() if name != "hash"}
    told["at"] = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _seal(session: Session, count: int, last: str) -> str:
    return vault_of(session).digest(_sealed_text(count, last), purpose=_PURPOSE)


def _is_sealed(session: Session, head: Row[Any]) -> bool:
    genuine = vault_of(session).digests(_sealed_text(head.entries, head.hash), purpose=_PURPOSE)
    return any(hmac.compare_digest(head.seal.encode(), one.encode()) for one in genuine)


def _sealed_text(count: int, last: str) -> str:
    return f"{count} {last}"


def _plain(value: object) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return repr(value)
        case datetime():
            return value.astimezone(UTC).isoformat()
        case Mapping():
            return {str(name): _plain(item) for name, item in value.items()}
        case Sequence():
            return [_plain(item) for item in value]
    raise TypeError(f"the audit log cannot keep a {type(value).__name__}")
