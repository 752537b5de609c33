"""Online Retail II: from invoice lines to products, customers, orders and refunds.

The result depends on the set of lines alone. What the core holds already counts as one more file, every merge is a
maximum or a minimum, and what is computed (titles, prices, stock, links) is computed from all lines anew. So files
give the same shop together, one after another, in any order, and again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import polars as pl
from sqlmodel import Session

from core.extracts import order_headers, order_lines, refund_headers, refund_lines
from core.frames import MOMENT, Frames
from ingest.online_retail import SOURCE
from ingest.online_retail_links import link_credits

CURRENCY = "GBP"
REFUND_REASON = "online-retail cancellation"
RECENT = timedelta(days=90)  # the latest period of a code: its title and price are those of most lines in it
SELLING = timedelta(days=365)  # what was sold this long before the end of the data is still sold
ASSUMED_STOCK = 100

# What makes two lines the same line. The minute is left out: 71 invoices were keyed in over two minutes.
LINE = ["kind", "document", "code", "title", "quantity", "price_minor"]


@dataclass(frozen=True, slots=True)
class Merged:
    """The frames to load, and how many of the good lines say something that was not there before."""

    frames: Frames
    loaded: int


def merge(session: Session, files: Sequence[pl.DataFrame]) -> Merged:
    """What the lines of `files` (see `online_retail.Lines.good`) make of what the core holds already."""
    old_lines, old_heads = _held(session)
    heads = _heads(files, old_heads)
    lines = _lines(files, old_lines)
    full = (
        lines.select(pl.exclude("n", "held").repeat_by("n"))
        .explode([*LINE])
        .join(heads.select("kind", "document", "at", "customer"), on=["kind", "document"])
    )
    full = full.sort(LINE).with_columns(
        line_number=pl.int_range(1, pl.len() + 1).over("kind", "document").cast(pl.Int64)
    )
    touched = pl.concat([lines.filter(pl.col("n") > pl.col("held")), heads.filter("news")], how="diagonal")
    new_orders = touched.filter(pl.col("kind") == "sale")["document"].unique()
    sales, credits = full.filter(pl.col("kind") == "sale"), full.filter(pl.col("kind") == "credit")
    orders = heads.filter((pl.col("kind") == "sale") & pl.col("document").is_in(new_orders.implode()))
    frames = Frames(
        users=_users(heads),
        **_goods(sales, credits),
        **_orders(orders, sales.filter(pl.col("document").is_in(new_orders.implode()))),
        **_refunds(heads.filter(pl.col("kind") == "credit"), credits, link_credits(sales, credits)),
    )
    return Merged(frames=frames, loaded=_loaded(files, lines, heads))


def _held(session: Session) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lines and headers of earlier imports, in the shape of a file's."""
    orders = order_headers(session, source=SOURCE)
    refunds = refund_headers(session, reason=REFUND_REASON)
    sold = order_lines(session, orders=orders).select(
        pl.lit("sale").alias("kind"),
        pl.col("order").alias("document"),
        pl.col("variant").alias("code"),
        "title",
        "quantity",
        pl.col("unit_price_minor").alias("price_minor"),
    )
    back = refund_lines(session, refunds=refunds)
    goods_back = back.group_by("refund").agg(goods=pl.col("amount_minor").sum())
    back = back.select(
        pl.lit("credit").alias("kind"),
        pl.col("refund").alias("document"),
        pl.col("variant").alias("code"),
        "title",
        "quantity",
        pl.col("amount_minor") // pl.col("quantity"),
    ).rename({"amount_minor": "price_minor"})
    refunds = refunds.join(goods_back, on="refund", how="left")
    heads = [
        orders.select(
            pl.lit("sale").alias("kind"),
            pl.col("order").alias("document"),
            pl.col("placed_at").alias("at"),
            pl.col("user").alias("customer"),
            "country",
            "shipping_minor",
        ),
        refunds.select(
            pl.lit("credit").alias("kind"),
            pl.col("refund").alias("document"),
            "at",
            pl.col("user").alias("customer"),
            pl.lit(None, dtype=pl.String).alias("country"),
            (pl.col("amount_minor") - pl.col("goods").fill_null(0)).alias("shipping_minor"),
        ),
    ]
    return pl.concat([sold, back]), pl.concat(heads)


def _heads(files: Sequence[pl.DataFrame], held: pl.DataFrame) -> pl.DataFrame:
    """One row a document, whichever of the files it is in; `news` says that it differs from what is held."""
    key = ["kind", "document"]
    columns = [*key, "at", "customer", "country", "shipping_minor"]
    parts = [
        file.group_by(key).agg(
            pl.col("at", "customer", "country").min(),
            shipping_minor=(pl.col("quantity") * pl.col("price_minor")).filter("shipping").sum(),
        )
        for file in files
    ]
    heads = pl.concat([held.select(columns), *(part.select(columns) for part in parts)])
    heads = heads.group_by(key).agg(pl.col("at", "customer", "country").min(), pl.col("shipping_minor").max())
    heads = heads.join(held, on=key, how="left", suffix="_held", nulls_equal=True)
    differs = [pl.col(name).ne_missing(pl.col(f"{name}_held")) for name in columns[2:]]
    return heads.with_columns(
        news=pl.any_horizontal(differs),
        paid_more=pl.col("shipping_minor").ne_missing(pl.col("shipping_minor_held")),
    ).select(*columns, "news", "paid_more")


def _lines(files: Sequence[pl.DataFrame], held: pl.DataFrame) -> pl.DataFrame:
    """Every different line of goods with `n`, the most often it occurs in one of the files, and `held`."""
    counted = [held.group_by(LINE).len("n").with_columns(held=pl.col("n"))]
    for file in files:
        part = file.filter(~pl.col("shipping")).group_by(LINE).len("n")
        counted.append(part.with_columns(held=pl.lit(0, dtype=pl.get_index_type())))
    return pl.concat(counted).group_by(LINE).agg(pl.col("n").max(), pl.col("held").max())


def _loaded(files: Sequence[pl.DataFrame], lines: pl.DataFrame, heads: pl.DataFrame) -> int:
    """How many lines brought something: goods that were not held, carriage that changed what a document says."""
    goods = int((lines["n"] - lines["held"]).sum())
    changed = heads.filter("paid_more").select("kind", "document")
    carriage = [
        file.filter("shipping").join(changed, on=["kind", "document"], how="semi").group_by(LINE).len("n")
        for file in files
    ]
    return goods + int(pl.concat(carriage).group_by(LINE).agg(pl.col("n").max())["n"].sum())


def _users(heads: pl.DataFrame) -> pl.DataFrame:
    """A customer lives where the last order went."""
    known = heads.filter(pl.col("customer").is_not_null())
    last = known.filter(pl.col("country").is_not_null()).sort(["at", "country"], descending=[True, False])
    last = last.group_by("customer", maintain_order=True).agg(pl.col("country").first())
    first = known.group_by("customer").agg(created_at=pl.col("at").min())
    return first.join(last, on="customer", how="left").sort("customer").rename({"customer": "public_id"})


def _goods(sales: pl.DataFrame, credits: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """A product with one variant for each code; one known from credits alone was sold before the data begin."""
    unsold = credits.join(sales.select("code").unique(), on="code", how="anti")
    seen = pl.concat([sales, unsold]).select("code", "title", "price_minor", "at", "kind")
    last = pl.col("at").max().over("code")
    recent = seen.filter(pl.col("at") >= last - RECENT)
    named = recent.filter(pl.col("title") != pl.col("code"))
    facts = seen.group_by("code").agg(last=pl.col("at").max(), sold=(pl.col("kind") == "sale").any())
    everything = pl.concat([sales, credits])
    facts = (
        facts.join(everything.group_by("code").agg(first=pl.col("at").min()), on="code")
        .join(_most_often(named, "title"), on="code", how="left")
        .join(_most_often(recent, "price_minor"), on="code")
        .sort("code")
    )
    selling = pl.col("sold") & (pl.col("last") >= pl.lit(everything["at"].max(), dtype=MOMENT) - SELLING)
    return {
        "products": facts.select(
            public_id="code",
            title=pl.coalesce("title", "code"),
            released_at="first",
            created_at="first",
        ),
        "variants": facts.select(
            public_id="code", product="code", sku="code", price_minor="price_minor", currency=pl.lit(CURRENCY)
        ),
        "stock": facts.select(
            variant="code",
            quantity=pl.when(selling).then(ASSUMED_STOCK).otherwise(0).cast(pl.Int64),
            assumed=pl.lit(True),
        ),
    }


def _most_often(lines: pl.DataFrame, column: str) -> pl.DataFrame:
    """The value of most lines of each code; of equally many the latest, then the smallest."""
    counted = lines.group_by("code", column).agg(n=pl.len(), latest=pl.col("at").max())
    ranked = counted.sort(["code", "n", "latest", column], descending=[False, True, True, False])
    return ranked.unique("code", keep="first", maintain_order=True).select("code", column)


def _orders(heads: pl.DataFrame, lines: pl.DataFrame) -> dict[str, pl.DataFrame]:
    goods = lines.group_by("document").agg(goods_minor=(pl.col("quantity") * pl.col("price_minor")).sum())
    orders = heads.join(goods, on="document", how="left").sort("at", "document")
    return {
        "orders": orders.select(
            "country",
            "shipping_minor",
            pl.col("goods_minor").fill_null(0),
            public_id="document",
            user="customer",
            source=pl.lit(SOURCE),
            currency=pl.lit(CURRENCY),
            placed_at="at",
        ),
        "order_lines": lines.join(
            orders.select("document").with_row_index("rank"), on="document", maintain_order="left"
        )
        .sort("rank", "line_number")
        .select(
            "line_number",
            "title",
            "quantity",
            order="document",
            variant="code",
            unit_price_minor="price_minor",
        ),
    }


def _refunds(heads: pl.DataFrame, lines: pl.DataFrame, links: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """A refund belongs to an order when all its lines cancel lines of that one order."""
    amount = pl.col("quantity") * pl.col("price_minor")
    linked = lines.join(links, on=["document", "line_number"], how="left")
    per_refund = linked.group_by("document").agg(
        goods=amount.sum(),
        order=pl.when((pl.col("order").n_unique() == 1) & ~pl.col("order").has_nulls()).then(
            pl.col("order").first()
        ),
    )
    refunds = heads.join(per_refund, on="document", how="left").sort("at", "document")
    return {
        "refunds": refunds.select(
            "order",
            "at",
            public_id="document",
            user="customer",
            amount_minor=pl.col("goods").fill_null(0) + pl.col("shipping_minor"),
            currency=pl.lit(CURRENCY),
            reason=pl.lit(REFUND_REASON),
        ),
        "refund_lines": linked.sort("document", "line_number").select(
            "line_number",
            "order",
            "order_line",
            "quantity",
            "title",
            refund="document",
            variant="code",
            amount_minor=amount,
        ),
    }
