"""A seller's feed: products alone, and only their own. What else a line says is put aside with its reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import polars as pl
from sqlmodel import Session

from core.collisions import as_conflict
from core.errors import InvalidInput
from core.goods_views import product_owners
from ingest.feed import Feed, read_feed, with_raw_lines
from ingest.feed_checks import Checked, check
from ingest.feed_rows import TABLES
from ingest.importer import load_checked
from ingest.rejects import count_by_reason

MOST_REJECTS = 100
MOST_PATH_BYTES = 2000  # of a category: what an index of the database can hold


@dataclass(frozen=True, slots=True)
class FeedAnswer:
    """What became of the lines: read = loaded + merged + rejected.

    `rejects` has `line`, `reason` and `detail` of the first MOST_REJECTS rejected ones.
    """

    read: int
    loaded: int
    merged: int
    rejected: int
    reasons: dict[str, int]
    rejects: list[dict[str, str | int]]


def read_products(path: Path) -> Feed:
    """The products of a feed file (plain JSONL); lines of other kinds are rejected as `not-a-product`.

    Raises InvalidInput for a file that is packed or no text.
    """
    with path.open("rb") as file:
        if file.read(2) == b"\x1f\x8b":
            raise InvalidInput("send the feed unpacked")
    feed = read_feed([path])
    checked = Checked(dict(feed.tables))
    for kind in (kind for kind in TABLES if kind != "products"):
        checked.reject(kind, checked.tables[kind]["row"], "not-a-product")
    paths = checked.tables["products"].select("row", path=pl.col("category").list.join(" > "))
    long = paths.filter(pl.col("path").str.len_bytes() > MOST_PATH_BYTES)
    checked.reject("products", long["row"], "invalid", pl.Series(["the category is too long"] * long.height))
    rejects = pl.concat([feed.rejects, *checked.rejects])
    lines = feed.lines.filter(~pl.col("row").is_in(rejects["row"].implode()))
    return replace(feed, tables=checked.tables, lines=lines, rejects=rejects)


def load_products(session: Session, feed: Feed, *, seller: str, actor: str, at: datetime) -> FeedAnswer:
    """Load the products of `read_products` as those of a seller (public id), who may not touch another's.

    Ratings are the shop's own: what a feed says of them is left aside.
    """
    owned = Checked(dict(feed.tables))
    products = owned.tables["products"]
    held = product_owners(session, products["public_id"])
    theirs = products.join(held, on="public_id").filter(pl.col("owner") != seller)
    named = products.filter(pl.col("seller").is_not_null() & (pl.col("seller") != seller))
    owned.reject("products", pl.concat([theirs["row"], named["row"]]), "not-yours")
    ratings = held.select("public_id", "rating_count", "rating_mean")
    products = owned.tables["products"].drop("rating_count", "rating_mean")
    products = products.join(ratings, on="public_id", how="left", maintain_order="left")
    products = products.with_columns(pl.col("rating_count").fill_null(0), seller=pl.lit(seller))
    owned.tables["products"] = products.select(feed.tables["products"].columns)
    owned.tables["sellers"] = owned.tables["sellers"].clear()
    checked = check(session, replace(feed, tables=owned.tables))
    with as_conflict():
        loaded = load_checked(session, checked, assumed=False, actor=actor, at=at)
    rejects = pl.concat([feed.rejects, *owned.rejects, *checked.rejects])
    shown = with_raw_lines(rejects.sort("row").head(MOST_REJECTS), feed.files)
    return FeedAnswer(
        read=feed.read,
        loaded=loaded,
        merged=feed.read - loaded - rejects.height,
        rejected=rejects.height,
        reasons=count_by_reason(rejects),
        rejects=shown.select("line", "reason", "detail").to_dicts(),
    )
