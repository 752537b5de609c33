"""Columnar reads of the goods as they are now: what documents are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl
from sqlalchemy import Select, String, cast, func, select
from sqlmodel import Session, col

from core.bulk import read_frame
from core.orders import SOLD_STATUSES
from core.tables import Category, Order, OrderLine, Picture, Product, Seller, StockLevel, Variant

POPULARITY_HALF_LIFE = 60.0  # days after which a sale counts half
POPULARITY_WINDOW = timedelta(days=360)  # before the newest order; older sales would count less than 1/64


@dataclass(frozen=True, slots=True)
class Goods:
    """The published products and what belongs to them, by `product_id` (the row number).

    `products` has the columns of the table, `seller` (name) and `category` (path, null for none). `variants` are
    the active ones with `stock`, the pieces that can be sold now. `pictures` has the `url` of the first one.
    `sales` has `popularity`: sold order lines, each worth half POPULARITY_HALF_LIFE days before the newest order,
    and none before POPULARITY_WINDOW.
    """

    products: pl.DataFrame
    variants: pl.DataFrame
    pictures: pl.DataFrame
    sales: pl.DataFrame


def read_goods(session: Session, *, only: Sequence[str] | None = None) -> Goods:
    """All published goods, or those of the products with these public ids (a few hundred at most)."""
    products = read_frame(session, _narrowed(_PRODUCTS, only))
    variants = read_frame(session, _narrowed(_VARIANTS, only))
    pictures = read_frame(session, _narrowed(_PICTURES, only))
    return Goods(products, variants, pictures, _popularity(session, only))


def names_after(session: Session, row: int) -> list[tuple[int, str]]:
    """The row numbers and public ids of the products, whatever their state, whose rows came after one."""
    statement = (
        select(col(Product.id), col(Product.public_id)).where(col(Product.id) > row).order_by(col(Product.id))
    )
    return [(number, name) for number, name in session.execute(statement)]


def read_pictures(session: Session, *, only: Sequence[str] | None = None) -> pl.DataFrame:
    """Columns `public_id` and `url`: the pictures of the published products, or of some, in their order."""
    return read_frame(session, _narrowed(_ALL_PICTURES, only))


def _narrowed(statement: Select[Any], only: Sequence[str] | None) -> Select[Any]:
    return statement if only is None else statement.where(col(Product.public_id).in_(list(only)))


def _popularity(session: Session, only: Sequence[str] | None) -> pl.DataFrame:
    newest = session.execute(select(func.max(col(Order.placed_at)))).scalar_one()
    if newest is None:
        return pl.DataFrame(schema={"product_id": pl.Int64, "popularity": pl.Float64})
    day = func.substr(cast(col(Order.placed_at), String), 1, 10)  # the same text on both databases, in UTC
    sold: Select[Any] = (
        select(col(Variant.product_id), day.label("day"), func.count().label("lines"))
        .select_from(OrderLine)
        .join(Order, col(Order.id) == col(OrderLine.order_id))
        .join(Variant, col(Variant.id) == col(OrderLine.variant_id))
        .where(col(Order.status).in_(SOLD_STATUSES), col(Order.placed_at) > newest - POPULARITY_WINDOW)
        .group_by(col(Variant.product_id), day)
    )
    if only is not None:
        sold = _narrowed(sold.join(Product, col(Product.id) == col(Variant.product_id)), only)
    sales = read_frame(session, sold)
    age = (pl.lit(newest.date()) - pl.col("day").str.to_date()).dt.total_days()
    worth = pl.col("lines") * (0.5 ** (age / POPULARITY_HALF_LIFE))
    return sales.group_by("product_id").agg(worth.sum().alias("popularity")).sort("product_id")


_PRODUCTS: Select[Any] = (
    select(
        col(Product.id).label("product_id"),
        col(Product.public_id),
        col(Product.title),
        col(Product.title_zh),
        col(Product.brand),
        col(Product.description),
        col(Product.attributes),
        col(Product.rating_mean),
        col(Product.rating_count),
        col(Product.rating_bayes),
        col(Product.released_at),
        col(Seller.name).label("seller"),
        col(Category.path).label("category"),
    )
    .join(Seller, col(Seller.id) == col(Product.seller_id))
    .outerjoin(Category, col(Category.id) == col(Product.category_id))
    .where(col(Product.status) == "published")
    .order_by(col(Product.id))
)
_VARIANTS: Select[Any] = (
    select(
        col(Variant.product_id),
        col(Variant.public_id),
        col(Variant.sku),
        col(Variant.ean),
        col(Variant.options),
        col(Variant.price_minor),
        col(Variant.list_price_minor),
        col(Variant.currency),
        (func.coalesce(col(StockLevel.quantity), 0) - func.coalesce(col(StockLevel.reserved), 0)).label("stock"),
    )
    .join(Product, col(Product.id) == col(Variant.product_id))
    .outerjoin(StockLevel, col(StockLevel.variant_id) == col(Variant.id))
    .where(col(Product.status) == "published", col(Variant.active))
    .order_by(col(Variant.product_id), col(Variant.id))
)
_PICTURES: Any = (
    select(col(Picture.product_id), col(Picture.url))
    .join(Product, col(Product.id) == col(Picture.product_id))
    .where(col(Product.status) == "published", col(Picture.position) == 0)
)
_ALL_PICTURES: Any = (
    select(col(Product.public_id), col(Picture.url))
    .join(Product, col(Product.id) == col(Picture.product_id))
    .where(col(Product.status) == "published")
    .order_by(col(Product.id), col(Picture.position))
)
