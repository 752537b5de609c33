"""/v1/staff/reviews: what staff have to look at, and what they decide."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session

from api.guard import Staff
from api.problems import PROBLEM_RESPONSES
from api.reviewing import review_out, reviews_out
from api.routes import ShopDep
from api.schemas_reviews import QueueOut, RejectIn, SeenIn, StaffReviewOut
from api.texts import PathId
from core import moderation
from core.review_views import read_review, review_queue

router = APIRouter(prefix="/v1/staff/reviews", tags=["back office"], responses=PROBLEM_RESPONSES)


@router.get("", summary="Reviews to look at")
def get_queue(shop: ShopDep, _caller: Staff, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> QueueOut:
    """What was written, edited, answered or reported since staff last looked; the longest waiting first."""
    with shop.database.read() as session:
        found = review_queue(session, limit=limit)
        return QueueOut(waiting=moderation.waiting(session), reviews=reviews_out(found, StaffReviewOut))


@router.post("/{review}/publish", summary="Show a review")
def post_publish(shop: ShopDep, caller: Staff, review: PathId, body: SeenIn) -> StaffReviewOut:
    """It leaves the queue. 409 `changed` when it says something else by now than what was looked at."""

    def work(session: Session) -> StaffReviewOut:
        moderation.publish(session, review, version=body.version, actor=caller.actor, at=shop.clock())
        return review_out(read_review(session, review), StaffReviewOut)

    return shop.database.transact(work)


@router.post("/{review}/reject", summary="Do not show a review")
def post_reject(shop: ShopDep, caller: Staff, review: PathId, body: RejectIn) -> StaffReviewOut:
    """Its author sees the reason, and can say something else."""

    def work(session: Session) -> StaffReviewOut:
        version, reason = body.version, body.reason
        moderation.reject(session, review, reason=reason, version=version, actor=caller.actor, at=shop.clock())
        return review_out(read_review(session, review), StaffReviewOut)

    return shop.database.transact(work)
