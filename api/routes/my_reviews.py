"""/v1/orders/{order}/lines/{line}/reviews and /v1/me/reviews: writing about what one has bought."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from sqlmodel import Session
from starlette.responses import Response

from api.guard import Member
from api.once import OnceDep
from api.problems import PROBLEM_RESPONSES
from api.reviewing import review_out, reviews_out, words_of
from api.routes import ShopDep
from api.schemas_reviews import LineNumber, OwnReviewOut, OwnReviewsOut, ReviewIn, WordsIn
from api.selling import Upload, body_of, read_picture
from api.texts import PathId, PublicId
from core import pictures, reviews
from core.errors import Conflict
from core.imaging import render
from core.review_views import own_review, own_reviews
from core.reviews import Author

router = APIRouter(prefix="/v1", tags=["reviews"], responses=PROBLEM_RESPONSES)

_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}},
}


async def _picture(request: Request, _caller: Member) -> Upload:
    """The caller is known before a byte is taken."""
    return await read_picture(request)


ReviewPicture = Annotated[Upload, Depends(_picture)]


@router.post(
    "/orders/{order}/lines/{line}/reviews",
    status_code=201,
    summary="Review what I bought, or who sold it",
    response_model=OwnReviewOut,
)
def post_review(
    shop: ShopDep, caller: Member, once: OnceDep, order: PathId, line: LineNumber, body: ReviewIn
) -> Response:
    """One review of each `subject` for a line of an order, once pieces of it have arrived.

    It is shown at once, or after staff have looked at it, as the shop has set it.
    """
    author = Author(user=caller.row)

    def work(session: Session) -> OwnReviewOut:
        made = reviews.write(
            session,
            author,
            order=order,
            line=line,
            subject=body.subject,
            words=words_of(body),
            moderation=shop.settings.review_moderation,
            at=shop.clock(),
        )
        return review_out(own_review(session, author, made), OwnReviewOut)

    return once(work, body=body, status=201)


@router.get("/me/reviews", summary="My reviews")
def get_reviews(
    shop: ShopDep,
    caller: Member,
    order: Annotated[PublicId | None, Query(description="those of one order")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    after: Annotated[PublicId | None, Query(description="the last id of the page before")] = None,
) -> OwnReviewsOut:
    """The newest first, also those that are not shown, with the reason."""
    with shop.database.read() as session:
        found = own_reviews(session, Author(user=caller.row), order=order, after=after, limit=limit)
    return OwnReviewsOut(reviews=reviews_out(found, OwnReviewOut))


@router.put("/me/reviews/{review}", summary="Say something else")
def put_review(shop: ShopDep, caller: Member, review: PathId, body: WordsIn) -> OwnReviewOut:
    """Staff look at it again."""
    author = Author(user=caller.row)

    def work(session: Session) -> OwnReviewOut:
        mode = shop.settings.review_moderation
        reviews.edit(session, author, review, words=words_of(body), moderation=mode, at=shop.clock())
        return review_out(own_review(session, author, review), OwnReviewOut)

    return shop.database.transact(work)


@router.delete("/me/reviews/{review}", status_code=204, summary="Take my review back")
def delete_review(shop: ShopDep, caller: Member, review: PathId) -> None:
    """With its pictures; the purchase can be reviewed anew."""

    def work(session: Session) -> None:
        reviews.withdraw(session, Author(user=caller.row), review, at=shop.clock())

    shop.database.transact(work)


@router.post(
    "/me/reviews/{review}/pictures",
    status_code=201,
    summary="Add a picture to my review",
    openapi_extra=body_of("multipart/form-data", _FORM),
)
def post_picture(shop: ShopDep, caller: Member, review: PathId, upload: ReviewPicture) -> OwnReviewOut:
    """As a seller's are: written anew as WebP, upright, without metadata. At most five."""
    author = Author(user=caller.row)
    with shop.database.read() as session:  # before the work of decoding
        if len(own_review(session, author, review).pictures) >= reviews.MOST_PICTURES:
            raise Conflict(f"a review has at most {reviews.MOST_PICTURES} pictures", review=review)
    rendition = render(upload.data)
    url = pictures.store(rendition, folder=shop.pictures)

    def work(session: Session) -> OwnReviewOut:
        reviews.add_picture(
            session,
            author,
            review,
            url=url,
            width=rendition.width,
            height=rendition.height,
            moderation=shop.settings.review_moderation,
            at=shop.clock(),
        )
        return review_out(own_review(session, author, review), OwnReviewOut)

    return shop.database.transact(work)


@router.delete("/me/reviews/{review}/pictures/{picture}", summary="Remove a picture from my review")
def delete_picture(shop: ShopDep, caller: Member, review: PathId, picture: PathId) -> OwnReviewOut:
    """Staff look at the review again."""
    author = Author(user=caller.row)

    def work(session: Session) -> OwnReviewOut:
        mode = shop.settings.review_moderation
        reviews.remove_picture(session, author, review, picture=picture, moderation=mode, at=shop.clock())
        return review_out(own_review(session, author, review), OwnReviewOut)

    return shop.database.transact(work)
