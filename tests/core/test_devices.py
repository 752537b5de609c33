"""Devices and their reports: nobody speaks for another, each report counts once, in any order."""

from __future__ import annotations

import base64
import threading
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import select

from core.database import Database
from core.devices import Reporter, authenticate, deactivate_device, list_devices, register_device
from core.errors import Conflict, InvalidInput, MerxError, NotFound, Unauthorized
from core.reports import Report
from core.shelf import count_stock, move_stock, movements
from core.tables import StockLevel
from tests.core.keeping import NOW, people, product, rows
from tests.core.reporting import MINUTE, device, level, outcomes, public_of, take


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
