"""Loading what is sold: sellers, categories, products, variants, pictures and stock."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import func, select
from sqlmodel import Session, col

from core.bulk import insert_frame, update_frame, with_ids
from core.counting import waiting_by_variant
from core.frames import Frames
from core.ids import new_id
from core.ratings import rate_products
from core.tables import (
    Category,
    OutboxEvent,
    Picture,
    PriceChange,
    Product,
    Seller,
    StockLevel,
    StockMovement,
    Variant,
)
from core.upsert import delete_rows, ids_of, rows_of, upsert, with_reference

PRICE_COLUMNS = ("price_minor", "list_price_minor", "currency")
RATING_COLUMNS = ("elsewhere_count", "elsewhere_mean")
DEFAULT_SELLER = ("shop", "Shop")


def load_goods(session: Session, frames: Frames, *, at: datetime, actor: str = "system") -> pl.DataFrame:
    """Load the frames of goods and tell the outbox; returns `public_id`, `kind` of what happened to products.

    New and changed prices go to the price history as `actor`'s.
    """
    if frames.sellers is not None:
        upsert(session, Seller, frames.sellers, earliest=["created_at"])
    news: list[pl.DataFrame] = []
    if frames.products is not None:
        news.append(_load_products(session, frames.products, at=at))
        if frames.pictures is not None:
            news.append(_load_pictures(session, frames.pictures, products=frames.products["public_id"]))
    if frames.variants is not None:
        products = frames.products["public_id"] if frames.products is not None else pl.Series([], dtype=pl.String)
        news.append(_load_variants(session, frames.variants, products=products, at=at, actor=actor))
    if frames.stock is not None:
        news.append(_load_stock(session, frames.stock, at=at))
    if not news:
        return _news(pl.Series([], dtype=pl.String), "changed")
    happened = pl.concat(news).unique(maintain_order=True)
    # A new product is news once, whatever came with it; a withdrawn one is gone, whatever else changed.
    for kind in ("created", "withdrawn"):
        loud = happened.filter(pl.col("kind") == kind)["public_id"]
        happened = happened.filter((pl.col("kind") == kind) | ~pl.col("public_id").is_in(loud.implode()))
    _tell(session, happened, at=at)
    return happened


def _load_products(session: Session, products: pl.DataFrame, *, at: datetime) -> pl.DataFrame:
    if products["seller"].is_in([DEFAULT_SELLER[0]]).any():
        seller = {"public_id": [DEFAULT_SELLER[0]], "name": [DEFAULT_SELLER[1]]}
        frame = pl.DataFrame(seller).with_columns(created_at=pl.lit(at).cast(pl.Datetime("us", "UTC")))
        insert_frame(session, Seller, frame, on_conflict="ignore")
    paths = products.select(path=pl.col("category").list.join(" > ").replace("", None))
    _load_categories(session, products["category"])
    frame = pl.concat([products.drop("category"), paths], how="horizontal")
    frame = with_reference(session, frame, Seller, column="seller", into="seller_id")
    frame = with_reference(session, frame, Category, column="path", into="category_id", key="path")
    # What a feed says of ratings is kept apart from what was written here; the sum of both is made below.
    frame = frame.rename({"rating_count": "elsewhere_count", "rating_mean": "elsewhere_mean"})
    statuses = rows_of(
        session,
        select(Product.public_id, col(Product.status).label("before")),  # type: ignore[call-overload]
        column=col(Product.public_id),
        keys=frame["public_id"],
    )
    done = upsert(
        session,
        Product,
        frame.with_columns(updated_at=pl.lit(at).cast(pl.Datetime("us", "UTC")), rating_count=pl.lit(0)),
        earliest=["created_at"],
        fixed=["updated_at", "rating_count"],
    )
    rated = pl.col("changed").list.eval(pl.element().is_in(RATING_COLUMNS)).list.any()
    told = frame.filter(pl.col("elsewhere_mean").is_not_null() | (pl.col("elsewhere_count") > 0))
    new = done.filter(pl.col("created")).join(told, on="public_id")
    rate_products(session, [*new["id"], *done.filter(rated)["id"].sort()])
    changed = done.filter(pl.col("changed").list.len() > 0)
    moments = changed.select("id", updated_at=pl.lit(at).cast(pl.Datetime("us", "UTC")))
    update_frame(session, Product, moments)
    after = changed.join(frame.select("public_id", "status"), on="public_id").join(statuses, on="public_id")
    gone = after.filter((pl.col("before") == "published") & (pl.col("status") != "published"))["public_id"]
    rest = changed.filter(~pl.col("public_id").is_in(gone.implode()))["public_id"]
    created = done.filter(pl.col("created"))["public_id"]
    return pl.concat([_news(created, "created"), _news(gone, "withdrawn"), _news(rest, "changed")])


def _load_categories(session: Session, paths: pl.Series) -> None:
    """Every level of every path becomes a category, whose public id comes from its path."""
    leaves = [tuple(names) for names in paths.unique().to_list() if names]
    nodes = sorted(
        {leaf[:depth] for leaf in leaves for depth in range(1, len(leaf) + 1)}, key=lambda n: (len(n), n)
    )
    known = ids_of(session, Category, pl.Series([" > ".join(n) for n in nodes], dtype=pl.String), key="path")
    ids: dict[str, int] = dict(known.iter_rows())
    for depth in sorted({len(node) for node in nodes}):
        level = [node for node in nodes if len(node) == depth and " > ".join(node) not in ids]
        texts = [" > ".join(node) for node in level]
        frame = pl.DataFrame(
            {
                "public_id": [hashlib.sha256(text.encode()).hexdigest()[:20] for text in texts],
                "parent_id": [ids.get(" > ".join(node[:-1])) for node in level],
                "name": [node[-1] for node in level],
                "name_zh": ["" for _ in level],
                "path": texts,
            },
            schema_overrides={"parent_id": pl.Int64, "public_id": pl.String},
        )
        frame = with_ids(session, Category, frame)
        insert_frame(session, Category, frame)
        ids.update(frame.select("path", "id").iter_rows())


def _load_variants(
    session: Session, variants: pl.DataFrame, *, products: pl.Series, at: datetime, actor: str
) -> pl.DataFrame:
    owners = variants.select("public_id", "product")
    frame = with_reference(session, variants, Product, column="product", into="product_id")
    done = upsert(session, Variant, frame).join(owners, on="public_id")
    priced = pl.col("changed").list.eval(pl.element().is_in(PRICE_COLUMNS))
    dearer = done.filter(priced.list.any())["product"]
    asked = done.filter(pl.col("created") | priced.list.any()).join(frame, on="public_id")
    prices = asked.select(
        *PRICE_COLUMNS,
        variant_id="id",
        actor=pl.lit(actor),
        at=pl.lit(at).cast(pl.Datetime("us", "UTC")),
    )
    insert_frame(session, PriceChange, with_ids(session, PriceChange, prices))
    others = done.filter(pl.col("created") | ~priced.list.all())["product"]
    switched_off = _switch_off(session, kept=frame["public_id"], products=products)
    return pl.concat([_news(dearer, "price-changed"), _news(others, "changed"), _news(switched_off, "changed")])


def _switch_off(session: Session, *, kept: pl.Series, products: pl.Series) -> pl.Series:
    """Deactivate the variants that a product in `products` no longer has; returns those products."""
    owners = ids_of(session, Product, products).rename({"id": "product_id", "public_id": "product"})
    statement = select(Variant.id, Variant.public_id, Variant.product_id).where(col(Variant.active))  # type: ignore[call-overload]
    there = rows_of(session, statement, column=col(Variant.product_id), keys=owners["product_id"])
    gone = there.filter(~pl.col("public_id").is_in(kept.implode())).join(owners, on="product_id")
    update_frame(session, Variant, gone.select("id", active=pl.lit(False)))
    return gone["product"]


def _load_pictures(session: Session, pictures: pl.DataFrame, *, products: pl.Series) -> pl.DataFrame:
    owners = ids_of(session, Product, products).rename({"id": "product_id", "public_id": "product"})
    frame = pictures.join(owners, on="product")
    statement = select(Picture.id, Picture.product_id, Picture.position, Picture.url, Picture.alt)  # type: ignore[call-overload]
    there = rows_of(session, statement, column=col(Picture.product_id), keys=owners["product_id"])
    key = ["product_id", "position"]
    both = frame.join(there, on=key, how="full", coalesce=True, suffix=":old")
    gone = both.filter(pl.col("url").is_null())
    new = both.filter(pl.col("id").is_null())
    differs = pl.col("url").ne_missing(pl.col("url:old")) | pl.col("alt").ne_missing(pl.col("alt:old"))
    changed = both.filter(pl.col("id").is_not_null() & pl.col("url").is_not_null() & differs)
    delete_rows(session, Picture, gone["id"])
    update_frame(session, Picture, changed.select("id", "url", "alt"))
    other = changed.filter(pl.col("url") != pl.col("url:old"))  # whose size is not known
    size = pl.lit(None, dtype=pl.Int64)
    update_frame(session, Picture, other.select("id", width=size, height=size))
    names = pl.Series([new_id() for _ in range(new.height)], dtype=pl.String)
    added = new.select(*key, "url", "alt", public_id=names)
    insert_frame(session, Picture, with_ids(session, Picture, added))
    touched = pl.concat([part["product_id"] for part in (gone, new, changed)])
    return _news(owners.filter(pl.col("product_id").is_in(touched.implode()))["product"], "changed")


def _load_stock(session: Session, stock: pl.DataFrame, *, at: datetime) -> pl.DataFrame:
    """Bring levels to what was counted (less what is sold and not packed yet), and write the movement that did it.

    An assumed quantity is compared with what was assumed before (the sum of the import movements), so that what
    was sold since stays sold. A level never falls below what is reserved.
    """
    frame = with_reference(session, stock, Variant, column="variant", into="variant_id")
    statement = (
        select(StockLevel.variant_id, StockLevel.quantity, StockLevel.reserved)  # type: ignore[call-overload]
        .order_by(col(StockLevel.variant_id))
        .with_for_update()
    )
    levels = rows_of(session, statement, column=col(StockLevel.variant_id), keys=frame["variant_id"])
    frame = frame.join(levels.rename({"quantity": "before"}), on="variant_id", how="left")
    frame = frame.join(_assumed_before(session, frame), on="variant_id", how="left").with_columns(
        pl.col("assumption").fill_null(0)
    )
    frame = frame.join(_waiting(session, frame, at=at), on="variant_id", how="left")
    before = pl.col("before").fill_null(0)
    target = (
        pl.when("assumed")
        .then(before + pl.col("quantity") - pl.col("assumption"))
        .otherwise(pl.col("quantity") - pl.col("waiting").fill_null(0))
    )
    frame = frame.with_columns(after=pl.max_horizontal(target, pl.col("reserved").fill_null(0), pl.lit(0)))
    moment = pl.lit(at).cast(pl.Datetime("us", "UTC"))
    new = frame.filter(pl.col("before").is_null())
    insert_frame(
        session,
        StockLevel,
        new.select("variant_id", quantity="after", reserved=pl.lit(0), updated_at=moment),
    )
    moved = frame.filter(before != pl.col("after"))
    known = moved.filter(pl.col("before").is_not_null())
    update_frame(
        session, StockLevel, known.select("variant_id", quantity="after", updated_at=moment), key="variant_id"
    )
    counts = frame.filter(~pl.col("assumed")).select("variant_id", counted="quantity", counted_at=moment)
    update_frame(session, StockLevel, counts, key="variant_id")
    movements = moved.select(
        "variant_id",
        delta=pl.col("after") - before,
        reason=pl.when("assumed").then(pl.lit("import")).otherwise(pl.lit("count")),
        reference=pl.lit("import"),
        at=moment,
    )
    insert_frame(session, StockMovement, with_ids(session, StockMovement, movements))
    return _news(_owners(session, moved["variant_id"]), "stock-changed")


def _assumed_before(session: Session, stock: pl.DataFrame) -> pl.DataFrame:
    total = func.sum(col(StockMovement.delta)).label("assumption")
    variant = col(StockMovement.variant_id)
    statement: Any = select(variant, total).where(col(StockMovement.reason) == "import").group_by(variant)
    keys = stock.filter(pl.col("assumed") & pl.col("before").is_not_null())["variant_id"]
    return rows_of(session, statement, column=variant, keys=keys).with_columns(pl.col("assumption").cast(pl.Int64))


def _waiting(session: Session, stock: pl.DataFrame, *, at: datetime) -> pl.DataFrame:
    statement = waiting_by_variant(at)
    keys = stock.filter(~pl.col("assumed") & pl.col("before").is_not_null())["variant_id"]
    rows = rows_of(session, statement, column=statement.selected_columns[0], keys=keys)
    return rows.with_columns(pl.col("waiting").cast(pl.Int64))


def _owners(session: Session, variants: pl.Series) -> pl.Series:
    statement: Any = select(col(Variant.id).label("id"), col(Product.public_id).label("product")).join(
        Product, col(Product.id) == col(Variant.product_id)
    )
    key = statement.selected_columns[0]
    return rows_of(session, statement, column=key, keys=variants)["product"].unique()


def _news(products: pl.Series, kind: str) -> pl.DataFrame:
    return pl.DataFrame({"public_id": products.unique(maintain_order=True)}).with_columns(kind=pl.lit(kind))


def _tell(session: Session, happened: pl.DataFrame, *, at: datetime) -> None:
    keys = pl.Series([new_id("x-") for _ in range(happened.height)], dtype=pl.String)
    events = happened.select(
        key=keys,
        consumer=pl.lit("index"),
        aggregate=pl.lit("product"),
        aggregate_id="public_id",
        kind="kind",
        payload=pl.lit("{}"),
        status=pl.lit("pending"),
        attempts=pl.lit(0),
        created_at=pl.lit(at).cast(pl.Datetime("us", "UTC")),
    )
    insert_frame(session, OutboxEvent, with_ids(session, OutboxEvent, events))
