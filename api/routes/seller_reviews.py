"""/v1/seller/reviews: answers to reviews, and what sellers say of buyers for each other."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session
from starlette.responses import Response

from api.guard import SellerMember
from api.once import OnceDep
from api.problems import PROBLEM_RESPONSES
from api.reviewing import rating_out, review_out, reviews_out, words_of
from api.routes import ShopDep
from api.schemas_reviews import (
    AboutOut,
    AnswerableOut,
    AnswerIn,
    BuyerReviewsOut,
    LineNumber,
    OwnReviewOut,
    WordsIn,
)
from api.texts import PathId, PublicId
from core import reviews
from core.accounts import Caller
from core.errors import Forbidden
from core.goods import keeper_of
from core.review_views import buyer_reviews, own_review, review_for_seller, reviews_for_seller
from core.reviews import Author

router = APIRouter(prefix="/v1/seller", tags=["sellers' reviews"], responses=PROBLEM_RESPONSES)


@router.get("/reviews", summary="Reviews of me and of my goods")
def get_reviews(
    shop: ShopDep,
    caller: SellerMember,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: Annotated[PublicId | None, Query(description="the last id of the page before")] = None,
) -> AnswerableOut:
    """Those that are shown, the newest first."""
    with shop.database.read() as session:
        found = reviews_for_seller(session, seller=_seller(session, caller), after=after, limit=limit)
    return AnswerableOut(reviews=reviews_out(found, AboutOut))


@router.put("/reviews/{review}/answer", summary="Answer a review")
def put_answer(shop: ShopDep, caller: SellerMember, review: PathId, body: AnswerIn) -> AboutOut:
    """One answer, which can be changed; it is shown below the review, and staff look at it too."""

    def work(session: Session) -> AboutOut:
        seller = _seller(session, caller)
        reviews.answer(session, review, seller=seller, text=body.text.strip(), at=shop.clock())
        return review_out(review_for_seller(session, review), AboutOut)

    return shop.database.transact(work)


@router.post(
    "/orders/{order}/lines/{line}/reviews",
    status_code=201,
    summary="Review a buyer",
    response_model=OwnReviewOut,
)
def post_buyer_review(
    shop: ShopDep, caller: SellerMember, once: OnceDep, order: PathId, line: LineNumber, body: WordsIn
) -> Response:
    """For sellers alone: the buyer does not see it in the shop, but it is in the data they can ask for."""

    def work(session: Session) -> OwnReviewOut:
        author = Author(seller=_seller(session, caller))
        made = reviews.write(
            session,
            author,
            order=order,
            line=line,
            subject="buyer",
            words=words_of(body),
            moderation=shop.settings.review_moderation,
            at=shop.clock(),
        )
        return review_out(own_review(session, author, made), OwnReviewOut)

    return once(work, body=body, status=201)


@router.get("/orders/{order}/reviews", summary="What sellers say of a buyer")
def get_buyer_reviews(shop: ShopDep, caller: SellerMember, order: PathId) -> BuyerReviewsOut:
    """Of the one who placed an order with goods of mine; the newest hundred."""
    with shop.database.read() as session:
        rating, found = buyer_reviews(session, order, seller=_seller(session, caller))
    return BuyerReviewsOut(rating=rating_out(rating), reviews=reviews_out(found, AboutOut))


@router.put("/reviews/{review}", summary="Say something else of a buyer")
def put_buyer_review(shop: ShopDep, caller: SellerMember, review: PathId, body: WordsIn) -> OwnReviewOut:
    """One's own review of a buyer; staff look at it again."""

    def work(session: Session) -> OwnReviewOut:
        author, mode = Author(seller=_seller(session, caller)), shop.settings.review_moderation
        reviews.edit(session, author, review, words=words_of(body), moderation=mode, at=shop.clock())
        return review_out(own_review(session, author, review), OwnReviewOut)

    return shop.database.transact(work)


@router.delete("/reviews/{review}", status_code=204, summary="Take my review of a buyer back")
def delete_buyer_review(shop: ShopDep, caller: SellerMember, review: PathId) -> None:
    """The order line can be reviewed anew."""

    def work(session: Session) -> None:
        reviews.withdraw(session, Author(seller=_seller(session, caller)), review, at=shop.clock())

    shop.database.transact(work)


def _seller(session: Session, caller: Caller) -> int:
    seller = keeper_of(session, caller).seller
    if seller is None:
        raise Forbidden("this is for sellers")
    return seller
