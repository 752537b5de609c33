"""Behaviour events, and the one table that ties a shopper's random key to a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from core.tables.columns import check, document, moment, one_of, reference

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


class HiddenProduct(SQLModel, table=True):
    """A product that a shopper does not want to be recommended."""

    __tablename__ = "hidden_product"

    shopper: str = Field(primary_key=True)
    product_id: int = reference("product.id", primary_key=True)
    at: datetime = moment(index=True)


class Exposure(SQLModel, table=True):
    """What one answer with recommendations showed to a shopper.

    `shown` is a list of {row, product (public id), position (from 1), propensity}, the propensity being the chance
    that the product stood there.
    """

    __tablename__ = "exposure"
    __table_args__ = (Index(None, "shopper", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    request_id: str = Field(unique=True)
    shopper: str
    page: str
    model: str
    shown: list[Any] = document(default=list)
    at: datetime = moment(index=True)
