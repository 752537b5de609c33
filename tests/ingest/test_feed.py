"""The feed: every line is loaded, merged or rejected, whatever it holds, and the counts add up."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.database import Database
from core.errors import InvalidInput
from core.orders import get_order
from tests.ingest.shop import (
    SHOP,
    event,
    every_row,
    import_files,
    order,
    product,
    refund,
    rejected,
    review,
    user,
    write_lines,
)


def kinds(database: Database, *, after: int = 0) -> list[tuple[str, str]]:
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            f"SELECT aggregate_id, kind FROM outbox_event WHERE id > {after} ORDER BY id"
        )
        return [(row[0], row[1]) for row in rows]


def test_a_whole_shop_is_loaded_and_its_order_can_be_read(database: Database, tmp_path: Path) -> None:
    report = import_files(database, tmp_path, write_lines(tmp_path / "shop.jsonl", [*SHOP]))
    assert (report.read, report.loaded, report.merged, report.rejected) == (len(SHOP), len(SHOP), 0, 0)
    assert report.rejects is None
    with database.read() as session:
        found = get_order(session, "o1")
    assert (found.user, found.goods_minor, found.shipping_minor, found.total_minor) == ("ann", 2500, 395, 2895)
    assert [(line.product, line.variant, line.quantity, line.refunded) for line in found.lines] == [
        ("lamp", "lamp-v", 2, 1)
    ]
    assert [(r.id, r.amount_minor) for r in found.refunds] == [("r1", 1250)]
    assert kinds(database) == [("lamp", "created"), ("desk", "created")]


def test_the_same_file_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    feed = write_lines(tmp_path / "shop.jsonl", [*SHOP])
    import_files(database, tmp_path, feed)
    before = every_row(database)
    report = import_files(database, tmp_path, feed)
    assert (report.loaded, report.merged, report.rejected) == (0, len(SHOP), 0)
    assert every_row(database) == before


@pytest.mark.parametrize(
    ("changes", "kinds_told"),
    [
        ({"title": "Another lamp"}, ["changed"]),
        ({"attributes": {"colour": "blue"}}, ["changed"]),
        ({"category": ["Garden"]}, ["changed"]),
        ({"pictures": []}, ["changed"]),
        ({"variants": [{"id": "lamp-v", "price": "11", "list_price": "15", "stock": 7}]}, ["price-changed"]),
        ({"variants": [{"id": "lamp-v", "price": "12.50", "list_price": "15", "stock": 0}]}, ["stock-changed"]),
        ({"variants": [{"id": "lamp-w", "price": "12.50", "stock": 1}]}, ["changed", "stock-changed"]),
        ({"status": "withdrawn", "title": "Gone"}, ["withdrawn"]),
        ({}, []),
    ],
)
def test_a_change_is_written_and_told_once(
    sqlite: Database, tmp_path: Path, changes: dict[str, Any], kinds_told: list[str]
) -> None:
    import_files(sqlite, tmp_path, write_lines(tmp_path / "a.jsonl", [product("lamp")]))
    report = import_files(sqlite, tmp_path, write_lines(tmp_path / "b.jsonl", [product("lamp", **changes)]))
    assert kinds(sqlite, after=1) == [("lamp", kind) for kind in kinds_told]
    assert report.loaded == (1 if kinds_told else 0)
    assert report.read == report.loaded + report.merged


def test_a_variant_that_is_gone_is_switched_off(sqlite: Database, tmp_path: Path) -> None:
    import_files(sqlite, tmp_path, write_lines(tmp_path / "a.jsonl", [product("lamp")]))
    other = [{"id": "lamp-w", "price": "9", "stock": 1}]
    import_files(sqlite, tmp_path, write_lines(tmp_path / "b.jsonl", [product("lamp", variants=other)]))
    rows = every_row(sqlite)["variant"]
    assert {(row[1], row[-1]) for row in rows} == {("lamp-v", "0"), ("lamp-w", "1")}


def test_of_two_lines_about_one_thing_the_last_one_counts(sqlite: Database, tmp_path: Path) -> None:
    lines = [product("lamp", title="First"), product("lamp", title="Last"), event("e", "lamp"), event("e", "lamp")]
    report = import_files(sqlite, tmp_path, write_lines(tmp_path / "a.jsonl", [*lines]))
    assert (report.read, report.loaded, report.merged, report.rejected) == (4, 2, 2, 0)
    assert [row[5] if row[4] == "" else row[4] for row in every_row(sqlite)["product"]] == ["Last"]


BAD: list[tuple[dict[str, Any] | str, str]] = [
    ("no json", "unreadable"),
    ("[1, 2]", "invalid"),
    ('{"type": "spaceship", "id": "x"}', "invalid"),
    (product("x") | {"colour": "red"}, "invalid"),
    (product("x", currency="pounds"), "invalid"),
    (product("x", currency=None), "invalid"),
    (product("x", title="nul \0 inside"), "invalid"),
    (product("x", variants=[{"id": "v", "price": 12.5}]), "invalid"),
    (product("x", variants=[{"id": "v", "price": "12.505"}]), "invalid"),
    (product("x", variants=[{"id": "v", "price": "-1"}]), "invalid"),
    (product("x", variants=[{"id": "v", "price": "1", "stock": -5}]), "invalid"),
    (product("x", variants=[{"id": "v", "price": "1"}, {"id": "v", "price": "2"}]), "invalid"),
    (product("x", variants=[{"id": "lamp-v", "price": "1"}]), "duplicate-code"),
    (product("x", variants=[{"id": "x-v", "sku": "desk-v", "price": "1"}]), "duplicate-code"),
    (user("eve", email="ann@example.test"), "duplicate-email"),
    (user("eve", role="staff"), "invalid"),
    (order("x", "no-such"), "unknown-variant"),
    (order("x", "lamp-v", user="nobody"), "unknown-user"),
    (order("x", "lamp-v", placed_at="2026-01-02T10:00:00"), "invalid"),
    (order("x", "lamp-v", placed_at="1700000000"), "invalid"),
    (order("x", "lamp-v", discount="1000"), "invalid"),
    (order("x", "lamp-v", lines=[]), "invalid"),
    (order("o1", "desk-v", user="ann", shipping="3.95"), "order-changed"),
    (order("o2", "desk-v", user="bob", placed_at="2026-01-04T09:00:00Z", tax="1"), "order-changed"),
    (refund("x", "o9", "lamp-v"), "unknown-order-line"),
    (refund("x", "o1", "lamp-v", lines=[{"variant": "lamp-v", "quantity": 1, "amount": "1", "order_line": 2}]),
     "unknown-order-line"),
    (refund("x", "o9", "lamp-v", lines=[{"variant": "lamp-v", "quantity": 1, "amount": "1"}]), "unknown-order"),
    (refund("r1", "o1", "lamp-v", user="ann", shipping="1"), "refund-changed"),
    (review("x", "no-such"), "unknown-product"),
    (review("x", "lamp", score=6), "invalid"),
    (review("x", "lamp", order="o1", order_line=1), "reviewed-already"),
    (event("x", "no-such"), "unknown-product"),
    (event("x", "lamp", user="bob"), "invalid"),
    (event("x", "lamp", shopper=None, user="nobody"), "unknown-user"),
    (event("x", "lamp", kind="query", query="lamp"), "invalid"),
    (event("x", "lamp", shopper="ann@example.test"), "invalid"),
]  # fmt: skip


def test_a_bad_line_is_put_aside_with_its_number_and_reason(database: Database, tmp_path: Path) -> None:
    import_files(database, tmp_path, write_lines(tmp_path / "shop.jsonl", [*SHOP]))
    before = every_row(database)
    # Each has an id of its own: of two lines about one thing only the last would be looked at.
    lines = [
        line | {"id": f"x{number}"} if isinstance(line, dict) and line["id"] == "x" else line
        for number, (line, _) in enumerate(BAD)
    ]
    report = import_files(database, tmp_path, write_lines(tmp_path / "bad.jsonl", [*lines]))
    assert rejected(report) == [(number, reason) for number, (_, reason) in enumerate(BAD, start=1)]
    assert (report.read, report.loaded, report.merged, report.rejected) == (len(BAD), 0, 0, len(BAD))
    assert sum(report.reasons.values()) == len(BAD)
    assert every_row(database) == before
    assert report.rejects is not None
    raw = pl.read_ndjson(report.rejects)["raw"].to_list()
    assert raw == (tmp_path / "bad.jsonl").read_text().splitlines()


def test_what_refers_to_a_rejected_line_is_rejected_too(sqlite: Database, tmp_path: Path) -> None:
    lines = [
        product("lamp", colour="red"),
        order("o", "lamp-v"),
        refund("r", "o", "lamp-v"),
        review("w", "lamp", order="o", order_line=1),
        event("e", "lamp"),
        product("desk"),
        event("f", "desk"),
    ]
    report = import_files(sqlite, tmp_path, write_lines(tmp_path / "a.jsonl", [*lines]))
    assert [line for line, _ in rejected(report)] == [1, 2, 3, 4, 5]
    assert (report.loaded, report.rejected) == (2, 5)


def test_an_order_may_move_on_but_not_change(sqlite: Database, tmp_path: Path) -> None:
    first = [product("lamp"), order("o", "lamp-v", status="paid")]
    import_files(sqlite, tmp_path, write_lines(tmp_path / "a.jsonl", [*first]))
    moved = order("o", "lamp-v", status="shipped")
    report = import_files(sqlite, tmp_path, write_lines(tmp_path / "b.jsonl", [moved]))
    assert report.loaded == 1
    with sqlite.read() as session:
        assert get_order(session, "o").status == "shipped"


def test_gzip_empty_lines_a_byte_order_mark_and_several_files(sqlite: Database, tmp_path: Path) -> None:
    packed = tmp_path / "a.jsonl.gz"
    packed.write_bytes(gzip.compress(b"\xef\xbb\xbf" + json.dumps(product("lamp")).encode() + b"\n\n  \nbroken\n"))
    plain = write_lines(tmp_path / "b.jsonl", [event("e", "lamp"), "broken too"])
    report = import_files(sqlite, tmp_path, packed, plain)
    assert (report.read, report.loaded, report.rejected) == (4, 2, 2)
    assert report.rejects is not None
    assert pl.read_ndjson(report.rejects).select("file", "line", "raw").rows() == [
        ("a.jsonl.gz", 4, "broken"),
        ("b.jsonl", 2, "broken too"),
    ]


def broken_files(tmp_path: Path) -> dict[str, Path]:
    packed = gzip.compress("".join(json.dumps(product(f"p{n}")) + "\n" for n in range(500)).encode())
    (tmp_path / "cut.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "flipped.jsonl.gz").write_bytes(packed[:-6] + b"\x00\x00" + packed[-4:])
    (tmp_path / "binary.jsonl").write_bytes(b"PAR1\0\0\0\0")
    (tmp_path / "folder.jsonl").mkdir()
    names = ("cut.jsonl.gz", "flipped.jsonl.gz", "binary.jsonl", "folder.jsonl", "missing.jsonl")
    return {name: tmp_path / name for name in names}


def test_a_file_that_cannot_be_read_changes_nothing(sqlite: Database, tmp_path: Path) -> None:
    good = write_lines(tmp_path / "shop.jsonl", [*SHOP])
    before = every_row(sqlite, besides=())
    for name, path in broken_files(tmp_path).items():
        with pytest.raises(InvalidInput, match=name):
            import_files(sqlite, tmp_path, good, path)
    with pytest.raises(InvalidInput, match="unknown format 'xml': one of online-retail, jsonl, icecat, esci"):
        import_files(sqlite, tmp_path, good, format="xml")
    with pytest.raises(InvalidInput, match="no files"):
        import_files(sqlite, tmp_path)
    assert every_row(sqlite, besides=()) == before
    assert not (tmp_path / "rejects").exists()


def test_stock_that_is_reserved_is_not_counted_away(sqlite: Database, tmp_path: Path) -> None:
    import_files(sqlite, tmp_path, write_lines(tmp_path / "a.jsonl", [product("lamp")]))
    with sqlite.write() as session:
        session.connection().exec_driver_sql("UPDATE stock_level SET reserved = 3")
    none = [{"id": "lamp-v", "price": "12.50", "list_price": "15", "stock": 0}]
    import_files(sqlite, tmp_path, write_lines(tmp_path / "b.jsonl", [product("lamp", variants=none)]))
    assert [row[1:3] for row in every_row(sqlite)["stock_level"]] == [("3", "3")]
    assert sum(int(row[2]) for row in every_row(sqlite)["stock_movement"]) == 3


def test_an_erased_user_stays_erased(sqlite: Database, tmp_path: Path) -> None:
    feed = write_lines(tmp_path / "a.jsonl", [user("ann")])
    import_files(sqlite, tmp_path, feed)
    with sqlite.write() as session:
        connection = session.connection()
        connection.exec_driver_sql("DELETE FROM shopper_key")
        connection.exec_driver_sql("DELETE FROM address")
        connection.exec_driver_sql("UPDATE app_user SET status = 'erased', email = NULL, name = ''")
    before = every_row(sqlite)
    later = write_lines(
        tmp_path / "b.jsonl", [user("ann"), product("lamp"), event("e", "lamp", shopper=None, user="ann")]
    )
    report = import_files(sqlite, tmp_path, later)
    after = every_row(sqlite)
    assert (report.loaded, report.merged, rejected(report)) == (1, 1, [(3, "unknown-user")])
    for table in ("app_user", "address", "shopper_key", "event"):
        assert after[table] == before[table]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def twisted(draw: st.DrawFn) -> str:
    """A good line with one value exchanged, one left out, or cut short."""
    line = dict(draw(st.sampled_from(SHOP)))
    for name in draw(st.lists(st.sampled_from(sorted(line)), max_size=2)):
        if draw(st.booleans()):
            line[name] = draw(JSON)
        else:
            line.pop(name, None)
    text = json.dumps(line)
    return text[: draw(st.integers(0, len(text)))] if draw(st.booleans()) else text


@given(st.lists(twisted() | JSON.map(json.dumps) | st.text(max_size=20), max_size=25))
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_line_ever_crashes_and_the_counts_always_add_up(
    sqlite: Database, tmp_path: Path, lines: list[str]
) -> None:
    path = tmp_path / "any.jsonl"
    path.write_bytes("\n".join(lines).encode("utf-8", errors="surrogatepass"))
    there = [line for line in path.read_bytes().split(b"\n") if line.strip()]
    report = import_files(sqlite, tmp_path, path)
    assert report.read == len(there)
    assert report.read == report.loaded + report.merged + report.rejected
    assert min(report.loaded, report.merged, report.rejected) >= 0
    assert len(rejected(report)) == report.rejected == sum(report.reasons.values())
