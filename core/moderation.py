"""Moderation: what readers say of a review, and what staff decide about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlmodel import Session

from core import audit
from core.bulk import insert_of, table_of
from core.errors import Changed, Conflict
from core.reviews import Held, hold, no_review, rated
from core.tables import Product, Review, ReviewVote

_REVIEW, _VOTE, _PRODUCT = table_of(Review), table_of(ReviewVote), table_of(Product)


def find_helpful(session: Session, review: str, *, user: int, at: datetime) -> int:
    """A user (row number) found a review helpful, once; returns how many did.

    Raises NotFound for one that is not shown or is about a buyer, Conflict for one's own.
    """
    row = _shown_to(session, review, user=user)
    if _vote(session, row, user=user, kind="helpful", at=at):
        session.execute(update(_REVIEW).where(_REVIEW.c.id == row).values(helpful=_REVIEW.c.helpful + 1))
    return _helpful(session, row)


def take_back(session: Session, review: str, *, user: int) -> int:
    """A user does not find a review helpful any more; returns how many do. Raises NotFound."""
    row = _shown_to(session, review, user=user)
    gone = session.execute(
        delete(_VOTE)
        .where(_VOTE.c.review_id == row, _VOTE.c.user_id == user, _VOTE.c.kind == "helpful")
        .returning(_VOTE.c.review_id)
    ).first()
    if gone is not None:
        session.execute(update(_REVIEW).where(_REVIEW.c.id == row).values(helpful=_REVIEW.c.helpful - 1))
    return _helpful(session, row)


def report(session: Session, review: str, *, user: int, at: datetime) -> None:
    """A user finds that staff should look at a review, once. Raises NotFound, Conflict for one's own."""
    row = _shown_to(session, review, user=user)
    if _vote(session, row, user=user, kind="report", at=at):
        session.execute(
            update(_REVIEW)
            .where(_REVIEW.c.id == row)
            .values(reports=_REVIEW.c.reports + 1, queued_at=func.coalesce(_REVIEW.c.queued_at, at))
        )


def publish(session: Session, review: str, *, version: int, actor: str, at: datetime) -> None:
    """Staff have looked at a review and show it.

    Raises NotFound, Conflict for one that was withdrawn, Changed when it says something else than in `version`.
    """
    held = _looked_at(session, review, version=version)
    _decide(session, held, status="published", verdict="", actor=actor, at=at)


def reject(session: Session, review: str, *, reason: str, version: int, actor: str, at: datetime) -> None:
    """Staff have looked at a review and do not show it; its author is told `reason`. Raises as `publish` does."""
    held = _looked_at(session, review, version=version)
    _decide(session, held, status="rejected", verdict=reason, actor=actor, at=at)


def waiting(session: Session) -> int:
    """How many reviews wait for staff."""
    return int(session.execute(select(func.count()).where(_REVIEW.c.queued_at.is_not(None))).scalar_one())


def _looked_at(session: Session, review: str, *, version: int) -> Held:
    held = hold(session, review)
    if held.status == "withdrawn":
        raise Conflict(f"review {review} was withdrawn", review=review)
    if held.version != version:
        raise Changed(f"review {review} was changed in the meantime", review=review, version=held.version)
    return held


def _decide(session: Session, held: Held, *, status: str, verdict: str, actor: str, at: datetime) -> None:
    session.execute(
        update(_REVIEW)
        .where(_REVIEW.c.id == held.row)
        .values(status=status, verdict=verdict, moderated_at=at, queued_at=None, reports=0)
    )
    if "published" in (held.status, status) and held.status != status:
        rated(session, held, before=held.status, after=status, at=at)
    action = "review.publish" if status == "published" else "review.reject"
    detail = {"before": held.status, "version": held.version}
    audit.record(session, actor=actor, action=action, subject=f"review:{held.id}", detail=detail, at=at)


def _shown_to(session: Session, review: str, *, user: int) -> int:
    """The row number of a review that readers see, locked; raises NotFound, and Conflict for one's own."""
    wanted: Any = (
        select(_REVIEW.c.id, _REVIEW.c.user_id)
        .outerjoin(_PRODUCT, _PRODUCT.c.id == _REVIEW.c.product_id)
        .where(_REVIEW.c.public_id == review, _REVIEW.c.status == "published", _REVIEW.c.subject != "buyer")
        .where((_REVIEW.c.product_id.is_(None)) | (_PRODUCT.c.status == "published"))
        .with_for_update(of=_REVIEW, key_share=True)
    )
    found = session.execute(wanted).first()
    if found is None:
        raise no_review(review)
    if found.user_id == user:
        raise Conflict("this is a review of one's own", review=review)
    return int(found.id)


def _vote(session: Session, row: int, *, user: int, kind: str, at: datetime) -> bool:
    """Whether it is the user's first of the kind."""
    vote = {"review_id": row, "user_id": user, "kind": kind, "at": at}
    made = insert_of(session, _VOTE).values(vote).on_conflict_do_nothing().returning(_VOTE.c.review_id)
    return session.execute(made).first() is not None


def _helpful(session: Session, row: int) -> int:
    return int(session.execute(select(_REVIEW.c.helpful).where(_REVIEW.c.id == row)).scalar_one())
