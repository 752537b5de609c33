"""Sellers, categories, products (what a shopper sees), variants (what is sold) and pictures."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from core.tables.columns import check, counter, document, moment, one_of, only_where, reference

PRODUCT_STATUSES = ("draft", "published", "withdrawn")


class Seller(SQLModel, table=True):
    __tablename__ = "seller"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    user_id: int | None = reference("app_user.id", nullable=True)
    name: str
    country: str | None = None
    rating_count: int = counter()
    rating_mean: float | None = None
    created_at: datetime = moment()


class Category(SQLModel, table=True):
    """A node of the category tree; `path` is the names from the root joined by ' > '."""

    __tablename__ = "category"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    parent_id: int | None = reference("category.id", nullable=True)
    name: str
    name_zh: str = ""
    path: str = Field(unique=True)


class Product(SQLModel, table=True):
    """`rating_count` and `rating_mean` are over the feed's ratings and the published reviews written here.

    `elsewhere_count` and `elsewhere_mean` are the feed's alone. `rating_bayes` is what products are sorted by
    (`core.ratings`).
    """

    __tablename__ = "product"
    __table_args__ = (
        one_of("status", PRODUCT_STATUSES),
        check("rating_count >= 0", name="rating_count_not_negative"),
        check("rating_mean IS NULL OR rating_mean BETWEEN 0 AND 5", name="rating_mean_in_range"),
        # All that the shop's mean over its products needs, without reading the products.
        Index("ix_product_rated", "rating_count", "rating_mean", **only_where("rating_count > 0")),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    seller_id: int = reference("seller.id")
    category_id: int | None = reference("category.id", nullable=True)
    title: str
    title_zh: str = ""
    brand: str = ""
    description: str = ""
    attributes: dict[str, Any] = document()
    status: str = Field(default="published", index=True)
    rating_count: int = 0
    rating_mean: float | None = None
    elsewhere_count: int = counter()
    elsewhere_mean: float | None = None
    rating_bayes: float | None = None
    released_at: datetime | None = moment(nullable=True)
    created_at: datetime = moment()
    updated_at: datetime = moment()


class Variant(SQLModel, table=True):
    """`price_minor` is the price now, `list_price_minor` the price before a discount, both in minor units."""

    __tablename__ = "variant"
    __table_args__ = (
        check("price_minor >= 0", name="price_not_negative"),
        check("list_price_minor IS NULL OR list_price_minor >= 0", name="list_price_not_negative"),
        check("length(currency) = 3", name="currency_code"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    product_id: int = reference("product.id")
    sku: str = Field(unique=True)
    ean: str | None = Field(default=None, index=True)
    options: dict[str, Any] = document()
    price_minor: int = Field(sa_type=BigInteger)
    list_price_minor: int | None = Field(default=None, sa_type=BigInteger)
    currency: str
    active: bool = True


class PriceChange(SQLModel, table=True):
    """Append-only: what a variant cost from `at` on, and who said so."""

    __tablename__ = "price_change"
    __table_args__ = (Index(None, "variant_id", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    variant_id: int = reference("variant.id", index=False)
    price_minor: int = Field(sa_type=BigInteger)
    list_price_minor: int | None = Field(default=None, sa_type=BigInteger)
    currency: str
    actor: str
    at: datetime = moment()


class Picture(SQLModel, table=True):
    """A product's picture: a path below the home's `pictures` folder, or an address elsewhere.

    `width` and `height` are in pixels, and known of uploaded pictures only.
    """

    __tablename__ = "picture"
    __table_args__ = (UniqueConstraint("product_id", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    product_id: int = reference("product.id", index=False)
    position: int = 0
    url: str
    alt: str = ""
    width: int | None = None
    height: int | None = None
