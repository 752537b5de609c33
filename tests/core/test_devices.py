"""Devices and their reports: nobody speaks for another, each report counts once, in any order."""

from __future__ import annotations

import base64
import shutil
import threading
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from core.database import Database
from core.devices import Reporter, authenticate, deactivate_device, list_devices, register_device
from core.errors import Conflict, InvalidInput, MerxError, NotFound, OutOfStock, Unauthorized
from core.frames import Frames
from core.goods import Keeper
from core.loading import load
from core.reports import Answer, Report, take_reports
from core.shelf import count_stock, move_stock, movements
from core.stock import reserve, sell
from core.tables import StockLevel, Variant
from tests.core.keeping import NOW, people, product, rows
from tests.keys import TEST_VAULT

MINUTE = timedelta(minutes=1)


def public_of(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def device(database: Database, keeper: Keeper) -> Reporter:
    """A registered device, as it is known once its signature was good."""
    with database.write() as session:
        key = public_of(Ed25519PrivateKey.generate())
        name = register_device(session, keeper, name="Scanner", public_key=key, at=NOW)
    row = rows(database, "SELECT max(id) FROM device")[0][0]
    return Reporter(row, name, keeper.seller)


def take(database: Database, reporter: Reporter, *reports: Report, now: datetime = NOW) -> list[Answer]:
    return database.transact(lambda session: take_reports(session, reporter, reports, now=now))


def outcomes(database: Database, reporter: Reporter, *reports: Report, now: datetime = NOW) -> list[str]:
    return [answer.outcome for answer in take(database, reporter, *reports, now=now)]


def level(database: Database) -> tuple[int, int]:
    """Quantity and reserved of the only level; it is always the sum of its movements."""
    (found,) = rows(database, "SELECT quantity, reserved FROM stock_level")
    assert rows(database, "SELECT coalesce(sum(delta), 0) FROM stock_movement") == [(found[0],)]
    return found[0], found[1]


def promise(database: Database, variant: str, pieces: int, *, sold_at: datetime | None = None) -> None:
    with database.write() as session:
        row = session.execute(select(Variant.id).where(col(Variant.public_id) == variant)).scalar_one()
        reserve(session, {row: pieces}, at=sold_at or NOW)
        if sold_at is not None:
            sell(session, {row: pieces}, reference="order", at=sold_at)


def test_only_the_device_itself_signs_for_it(database: Database) -> None:
    who = people(database)
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    body = b'{"number": 1}'
    good = base64.b64encode(key.sign(body)).decode()
    with database.write() as session:
        name = register_device(session, who.anns, name="Scanner", public_key=public_of(key), at=NOW)
        register_device(session, who.bobs, name="Other", public_key=public_of(other), at=NOW)
    with database.read() as session:
        assert authenticate(session, device=name, signature=good, body=body).actor == f"device:{name}"
        refused = [
            (name, base64.b64encode(other.sign(body)).decode(), body),
            ("nobody", good, body),
            (name, "", body),
        ]
        for place in range(len(body) * 8):
            flipped = bytearray(body)
            flipped[place // 8] ^= 1 << place % 8
            refused.append((name, good, bytes(flipped)))
        for place in range(len(good)):  # the bits to spare in the last letter too
            refused += [
                (name, good[:place] + chr(ord(good[place]) ^ 1 << bit) + good[place + 1 :], body)
                for bit in range(7)
            ]
        for device_name, signature, signed in refused:
            with pytest.raises(Unauthorized, match="no active device signed this"):
                authenticate(session, device=device_name, signature=signature, body=signed)


def test_a_device_that_was_stopped_says_nothing_any_more(database: Database) -> None:
    who = people(database)
    _, variant = product(database, who.anns)
    reporter = device(database, who.anns)
    report = Report(1, variant, "delta", 5, NOW)
    with database.write() as session:
        with pytest.raises(NotFound):
            deactivate_device(session, who.bobs, reporter.id, at=NOW)
        deactivate_device(session, who.staff, reporter.id, at=NOW)
        with pytest.raises(Conflict):
            deactivate_device(session, who.anns, reporter.id, at=NOW)
        assert [(found.id, found.active) for found in list_devices(session, who.anns)] == [(reporter.id, False)]
        assert list_devices(session, who.bobs) == []
    with pytest.raises(Unauthorized):
        take(database, reporter, report)
    assert rows(database, "SELECT count(*) FROM stock_report") == [(0,)]
    assert rows(database, "SELECT actor, action FROM audit_entry") == [("user:clerk", "device.deactivate")]


@pytest.mark.parametrize("key", ["", "AAAA", "A" * 44, "A" * 42 + "B=", "ä" * 43 + "="])
def test_what_is_no_key_is_refused(sqlite: Database, key: str) -> None:
    own = people(sqlite).anns
    with sqlite.write() as session, pytest.raises(InvalidInput, match="32 bytes"):
        register_device(session, own, name="x", public_key=key, at=NOW)


def test_a_key_belongs_to_one_device(database: Database) -> None:
    who = people(database)
    key = public_of(Ed25519PrivateKey.generate())
    with database.write() as session:
        register_device(session, who.anns, name="x", public_key=key, at=NOW)
        with pytest.raises(Conflict):
            register_device(session, who.bobs, name="y", public_key=key, at=NOW)


def test_a_repeat_is_answered_as_before_and_another_report_is_refused(database: Database) -> None:
    who = people(database)
    _, variant = product(database, who.anns)
    reporter = device(database, who.anns)
    first = Report(7, variant, "delta", 5, NOW + 2 * MINUTE)  # its clock runs ahead
    assert outcomes(database, reporter, first) == ["applied"]
    assert outcomes(database, reporter, first, first, now=NOW + timedelta(days=60)) == ["applied", "applied"]
    other = Report(7, variant, "delta", 6, NOW + 2 * MINUTE)
    (answer,) = take(database, reporter, other)
    assert isinstance(answer.refused, Conflict)
    assert level(database) == (5, 0)


def test_what_a_device_may_not_say(database: Database) -> None:
    who = people(database)
    _, mine = product(database, who.anns)
    _, theirs = product(database, who.bobs)
    reporter = device(database, who.anns)
    reports = [
        Report(1, theirs, "count", 5, NOW),
        Report(2, "nothing", "count", 5, NOW),
        Report(3, mine, "count", 5, NOW + 6 * MINUTE),
        Report(4, mine, "count", 5, NOW - timedelta(days=31)),
        Report(5, mine, "count", 5, NOW),
    ]
    answers = take(database, reporter, *reports)
    refused: list[type[MerxError] | None] = [type(a.refused) if a.refused else None for a in answers]
    assert refused == [NotFound, NotFound, InvalidInput, InvalidInput, None]
    assert answers[0].refused is not None
    assert answers[0].refused.message == f"there is no variant {theirs!r}"
    assert rows(database, "SELECT number FROM stock_report") == [(5,)]
    shops = device(database, who.staff)  # the shop's own devices speak for all sellers
    assert outcomes(database, shops, Report(1, theirs, "count", 4, NOW)) == ["applied"]


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


def test_movements_are_listed_newest_first(sqlite: Database) -> None:
    who = people(sqlite)
    _, variant = product(sqlite, who.anns, stock=5)
    with sqlite.write() as session:
        move_stock(session, who.anns, variant, delta=-2, at=NOW)
        count_stock(session, who.staff, variant, count=9, at=NOW)
        found = movements(session, who.anns, variant, limit=2)
        rest = movements(session, who.anns, variant, before=found[-1].number)
        with pytest.raises(NotFound):
            movements(session, who.bobs, variant)
    assert [(m.delta, m.reason, m.reference) for m in (*found, *rest)] == [
        (6, "count", "user:clerk"),
        (-2, "write-off", "user:ann"),
        (5, "delivery", "user:ann"),
    ]
    assert rows(sqlite, "SELECT action FROM audit_entry") == [("stock.count",)]


def copied(file: Path, to: Path) -> Database:
    shutil.copy(file, to)
    return Database(f"sqlite:///{to}", vault=TEST_VAULT)


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


@given(said=REPORTS, sales=st.lists(st.integers(0, 15), max_size=3), promised=st.integers(0, 3))
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_reports_in_any_order_end_in_the_same_level(
    tmp_path_factory: pytest.TempPathFactory,
    sqlite_template: Path,
    said: list[tuple[str, int, int, int, int]],
    sales: list[int],
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
        timeline: list[tuple[int, int, Report | None]] = [(minute, -1, None) for minute in sales]
        for number, (kind, pieces, minute, *late) in enumerate(said, start=1):
            # A count is of many: what is sold meanwhile must be there to be sold.
            quantity = 90 + pieces if kind == "count" else pieces or 1
            report = Report(number, variant, kind, quantity, NOW + minute * MINUTE + timedelta(seconds=1))
            timeline.append((minute + 1 + late[order], number * (1 - 2 * order), report))
        for minute, _, report in sorted(timeline, key=lambda item: item[:2]):
            now = NOW + minute * MINUTE
            if report is None:
                promise(database, variant, 1, sold_at=now)
            else:
                take(database, reporters[report.number % 2], report, now=now)
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


def test_reports_at_once_are_each_taken_once(database: Database) -> None:
    who = people(database)
    _, variant = product(database, who.anns, stock=1)
    reporter, other = device(database, who.anns), device(database, who.staff)
    ready = threading.Barrier(8)
    seen: list[str] = []

    def send(sender: Reporter, number: int) -> None:
        ready.wait()
        reports = [Report(number, variant, "delta", 3, NOW), Report(100, variant, "delta", 1, NOW)]
        seen.extend(outcomes(database, sender, *reports))

    threads = [
        threading.Thread(target=send, args=(sender, n % 2)) for sender in (reporter, other) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == ["applied"] * 16
    # two numbers of 3 pieces and one of 1, for each of two devices
    assert level(database) == (1 + 2 * (3 + 3 + 1), 0)
    assert session_count(database) == 6


def session_count(database: Database) -> int:
    return int(rows(database, "SELECT count(*) FROM stock_report")[0][0])


def test_a_level_has_an_end(sqlite: Database) -> None:
    who = people(sqlite)
    _, variant = product(sqlite, who.anns, stock=999_999_999)
    reporter = device(sqlite, who.anns)
    (answer,) = take(sqlite, reporter, Report(1, variant, "delta", 2, NOW))
    assert isinstance(answer.refused, Conflict)
    with sqlite.write() as session, pytest.raises(Conflict):
        move_stock(session, who.anns, variant, delta=2, at=NOW)
    with sqlite.read() as session:
        assert session.execute(select(StockLevel.quantity)).scalar_one() == 999_999_999


def test_a_count_by_a_feed_is_a_count(database: Database) -> None:
    who = people(database)
    _, variant = product(database, who.anns, stock=2)
    reporter = device(database, who.anns)
    with database.write() as session:
        frame = pl.DataFrame({"variant": [variant], "quantity": [9]})
        load(session, Frames(stock=frame), at=NOW + 5 * MINUTE)
    late, fresh = Report(1, variant, "count", 4, NOW), Report(2, variant, "delta", -2, NOW + 6 * MINUTE)
    assert outcomes(database, reporter, late, fresh, now=NOW + 7 * MINUTE) == ["superseded", "applied"]
    assert level(database) == (7, 0)
