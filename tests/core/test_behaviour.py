"""Events are recorded once, for a shopper who is known by a random key alone, and come back as a history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from core.behaviour import NewEvent, Past, history, new_shopper, record_events, shopper_of
from core.database import Database
from core.errors import InvalidInput, NotFound
from core.frames import Frames
from core.loading import load

NOW = datetime(2026, 2, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return NOW + timedelta(days=number)


@pytest.fixture
def shop(database: Database) -> Database:
    names = ["lamp", "desk", "chair"]
    with database.write() as session:
        load(
            session,
            Frames(
                products=pl.DataFrame({"public_id": names, "title": names}),
                variants=pl.DataFrame({"public_id": names, "product": names, "sku": names}).with_columns(
                    price_minor=pl.lit(100), currency=pl.lit("GBP")
                ),
                users=pl.DataFrame({"public_id": ["ann"]}),
                orders=pl.DataFrame(
                    {
                        "public_id": ["o", "p", "q"],
                        "user": ["ann", "ann", None],
                        "status": ["delivered", "cancelled", "delivered"],
                        "placed_at": [day(3), day(4), day(5)],
                    }
                ).with_columns(source=pl.lit("t"), currency=pl.lit("GBP"), goods_minor=pl.lit(200)),
                order_lines=pl.DataFrame(
                    {
                        "order": ["o", "o", "p", "q"],
                        "line_number": [1, 2, 1, 1],
                        "variant": ["lamp", "desk", "chair", "chair"],
                        "quantity": [2, 1, 1, 1],
                    }
                ).with_columns(title=pl.lit("t"), unit_price_minor=pl.lit(100)),
            ),
            at=NOW,
        )
    return database


def event(
    name: str, number: int, *, product: str | None = "lamp", kind: str = "view", query: str | None = None
) -> NewEvent:
    return NewEvent(id=name, kind=kind, at=day(number), product=product, query=query)


def test_a_repeated_report_is_recorded_once(shop: Database) -> None:
    with shop.write() as session:
        guest = new_shopper(session, at=NOW)
        assert record_events(session, [event("a", 1), event("b", 2, product="desk")], shopper=guest) == 2
    with shop.write() as session:
        assert record_events(session, [event("b", 2, product="desk"), event("c", 3)], shopper=guest) == 1
        assert record_events(session, [], shopper=guest) == 0
    with shop.read() as session:
        assert history(session, guest) == [
            Past("lamp", "view", day(1)),
            Past("desk", "view", day(2)),
            Past("lamp", "view", day(3)),
        ]
        assert history(session, guest, until=day(2)) == [
            Past("lamp", "view", day(1)),
            Past("desk", "view", day(2)),
        ]
        assert history(session, guest, limit=1) == [Past("lamp", "view", day(3))]


@pytest.mark.parametrize(
    "bad",
    [
        event("x", 1, product="no-such"),
        event("x", 1, product=None),
        event("x", 1, kind="query", query="lamp"),
        event("x", 1, kind="query", product=None),
    ],
)
def test_a_bad_event_is_refused_with_all_its_company(shop: Database, bad: NewEvent) -> None:
    with shop.write() as session:
        guest = new_shopper(session, at=NOW)
    with pytest.raises(InvalidInput), shop.write() as session:
        record_events(session, [event("a", 1), bad], shopper=guest)
    with shop.read() as session:
        assert history(session, guest) == []


def test_a_key_that_nobody_gave_out_is_refused(shop: Database) -> None:
    with shop.write() as session, pytest.raises(NotFound, match="no such shopper"):
        record_events(session, [event("a", 1)], shopper="made-up")
    with shop.read() as session, pytest.raises(NotFound, match="'nobody' has no shopper key"):
        shopper_of(session, "nobody")


def test_a_history_holds_orders_and_events_and_no_purchase_twice(shop: Database) -> None:
    with shop.write() as session:
        ann = shopper_of(session, "ann")
        told = [
            event("a", 1, product="chair"),
            event("b", 3, product="lamp", kind="purchase"),
            event("c", 4, product="chair", kind="purchase"),
            event("d", 5, product=None, kind="query", query="lamp"),
        ]
        assert record_events(session, told, shopper=ann) == 4
    with shop.read() as session:
        assert history(session, ann) == [
            Past("chair", "view", day(1)),
            Past("desk", "purchase", day(3)),
            Past("lamp", "purchase", day(3)),
            Past("chair", "purchase", day(4)),
        ]


def test_what_was_given_back_is_no_purchase(shop: Database) -> None:
    refunds = pl.DataFrame({"public_id": ["r", "s"], "status": ["settled", "requested"], "at": [day(6), day(6)]})
    lines = pl.DataFrame(
        {
            "refund": ["r", "r", "s"],
            "line_number": [1, 2, 1],
            "variant": ["desk", "lamp", "lamp"],
            "order": ["o"] * 3,
        }
    ).with_columns(order_line=pl.Series([2, 1, 1]), quantity=pl.lit(1), amount_minor=pl.lit(100))
    with shop.write() as session:
        given = refunds.with_columns(amount_minor=pl.lit(100), currency=pl.lit("GBP"))
        load(session, Frames(refunds=given, refund_lines=lines), at=NOW)
        ann = shopper_of(session, "ann")
        # One of two lamps is kept, and the second refund of a lamp is only asked for.
        assert history(session, ann) == [Past("lamp", "purchase", day(3))]
