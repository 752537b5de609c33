"""The frames that `core.loading` takes: their columns, types and defaults.

Things refer to each other by public id. Money is in minor units, moments are Datetime[us, UTC], JSON is JSON text.
A column that has a default may be left out; None is a default like any other.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

import polars as pl

from core.errors import InvalidInput

MOMENT: Final = pl.Datetime("us", "UTC")
REQUIRED: Final = object()
NOW: Final = object()  # the default is the moment of the load

Column = tuple[pl.DataType | type[pl.DataType], Any]

SELLERS: dict[str, Column] = {
    "public_id": (pl.String, REQUIRED),
    "name": (pl.String, REQUIRED),
    "country": (pl.String, None),
    "created_at": (MOMENT, NOW),
}
# `seller` is the seller's public id; `category` the names from the root to the leaf.
PRODUCTS: dict[str, Column] = {
    "public_id": (pl.String, REQUIRED),
    "seller": (pl.String, "shop"),
    "category": (pl.List(pl.String), []),
    "title": (pl.String, REQUIRED),
    "title_zh": (pl.String, ""),
    "brand": (pl.String, ""),
    "description": (pl.String, ""),
    "attributes": (pl.String, "{}"),
    "status": (pl.String, "published"),
    "rating_count": (pl.Int64, 0),
    "rating_mean": (pl.Float64, None),
    "released_at": (MOMENT, None),
    "created_at": (MOMENT, NOW),
}
VARIANTS: dict[str, Column] = {
    "public_id": (pl.String, REQUIRED),
    "product": (pl.String, REQUIRED),
    "sku": (pl.String, REQUIRED),
    "ean": (pl.String, None),
    "options": (pl.String, "{}"),
    "price_minor": (pl.Int64, REQUIRED),
    "list_price_minor": (pl.Int64, None),
    "currency": (pl.String, REQUIRED),
    "active": (pl.Boolean, True),
}
PICTURES: dict[str, Column] = {
    "product": (pl.String, REQUIRED),
    "position": (pl.Int64, REQUIRED),
    "url": (pl.String, REQUIRED),
    "alt": (pl.String, ""),
}
# `assumed` stock stands in for a count that the source lacks: it moves the level when the assumption moves.
STOCK: dict[str, Column] = {
    "variant": (pl.String, REQUIRED),
    "quantity": (pl.Int64, REQUIRED),
    "assumed": (pl.Boolean, False),
}
USERS: dict[str, Column] = {
    "public_id": (pl.String, REQUIRED),
    "email": (pl.String, None),
    "name": (pl.String, ""),
    "phone": (pl.String, None),
    "country": (pl.String, None),
    "role": (pl.String, "customer"),
    "created_at": (MOMENT, NOW),
}
ADDRESSES: dict[str, Column] = {
    "public_id": (pl.String, REQUIRED),
    "user": (pl.String, REQUIRED),
    "recipient": (pl.String, REQUIRED),
    "lines": (pl.String, REQUIRED),
    "city": (pl.String, REQUIRED),
    "postcode": (pl.String, ""),
    "country": (pl.String, REQUIRED),
    "phone": (pl.String, None),
    "created_at": (MOMENT, NOW),
}
# The total is computed: goods - discount + shipping + tax.
ORDERS: dict[str, Column] = {
    "public_id": (pl.String, REQUIRED),
    "user": (pl.String, None),
    "status": (pl.String, "delivered"),
    "source": (pl.String, REQUIRED),
    "currency": (pl.String, REQUIRED),
    "goods_minor": (pl.Int64, REQUIRED),
    "discount_minor": (pl.Int64, 0),
    "shipping_minor": (pl.Int64, 0),
    "tax_minor": (pl.Int64, 0),
    "country": (pl.String, None),
    "address": (pl.String, "{}"),
    "placed_at": (MOMENT, REQUIRED),
}
ORDER_LINES: dict[str, Column] = {
    "order": (pl.String, REQUIRED),
    "line_number": (pl.Int64, REQUIRED),
    "variant": (pl.String, REQUIRED),
    "title": (pl.String, REQUIRED),
    "quantity": (pl.Int64, REQUIRED),
    "unit_price_minor": (pl.Int64, REQUIRED),
    "discount_minor": (pl.Int64, 0),
    "tax_minor": (pl.Int64, 0),
}
REFUNDS: dict[str, Column] = {
    "public_id": (pl.String, REQUIRED),
    "order": (pl.String, None),
    "user": (pl.String, None),
    "status": (pl.String, "settled"),
    "amount_minor": (pl.Int64, REQUIRED),
    "currency": (pl.String, REQUIRED),
    "reason": (pl.String, ""),
    "at": (MOMENT, REQUIRED),
}
# `order` and `order_line` (its line number) name the sale that a line gives back, where it is known.
REFUND_LINES: dict[str, Column] = {
    "refund": (pl.String, REQUIRED),
    "line_number": (pl.Int64, REQUIRED),
    "variant": (pl.String, REQUIRED),
    "order": (pl.String, None),
    "order_line": (pl.Int64, None),
    "quantity": (pl.Int64, REQUIRED),
    "amount_minor": (pl.Int64, REQUIRED),
    "title": (pl.String, ""),
}
REVIEWS: dict[str, Column] = {
    "public_id": (pl.String, REQUIRED),
    "product": (pl.String, REQUIRED),
    "user": (pl.String, None),
    "order": (pl.String, None),
    "order_line": (pl.Int64, None),
    "score": (pl.Int64, REQUIRED),
    "title": (pl.String, ""),
    "text": (pl.String, ""),
    "status": (pl.String, "published"),
    "created_at": (MOMENT, REQUIRED),
}
# Who did it: `shopper`, a random key, or `user`, a user's public id whose key is looked up. One of the two.
EVENTS: dict[str, Column] = {
    "public_id": (pl.String, REQUIRED),
    "shopper": (pl.String, None),
    "user": (pl.String, None),
    "kind": (pl.String, REQUIRED),
    "product": (pl.String, None),
    "query": (pl.String, None),
    "position": (pl.Int64, None),
    "request_id": (pl.String, None),
    "quantity": (pl.Int64, 1),
    "at": (MOMENT, REQUIRED),
}

SCHEMAS: dict[str, dict[str, Column]] = {
    "sellers": SELLERS,
    "products": PRODUCTS,
    "variants": VARIANTS,
    "pictures": PICTURES,
    "stock": STOCK,
    "users": USERS,
    "addresses": ADDRESSES,
    "orders": ORDERS,
    "order_lines": ORDER_LINES,
    "refunds": REFUNDS,
    "refund_lines": REFUND_LINES,
    "reviews": REVIEWS,
    "events": EVENTS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """What is loaded together, in one transaction. None leaves a kind alone.

    With `variants` (or `pictures`) given, those of a product in `products` are all it has: others are switched off
    (or removed). The lines of an order or refund are all it has.
    """

    sellers: pl.DataFrame | None = None
    products: pl.DataFrame | None = None
    variants: pl.DataFrame | None = None
    pictures: pl.DataFrame | None = None
    stock: pl.DataFrame | None = None
    users: pl.DataFrame | None = None
    addresses: pl.DataFrame | None = None
    orders: pl.DataFrame | None = None
    order_lines: pl.DataFrame | None = None
    refunds: pl.DataFrame | None = None
    refund_lines: pl.DataFrame | None = None
    reviews: pl.DataFrame | None = None
    events: pl.DataFrame | None = None

    def conformed(self, *, at: datetime) -> Frames:
        """The same frames with all columns in order and typed; raises InvalidInput where one does not fit."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return Frames(
            **{name: None if frame is None else conform(frame, name, at=at) for name, frame in given.items()}
        )


def conform(frame: pl.DataFrame, name: str, *, at: datetime) -> pl.DataFrame:
    """`frame` with the columns of schema `name`, defaults filled in; `at` is the moment of the load.

    Raises InvalidInput for a column that is missing, unknown, of the wrong type, or null where it must not be.
    """
    schema = SCHEMAS[name]
    unknown = [column for column in frame.columns if column not in schema]
    missing = [column for column, (_, default) in schema.items() if default is REQUIRED and column not in frame]
    if unknown or missing:
        raise InvalidInput(f"{name}: unknown columns {unknown}, missing columns {missing}")
    columns: list[pl.Expr] = []
    for column, (kind, default) in schema.items():
        if default is REQUIRED:
            columns.append(pl.col(column).cast(kind))
            continue
        filling = pl.lit(at if default is NOW else default, dtype=kind)
        given = pl.col(column).cast(kind).fill_null(filling) if column in frame.columns else filling
        columns.append(given.alias(column))
    try:
        conformed = frame.select(columns)
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(f"{name}: a column does not fit: {error}") from error
    empty = [
        column for column, (_, default) in schema.items() if default is REQUIRED and conformed[column].has_nulls()
    ]
    if empty:
        raise InvalidInput(f"{name}: null in {', '.join(empty)}")
    return conformed
