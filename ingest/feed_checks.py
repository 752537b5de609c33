"""What only the whole shop can tell of a feed line: references that lead nowhere, codes and e-mails of others.

A line that fails is rejected as a whole, and so is what refers to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl
from sqlmodel import Session

from core.extracts import (
    order_lines,
    orders_named,
    refund_lines,
    refunds_named,
    reviewed_lines,
    user_emails,
    variant_owners,
)
from core.loading_trade import shopper_keys
from core.tables import Product, User
from core.upsert import ids_of
from ingest.feed import REJECT_ROWS, Feed
from ingest.feed_rows import TABLES

ORDER_FACTS = [
    "user",
    "source",
    "currency",
    "goods_minor",
    "discount_minor",
    "shipping_minor",
    "tax_minor",
    "placed_at",
]
LINE_FACTS = ["variant", "title", "quantity", "unit_price_minor", "discount_minor", "tax_minor"]
REFUND_FACTS = ["user", "currency", "amount_minor", "at"]
REFUND_LINE_FACTS = ["variant", "title", "quantity", "amount_minor"]


@dataclass(slots=True)
class Checked:
    """The tables of the lines that may be loaded, and the lines that were rejected here."""

    tables: dict[str, pl.DataFrame]
    rejects: list[pl.DataFrame] = field(default_factory=list)

    def reject(self, kind: str, rows: pl.Series, reason: str, detail: pl.Series | None = None) -> None:
        """Take the lines with these row numbers out of the tables of a kind."""
        fault = pl.DataFrame({"row": rows, "detail": detail if detail is not None else [""] * len(rows)})
        fault = fault.unique("row", keep="first", maintain_order=True).with_columns(reason=pl.lit(reason))
        self.rejects.append(fault.select(*REJECT_ROWS))
        self.drop(kind, rows)

    def drop(self, kind: str, rows: pl.Series) -> None:
        """Leave lines out without a word."""
        for name in TABLES[kind]:
            self.tables[name] = self.tables[name].filter(~pl.col("row").is_in(rows.implode()))

    def unknown(self, kind: str, table: str, column: str, known: pl.Series) -> None:
        """Reject the lines whose `column` in `table` is neither null nor known."""
        frame = self.tables[table]
        lost = frame.filter(pl.col(column).is_not_null() & ~pl.col(column).is_in(known.implode()))
        self.reject(kind, lost["row"], f"unknown-{column.replace('_', '-')}", lost[column].cast(pl.String))


def check(session: Session, feed: Feed) -> Checked:
    """Keep the last line of each thing and reject what does not fit the shop as it is with this feed loaded."""
    checked = Checked(dict(feed.tables))
    for kind in ("products", "users", "orders", "refunds", "reviews", "events"):
        frame = checked.tables[kind]
        last = frame.group_by("public_id").agg(pl.col("row").max())
        checked.drop(kind, frame.join(last, on="row", how="anti")["row"])
    _check_products(session, checked)
    living = _check_users(session, checked)
    _check_orders(session, checked)
    _check_refunds(session, checked)
    products = _known(ids_of(session, Product, _asked(checked, "product"))["public_id"], checked, "products")
    _check_reviews(session, checked, products)
    checked.unknown("events", "events", "product", products)
    keyed = shopper_keys(session, checked.tables["events"]["user"])["user"]
    checked.unknown("events", "events", "user", pl.concat([keyed, living]))
    return checked


def _check_products(session: Session, checked: Checked) -> None:
    owners = variant_owners(session)
    for name, held, owner in (("public_id", "variant", "product"), ("sku", "sku", "public_id")):
        variants = checked.tables["variants"].sort("row")
        # The first line of the feed that names a code has it.
        first = pl.col(owner).first().over(name)
        stolen = variants.filter(pl.col(owner) != first)
        theirs = owners.rename({held: name}, strict=False).select(
            name, held_by=owner if owner == "product" else "variant"
        )
        other = variants.join(theirs, on=name).filter(pl.col(owner) != pl.col("held_by"))
        taken = pl.concat([stolen.select("row", name), other.select("row", name)])
        checked.reject("products", taken["row"], "duplicate-code", taken[name])


def _check_users(session: Session, checked: Checked) -> pl.Series:
    """Reject e-mails that another has; returns the users of the feed that are not erased."""
    held = user_emails(session)
    users = checked.tables["users"].filter(pl.col("email").is_not_null()).sort("row")
    stolen = users.filter(pl.col("public_id") != pl.col("public_id").first().over("email"))
    theirs = users.join(held.select("email", "user"), on="email").filter(pl.col("user") != pl.col("public_id"))
    checked.reject("users", pl.concat([stolen["row"], theirs["row"]]), "duplicate-email")
    erased = held.filter(pl.col("status") == "erased")["user"]
    gone = checked.tables["users"].filter(pl.col("public_id").is_in(erased.implode()))
    checked.drop("users", gone["row"])
    return checked.tables["users"]["public_id"]


def _check_orders(session: Session, checked: Checked) -> None:
    checked.unknown("orders", "orders", "user", _users(session, checked))
    checked.unknown("orders", "order_lines", "variant", _variants(session, checked))
    held = orders_named(session, checked.tables["orders"]["public_id"])
    lines = order_lines(session, orders=held)
    told = _facts(held, "order", ORDER_FACTS).join(_line_facts(lines, "order", LINE_FACTS), on="name")
    mine = _facts(checked.tables["orders"], "public_id", ORDER_FACTS, "row")
    mine = mine.join(_line_facts(checked.tables["order_lines"], "order", LINE_FACTS), on="name")
    _reject_changed(checked, "orders", mine, told)


def _check_refunds(session: Session, checked: Checked) -> None:
    checked.unknown("refunds", "refunds", "user", _users(session, checked))
    checked.unknown("refunds", "refund_lines", "variant", _variants(session, checked))
    known = _order_lines(session, checked, "refunds", "refund_lines")
    names = pl.concat([known["order"], checked.tables["orders"]["public_id"]])
    held_orders = orders_named(session, checked.tables["refunds"]["order"])["order"]
    checked.unknown("refunds", "refunds", "order", pl.concat([names, held_orders]).unique())
    held = refunds_named(session, checked.tables["refunds"]["public_id"])
    lines = refund_lines(session, refunds=held)
    told = _facts(held, "refund", REFUND_FACTS).join(_line_facts(lines, "refund", REFUND_LINE_FACTS), on="name")
    mine = _facts(checked.tables["refunds"], "public_id", REFUND_FACTS, "row")
    mine = mine.join(_line_facts(checked.tables["refund_lines"], "refund", REFUND_LINE_FACTS), on="name")
    _reject_changed(checked, "refunds", mine, told)


def _check_reviews(session: Session, checked: Checked, products: pl.Series) -> None:
    checked.unknown("reviews", "reviews", "product", products)
    checked.unknown("reviews", "reviews", "user", _users(session, checked))
    _order_lines(session, checked, "reviews", "reviews")
    key = ["order", "order_line"]
    reviews = checked.tables["reviews"].filter(pl.col("order").is_not_null()).sort("row")
    twice = reviews.filter(pl.col("public_id") != pl.col("public_id").first().over(key))
    held = reviews.join(reviewed_lines(session), on=key).filter(pl.col("review") != pl.col("public_id"))
    checked.reject("reviews", pl.concat([twice["row"], held["row"]]), "reviewed-already")


def _order_lines(session: Session, checked: Checked, kind: str, table: str) -> pl.DataFrame:
    """Reject the lines of `table` that name an order line which is not there; returns those that are."""
    frame = checked.tables[table]
    key = ["order", "order_line"]
    held = order_lines(session, orders=orders_named(session, frame["order"]))
    parts = [lines.select("order", order_line="line_number") for lines in (held, checked.tables["order_lines"])]
    known = pl.concat(parts).unique()
    lost = frame.filter(pl.col("order_line").is_not_null()).join(known, on=key, how="anti")
    detail = lost.select(pl.format("{} line {}", "order", "order_line").alias("detail"))["detail"]
    checked.reject(kind, lost["row"], "unknown-order-line", detail)
    return known


def _users(session: Session, checked: Checked) -> pl.Series:
    return _known(ids_of(session, User, _asked(checked, "user"))["public_id"], checked, "users")


def _variants(session: Session, checked: Checked) -> pl.Series:
    return _known(variant_owners(session)["variant"], checked, "variants")


def _known(held: pl.Series, checked: Checked, table: str) -> pl.Series:
    return pl.concat([held, checked.tables[table]["public_id"]]).unique()


def _asked(checked: Checked, column: str) -> pl.Series:
    tables = ("orders", "refunds", "reviews", "events")
    return pl.concat([checked.tables[name][column] for name in tables if column in checked.tables[name].columns])


def _facts(frame: pl.DataFrame, name: str, facts: list[str], *more: str) -> pl.DataFrame:
    return frame.select(*more, name=name, head=pl.struct(facts).struct.json_encode())


def _line_facts(lines: pl.DataFrame, parent: str, facts: list[str]) -> pl.DataFrame:
    encoded = lines.sort(parent, "line_number").select(name=parent, body=pl.struct(facts).struct.json_encode())
    return encoded.group_by("name", maintain_order=True).agg(pl.col("body").str.join("\n"))


def _reject_changed(checked: Checked, kind: str, mine: pl.DataFrame, told: pl.DataFrame) -> None:
    """Orders and refunds are facts: their status may move on, their lines and amounts may not."""
    both = mine.join(told, on="name", suffix="_held")
    changed = both.filter((pl.col("head") != pl.col("head_held")) | (pl.col("body") != pl.col("body_held")))
    checked.reject(kind, changed["row"], f"{kind.removesuffix('s')}-changed", changed["name"])
