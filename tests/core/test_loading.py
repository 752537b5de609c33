"""Loading frames: lines keep their rows, references lead somewhere, and nothing is half done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from core.database import Database
from core.errors import Conflict, InvalidInput
from core.frames import Frames
from core.loading import Loaded, load

NOW = datetime(2026, 2, 1, tzinfo=UTC)
THEN = datetime(2026, 1, 1, tzinfo=UTC)

GOODS = {
    "products": pl.DataFrame({"public_id": ["lamp", "desk"], "title": ["Lamp", "Desk"]}),
    "variants": pl.DataFrame(
        {
            "public_id": ["lamp-v", "desk-v"],
            "product": ["lamp", "desk"],
            "sku": ["L", "D"],
            "price_minor": [1250, 8000],
            "currency": ["GBP", "GBP"],
        }
    ),
}
USERS = pl.DataFrame({"public_id": ["ann", "bob"], "created_at": [THEN, THEN]})


def orders(*names: str, **columns: Any) -> pl.DataFrame:
    count = len(names)
    given = {"source": "test", "currency": "GBP", "goods_minor": 100, "placed_at": THEN} | columns
    return pl.DataFrame({"public_id": names} | {key: [value] * count for key, value in given.items()})


def lines(*rows: tuple[str, int, str, int]) -> pl.DataFrame:
    """Order, line number, variant, quantity."""
    schema = ["order", "line_number", "variant", "quantity"]
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        title=pl.lit("t"), unit_price_minor=pl.lit(100)
    )


def refund(*rows: tuple[int, str, int, str | None, int | None]) -> dict[str, pl.DataFrame]:
    """A refund with lines of line number, variant, quantity, order, order line."""
    head = {"public_id": ["r"], "amount_minor": [100], "currency": ["GBP"], "at": [NOW]}
    body = pl.DataFrame(
        rows,
        schema={
            "line_number": pl.Int64,
            "variant": pl.String,
            "quantity": pl.Int64,
            "order": pl.String,
            "order_line": pl.Int64,
        },
        orient="row",
    )
    return {
        "refunds": pl.DataFrame(head),
        "refund_lines": body.with_columns(refund=pl.lit("r"), amount_minor=pl.lit(100)),
    }


def given(database: Database, **frames: pl.DataFrame) -> Loaded:
    with database.write() as session:
        return load(session, Frames(**frames), at=NOW)


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


LINES = (
    "SELECT l.id, l.line_number, v.public_id, l.quantity FROM order_line l JOIN variant v ON v.id = l.variant_id"
)


def test_what_is_new_what_changed_and_what_is_the_same(database: Database) -> None:
    first = given(database, **GOODS, users=USERS, orders=orders("o"), order_lines=lines(("o", 1, "lamp-v", 2)))
    assert first.changed("products") == {"lamp", "desk"}
    assert first.changed("users") == {"ann", "bob"}
    assert first.changed("orders") == {"o"}
    dearer = GOODS["variants"].with_columns(price_minor=pl.lit(1300))
    again = given(
        database, variants=dearer, users=USERS, orders=orders("o"), order_lines=lines(("o", 1, "lamp-v", 2))
    )
    assert set(again.products.rows()) == {("lamp", "price-changed"), ("desk", "price-changed")}
    assert again.changed("users") == again.changed("orders") == again.changed("events") == set()
    assert again.changes["orders"].rows() == [("o", "same")]


def test_every_user_has_one_random_key(database: Database) -> None:
    given(database, users=USERS)
    before = rows(database, "SELECT key, user_id FROM shopper_key ORDER BY user_id")
    assert len({key for key, _ in before}) == 2
    assert all(len(key) == 20 for key, _ in before)
    given(database, users=USERS.with_columns(name=pl.lit("Ann")))
    assert rows(database, "SELECT key, user_id FROM shopper_key ORDER BY user_id") == before


def test_a_first_moment_only_moves_back(database: Database) -> None:
    given(database, users=USERS)
    given(database, users=USERS.with_columns(created_at=pl.lit(NOW)))
    earlier = USERS.with_columns(created_at=pl.lit(THEN - timedelta(days=1)))
    assert given(database, users=earlier).changed("users") == {"ann", "bob"}
    moments = {str(moment)[:10] for (moment,) in rows(database, "SELECT created_at FROM app_user")}
    assert moments == {"2025-12-31"}


def test_a_line_keeps_its_row_when_others_come_before_it(database: Database) -> None:
    given(database, **GOODS, orders=orders("o"), order_lines=lines(("o", 1, "lamp-v", 2), ("o", 2, "lamp-v", 2)))
    before = rows(database, f"{LINES} ORDER BY l.line_number")
    grown = lines(("o", 1, "desk-v", 1), ("o", 2, "lamp-v", 2), ("o", 3, "lamp-v", 2), ("o", 4, "lamp-v", 9))
    assert given(database, orders=orders("o"), order_lines=grown).changes["orders"].rows() == [("o", "changed")]
    after = rows(database, f"{LINES} ORDER BY l.line_number")
    assert [row[1:] for row in after] == [(1, "desk-v", 1), (2, "lamp-v", 2), (3, "lamp-v", 2), (4, "lamp-v", 9)]
    assert [row[0] for row in after[1:3]] == [row[0] for row in before]


def test_a_line_that_would_be_lost_is_a_conflict(database: Database) -> None:
    given(database, **GOODS, orders=orders("o"), order_lines=lines(("o", 1, "lamp-v", 2), ("o", 2, "desk-v", 1)))
    before = rows(database, LINES)
    for fewer in (lines(("o", 1, "lamp-v", 2)), lines(("o", 1, "lamp-v", 3), ("o", 2, "desk-v", 1))):
        with pytest.raises(Conflict, match="lines of order_line would be lost"):
            given(database, orders=orders("o", country="GB"), order_lines=fewer)
    assert rows(database, LINES) == before
    assert rows(database, "SELECT country FROM customer_order") == [(None,)]


def test_a_refund_may_be_linked_to_another_line_later(database: Database) -> None:
    sold = lines(("o", 1, "lamp-v", 2), ("p", 1, "lamp-v", 2))
    given(database, **GOODS, orders=orders("o", "p"), order_lines=sold, **refund((1, "lamp-v", 1, None, None)))
    linked = (
        "SELECT o.public_id FROM refund_line r JOIN order_line l ON l.id = r.order_line_id JOIN customer_order o"
    )
    linked += " ON o.id = l.order_id"
    assert rows(database, linked) == []
    for order in ("o", "p"):
        done = given(database, **refund((1, "lamp-v", 1, order, 1)))
        assert done.changes["refunds"].rows() == [("r", "changed")]
        assert rows(database, linked) == [(order,)]
    assert given(database, **refund((1, "lamp-v", 1, "p", 1))).changes["refunds"].rows() == [("r", "same")]
    assert len(rows(database, "SELECT id FROM refund_line")) == 1


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ({"orders": orders("o", user="nobody")}, "no such app_user: nobody"),
        ({"orders": orders("o"), "order_lines": lines(("o", 1, "no-such", 1))}, "no such variant: no-such"),
        (
            {"orders": orders("o"), "order_lines": lines(("x", 1, "lamp-v", 1))},
            "lines of orders that are not given: x",
        ),
        (refund((1, "lamp-v", 1, "o", 1)), "order o has no line 1"),
        ({"variants": GOODS["variants"].with_columns(product=pl.lit("no-such"))}, "no such product: no-such"),
        ({"products": pl.DataFrame({"public_id": ["x"]})}, r"products: unknown columns \[\], missing .*title"),
        ({"users": USERS.with_columns(colour=pl.lit("red"))}, r"users: unknown columns \['colour'\]"),
        ({"users": USERS.with_columns(created_at=pl.lit("soon"))}, "users: a column does not fit"),
        ({"orders": orders("o", currency=None)}, "orders: null in currency"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_stays(
    database: Database, frames: dict[str, pl.DataFrame], message: str
) -> None:
    given(database, **GOODS)
    with pytest.raises(InvalidInput, match=message):
        given(database, **({"users": USERS} | frames))
    assert (
        rows(database, "SELECT count(*) FROM app_user") == rows(database, "SELECT count(*) FROM refund") == [(0,)]
    )


def test_pictures_are_exchanged_added_and_removed(database: Database) -> None:
    def pictured(*urls: str) -> set[tuple[str, str]]:
        frame = pl.DataFrame(
            {"product": ["lamp"] * len(urls), "position": list(range(len(urls))), "url": list(urls)},
            schema_overrides={"product": pl.String, "position": pl.Int64, "url": pl.String},
        )
        return set(given(database, products=GOODS["products"], pictures=frame).products.rows())

    pictured("a", "b", "c")
    assert pictured("a", "b", "c") == set()
    assert pictured("a", "x") == {("lamp", "changed")}
    assert rows(database, "SELECT position, url FROM picture ORDER BY position") == [(0, "a"), (1, "x")]
    assert pictured() == {("lamp", "changed")}
    assert rows(database, "SELECT count(*) FROM picture") == [(0,)]


def test_categories_are_made_level_by_level_and_once(database: Database) -> None:
    paths = [["Home", "Lamps"], ["Home", "Desks"]]
    given(database, products=GOODS["products"].with_columns(category=pl.Series(paths)))
    given(database, products=GOODS["products"].with_columns(category=pl.Series([["Home"], ["Home", "Lamps"]])))
    tree = (
        "SELECT c.path, c.name, p.path FROM category c LEFT JOIN category p ON p.id = c.parent_id ORDER BY c.path"
    )
    assert rows(database, tree) == [
        ("Home", "Home", None),
        ("Home > Desks", "Desks", "Home"),
        ("Home > Lamps", "Lamps", "Home"),
    ]
    of = "SELECT p.public_id, c.path FROM product p JOIN category c ON c.id = p.category_id ORDER BY 1"
    assert rows(database, of) == [("desk", "Home > Lamps"), ("lamp", "Home")]


def stock(quantity: int, *, assumed: bool) -> pl.DataFrame:
    return pl.DataFrame({"variant": ["lamp-v"], "quantity": [quantity], "assumed": [assumed]})


def test_the_movements_of_a_variant_always_add_up_to_its_stock(database: Database) -> None:
    given(database, **GOODS, stock=stock(0, assumed=True))
    for quantity, assumed, expected in (
        (100, True, 100),
        (100, True, 100),
        (40, False, 40),
        (0, True, 0),
        (7, False, 7),
    ):
        given(database, stock=stock(quantity, assumed=assumed))
        assert rows(database, "SELECT quantity FROM stock_level") == [(expected,)]
        assert rows(database, "SELECT coalesce(sum(delta), 0) FROM stock_movement") == [(expected,)]
