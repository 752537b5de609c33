"""Reviews of goods and of sellers."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from core.tables.columns import check, moment, one_of, reference

REVIEW_STATUSES = ("pending", "published", "rejected")


class Review(SQLModel, table=True):
    """A shopper's word on a product; `order_line_id` marks a bought one, once per line."""

    __tablename__ = "review"
    __table_args__ = (
        one_of("status", REVIEW_STATUSES),
        check("score BETWEEN 1 AND 5", name="score_in_range"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    product_id: int = reference("product.id")
    user_id: int | None = reference("app_user.id", nullable=True)
    order_line_id: int | None = Field(default=None, foreign_key="order_line.id", unique=True)
    score: int
    title: str = ""
    text: str = ""
    status: str = "published"
    created_at: datetime = moment()


class SellerReview(SQLModel, table=True):
    __tablename__ = "seller_review"
    __table_args__ = (
        one_of("status", REVIEW_STATUSES),
        check("score BETWEEN 1 AND 5", name="score_in_range"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    seller_id: int = reference("seller.id")
    user_id: int | None = reference("app_user.id", nullable=True)
    order_id: int | None = reference("customer_order.id", nullable=True)
    score: int
    text: str = ""
    status: str = "published"
    created_at: datetime = moment()
