"""Behaviour events, and the one table that ties a shopper's random key to a person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from core.tables.columns import check, moment, one_of, reference

EVENT_KINDS = ("view", "click", "add_to_cart", "purchase", "query")


class ShopperKey(SQLModel, table=True):
    """The random key by which events, snapshots, indexes and models know a shopper.

    A guest's key has no user. Erasing a user deletes the row; what carried the key is then nobody's.
    """

    __tablename__ = "shopper_key"

    key: str = Field(primary_key=True)
    user_id: int | None = Field(default=None, foreign_key="app_user.id", unique=True)
    created_at: datetime = moment()


class Event(SQLModel, table=True):
    """One thing a shopper did. `public_id` makes a repeated report harmless."""

    __tablename__ = "event"
    __table_args__ = (
        one_of("kind", EVENT_KINDS),
        check("(kind = 'query') = (product_id IS NULL)", name="product_unless_query"),
        check("kind <> 'query' OR query IS NOT NULL", name="query_has_text"),
        check("quantity > 0", name="quantity_positive"),
        Index(None, "shopper", "at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    shopper: str
    kind: str
    product_id: int | None = reference("product.id", nullable=True)
    query: str | None = None
    position: int | None = None
    request_id: str | None = None
    quantity: int = 1
    at: datetime = moment(index=True)
