"""A small shop as feed lines, and two ways to look at a database as a whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import text

from core.clock import Clock, frozen_clock
from core.database import Database, metadata
from ingest.importer import ImportReport, run_import

Line = dict[str, Any]


def product(name: str, /, **changes: Any) -> Line:
    """A product with one variant at 12.50 and stock 7."""
    line: Line = {
        "type": "product",
        "id": name,
        "title": f"The {name}",
        "brand": "Acme",
        "category": ["Home", "Lamps"],
        "attributes": {"colour": "red", "watts": 40, "dimmable": True},
        "currency": "GBP",
        "variants": [{"id": f"{name}-v", "price": "12.50", "list_price": "15", "stock": 7}],
        "pictures": [{"url": f"https://example.test/{name}.png"}],
    }
    return line | changes


def user(name: str, /, **changes: Any) -> Line:
    """A user with an e-mail address and a home."""
    home = {"recipient": f"Mx {name}", "lines": f"1 {name} Street", "city": "Leeds", "country": "GB"}
    return {
        "type": "user",
        "id": name,
        "email": f"{name}@example.test",
        "name": name,
        "addresses": [home],
    } | changes


def order(name: str, variant: str, /, **changes: Any) -> Line:
    """An order of two pieces at 12.50."""
    return {
        "type": "order",
        "id": name,
        "currency": "GBP",
        "placed_at": "2026-01-02T10:00:00Z",
        "lines": [{"variant": variant, "title": "as sold", "quantity": 2, "price": "12.50"}],
    } | changes


def refund(name: str, of: str, variant: str, /, **changes: Any) -> Line:
    """One piece of the first line of an order."""
    line = {"variant": variant, "quantity": 1, "amount": "12.50", "order_line": 1}
    return {
        "type": "refund",
        "id": name,
        "order": of,
        "currency": "GBP",
        "at": "2026-01-05T10:00:00Z",
        "lines": [line],
    } | changes


def review(name: str, of: str, /, **changes: Any) -> Line:
    """Four stars."""
    return {
        "type": "review",
        "id": name,
        "product": of,
        "score": 4,
        "created_at": "2026-01-06T10:00:00Z",
    } | changes


def event(name: str, of: str, /, **changes: Any) -> Line:
    """A guest looks at a product."""
    return {
        "type": "event",
        "id": name,
        "shopper": "guest00000000000abc",
        "kind": "view",
        "product": of,
        "at": "2026-01-03T10:00:00+01:00",
    } | changes


SHOP: list[Line] = [
    product("lamp"),
    product("desk", variants=[{"id": "desk-v", "price": "80"}], category=["Home", "Desks"]),
    user("ann"),
    user("bob", addresses=[]),
    order("o1", "lamp-v", user="ann", shipping="3.95"),
    order("o2", "desk-v", user="bob", placed_at="2026-01-04T09:00:00Z"),
    order("o3", "lamp-v", placed_at="2026-01-04T10:00:00Z"),
    refund("r1", "o1", "lamp-v", user="ann"),
    review("w1", "lamp", user="ann", order="o1", order_line=1),
    event("e1", "lamp"),
    event("e2", "desk", shopper=None, user="bob", kind="add_to_cart"),
    event("e3", "desk", product=None, kind="query", query="a desk"),
]


def write_lines(path: Path, lines: list[Line | str]) -> Path:
    """Lines as they are, objects as JSON without their nulls."""
    texts = [
        line
        if isinstance(line, str)
        else json.dumps({key: value for key, value in line.items() if value is not None})
        for line in lines
    ]
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def import_files(
    database: Database, home: Path, *files: Path, format: str = "jsonl", clock: Clock | None = None
) -> ImportReport:
    """Import with a clock that stands still."""
    at = clock or frozen_clock(datetime(2026, 2, 1, tzinfo=UTC))
    return run_import(format, list(files), database=database, home=home, clock=at)


def rejected(report: ImportReport) -> list[tuple[int, str]]:
    """Line number and reason of the rejected lines."""
    if report.rejects is None:
        return []
    frame = pl.read_ndjson(report.rejects)
    return list(frame.select("line", "reason").iter_rows())


def every_row(
    database: Database, *, besides: tuple[str, ...] = ("import_run",)
) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables as they are, but for the log of imports."""
    with database.engine.connect() as connection:
        return {
            table.name: sorted(
                tuple(str(cell) for cell in row) for row in connection.execute(text(f"SELECT * FROM {table.name}"))
            )
            for table in metadata.sorted_tables
            if table.name not in besides
        }


_SHOP_QUERIES = {
    "products": "SELECT p.public_id, p.title, p.status, p.released_at, p.created_at, v.public_id, v.sku,"
    " v.price_minor, v.active, s.quantity,"
    " (SELECT coalesce(sum(m.delta), 0) FROM stock_movement m WHERE m.variant_id = v.id)"
    " FROM product p JOIN variant v ON v.product_id = p.id LEFT JOIN stock_level s ON s.variant_id = v.id",
    "users": "SELECT public_id, country, created_at FROM app_user",
    "orders": "SELECT o.public_id, u.public_id, o.total_minor, o.shipping_minor, o.country, o.placed_at"
    " FROM customer_order o LEFT JOIN app_user u ON u.id = o.user_id",
    "lines": "SELECT o.public_id, l.line_number, v.sku, l.title, l.quantity, l.unit_price_minor"
    " FROM order_line l JOIN customer_order o ON o.id = l.order_id JOIN variant v ON v.id = l.variant_id",
    "refunds": "SELECT r.public_id, o.public_id, u.public_id, r.amount_minor, r.at FROM refund r"
    " LEFT JOIN customer_order o ON o.id = r.order_id LEFT JOIN app_user u ON u.id = r.user_id",
    "refund_lines": "SELECT r.public_id, l.line_number, v.sku, l.quantity, l.amount_minor, o.public_id,"
    " s.line_number FROM refund_line l JOIN refund r ON r.id = l.refund_id JOIN variant v ON v.id = l.variant_id"
    " LEFT JOIN order_line s ON s.id = l.order_line_id LEFT JOIN customer_order o ON o.id = s.order_id",
}


def the_shop(database: Database) -> dict[str, list[tuple[str, ...]]]:
    """What the shop is, apart from row numbers, random keys and the moment of the import."""
    with database.engine.connect() as connection:
        return {
            name: sorted(tuple(str(cell) for cell in row) for row in connection.execute(text(query)))
            for name, query in _SHOP_QUERIES.items()
        }
