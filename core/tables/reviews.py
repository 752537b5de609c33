"""Reviews: of goods and of sellers by buyers, and of buyers by sellers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from core.tables.columns import check, counter, moment, one_of, only_where, reference

REVIEW_STATUSES = ("pending", "published", "rejected", "withdrawn")
REVIEW_SUBJECTS = ("product", "seller", "buyer")
VOTE_KINDS = ("helpful", "report")


class Review(SQLModel, table=True):
    """A word on a product, a seller or a buyer; `order_line_id` marks one about a delivered purchase.

    `source` is "shop" for one that was written here. `user_id` is the shopper: who wrote it, or of one about a
    buyer who it is about. `seller_id` is the seller who is reviewed, or who wrote about a buyer. `version`
    counts what it said. `queued_at` is since when it waits for staff (null: it does not), `moderated_at` when
    staff last looked at it, `verdict` why they rejected it; that stays until they publish it. `helpful` and
    `reports` count readers, the latter since staff last looked.
    """

    __tablename__ = "review"
    __table_args__ = (
        one_of("status", REVIEW_STATUSES),
        one_of("subject", REVIEW_SUBJECTS),
        check("score BETWEEN 1 AND 5", name="score_in_range"),
        check("(subject = 'product') = (product_id IS NOT NULL)", name="product_where_it_is_one"),
        check("subject = 'product' OR seller_id IS NOT NULL", name="seller_where_it_is_one"),
        check("helpful >= 0 AND reports >= 0", name="readers_not_negative"),
        UniqueConstraint("order_line_id", "subject"),
        Index(None, "product_id", "status"),
        Index(None, "seller_id", "subject", "status"),
        Index(None, "queued_at", "id", **only_where("queued_at IS NOT NULL")),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    source: str = Field(default="shop", sa_column_kwargs={"server_default": "feed"})
    subject: str = Field(default="product", sa_column_kwargs={"server_default": "product"})
    product_id: int | None = reference("product.id", nullable=True, index=False)
    seller_id: int | None = reference("seller.id", nullable=True, index=False)
    user_id: int | None = reference("app_user.id", nullable=True)
    order_line_id: int | None = reference("order_line.id", nullable=True, index=False)
    score: int
    title: str = ""
    text: str = ""
    status: str = "published"
    verdict: str = Field(default="", sa_column_kwargs={"server_default": ""})
    answer: str = Field(default="", sa_column_kwargs={"server_default": ""})
    helpful: int = counter()
    reports: int = counter()
    version: int = counter()
    created_at: datetime = moment()
    edited_at: datetime | None = moment(nullable=True)
    answered_at: datetime | None = moment(nullable=True)
    queued_at: datetime | None = moment(nullable=True)
    moderated_at: datetime | None = moment(nullable=True)


class ReviewVote(SQLModel, table=True):
    """A user found a review helpful, or reported it."""

    __tablename__ = "review_vote"
    __table_args__ = (one_of("kind", VOTE_KINDS),)

    review_id: int = reference("review.id", index=False, primary_key=True)
    user_id: int = reference("app_user.id", primary_key=True)
    kind: str = Field(default="helpful", primary_key=True)
    at: datetime = moment()


class ReviewPicture(SQLModel, table=True):
    """A picture in a review, in the home's `pictures` folder; `width` and `height` are in pixels."""

    __tablename__ = "review_picture"
    __table_args__ = (UniqueConstraint("review_id", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    review_id: int = reference("review.id", index=False)
    position: int = 0
    url: str
    width: int
    height: int
