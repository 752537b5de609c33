"""/v1/me/messages: what a user was told, to read again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.guard import Member
from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas_webhooks import MessageOut, MessagesOut
from api.texts import PublicId
from core.inbox import messages_of

router = APIRouter(prefix="/v1/me/messages", tags=["personal centre"], responses=PROBLEM_RESPONSES)


@router.get("", summary="My messages")
def get_messages(
    shop: ShopDep,
    caller: Member,
    response: Response,
    before: Annotated[PublicId | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> MessagesOut:
    """The newest first. Links that open an account are left out: they are in the e-mail alone."""
    response.headers["Cache-Control"] = "no-store"
    with shop.database.read() as session:
        found = messages_of(session, caller.row, limit=limit + 1, before=before)
    page = [MessageOut(**asdict(one)) for one in found[:limit]]
    return MessagesOut(messages=page, next=page[-1].id if len(found) > limit else None)
