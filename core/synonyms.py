"""The synonyms that staff keep: rules of text, by a name of staff's choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlmodel import Session

from core import audit
from core.bulk import insert_of, table_of
from core.errors import Conflict, NotFound
from core.tables import Synonym

MOST = 1000  # rules

_SYNONYM = table_of(Synonym)


@dataclass(frozen=True, slots=True)
class NamedRule:
    """One rule."""

    id: str
    rule: str
    changed_at: datetime


def synonyms(session: Session) -> Sequence[NamedRule]:
    """All rules, by name: MOST at most."""
    columns = (_SYNONYM.c.public_id, _SYNONYM.c.rule, _SYNONYM.c.changed_at)
    return [NamedRule(*row) for row in session.execute(select(*columns).order_by(_SYNONYM.c.public_id))]


def put_synonym(session: Session, name: str, *, rule: str, actor: str, at: datetime) -> None:
    """Keep a rule under a name, in the place of the one that had it. The caller has read the rule.

    Raises Conflict when there are MOST rules already.
    """
    fresh = {"public_id": name, "rule": rule, "changed_at": at}
    session.execute(
        insert_of(session, _SYNONYM)
        .values(fresh)
        .on_conflict_do_update(index_elements=["public_id"], set_={"rule": rule, "changed_at": at})
    )
    if session.execute(select(func.count()).select_from(_SYNONYM)).scalar_one() > MOST:
        raise Conflict(f"there are {MOST} rules already: put more into a file (MERX_SYNONYMS)")
    audit.record(
        session, actor=actor, action="synonym.put", subject=f"synonym:{name}", detail={"rule": rule}, at=at
    )


def delete_synonym(session: Session, name: str, *, actor: str, at: datetime) -> None:
    """Take a rule away; raises NotFound."""
    gone = session.execute(delete(_SYNONYM).where(_SYNONYM.c.public_id == name).returning(_SYNONYM.c.rule)).first()
    if gone is None:
        raise NotFound(f"there is no synonym {name!r}", synonym=name)
    detail = {"rule": gone.rule}
    audit.record(session, actor=actor, action="synonym.delete", subject=f"synonym:{name}", detail=detail, at=at)
