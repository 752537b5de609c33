"""Snapshots: the shop at one moment as validated, pseudonymous Parquet files that never change.

A snapshot's name comes from its content, so the same shop gives the same snapshot and no second copy.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from core import extracts
from core.artifacts import Artifacts, Version, code_version, content_name
from core.clock import Clock
from core.database import Database
from core.errors import BrokenArtifact, InvalidInput, Unavailable
from core.loading import Progress, no_progress
from ingest.snapshot_checks import validate
from ingest.snapshot_schema import FILES, INTERACTIONS, PRODUCTS, QUERIES, REVIEWS, completed

KIND = "snapshots"
KNOWING = ("interactions", "reviews", "queries")  # the files that know shoppers

# What shoppers type may be their own: searches with an e-mail address or an international telephone number in
# them are left out.
_PERSONAL = r"[^\s@]+@[^\s@]+|\+\d[\d\s()/-]{6,}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The frames of one snapshot, in the columns of `ingest.snapshot_schema`."""

    name: str
    products: pl.DataFrame
    interactions: pl.DataFrame
    reviews: pl.DataFrame
    queries: pl.DataFrame


def write_snapshot(
    database: Database, artifacts: Artifacts, *, clock: Clock, progress: Progress = no_progress
) -> Version:
    """Write the shop as it is now and point `snapshots` at it; returns the version.

    It is named for the day of its newest interaction, review or query (today for a shop without any) and its
    content. Raises InvalidInput, naming columns, where the shop's data break the snapshot's schema.
    """
    frames = _read_shop(database, progress=progress)
    name = _write(frames, artifacts, at=clock(), about={"created_at": clock().isoformat()})
    progress("write", 1, 1)
    return artifacts.publish(KIND, name)


def holds_any(version: Version, shoppers: Collection[str]) -> bool:
    """Whether a snapshot has a row of one of these shoppers (their keys); raises BrokenArtifact."""
    snapshot = read_snapshot(version)
    known = [getattr(snapshot, name)["shopper"] for name in KNOWING]
    return any(column.is_in(list(shoppers)).any() for column in known)


def write_without(
    version: Version, artifacts: Artifacts, *, shoppers: Collection[str], at: datetime, why: str
) -> Version:
    """Write a snapshot again without the rows of some shoppers (their keys); the pointer stays where it is.

    It keeps its place among the others: it was created when the first was, and rewritten at `at`. The products'
    ratings are sums over many and stay. Raises BrokenArtifact for a snapshot that cannot be read.
    """
    snapshot = read_snapshot(version)
    frames = {name: getattr(snapshot, name) for name in FILES}
    for name in KNOWING:
        theirs = pl.col("shopper").is_in(list(shoppers))
        frames[name] = frames[name].filter(~theirs.fill_null(False))
    about = {"created_at": version.about["created_at"], "rewritten_at": at.isoformat(), "rewritten_for": why}
    return artifacts.get(KIND, _write(frames, artifacts, at=at, about=about))


def latest_snapshot(artifacts: Artifacts) -> Version:
    """The snapshot that was written last; raises Unavailable where there is none."""
    version = artifacts.live(KIND)
    if version is None:
        raise Unavailable("there is no snapshot yet: run `merx snapshot`")
    return version


def read_snapshot(version: Version) -> Snapshot:
    """The frames of a snapshot; raises BrokenArtifact for a file that was changed, cut short or is misshapen."""
    Artifacts(version.path.parent.parent).verify(version)
    try:
        frames = {name: completed(pl.read_parquet(version.path / f"{name}.parquet"), file=name) for name in FILES}
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BrokenArtifact(f"snapshot {version.name} cannot be read", version=version.name) from error
    faults = validate(frames)
    if faults:
        raise BrokenArtifact(f"snapshot {version.name}: {'; '.join(faults)}", version=version.name)
    return Snapshot(name=version.name, **frames)


def _write(frames: dict[str, pl.DataFrame], artifacts: Artifacts, *, at: datetime, about: dict[str, Any]) -> str:
    """Check and write frames as a version; returns its name. `at` dates a shop in which nothing happened yet."""
    faults = validate(frames)
    if faults:
        raise InvalidInput(f"no valid snapshot can be made: {'; '.join(faults)}")
    packed = {name: _packed(frame) for name, frame in frames.items()}
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in packed.items()}
    newest = max(
        (at for frame in frames.values() if "at" in frame.columns for at in frame["at"][-1:]), default=None
    )
    name = content_name(sums, at=newest or at)
    told = {
        **about,
        "newest_at": newest.isoformat() if newest else None,
        "rows": {name: frame.height for name, frame in frames.items()},
        "code": code_version(),
        "polars": pl.__version__,
    }
    with artifacts.create(KIND, name=name, about=told) as folder:
        for file, content in packed.items():
            (folder / f"{file}.parquet").write_bytes(content)
    return name


def _read_shop(database: Database, *, progress: Progress) -> dict[str, pl.DataFrame]:
    with database.read() as session:
        if not database.is_sqlite:  # one moment for all statements; SQLite's transactions are so by themselves
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        products = extracts.published_products(session)
        offers = extracts.offers(session)
        shoppers = extracts.shoppers(session)
        progress("products", 1, 4)
        sales = extracts.sales(session)
        refunded = extracts.given_back(session)
        progress("sales", 2, 4)
        events = extracts.events(session)
        progress("events", 3, 4)
        reviews = extracts.published_reviews(session)
        progress("reviews", 4, 4)
    names = products.select(product="id", product_id="product_id")
    purchases = _purchases(sales, refunded).join(shoppers, on="user", how="left").join(names, on="product")
    searched = events.filter((pl.col("kind") == "query") & ~pl.col("query").str.contains(_PERSONAL))
    return {
        "products": _products(products, offers),
        "interactions": _interactions(purchases, events.join(names, on="product")),
        "reviews": _ordered(reviews.join(shoppers, on="user", how="left").join(names, on="product"), REVIEWS),
        "queries": _ordered(searched, QUERIES),
    }


def _products(products: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """The price is the lowest of a variant in stock, of any where none is."""
    stocked = pl.col("stock") > 0
    best = offers.sort(~stocked, "price_minor", "currency").group_by("product", maintain_order=True)
    facts = best.agg(pl.col("price_minor", "currency").first(), sellable=stocked.any())
    joined = products.join(facts, left_on="id", right_on="product", how="left")
    return joined.with_columns(pl.col("sellable").fill_null(False)).sort("product_id").select(PRODUCTS.keys())


def _purchases(sales: pl.DataFrame, refunded: pl.DataFrame) -> pl.DataFrame:
    """What was kept of each line, with its share of the line's discount, and the number of its basket."""
    lines = sales.join(refunded, on="line", how="left").with_columns(pl.col("refunded").fill_null(0))
    lines = lines.with_columns(kept=pl.col("quantity") - pl.col("refunded")).filter(pl.col("kept") > 0)
    discount = pl.col("discount_minor") * pl.col("kept") // pl.col("quantity")
    value = (pl.col("kept") * pl.col("unit_price_minor") - discount).clip(0)
    baskets = lines.select("order", "at", "name").unique("order").sort("at", "name").with_row_index("basket")
    return lines.join(baskets.select("order", pl.col("basket").cast(pl.Int64)), on="order").select(
        "user", "product", "at", "basket", "country", kind=pl.lit("purchase"), quantity="kept", value_minor=value
    )


def _interactions(purchases: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Orders and events together; an event that reports a purchase counts only where no order tells of it."""
    key = ["shopper", "product_id"]
    bought = purchases.select(key).drop_nulls().unique()
    reported = (events.filter(pl.col("kind") == "purchase")).join(bought, on=key, how="anti")
    seen = pl.concat([events.filter(pl.col("kind").is_in(["view", "click", "add_to_cart"])), reported])
    seen = seen.with_columns(
        value_minor=pl.lit(0, dtype=pl.Int64),
        basket=pl.lit(None, dtype=pl.Int64),
        country=pl.lit(None, dtype=pl.String),
    )
    columns = list(INTERACTIONS)
    return _ordered(pl.concat([purchases.select(columns), seen.select(columns)]), INTERACTIONS)


def _ordered(frame: pl.DataFrame, schema: dict[str, object]) -> pl.DataFrame:
    """Sorted by moment and then by everything else, so that equal content is equal bytes."""
    columns = list(schema)
    return frame.select(columns).sort("at", *(name for name in columns if name != "at"))


def _packed(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", statistics=True)
    return buffer.getvalue()
