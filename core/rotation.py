"""Changing the key of personal data: everything that is sealed is opened and sealed again under the current key.

Batch by batch, each a transaction of its own: whenever it is stopped, what is done is done, every row can be read
and looked up with the keys of before, and the next run goes on with what is left. Failed logins and keys of
repeated requests that are kept for days only are not waited for: they are sealed again like the rest, or expire.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, bindparam, func, or_, select, tuple_, update
from sqlmodel import Session, SQLModel

from core.bulk import table_of
from core.database import vault_of
from core.persons import find_by
from core.tables import Address, IdempotencyKey, Notification, Order, Return, User, WebhookEndpoint

BATCH = 500

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Sealed:
    """The sealed columns of a table, and the columns that hold the keyed hash of one of them."""

    name: str
    model: type[SQLModel]
    columns: tuple[str, ...]
    hashes: tuple[tuple[str, str, Literal["email", "phone"]], ...] = ()


# Everything that is sealed, but for the seal of the audit log, which `core.audit.reseal` renews.
SEALED = (
    Sealed(
        "users",
        User,
        ("email", "name", "phone"),
        hashes=(("email_hash", "email", "email"), ("phone_hash", "phone", "phone")),
    ),
    Sealed("addresses", Address, ("sealed",)),
    Sealed("orders", Order, ("address",)),
    Sealed("returns", Return, ("reason",)),
    Sealed("notifications", Notification, ("payload",)),
    Sealed("kept answers", IdempotencyKey, ("answer",)),
    Sealed("webhook endpoints", WebhookEndpoint, ("secret", "previous_secret")),
)


@dataclass(frozen=True, slots=True)
class Batch:
    """How many rows were sealed again, and the primary key of the last one; None when there were no more."""

    rows: int
    last: Key | None


def rotate_batch(session: Session, sealed: Sealed, *, after: Key | None = None, size: int = BATCH) -> Batch:
    """Seal up to `size` rows above the primary key `after` again, those that the current key did not seal.

    Raises BadSettings where the key that sealed a row is not here, BrokenArtifact where a row was changed.
    """
    table = table_of(sealed.model)
    keys = list(table.primary_key.columns)
    old = select(*keys, *(table.c[name] for name in sealed.columns)).where(_left(session, sealed))
    if after is not None:
        old = old.where(tuple_(*keys) > tuple_(*after))
    rows = session.execute(old.order_by(*keys).limit(size).with_for_update()).all()
    if not rows:
        return Batch(0, None)
    names = [*sealed.columns, *(name for name, _, _ in sealed.hashes)]
    changed = update(table).values({name: bindparam(f"new_{name}") for name in names})
    for key in keys:
        changed = changed.where(key == bindparam(f"key_{key.name}"))
    session.connection().execute(changed, [_again(session, sealed, row, keys) for row in rows])
    return Batch(len(rows), tuple(rows[-1][: len(keys)]))


def left(session: Session, sealed: Sealed) -> int:
    """How many rows another key than the current one sealed."""
    return int(
        session.execute(
            select(func.count()).select_from(table_of(sealed.model)).where(_left(session, sealed))
        ).scalar_one()
    )


def _left(session: Session, sealed: Sealed) -> ColumnElement[bool]:
    """A sealed text begins with its key's name; so does a hash."""
    table = table_of(sealed.model)
    mark = f"{vault_of(session).current}."
    columns = [*sealed.columns, *(name for name, _, _ in sealed.hashes)]
    return or_(*(func.substr(table.c[name], 1, len(mark)) != mark for name in columns))


def _again(session: Session, sealed: Sealed, row: Any, keys: Sequence[Any]) -> dict[str, Any]:
    vault = vault_of(session)
    plain = {
        name: vault.open(row._mapping[name]) if row._mapping[name] is not None else None for name in sealed.columns
    }
    values: dict[str, Any] = {f"key_{key.name}": row._mapping[key.name] for key in keys}
    for name, text in plain.items():
        same = text is None or vault.is_current(row._mapping[name])
        values[f"new_{name}"] = row._mapping[name] if same else vault.seal(text or "")
    for name, source, purpose in sealed.hashes:
        text = plain[source]
        values[f"new_{name}"] = None if text is None else find_by(session, text, purpose=purpose)[0]
    return values
