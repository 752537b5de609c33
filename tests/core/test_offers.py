"""Variants and prices: one currency a product, a list price above the price, and a history of all of them."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest

from core.database import Database
from core.errors import Conflict, InvalidInput, NotFound
from core.frames import Frames
from core.goods_views import read_product
from core.loading import load
from core.offers import Price, add_variant, edit_variant, lowest_recent, price_history, public_prices, set_price
from tests.core.keeping import NOW, people, product, rows

DAY = timedelta(days=1)


def price(minor: int, at: datetime, listed: int | None = None) -> Price:
    return Price(minor, listed, "GBP", at)


def test_every_new_price_is_in_the_history(database: Database) -> None:
    who = people(database)
    name, variant = product(database, who.anns, price=1000)
    with database.write() as session:
        for minor, listed, day in ((800, 1000, 1), (800, 1000, 2), (800, None, 3)):
            set_price(
                session,
                who.anns,
                variant,
                price_minor=minor,
                list_price_minor=listed,
                expected=None,
                at=NOW + day * DAY,
            )
    with database.read() as session:
        history = price_history(session, who.anns, variant, now=NOW + 4 * DAY)
        assert [(p.price_minor, p.list_price_minor) for p in history.prices] == [
            (800, None),
            (800, 1000),
            (1000, None),
        ]
        assert history.lowest_minor == 1000  # before the reduction
        assert public_prices(session, name, now=NOW + 4 * DAY)[0].lowest_minor == 1000
        with pytest.raises(NotFound):
            price_history(session, who.bobs, variant, now=NOW)
    told = rows(database, "SELECT count(*) FROM outbox_event WHERE kind = 'price-changed'")
    assert told == [(2,)]


@pytest.mark.parametrize(
    ("history", "lowest"),
    [
        ([], None),
        ([price(500, NOW - 90 * DAY)], 500),
        ([price(600, NOW - 10 * DAY), price(500, NOW - 90 * DAY)], 500),
        ([price(600, NOW - 40 * DAY), price(500, NOW - 90 * DAY)], 600),
        ([price(400, NOW - DAY), price(600, NOW - 10 * DAY), price(500, NOW - 90 * DAY)], 500),
        ([price(400, NOW - DAY), price(600, NOW - 31 * DAY), price(300, NOW - 90 * DAY)], 600),
        # a change of the list price alone is no new price
        ([price(400, NOW - DAY, 900), price(400, NOW - 20 * DAY), price(600, NOW - 80 * DAY)], 600),
    ],
    ids=["none", "one", "raised lately", "raised long ago", "reduced", "window before", "list price"],
)
def test_the_lowest_price_of_thirty_days(history: list[Price], lowest: int | None) -> None:
    assert lowest_recent(history, now=NOW) == lowest


def test_prices_that_make_no_sense_are_refused(sqlite: Database) -> None:
    own = people(sqlite).anns
    name, variant = product(sqlite, own)
    with sqlite.write() as session:
        with pytest.raises(InvalidInput, match="list price"):
            set_price(session, own, variant, price_minor=5, list_price_minor=4, expected=None, at=NOW)
        with pytest.raises(InvalidInput, match="are in GBP"):
            add_variant(
                session, own, name, price_minor=5, list_price_minor=None, currency="EUR", expected=None, at=NOW
            )
    assert rows(sqlite, "SELECT count(*) FROM price_change") == [(1,)]


def test_a_sku_is_taken_once(database: Database) -> None:
    who = people(database)
    name, _ = product(database, who.anns)
    other, _ = product(database, who.bobs)
    money = {"price_minor": 5, "list_price_minor": None, "currency": "GBP", "expected": None}
    with database.write() as session:
        add_variant(session, who.anns, name, **money, sku="S", at=NOW)
    with database.write() as session, pytest.raises(Conflict, match="SKU S is taken"):
        add_variant(session, who.bobs, other, **money, sku="S", at=NOW)


def test_something_is_always_sold_of_a_published_product(database: Database) -> None:
    own = people(database).anns
    name, variant = product(database, own)
    with pytest.raises(Conflict, match="withdraw it instead"), database.write() as session:
        edit_variant(session, own, variant, fields={"active": False}, expected=None, at=NOW)
    with database.write() as session:
        edit_variant(
            session, own, variant, fields={"ean": "12345670", "options": {"s": "M"}}, expected=None, at=NOW
        )
        seen = read_product(session, own, name).variants[0]
        assert (seen.active, seen.ean, seen.options) == (True, "12345670", {"s": "M"})


def test_an_import_writes_the_history_of_prices(database: Database) -> None:
    def give(**prices: int) -> None:
        goods = pl.DataFrame({"public_id": list(prices), "title": list(prices)})
        variants = goods.select(
            "public_id",
            product="public_id",
            sku="public_id",
            price_minor=pl.Series(list(prices.values())),
            currency=pl.lit("GBP"),
        )
        with database.write() as session:
            load(session, Frames(products=goods, variants=variants), at=NOW, actor="user:ann")

    give(a=100, b=200)
    give(a=100, b=150, c=300)
    give(a=100, b=150, c=300)
    found = rows(
        database,
        "SELECT v.sku, p.price_minor, p.actor FROM price_change p"
        " JOIN variant v ON v.id = p.variant_id ORDER BY p.id",
    )
    assert found[:2] == [("a", 100, "user:ann"), ("b", 200, "user:ann")]
    assert sorted(found[2:]) == [("b", 150, "user:ann"), ("c", 300, "user:ann")]
