"""/v1/products/{product}/reviews, /v1/sellers and /v1/reviews: what readers see of reviews and say to them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session

from api.guard import Anyone, Member
from api.problems import PROBLEM_RESPONSES
from api.reviewing import rating_out, reviews_out
from api.routes import ShopDep
from api.schemas_reviews import HelpfulOut, ProductReviewsOut, ReviewOut, SellerOut, SellerReviewsOut
from api.texts import PathId, PublicId
from core import moderation
from core.review_views import Sort, product_reviews, read_seller, seller_reviews

router = APIRouter(prefix="/v1", tags=["reviews"], responses=PROBLEM_RESPONSES)

OfScore = Annotated[int | None, Query(ge=1, le=5, description="those with this score alone")]
Limit = Annotated[int, Query(ge=1, le=50)]
After = Annotated[PublicId | None, Query(description="the last id of the page before")]


@router.get("/products/{product}/reviews", summary="Reviews of a product")
def get_product_reviews(
    shop: ShopDep,
    caller: Anyone,
    product: PathId,
    sort: Sort = "newest",
    score: OfScore = None,
    limit: Limit = 10,
    after: After = None,
) -> ProductReviewsOut:
    """A page of them with the product's rating and its seller's. The product's stream tells of new ones."""
    reader = caller.row if caller is not None else None
    with shop.database.read() as session:
        rating, seller, found = product_reviews(
            session, product, sort=sort, score=score, reader=reader, after=after, limit=limit
        )
    return ProductReviewsOut(
        rating=rating_out(rating), seller=SellerOut(**asdict(seller)), reviews=reviews_out(found, ReviewOut)
    )


@router.get("/sellers/{seller}", summary="A seller")
def get_seller(shop: ShopDep, seller: PathId) -> SellerOut:
    """The name, and how those who bought rate them."""
    with shop.database.read() as session:
        return SellerOut(**asdict(read_seller(session, seller)))


@router.get("/sellers/{seller}/reviews", summary="Reviews of a seller")
def get_seller_reviews(
    shop: ShopDep,
    caller: Anyone,
    seller: PathId,
    sort: Sort = "newest",
    score: OfScore = None,
    limit: Limit = 10,
    after: After = None,
) -> SellerReviewsOut:
    """A page of them with the seller's rating."""
    reader = caller.row if caller is not None else None
    with shop.database.read() as session:
        rating, found = seller_reviews(
            session, seller, sort=sort, score=score, reader=reader, after=after, limit=limit
        )
    return SellerReviewsOut(rating=rating_out(rating), reviews=reviews_out(found, ReviewOut))


@router.post("/reviews/{review}/helpful", summary="A review was helpful")
def post_helpful(shop: ShopDep, caller: Member, review: PathId) -> HelpfulOut:
    """One vote a user, none for one's own; says how many there are."""

    def work(session: Session) -> int:
        return moderation.find_helpful(session, review, user=caller.row, at=shop.clock())

    return HelpfulOut(helpful=shop.database.transact(work))


@router.delete("/reviews/{review}/helpful", summary="A review was not helpful after all")
def delete_helpful(shop: ShopDep, caller: Member, review: PathId) -> HelpfulOut:
    """Says how many votes there are without it."""

    def work(session: Session) -> int:
        return moderation.take_back(session, review, user=caller.row)

    return HelpfulOut(helpful=shop.database.transact(work))


@router.post("/reviews/{review}/report", status_code=204, summary="Staff should look at a review")
def post_report(shop: ShopDep, caller: Member, review: PathId) -> None:
    """It goes on being shown until they did."""

    def work(session: Session) -> None:
        moderation.report(session, review, user=caller.row, at=shop.clock())

    shop.database.transact(work)
