"""/v1/staff/audit and /v1/staff/outbox: what was done, and what could not be delivered."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.guard import Staff
from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas_operations import AuditEntryOut, AuditOut, DeadLetterOut, DeadLettersOut, Place, ResentOut
from core import audit, outbox_delivery

router = APIRouter(prefix="/v1/staff", tags=["staff"], responses=PROBLEM_RESPONSES)

Limit = Annotated[int, Query(ge=1, le=500)]
Before = Annotated[Place | None, Query(description="`next` of the page before")]
EventKey = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,64}$", examples=["x-4f0c21b7d94f0c21b7d9"])]


@router.get("/audit", summary="Staff and money actions, the newest first")
def get_audit(shop: ShopDep, _caller: Staff, limit: Limit = 100, before: Before = None) -> AuditOut:
    """Whether the log is whole is for `merx audit verify` to say."""
    with shop.database.read() as session:
        found = audit.entries(session, before=before, limit=limit)
    return AuditOut(
        entries=[AuditEntryOut(**dataclasses.asdict(entry)) for entry in found],
        next=found[-1].number if len(found) == limit and found[-1].number > 1 else None,
    )


@router.get("/outbox/dead", summary="Events that could not be delivered, the newest first")
def get_dead_letters(shop: ShopDep, _caller: Staff, limit: Limit = 100, before: Before = None) -> DeadLettersOut:
    """Each says which consumer did not take it, and why at last."""
    with shop.database.read() as session:
        found = outbox_delivery.dead_letters(session, before=before, limit=limit)
    return DeadLettersOut(
        events=[
            DeadLetterOut(**{name: getattr(letter, name) for name in DeadLetterOut.model_fields})
            for letter in found
        ],
        next=found[-1].id if len(found) == limit else None,
    )


@router.post("/outbox/dead/{key}/resend", summary="Try to deliver an event again")
def post_resend(shop: ShopDep, caller: Staff, key: EventKey) -> ResentOut:
    """For every consumer that did not take it; 409 where none has given it up."""
    at = shop.clock()
    count = shop.database.transact(
        lambda session: outbox_delivery.resend(session, key=key, actor=caller.actor, at=at)
    )
    return ResentOut(events=count)
