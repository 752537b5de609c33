"""Lockout: too many failures of one account or from one address, and nothing is tried for a while.

An attempt counts as failed from its beginning until it has succeeded, in a transaction of its own. However many
come at once, no more than the limit are ever tried, and whoever gives up half-way has failed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import case, delete, literal, or_, select, update
from sqlmodel import Session

from core.bulk import insert_of, table_of
from core.database import vault_of
from core.errors import TooMany
from core.tables import LoginLock
from core.tables.columns import UtcDateTime

WINDOW = timedelta(minutes=15)  # failures within it add up
LOCKED = timedelta(minutes=15)
LIMITS = {"account": 5, "address": 20, "mail": 5, "asking": 20}

_LOCK = table_of(LoginLock)


@dataclass(frozen=True, slots=True)
class Scope:
    """What failures are counted for; `text` is an account's e-mail address or an internet address."""

    kind: Literal["account", "address", "mail", "asking"]
    text: str


def account(email: str) -> Scope:
    """Logins of an account, whether or not there is one."""
    return Scope("account", email.strip().casefold())


def mail(email: str) -> Scope:
    """Messages that strangers may have sent to an address."""
    return Scope("mail", email.strip().casefold())


def address(host: str) -> Scope:
    """Logins from an internet address."""
    return Scope("address", _network(host))


def asking(host: str) -> Scope:
    """Messages that were asked for from an internet address."""
    return Scope("asking", _network(host))


def begin(session: Session, scopes: Sequence[Scope], *, at: datetime) -> None:
    """Count an attempt in every scope; raises TooMany, counting nothing, where one of them is locked.

    The attempt that reaches a scope's limit is still allowed, and locks the scope unless it succeeds.
    """
    keyed = sorted((_key(session, scope), LIMITS[scope.kind]) for scope in scopes)  # one order of locking for all
    for key, limit in keyed:
        if not _counted(session, key, limit=limit, at=at):
            until = session.execute(select(_LOCK.c.locked_until).where(_LOCK.c.scope == key)).scalar_one()
            wait = max(1, round((until - at).total_seconds()))
            raise TooMany("too many attempts: try again later", wait=wait)


def succeeded(session: Session, scopes: Sequence[Scope]) -> None:
    """The attempt was good: it opens an account's lock again, and takes its own count off an address."""
    for key, kind in sorted((_key(session, scope), scope.kind) for scope in scopes):
        if kind == "account":
            session.execute(delete(_LOCK).where(_LOCK.c.scope == key))
        else:
            session.execute(
                update(_LOCK)
                .where(_LOCK.c.scope == key, _LOCK.c.failures > 0)
                .values(failures=_LOCK.c.failures - 1, locked_until=None)
            )


def forget(session: Session, scopes: Sequence[Scope]) -> None:
    """Delete what was counted in these scopes, under whichever key."""
    vault = vault_of(session)
    keys = [key for scope in scopes for key in vault.digests(scope.text, purpose=f"lock {scope.kind}")]
    session.execute(delete(_LOCK).where(_LOCK.c.scope.in_(keys)))


def forget_old(session: Session, *, at: datetime) -> int:
    """Delete the counts that mean nothing any more; returns how many."""
    over = (_LOCK.c.first_failed_at <= at - WINDOW) & or_(
        _LOCK.c.locked_until.is_(None), _LOCK.c.locked_until <= at
    )
    return len(session.execute(delete(_LOCK).where(over).returning(_LOCK.c.scope)).all())


def _counted(session: Session, key: str, *, limit: int, at: datetime) -> bool:
    """Add one to a scope's failures, from 1 again after its window or its lock; False while it is locked."""
    moment, until = literal(at, UtcDateTime), literal(at + LOCKED, UtcDateTime)
    first = insert_of(session, _LOCK).values(
        scope=key, failures=1, first_failed_at=at, locked_until=at + LOCKED if limit == 1 else None
    )
    afresh = or_(_LOCK.c.first_failed_at <= literal(at - WINDOW, UtcDateTime), _LOCK.c.locked_until.is_not(None))
    failures = case((afresh, 1), else_=_LOCK.c.failures + 1)
    counted = first.on_conflict_do_update(
        index_elements=["scope"],
        set_={
            "failures": failures,
            "first_failed_at": case((afresh, moment), else_=_LOCK.c.first_failed_at),
            "locked_until": case((failures >= limit, until), else_=None),
        },
        where=or_(_LOCK.c.locked_until.is_(None), _LOCK.c.locked_until <= moment),
    ).returning(_LOCK.c.failures)
    return session.execute(counted).first() is not None


def _network(host: str) -> str:
    """An address of IPv4; of IPv6 the network of 64 bits, which is what one customer has."""
    try:
        known = ipaddress.ip_address(host)
    except ValueError:
        return host
    if known.version == 6 and known.ipv4_mapped is None:
        return str(ipaddress.ip_network((known, 64), strict=False))
    return str(known.ipv4_mapped if known.version == 6 else known)


def _key(session: Session, scope: Scope) -> str:
    return vault_of(session).digest(scope.text, purpose=f"lock {scope.kind}")
