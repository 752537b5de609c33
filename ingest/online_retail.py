"""Online Retail II: a gift shop's invoices, as frames for `core.loading`. The rules are told in docs/imports.md.

This module reads the files and sorts their lines; `ingest.online_retail_merge` makes the shop of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from core.errors import InvalidInput

SOURCE = "online-retail"

# The columns of the two published files; the first name found is taken.
COLUMNS = {
    "invoice": ("Invoice", "InvoiceNo"),
    "code": ("StockCode",),
    "title": ("Description",),
    "quantity": ("Quantity",),
    "at": ("InvoiceDate",),
    "price": ("Price", "UnitPrice"),
    "customer": ("Customer ID", "CustomerID"),
    "country": ("Country",),
}
MOMENT_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%m/%d/%Y %H:%M")

# Carriage that the customer paid: part of the order, not a thing that was bought.
SHIPPING = r"^(POST|DOT|C2|C3)$"
# Bookkeeping, fees, samples, vouchers and tests.
NOT_GOODS = r"^(M|D|S|B|ADJUST\d*|BANK CHARGES|AMAZONFEE|AMAZON FEE|CRUK|SAMPLES|TEST\d+|GIFT(_.*)?)$"

# Larger numbers are no trade but damage (and do not fit the database's integers when multiplied).
MOST = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Lines:
    """The usable lines of one file, and the rejected ones.

    `good` has the columns `kind` (sale, credit), `document`, `shipping` (bool), `code`, `title`, `quantity`
    (positive), `price_minor`, `at` (UTC), `customer`, `country`.
    """

    good: pl.DataFrame
    rejects: pl.DataFrame
    read: int


def read_lines(path: Path) -> Lines:
    """Read one file (Parquet, or CSV with a header) and sort its lines; raises InvalidInput for any other."""
    raw = _read(path)
    found = {}
    for name, candidates in COLUMNS.items():
        present = [candidate for candidate in candidates if candidate in raw.columns]
        if not present:
            raise InvalidInput(f"{path.name}: no column {' or '.join(candidates)}", file=path.name)
        found[name] = present[0]
    frame = raw.select(
        invoice=_text(found["invoice"]).str.to_uppercase(),
        code=_text(found["code"]).str.to_uppercase(),
        title=_text(found["title"]).str.replace_all(r"\s+", " "),
        quantity=pl.col(found["quantity"]).cast(pl.Int64, strict=False),
        price=pl.col(found["price"]).cast(pl.Float64, strict=False),
        at=_moment(raw.schema[found["at"]], found["at"]),
        customer=_text(found["customer"]).str.replace(r"\.0+$", ""),
        country=_text(found["country"]).replace("Unspecified", None),
    )
    frame = frame.with_columns(
        price_minor=(pl.col("price") * 100).round().cast(pl.Int64, strict=False),
        shipping=pl.col("code").str.contains(SHIPPING),
        kind=pl.when(pl.col("invoice").str.starts_with("C")).then(pl.lit("credit")).otherwise(pl.lit("sale")),
    ).with_columns(reason=_reason())
    return Lines(good=_good(frame), rejects=_rejects(raw, frame, path), read=raw.height)


def _read(path: Path) -> pl.DataFrame:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
        if magic == b"PAR1":
            return pl.read_parquet(path)
        if path.suffix.lower() == ".csv":
            try:
                return pl.read_csv(path, infer_schema=False)
            except pl.exceptions.ComputeError:
                return pl.read_csv(path, infer_schema=False, encoding="iso-8859-1")
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror or error}", file=path.name) from error
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0] if str(error) else "broken"
        raise InvalidInput(f"{path.name} cannot be read (cut short?): {reason}", file=path.name) from error
    raise InvalidInput(f"{path.name} is neither a Parquet file nor a .csv", file=path.name)


def _text(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String).str.strip_chars().replace("", None)


def _moment(kind: pl.DataType, column: str) -> pl.Expr:
    """Invoices carry the shop's wall clock, which is London's."""
    local = pl.col(column)
    if kind == pl.String:
        local = pl.coalesce(local.str.to_datetime(form, strict=False, time_unit="us") for form in MOMENT_FORMATS)
    local = local.cast(pl.Datetime("us"))
    london = local.dt.replace_time_zone("Europe/London", ambiguous="earliest", non_existent="null")
    return london.dt.convert_time_zone("UTC")


def _reason() -> pl.Expr:
    """Why a line is rejected; null for a good one. The first reason that fits counts."""
    needed = ("invoice", "code", "quantity", "price_minor", "at")
    huge = (pl.col("quantity").abs() > MOST) | (pl.col("price_minor").abs() > MOST)
    credit = pl.col("kind") == "credit"
    return (
        pl.when(pl.any_horizontal(pl.col(name).is_null() for name in needed) | huge)
        .then(pl.lit("unreadable"))
        .when(pl.col("invoice").str.contains(r"^A\d+$"))
        .then(pl.lit("adjustment"))
        .when(~pl.col("invoice").str.contains(r"^C?\d+$"))
        .then(pl.lit("unreadable"))
        .when(pl.col("code").str.contains(NOT_GOODS))
        .then(pl.lit("not-goods"))
        .when(credit & (pl.col("quantity") >= 0))
        .then(pl.lit("credit-adds"))
        .when(~credit & (pl.col("quantity") <= 0))
        .then(pl.lit("stock-correction"))
        .when(pl.col("price_minor") <= 0)
        .then(pl.lit("no-price"))
    )


def _good(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("reason").is_null()).select(
        "kind",
        "shipping",
        "code",
        "price_minor",
        "at",
        "customer",
        # Where a credit went says nothing that the sale did not, and a refund does not keep it.
        country=pl.when(pl.col("kind") == "sale").then("country"),
        document="invoice",
        title=pl.coalesce("title", "code"),
        quantity=pl.col("quantity").abs(),
    )


def _rejects(raw: pl.DataFrame, frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    bad = frame["reason"].is_not_null()
    return (
        raw.with_row_index("line", offset=1)
        .filter(bad)
        .select(
            file=pl.lit(path.name),
            line=pl.col("line").cast(pl.Int64),
            reason=frame["reason"].filter(bad),
            detail=pl.lit(""),
            raw=pl.struct(raw.columns).struct.json_encode(),
        )
    )
