"""Loading who bought what: users and their random keys, orders, refunds, reviews and behaviour events."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import polars as pl
from sqlalchemy import select
from sqlmodel import Session, SQLModel, col

from core.bulk import insert_frame, json_text, with_ids
from core.errors import InvalidInput
from core.frames import MOMENT
from core.ids import new_id
from core.persons import ADDRESS_PARTS, find_by
from core.tables import (
    Address,
    Event,
    Order,
    OrderLine,
    Product,
    Refund,
    RefundLine,
    Review,
    ShopperKey,
    User,
    Variant,
)
from core.upsert import ids_of, merge_lines, rows_of, upsert, with_reference

FEED = "feed"  # the source of a review that was not written here


def load_users(session: Session, users: pl.DataFrame, *, at: datetime) -> pl.DataFrame:
    """Load users, each with a random shopper key; an erased user stays erased. Returns `public_id`, `change`."""
    statement: Any = select(User.public_id, User.status)  # type: ignore[call-overload]
    there = rows_of(session, statement, column=col(User.public_id), keys=users["public_id"])
    erased = there.filter(pl.col("status") == "erased")["public_id"]
    living = users.filter(~pl.col("public_id").is_in(erased.implode())).with_columns(
        pl.col("name").replace("", None), status=pl.lit("active")
    )
    living = living.with_columns(
        email_hash=_digests(session, living["email"], "email"),
        phone_hash=_digests(session, living["phone"], "phone"),
    )
    done = upsert(
        session, User, living, earliest=["created_at"], fixed=["status"], sealed=["email", "name", "phone"]
    )
    new = done.filter("created")
    keys = new.select(
        key=pl.Series([new_id() for _ in range(new.height)], dtype=pl.String),
        user_id="id",
        created_at=pl.lit(at).cast(MOMENT),
    )
    insert_frame(session, ShopperKey, keys)
    return pl.concat([changes(done), _change(erased, "same")])


def load_addresses(session: Session, addresses: pl.DataFrame) -> None:
    """Load the users' addresses."""
    frame = with_reference(session, addresses, User, column="user", into="user_id")
    texts = [json_text(row) for row in frame.select(ADDRESS_PARTS).iter_rows(named=True)]
    frame = frame.drop(ADDRESS_PARTS).with_columns(sealed=pl.Series(texts, dtype=pl.String))
    upsert(session, Address, frame, earliest=["created_at"], sealed=["sealed"])


def load_orders(session: Session, orders: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Load orders with all their lines; returns `public_id` and `change`.

    Raises Conflict when a line of a known order is missing, InvalidInput for users or variants that do not exist.
    """
    total = pl.col("goods_minor") - pl.col("discount_minor") + pl.col("shipping_minor") + pl.col("tax_minor")
    frame = orders.with_columns(pl.col("address").replace("{}", None), total_minor=total)
    frame = with_reference(session, frame, User, column="user", into="user_id")
    done = upsert(session, Order, frame, sealed=["address"])
    return _load_lines(session, OrderLine, lines, done, column="order", parent="order_id", mutable=())


def load_refunds(session: Session, refunds: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Load refunds with all their lines and their links to order lines; returns `public_id` and `change`."""
    frame = with_reference(session, refunds, Order, column="order", into="order_id")
    frame = with_reference(session, frame, User, column="user", into="user_id")
    done = upsert(session, Refund, frame)
    linked = _with_order_lines(session, lines)
    return _load_lines(
        session, RefundLine, linked, done, column="refund", parent="refund_id", mutable=("order_line_id",)
    )


def load_reviews(session: Session, reviews: pl.DataFrame) -> pl.DataFrame:
    """Load reviews of goods that were written elsewhere; returns `public_id` and `change`.

    What was written here, or is of a seller or a buyer, stays as it is whatever a feed says of it.
    """
    statement: Any = select(Review.public_id, Review.source, Review.subject)  # type: ignore[call-overload]
    there = rows_of(session, statement, column=col(Review.public_id), keys=reviews["public_id"])
    kept = there.filter((pl.col("source") == "shop") | (pl.col("subject") != "product"))["public_id"]
    given = reviews.filter(~pl.col("public_id").is_in(kept.implode())).with_columns(source=pl.lit(FEED))
    frame = with_reference(session, given, Product, column="product", into="product_id")
    frame = with_reference(session, frame, User, column="user", into="user_id")
    done = upsert(session, Review, _with_order_lines(session, frame))
    return pl.concat([changes(done), _change(kept, "same")])


def load_events(session: Session, events: pl.DataFrame, *, at: datetime) -> pl.DataFrame:
    """Load events; one whose id is known changes nothing. Returns `public_id` and `change`.

    Raises InvalidInput for products or users that do not exist, and for a user whose key is gone.
    """
    known = ids_of(session, Event, events["public_id"])["public_id"]
    new = events.filter(~pl.col("public_id").is_in(known.implode()))
    frame = with_reference(session, new, Product, column="product", into="product_id")
    keys = shopper_keys(session, frame["user"])
    lost = frame.filter(pl.col("user").is_not_null()).join(keys, on="user", how="anti")["user"].unique()
    if len(lost):
        raise InvalidInput(f"no shopper key for user {', '.join(lost.sort().head(5))}", ids=lost.to_list())
    frame = frame.join(keys, on="user", how="left", maintain_order="left")
    frame = frame.with_columns(shopper=pl.coalesce("key", "shopper")).drop("user", "key")
    guests = frame.select(key=pl.col("shopper").unique()).with_columns(created_at=pl.lit(at).cast(MOMENT))
    insert_frame(session, ShopperKey, guests, on_conflict="ignore")
    insert_frame(session, Event, with_ids(session, Event, frame))
    return pl.concat([_change(new["public_id"], "created"), _change(known, "same")])


def shopper_keys(session: Session, users: pl.Series) -> pl.DataFrame:
    """Columns `user` (public id) and `key` of the users among `users` that have a key."""
    statement: Any = select(col(User.public_id).label("user"), col(ShopperKey.key)).join(
        ShopperKey, col(ShopperKey.user_id) == col(User.id)
    )
    return rows_of(session, statement, column=statement.selected_columns[0], keys=users)


def changes(done: pl.DataFrame) -> pl.DataFrame:
    """`public_id` and `change` (created, changed or same) from what `upsert` returned."""
    change = (
        pl.when("created")
        .then(pl.lit("created"))
        .when(pl.col("changed").list.len() > 0)
        .then(pl.lit("changed"))
        .otherwise(pl.lit("same"))
    )
    return done.select("public_id", change=change)


def _digests(session: Session, texts: pl.Series, purpose: Literal["email", "phone"]) -> pl.Series:
    digests = [None if text is None else find_by(session, text, purpose=purpose)[0] for text in texts]
    return pl.Series(digests, dtype=pl.String)


def _change(ids: pl.Series, word: str) -> pl.DataFrame:
    return pl.DataFrame({"public_id": ids}).with_columns(change=pl.lit(word))


def _load_lines(
    session: Session,
    model: type[SQLModel],
    lines: pl.DataFrame,
    done: pl.DataFrame,
    *,
    column: str,
    parent: str,
    mutable: tuple[str, ...],
) -> pl.DataFrame:
    """Lines of the parents in `done` (what `upsert` returned); returns what happened to the parents."""
    frame = with_reference(session, lines, Variant, column="variant", into="variant_id")
    ids = done.select(pl.col("public_id").alias(column), pl.col("id").alias(parent))
    frame = frame.join(ids, on=column, how="left", maintain_order="left")
    stray = frame.filter(pl.col(parent).is_null())[column].unique()
    if len(stray):
        raise InvalidInput(f"lines of {column}s that are not given: {', '.join(stray.sort().head(5))}")
    known = done.filter(~pl.col("created"))["id"]
    touched = merge_lines(session, model, frame.drop(column), parent=parent, known=known, mutable=mutable)
    marked = done.with_columns(
        changed=pl.when(pl.col("id").is_in(touched.implode()))
        .then(pl.lit(["lines"], dtype=pl.List(pl.String)))
        .otherwise("changed")
    )
    return changes(marked)


def _with_order_lines(session: Session, frame: pl.DataFrame) -> pl.DataFrame:
    """`order` and `order_line` (its number) replaced by `order_line_id`; InvalidInput for a line not there."""
    key = ["order", "order_line"]
    pairs = frame.select(key).drop_nulls().unique()
    if pairs.is_empty():
        return frame.drop(key).with_columns(order_line_id=pl.lit(None, dtype=pl.Int64))
    orders = ids_of(session, Order, pairs["order"]).rename({"public_id": "order", "id": "order_id"})
    statement: Any = select(OrderLine.id, OrderLine.order_id, OrderLine.line_number)  # type: ignore[call-overload]
    lines = rows_of(session, statement, column=col(OrderLine.order_id), keys=orders["order_id"])
    found = lines.join(orders, on="order_id").select("order", order_line="line_number", order_line_id="id")
    lost = pairs.join(found, on=key, how="anti")
    if lost.height:
        order, number = lost.sort(key).row(0)
        raise InvalidInput(f"order {order} has no line {number}", order=order, line=number)
    return frame.join(found, on=key, how="left", maintain_order="left").drop(key)
