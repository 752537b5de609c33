"""The one rule of counts: whoever counts and whenever it is heard of, nothing is sold twice, nothing is lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from core.cancel import cancel
from core.database import Database
from core.errors import Conflict, OutOfStock
from core.frames import Frames
from core.goods import Keeper
from core.ids import new_id
from core.loading import load
from core.reports import Report
from core.shelf import count_stock, move_stock
from core.shipments import prepare, unpack
from core.stock import reserve, sell
from core.tables import Order, OrderLine, Variant
from core.transitions import Cause
from tests.core.keeping import NOW, people, product, rows
from tests.core.reporting import MINUTE, device, level, outcomes, promise, take
from tests.keys import TEST_VAULT

Step = Callable[[datetime], None]


@dataclass
class Sale:
    """A piece that costs nothing: its order is paid, packed and unpacked at the moments given."""

    database: Database
    keeper: Keeper
    variant: str
    order: str = ""
    shipment: str = ""

    def sell(self, at: datetime) -> None:
        with self.database.write() as session:
            row = session.execute(select(Variant.id).where(col(Variant.public_id) == self.variant)).scalar_one()
            free: dict[str, Any] = {
                "status": "paid",
                "currency": "GBP",
                "goods_minor": 0,
                "total_minor": 0,
                "placed_at": at,
            }
            order = Order(public_id=new_id("o-"), **free)
            session.add(order)
            session.flush()
            line: dict[str, Any] = {
                "order_id": order.id,
                "line_number": 1,
                "variant_id": row,
                "title": "Lamp",
                "quantity": 1,
            }
            session.add(OrderLine(**line, unit_price_minor=0, seller_id=self.keeper.seller))
            reserve(session, {row: 1}, at=at)
            sell(session, {row: 1}, reference=order.public_id, at=at)
            self.order = order.public_id

    def pack(self, at: datetime) -> None:
        with self.database.write() as session:
            seller, cause = self.keeper.seller or 0, Cause("system", at)
            self.shipment = prepare(session, self.order, seller=seller, pieces=None, cause=cause).id

    def unpack(self, at: datetime) -> None:
        with self.database.write() as session:
            unpack(session, self.shipment, seller=self.keeper.seller or 0, cause=Cause("system", at))

    def cancel(self, at: datetime) -> None:
        with self.database.write() as session:
            cancel(session, self.order, cause=Cause("system", at))


def copied(file: Path, to: Path) -> Database:
    shutil.copy(file, to)
    return Database(f"sqlite:///{to}", vault=TEST_VAULT)


def test_late_deltas_are_in_a_count_and_early_ones_are_not(database: Database) -> None:
    who = people(database)
    _, variant = product(database, who.anns)
    reporter = device(database, who.anns)

    def say(number: int, kind: str, pieces: int, minutes: int) -> str:
        return outcomes(
            database, reporter, Report(number, variant, kind, pieces, NOW - 60 * MINUTE + minutes * MINUTE)
        )[0]

    assert say(1, "delta", 10, 0) == "applied"
    assert say(2, "delta", -2, 20) == "applied"
    assert say(3, "count", 7, 10) == "applied"
    assert level(database) == (5, 0)
    assert say(4, "delta", -3, 5) == "superseded"
    assert say(5, "count", 99, 9) == "superseded"
    assert say(6, "count", 8, 10) == "superseded"
    assert say(7, "count", 6, 10) == "applied"  # of two of one moment the lower one stands
    assert level(database) == (4, 0)


def test_what_is_promised_is_never_taken_away(database: Database) -> None:
    who = people(database)
    name, variant = product(database, who.anns, stock=5)
    reporter = device(database, who.anns)
    promise(database, variant, 3)
    assert outcomes(database, reporter, Report(1, variant, "count", 1, NOW)) == ["short"]
    assert level(database) == (3, 3)
    told = rows(database, "SELECT aggregate_id FROM outbox_event WHERE kind = 'stock-short'")
    assert told == [(name,)]
    later = NOW + MINUTE
    with database.write() as session:  # the two that are missing are filled first
        assert move_stock(session, who.anns, variant, delta=4, at=later).available == 2
    assert level(database) == (5, 3)
    with pytest.raises(OutOfStock), database.write() as session:
        move_stock(session, who.anns, variant, delta=-3, at=later)
    with pytest.raises(Conflict, match="3 pieces") as refused, database.write() as session:
        count_stock(session, who.anns, variant, count=2, at=later)
    assert refused.value.ids["reserved"] == 3
    with database.write() as session:
        count_stock(session, who.anns, variant, count=3, at=later)
    assert outcomes(database, reporter, Report(2, variant, "count", 50, NOW), now=later) == ["superseded"]
    assert level(database) == (3, 3)


def test_a_count_by_a_feed_is_a_count(database: Database) -> None:
    who = people(database)
    _, variant = product(database, who.anns, stock=2)
    reporter = device(database, who.anns)
    feed(database, variant, 9, at=NOW + 5 * MINUTE)
    late, fresh = Report(1, variant, "count", 4, NOW), Report(2, variant, "delta", -2, NOW + 6 * MINUTE)
    assert outcomes(database, reporter, late, fresh, now=NOW + 7 * MINUTE) == ["superseded", "applied"]
    assert level(database) == (7, 0)


@pytest.mark.parametrize("who_counts", ["device", "seller", "feed"])
def test_what_is_sold_and_still_lies_there_is_not_sold_again(database: Database, who_counts: str) -> None:
    who = people(database)
    _, variant = product(database, who.anns, stock=5)
    reporter = device(database, who.anns)
    kept, packed, unpacked, gone = (Sale(database, who.anns, variant) for _ in range(4))
    for sale in (kept, packed, unpacked, gone):
        sale.sell(NOW)
    kept.pack(NOW)
    kept.unpack(NOW)
    packed.pack(NOW)
    unpacked.pack(NOW)
    gone.cancel(NOW)
    assert level(database) == (2, 0)
    counted = NOW + MINUTE
    if who_counts == "device":
        assert outcomes(database, reporter, Report(1, variant, "count", 3, counted), now=counted) == ["applied"]
    elif who_counts == "seller":
        with database.write() as session:
            assert count_stock(session, who.anns, variant, count=3, at=counted).quantity == 2
    else:
        feed(database, variant, 3, at=counted)
    assert level(database) == (2, 0)
    unpacked.unpack(counted + MINUTE)  # one more lies there, and waits
    unpacked.pack(counted + MINUTE)
    kept.cancel(counted + MINUTE)
    later = Report(2, variant, "delta", 4, counted + 2 * MINUTE)
    assert outcomes(database, reporter, later, now=later.taken_at) == ["applied"]
    assert level(database) == (2 + 1 + 4, 0)


def test_a_seller_cannot_count_away_what_waits_to_be_packed(database: Database) -> None:
    who = people(database)
    _, variant = product(database, who.anns, stock=5)
    Sale(database, who.anns, variant).sell(NOW)
    promise(database, variant, 2)
    with pytest.raises(Conflict, match=r"2 pieces .* 1 are sold") as refused, database.write() as session:
        count_stock(session, who.anns, variant, count=2, at=NOW)
    assert (refused.value.ids["reserved"], refused.value.ids["waiting"]) == (2, 1)
    assert level(database) == (4, 2)


# What happens in a minute; a count is true, and is heard of so many minutes later.
STEPS = st.lists(
    st.tuples(st.sampled_from(["sell", "sell", "pack", "unpack", "cancel", "count", "count"]), st.integers(0, 4)),
    min_size=4,
    max_size=14,
)


@given(steps=STEPS)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_a_true_count_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, steps: list[tuple[str, int]]
) -> None:
    database = copied(sqlite_template, tmp_path_factory.mktemp("true") / "t.db")
    who = people(database)
    _, variant = product(database, who.anns, stock=20)
    reporter = device(database, who.anns)
    sales: dict[str, list[Sale]] = {"waiting": [], "packed": []}
    left, lying = 20, 20  # to sell, and on the shelf
    heard: dict[int, list[Report]] = {}
    for minute in range(len(steps) + 5):
        now = NOW + minute * MINUTE
        step, late = steps[minute] if minute < len(steps) else ("", 0)
        if step == "sell":
            sales["waiting"].append(Sale(database, who.anns, variant))
            sales["waiting"][-1].sell(now)
            left -= 1
        elif step == "pack" and sales["waiting"]:
            sales["packed"].append(sales["waiting"].pop())
            sales["packed"][-1].pack(now)
            lying -= 1
        elif step == "unpack" and sales["packed"]:
            sales["waiting"].append(sales["packed"].pop())
            sales["waiting"][-1].unpack(now)
            lying += 1
        elif step == "cancel" and sales["waiting"]:
            sales["waiting"].pop().cancel(now)
            left += 1
        elif step == "count":
            heard.setdefault(minute + late, []).append(Report(minute, variant, "count", lying, now))
        for report in heard.get(minute, []):
            take(database, reporter, report, now=now)
        assert level(database) == (left, 0)
    database.close()


def feed(database: Database, variant: str, pieces: int, *, at: datetime) -> None:
    with database.write() as session:
        load(session, Frames(stock=pl.DataFrame({"variant": [variant], "quantity": [pieces]})), at=at)


REPORTS = st.lists(
    st.tuples(
        st.sampled_from(["count", "delta", "delta"]),
        st.integers(-8, 8),
        st.integers(0, 6),  # taken at, in minutes
        st.integers(0, 9),  # late by so many minutes, in the first and in the second order of arrival
        st.integers(0, 9),
    ),
    min_size=2,
    max_size=7,
)


# Sold at, in minutes; packed and unpacked so many minutes later, if at all.
SALES = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 5) | st.none(), st.integers(1, 5) | st.none()), max_size=3
)


@given(said=REPORTS, sales=SALES, promised=st.integers(0, 3))
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_reports_in_any_order_end_in_the_same_level(
    tmp_path_factory: pytest.TempPathFactory,
    sqlite_template: Path,
    said: list[tuple[str, int, int, int, int]],
    sales: list[tuple[int, int | None, int | None]],
    promised: int,
) -> None:
    ends = []
    folder: Path = tmp_path_factory.mktemp("orders")
    for order in range(2):
        database = copied(sqlite_template, folder / f"{order}.db")
        who = people(database)
        _, variant = product(database, who.anns, stock=100)
        reporters = [device(database, who.anns), device(database, who.staff)]
        promise(database, variant, promised) if promised else None
        timeline: list[tuple[int, int, Report | Step]] = []
        for minute, to_pack, to_unpack in sales:
            sale = Sale(database, who.anns, variant)
            timeline.append((minute, -3, sale.sell))
            if to_pack is not None:
                timeline.append((minute + to_pack, -2, sale.pack))
                timeline += [(minute + to_pack + to_unpack, -1, sale.unpack)] if to_unpack is not None else []
        for number, (kind, pieces, minute, *late) in enumerate(said, start=1):
            # A count is of many: what is sold meanwhile must be there to be sold.
            quantity = 90 + pieces if kind == "count" else pieces or 1
            report = Report(number, variant, kind, quantity, NOW + minute * MINUTE + timedelta(seconds=1))
            timeline.append((minute + 1 + late[order], number * (1 - 2 * order) + 100, report))
        for minute, _, step in sorted(timeline, key=lambda item: item[:2]):
            now = NOW + minute * MINUTE
            if isinstance(step, Report):
                take(database, reporters[step.number % 2], step, now=now)
            else:
                step(now)
            assert level(database)[0] >= level(database)[1] == promised
        ends.append(level(database))
        database.close()
    assert ends[0] == ends[1]


@given(deltas=st.permutations([-5, -4, 3, 5, 2]), promised=st.integers(0, 2))
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_what_is_missing_is_not_forgotten_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, deltas: list[int], promised: int
) -> None:
    database = copied(sqlite_template, tmp_path_factory.mktemp("missing") / "m.db")
    who = people(database)
    _, variant = product(database, who.anns, stock=2)
    reporter = device(database, who.anns)
    promise(database, variant, promised) if promised else None
    for number, delta in enumerate(deltas):
        take(
            database,
            reporter,
            Report(number, variant, "delta", delta, NOW + delta * MINUTE / 10),
            now=NOW + MINUTE,
        )
    assert level(database) == (3, promised)
    database.close()
