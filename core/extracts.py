"""Columnar reads for imports and snapshots. Small tables are joined in memory: that is faster than in SQL."""

from __future__ import annotations

from typing import Any

import polars as pl
from sqlalchemy import func, select
from sqlmodel import Session, col

from core.bulk import read_frame
from core.database import vault_of
from core.orders import SOLD_STATUSES
from core.tables import (
    Category,
    Event,
    Order,
    OrderLine,
    Product,
    Refund,
    RefundLine,
    Review,
    ShopperKey,
    StockLevel,
    User,
    Variant,
)
from core.upsert import rows_of


def order_headers(session: Session, *, source: str) -> pl.DataFrame:
    """The orders of a source: `id`, `order`, `user` (public ids), and the columns of the order."""
    return read_frame(session, _orders().where(col(Order.source) == source))


def orders_named(session: Session, names: pl.Series) -> pl.DataFrame:
    """The orders with these public ids, in the columns of `order_headers`."""
    return rows_of(session, _orders(), column=_orders().selected_columns[1], keys=names)


def order_lines(session: Session, *, orders: pl.DataFrame) -> pl.DataFrame:
    """The lines of `orders` (columns `id`, `order`): `order`, `line_number`, `variant`, and their own columns."""
    key: Any = col(OrderLine.order_id).label("id")
    statement: Any = select(
        key,
        col(OrderLine.line_number),
        col(OrderLine.variant_id),
        col(OrderLine.title),
        col(OrderLine.quantity),
        col(OrderLine.unit_price_minor),
        col(OrderLine.discount_minor),
        col(OrderLine.tax_minor),
    )
    return _with_names(session, rows_of(session, statement, column=key, keys=orders["id"]), orders, "order")


def refund_headers(session: Session, *, reason: str) -> pl.DataFrame:
    """The refunds that name a reason: `id`, `refund`, `order`, `user` (public ids), and the refund's columns."""
    return read_frame(session, _refunds().where(col(Refund.reason) == reason))


def refunds_named(session: Session, names: pl.Series) -> pl.DataFrame:
    """The refunds with these public ids, in the columns of `refund_headers`."""
    return rows_of(session, _refunds(), column=_refunds().selected_columns[1], keys=names)


def refund_lines(session: Session, *, refunds: pl.DataFrame) -> pl.DataFrame:
    """The lines of `refunds` (columns `id`, `refund`): `refund`, `line_number`, `variant`, and their own."""
    key: Any = col(RefundLine.refund_id).label("id")
    statement: Any = select(
        key,
        col(RefundLine.line_number),
        col(RefundLine.variant_id),
        col(RefundLine.title),
        col(RefundLine.quantity),
        col(RefundLine.amount_minor),
    )
    return _with_names(session, rows_of(session, statement, column=key, keys=refunds["id"]), refunds, "refund")


def variant_owners(session: Session) -> pl.DataFrame:
    """`variant`, `sku` and `product` (public id) of all variants."""
    statement: Any = select(
        col(Variant.public_id).label("variant"), col(Variant.sku), col(Product.public_id).label("product")
    ).join(Product, col(Product.id) == col(Variant.product_id))
    return read_frame(session, statement)


def user_emails(session: Session) -> pl.DataFrame:
    """`user` (public id), `email` (opened) and `status` of all users."""
    statement: Any = select(col(User.public_id).label("user"), col(User.email), col(User.status))
    found = read_frame(session, statement)
    texts = [None if sealed is None else vault_of(session).open(sealed) for sealed in found["email"]]
    return found.with_columns(email=pl.Series(texts, dtype=pl.String))


def reviewed_lines(session: Session) -> pl.DataFrame:
    """`review`, `order` (public ids) and `order_line` (its number) of the reviews of bought goods."""
    statement: Any = (
        select(
            col(Review.public_id).label("review"),
            col(Order.public_id).label("order"),
            col(OrderLine.line_number).label("order_line"),
        )
        .join(OrderLine, col(OrderLine.id) == col(Review.order_line_id))
        .join(Order, col(Order.id) == col(OrderLine.order_id))
        .where(col(Review.subject) == "product")
    )
    return read_frame(session, statement)


def published_products(session: Session) -> pl.DataFrame:
    """The published products in the columns of a snapshot's, less price and stock; `id` in front."""
    statement: Any = (
        select(
            col(Product.id),
            col(Product.public_id).label("product_id"),
            col(Product.title),
            col(Product.title_zh),
            col(Product.brand),
            col(Category.path).label("category"),
            col(Product.description),
            col(Product.attributes),
            col(Product.rating_mean),
            col(Product.rating_count),
            col(Product.released_at),
        )
        .outerjoin(Category, col(Category.id) == col(Product.category_id))
        .where(col(Product.status) == "published")
    )
    return read_frame(session, statement)


def offers(session: Session) -> pl.DataFrame:
    """The active variants: `product` (row number), `price_minor`, `currency`, `stock` (pieces)."""
    statement: Any = (
        select(
            col(Variant.product_id).label("product"),
            col(Variant.price_minor),
            col(Variant.currency),
            func.coalesce(col(StockLevel.quantity), 0).label("stock"),
        )
        .outerjoin(StockLevel, col(StockLevel.variant_id) == col(Variant.id))
        .where(col(Variant.active))
    )
    return read_frame(session, statement)


def shoppers(session: Session) -> pl.DataFrame:
    """`user` (row number) and `shopper` (the random key) of the users that have one."""
    statement: Any = select(col(ShopperKey.user_id).label("user"), col(ShopperKey.key).label("shopper"))
    return read_frame(session, statement.where(col(ShopperKey.user_id).is_not(None)))


def sales(session: Session) -> pl.DataFrame:
    """The lines of orders that are sales.

    Columns `line`, `order`, `user`, `product` (row numbers), `name` (the order's public id), `at`, `country`,
    `quantity`, `unit_price_minor`, `discount_minor`.
    """
    orders: Any = select(
        col(Order.id).label("order"),
        col(Order.user_id).label("user"),
        col(Order.public_id).label("name"),
        col(Order.placed_at).label("at"),
        col(Order.country),
    ).where(col(Order.status).in_(SOLD_STATUSES))
    lines: Any = select(
        col(OrderLine.id).label("line"),
        col(OrderLine.order_id).label("order"),
        col(OrderLine.variant_id).label("variant"),
        col(OrderLine.quantity),
        col(OrderLine.unit_price_minor),
        col(OrderLine.discount_minor),
    )
    variants: Any = select(col(Variant.id).label("variant"), col(Variant.product_id).label("product"))
    sold = read_frame(session, lines).join(read_frame(session, orders), on="order")
    return sold.join(read_frame(session, variants), on="variant").drop("variant")


def given_back(session: Session) -> pl.DataFrame:
    """`line` (an order line's row number) and `refunded`, the pieces of it that settled refunds gave back."""
    line = col(RefundLine.order_line_id)
    statement: Any = (
        select(line.label("line"), func.sum(col(RefundLine.quantity)).label("refunded"))
        .join(Refund, col(Refund.id) == col(RefundLine.refund_id))
        .where(col(Refund.status) == "settled", line.is_not(None))
        .group_by(line)
    )
    return read_frame(session, statement).cast({"refunded": pl.Int64})


def events(session: Session) -> pl.DataFrame:
    """`shopper`, `product` (row number), `kind`, `query`, `quantity`, `at` of all behaviour events."""
    statement: Any = select(
        col(Event.shopper),
        col(Event.product_id).label("product"),
        col(Event.kind),
        col(Event.query),
        col(Event.quantity),
        col(Event.at),
    )
    return read_frame(session, statement)


def searches(session: Session) -> pl.DataFrame:
    """`shopper`, `query`, `at` of all searches that were reported."""
    statement: Any = select(col(Event.shopper), col(Event.query), col(Event.at)).where(col(Event.kind) == "query")
    return read_frame(session, statement)


def published_reviews(session: Session) -> pl.DataFrame:
    """`user`, `product` (row numbers), `score`, `at` of the published reviews of goods."""
    statement: Any = select(
        col(Review.user_id).label("user"),
        col(Review.product_id).label("product"),
        col(Review.score),
        col(Review.created_at).label("at"),
    ).where(col(Review.status) == "published", col(Review.subject) == "product")
    return read_frame(session, statement)


def _orders() -> Any:
    return select(
        col(Order.id),
        col(Order.public_id).label("order"),
        col(User.public_id).label("user"),
        col(Order.source),
        col(Order.currency),
        col(Order.goods_minor),
        col(Order.discount_minor),
        col(Order.shipping_minor),
        col(Order.tax_minor),
        col(Order.country),
        col(Order.placed_at),
    ).outerjoin(User, col(User.id) == col(Order.user_id))


def _refunds() -> Any:
    return (
        select(
            col(Refund.id),
            col(Refund.public_id).label("refund"),
            col(Order.public_id).label("order"),
            col(User.public_id).label("user"),
            col(Refund.currency),
            col(Refund.amount_minor),
            col(Refund.reason),
            col(Refund.at),
        )
        .outerjoin(User, col(User.id) == col(Refund.user_id))
        .outerjoin(Order, col(Order.id) == col(Refund.order_id))
    )


def _with_names(session: Session, lines: pl.DataFrame, parents: pl.DataFrame, name: str) -> pl.DataFrame:
    statement: Any = select(col(Variant.id).label("variant_id"), col(Variant.public_id).label("variant"))
    named = lines.join(parents.select("id", name), on="id").drop("id")
    return named.join(read_frame(session, statement), on="variant_id").drop("variant_id")
