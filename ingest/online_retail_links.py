"""Online Retail II: which sale a cancellation gives back."""

from __future__ import annotations

import polars as pl


def link_credits(sales: pl.DataFrame, credits: pl.DataFrame) -> pl.DataFrame:
    """`document`, `line_number` of credit lines with the `order`, `order_line` that each gives back.

    A sale matches when the same customer bought the same code before the credit, and as many pieces of the line
    are left as are given back. Of several, one at the credited price goes first, then the latest. Credits are
    served in the order of their moments; one that no sale covers has no row in the result.

    Both frames have `document`, `line_number`, `customer`, `code`, `quantity`, `price_minor` and `at`.
    """
    key = ["customer", "code"]
    wanted = credits.filter(pl.col("customer").is_not_null()).sort("at", "document", "line_number")
    offered = sales.join(wanted.select(key).unique(), on=key, how="semi").sort("at", "document", "line_number")
    columns = ["document", "line_number", "quantity", "price_minor", "at"]
    left: dict[tuple[str, str], list[list[object]]] = {}
    for customer, code, *sale in offered.select(*key, *columns).iter_rows():
        left.setdefault((customer, code), []).append(sale)
    found = []
    for customer, code, document, number, quantity, price, at in wanted.select(*key, *columns).iter_rows():
        best = None
        for sale in left.get((customer, code), ()):  # oldest first, so the last that fits is the latest
            if sale[4] <= at and sale[2] >= quantity and (best is None or sale[3] == price or best[3] != price):
                best = sale
        if best is not None:
            best[2] -= quantity
            found.append((document, number, best[0], best[1]))
    schema = {"document": pl.String, "line_number": pl.Int64, "order": pl.String, "order_line": pl.Int64}
    return pl.DataFrame(found, schema=schema, orient="row")
