"""From a validated feed line to rows of the tables that `core.loading` takes."""

from __future__ import annotations

from typing import Any

from core.bulk import json_text
from core.frames import SCHEMAS
from ingest.feed_schema import (
    FeedEvent,
    FeedOrder,
    FeedProduct,
    FeedRefund,
    FeedReview,
    FeedUser,
    minor,
)

SOURCE = "feed"

# The columns of each table that a feed fills, in the order of the tuples below.
_NAMES: dict[str, tuple[str, ...]] = {
    "sellers": ("public_id", "name", "country"),
    "products": (
        "public_id",
        "seller",
        "category",
        "title",
        "title_zh",
        "brand",
        "description",
        "attributes",
        "status",
        "rating_count",
        "rating_mean",
        "released_at",
        "created_at",
    ),
    "variants": tuple(SCHEMAS["variants"]),
    "pictures": tuple(SCHEMAS["pictures"]),
    "stock": ("variant", "quantity"),
    "users": tuple(SCHEMAS["users"]),
    "addresses": ("public_id", "user", "recipient", "lines", "city", "postcode", "country", "phone"),
    "orders": tuple(SCHEMAS["orders"]),
    "order_lines": tuple(SCHEMAS["order_lines"]),
    "refunds": tuple(SCHEMAS["refunds"]),
    "refund_lines": tuple(SCHEMAS["refund_lines"]),
    "reviews": tuple(SCHEMAS["reviews"]),
    "events": tuple(SCHEMAS["events"]),
}
COLUMNS: dict[str, dict[str, Any]] = {
    table: {name: SCHEMAS[table][name][0] for name in names} for table, names in _NAMES.items()
}

# Which tables one line of a kind fills; the first holds the thing itself.
TABLES = {
    "products": ("products", "sellers", "variants", "pictures", "stock"),
    "users": ("users", "addresses"),
    "orders": ("orders", "order_lines"),
    "refunds": ("refunds", "refund_lines"),
    "reviews": ("reviews",),
    "events": ("events",),
}

Rows = dict[str, list[tuple[Any, ...]]]


def add_rows(rows: Rows, row: int, thing: Any) -> str:
    """Append what a line says to the tables; returns its kind."""
    match thing:
        case FeedEvent():
            shopper = (thing.id, thing.shopper, thing.user, thing.kind, thing.product, thing.query)
            rows["events"].append((row, *shopper, thing.position, thing.request_id, thing.quantity, thing.at))
            return "events"
        case FeedProduct():
            _add_product(rows, row, thing)
            return "products"
        case FeedUser():
            _add_user(rows, row, thing)
            return "users"
        case FeedOrder():
            _add_order(rows, row, thing)
            return "orders"
        case FeedRefund():
            _add_refund(rows, row, thing)
            return "refunds"
        case FeedReview():
            about = (thing.id, thing.product, thing.user, thing.order, thing.order_line)
            words = (thing.score, thing.title, thing.text, thing.status, thing.created_at)
            rows["reviews"].append((row, *about, *words))
            return "reviews"
    raise TypeError(f"no such feed line: {type(thing).__name__}")


def _add_product(rows: Rows, row: int, product: FeedProduct) -> None:
    attributes = dict(product.attributes)
    if product.codes:
        attributes["codes"] = " ".join(product.codes)
    if product.seller is not None:
        rows["sellers"].append((row, product.seller.id, product.seller.name, product.seller.country))
    rows["products"].append(
        (
            row,
            product.id,
            product.seller.id if product.seller else None,
            product.category,
            product.title,
            product.title_zh,
            product.brand,
            product.description,
            json_text(attributes),
            product.status,
            product.rating.count,
            product.rating.mean,
            product.released_at,
            product.created_at,
        )
    )
    currency = product.currency or ""
    for variant in product.variants:
        listed = minor(variant.list_price, currency) if variant.list_price else None
        prices = (minor(variant.price, currency), listed, currency)
        names = (variant.id, product.id, variant.sku or variant.id, variant.ean, json_text(variant.options))
        rows["variants"].append((row, *names, *prices, variant.active))
        if variant.stock is not None:
            rows["stock"].append((row, variant.id, variant.stock))
    for position, picture in enumerate(product.pictures):
        rows["pictures"].append((row, product.id, position, picture.url, picture.alt))


def _add_user(rows: Rows, row: int, user: FeedUser) -> None:
    person = (user.email, user.name, user.phone, user.country, user.role)
    rows["users"].append((row, user.id, *person, user.created_at))
    for number, address in enumerate(user.addresses, start=1):
        where = (address.recipient, address.lines, address.city, address.postcode, address.country, address.phone)
        rows["addresses"].append((row, f"{user.id}:{number}", user.id, *where))


def _add_order(rows: Rows, row: int, order: FeedOrder) -> None:
    def total(amounts: list[str]) -> int:
        return sum(minor(amount, order.currency) for amount in amounts)

    goods = sum(minor(line.price, order.currency) * line.quantity for line in order.lines)
    amounts = (
        goods,
        total([order.discount, *(line.discount for line in order.lines)]),
        minor(order.shipping, order.currency),
        total([order.tax, *(line.tax for line in order.lines)]),
    )
    address = json_text(order.address.model_dump() if order.address else {})
    head = (order.id, order.user, order.status, SOURCE, order.currency)
    rows["orders"].append((row, *head, *amounts, order.country, address, order.placed_at))
    for number, line in enumerate(order.lines, start=1):
        money = (minor(text, order.currency) for text in (line.price, line.discount, line.tax))
        rows["order_lines"].append((row, order.id, number, line.variant, line.title, line.quantity, *money))


def _add_refund(rows: Rows, row: int, refund: FeedRefund) -> None:
    amounts = [minor(line.amount, refund.currency) for line in refund.lines]
    total = sum(amounts) + minor(refund.shipping, refund.currency)
    head = (refund.id, refund.order, refund.user, refund.status)
    rows["refunds"].append((row, *head, total, refund.currency, refund.reason, refund.at))
    for number, (line, amount) in enumerate(zip(refund.lines, amounts, strict=True), start=1):
        order = refund.order if line.order_line is not None else None
        what = (line.variant, order, line.order_line, line.quantity, amount, line.title)
        rows["refund_lines"].append((row, refund.id, number, *what))
