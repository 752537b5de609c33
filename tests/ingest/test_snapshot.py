"""Snapshots: dated, the same for the same shop, never changed, and without anybody in them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from core.artifacts import Artifacts
from core.clock import frozen_clock
from core.database import Database
from core.errors import BrokenArtifact, InvalidInput, Unavailable
from ingest.snapshot import latest_snapshot, read_snapshot, write_snapshot
from ingest.snapshot_checks import validate
from ingest.snapshot_schema import FILES
from tests.ingest.shop import SHOP, event, import_files, order, product, refund, review, user, write_lines

CLOCK = frozen_clock(datetime(2026, 3, 1, tzinfo=UTC))


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    return Artifacts(tmp_path / "artifacts")


def fill(database: Database, tmp_path: Path, *lines: dict[str, object]) -> None:
    report = import_files(database, tmp_path, write_lines(tmp_path / "feed.jsonl", [*lines]))
    assert report.rejected == 0, report.reasons


def keys(database: Database) -> dict[str, str]:
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT u.public_id, k.key FROM shopper_key k JOIN app_user u ON u.id = k.user_id"
        )
        return {row[0]: row[1] for row in rows}


def test_a_snapshot_says_what_happened_in_the_shop(
    database: Database, tmp_path: Path, artifacts: Artifacts
) -> None:
    fill(database, tmp_path, *SHOP)
    version = write_snapshot(database, artifacts, clock=CLOCK)
    assert version.name.startswith("20260106-")
    snapshot = read_snapshot(version)
    shopper = keys(database)
    assert set(snapshot.interactions.drop("at").rows()) == {
        (shopper["ann"], "lamp", "purchase", 1, 1250, 0, None),  # one of two pieces was given back
        ("guest00000000000abc", "lamp", "view", 1, 0, None, None),
        (shopper["bob"], "desk", "add_to_cart", 1, 0, None, None),
        (shopper["bob"], "desk", "purchase", 2, 2500, 1, None),
        (None, "lamp", "purchase", 2, 2500, 2, None),
    }
    assert snapshot.interactions["at"].is_sorted()
    assert snapshot.reviews.drop("at").rows() == [(shopper["ann"], "lamp", 4)]
    assert snapshot.queries.drop("at").rows() == [("guest00000000000abc", "a desk")]
    assert snapshot.products.select("product_id", "category", "price_minor", "currency", "sellable").rows() == [
        ("desk", "Home > Desks", 8000, "GBP", False),
        ("lamp", "Home > Lamps", 1250, "GBP", True),
    ]
    assert {name: dict(getattr(snapshot, name).schema) for name in FILES} == FILES


def test_what_was_not_sold_is_no_purchase(sqlite: Database, tmp_path: Path, artifacts: Artifacts) -> None:
    fill(
        sqlite,
        tmp_path,
        product("lamp"),
        product("desk", status="withdrawn"),
        user("ann"),
        order("pending", "lamp-v", status="pending"),
        order("cancelled", "lamp-v", status="cancelled"),
        order("gone", "desk-v"),
        order("back", "lamp-v"),
        refund(
            "all", "back", "lamp-v", lines=[{"variant": "lamp-v", "quantity": 2, "amount": "25", "order_line": 1}]
        ),
        order("kept", "lamp-v", user="ann"),
        refund("asked", "kept", "lamp-v", status="requested"),
        refund("refused", "kept", "lamp-v", status="failed"),
        order(
            "cheaper",
            "lamp-v",
            lines=[{"variant": "lamp-v", "title": "t", "quantity": 4, "price": "10", "discount": "4"}],
        ),
        refund(
            "half",
            "cheaper",
            "lamp-v",
            lines=[{"variant": "lamp-v", "quantity": 2, "amount": "18", "order_line": 1}],
        ),
        event("told", "lamp", kind="purchase", shopper=None, user="ann"),
        event("elsewhere", "lamp", kind="purchase"),
    )
    found = read_snapshot(write_snapshot(sqlite, artifacts, clock=CLOCK))
    assert found.products["product_id"].to_list() == ["lamp"]
    bought = found.interactions.select("shopper", "kind", "quantity", "value_minor").rows()
    assert sorted(bought, key=str) == sorted(
        [
            (keys(sqlite)["ann"], "purchase", 2, 2500),
            (None, "purchase", 2, 1800),
            ("guest00000000000abc", "purchase", 1, 0),
        ],
        key=str,
    )


def test_the_price_is_the_lowest_that_can_be_bought(
    sqlite: Database, tmp_path: Path, artifacts: Artifacts
) -> None:
    variants = [
        {"id": "cheap", "price": "5", "stock": 0},
        {"id": "fair", "price": "8", "stock": 1},
        {"id": "dear", "price": "9", "stock": 1},
        {"id": "off", "price": "1", "stock": 1, "active": False},
    ]
    none = [variant | {"id": f"{variant['id']}-none", "stock": 0} for variant in variants]
    fill(
        sqlite,
        tmp_path,
        product("some", variants=variants),
        product("none", variants=none),
        product("bare", variants=[]),
    )
    found = read_snapshot(write_snapshot(sqlite, artifacts, clock=CLOCK)).products
    assert found.select("product_id", "price_minor", "sellable").rows() == [
        ("bare", None, False),
        ("none", 500, False),
        ("some", 800, True),
    ]


def test_the_same_shop_gives_the_same_snapshot_and_no_second_copy(
    sqlite: Database, tmp_path: Path, artifacts: Artifacts
) -> None:
    fill(sqlite, tmp_path, *SHOP)
    first = write_snapshot(sqlite, artifacts, clock=CLOCK)
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(first.path.iterdir())}
    again = write_snapshot(sqlite, artifacts, clock=frozen_clock(datetime(2026, 4, 1, tzinfo=UTC)))
    assert (again.name, again.about) == (first.name, first.about)
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(first.path.iterdir())} == before
    fill(sqlite, tmp_path, event("e9", "lamp", at="2026-01-09T10:00:00Z"))
    other = write_snapshot(sqlite, artifacts, clock=CLOCK)
    assert other.name.startswith("20260109-")
    assert {version.name for version in artifacts.versions("snapshots")} == {first.name, other.name}
    assert latest_snapshot(artifacts).name == other.name
    assert read_snapshot(first).interactions.height == 5


def test_nobody_is_in_a_snapshot(sqlite: Database, tmp_path: Path, artifacts: Artifacts) -> None:
    planted = [
        "zaphod@heartofgold.example",
        "Zaphod Beeblebrox",
        "+44 20 7946 0958",
        "42 Improbability Drive",
        "person-77",
    ]
    email, name, phone, street, number = planted
    home = {"recipient": name, "lines": street, "city": "Megadonk", "country": "GB", "phone": phone}
    fill(
        sqlite,
        tmp_path,
        product("lamp"),
        user(number, email=email, name=name, phone=phone, addresses=[home]),
        order("o-secret", "lamp-v", user=number, address=home),
        refund("r-secret", "o-secret", "lamp-v", user=number, reason=f"called {phone}"),
        review("w", "lamp", user=number, text=f"write to {email}, {name}", title=street),
        event("e", "lamp", shopper=None, user=number),
        event("q1", "lamp", shopper=None, user=number, product=None, kind="query", query=f"lamp {email}"),
        event("q2", "lamp", shopper=None, user=number, product=None, kind="query", query=phone),
        event("q3", "lamp", shopper=None, user=number, product=None, kind="query", query="lamp 0884420588030"),
    )
    version = write_snapshot(sqlite, artifacts, clock=CLOCK)
    snapshot = read_snapshot(version)
    assert snapshot.queries["query"].to_list() == ["lamp 0884420588030"]
    assert snapshot.interactions.height == 2
    assert snapshot.interactions["shopper"].unique().to_list() == [keys(sqlite)[number]]
    secrets = [*planted, "o-secret", "r-secret", "Megadonk"]
    for path in version.path.iterdir():
        plain = path.read_bytes()
        if path.suffix == ".parquet":  # compressed pages would hide anything: look at the cells
            plain += pl.read_parquet(path).write_csv().encode()
        for secret in secrets:
            assert secret.encode() not in plain, f"{secret} in {path.name}"


@pytest.mark.parametrize("harm", ["cut", "changed", "gone", "exchanged"])
def test_a_harmed_snapshot_is_not_read(sqlite: Database, tmp_path: Path, artifacts: Artifacts, harm: str) -> None:
    fill(sqlite, tmp_path, *SHOP)
    version = write_snapshot(sqlite, artifacts, clock=CLOCK)
    path = version.path / "interactions.parquet"
    content = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        flipped = content[:100] + bytes([content[100] ^ 1]) + content[101:]
        other = (version.path / "reviews.parquet").read_bytes()
        path.write_bytes({"cut": content[:-1], "changed": flipped, "exchanged": other}[harm])
    with pytest.raises(BrokenArtifact, match=r"interactions\.parquet"):
        read_snapshot(version)


def test_an_interaction_says_from_which_country_it_was_ordered(
    sqlite: Database, tmp_path: Path, artifacts: Artifacts
) -> None:
    fill(sqlite, tmp_path, product("lamp"), order("one", "lamp-v", country="GB"), order("two", "lamp-v"))
    interactions = read_snapshot(write_snapshot(sqlite, artifacts, clock=CLOCK)).interactions
    assert sorted(interactions["country"].to_list(), key=str) == ["GB", None]


def test_a_snapshot_of_before_countries_is_still_read(
    sqlite: Database, tmp_path: Path, artifacts: Artifacts
) -> None:
    fill(sqlite, tmp_path, *SHOP)
    snapshot = read_snapshot(write_snapshot(sqlite, artifacts, clock=CLOCK))
    with artifacts.create("snapshots", name="old", about={}) as folder:
        for name in FILES:
            getattr(snapshot, name).drop("country", strict=False).write_parquet(folder / f"{name}.parquet")
    assert read_snapshot(artifacts.get("snapshots", "old")).interactions.equals(snapshot.interactions)


def test_a_shop_without_sales_has_a_snapshot_of_today(
    sqlite: Database, tmp_path: Path, artifacts: Artifacts
) -> None:
    with pytest.raises(Unavailable, match="no snapshot yet"):
        latest_snapshot(artifacts)
    fill(sqlite, tmp_path, product("lamp"))
    version = write_snapshot(sqlite, artifacts, clock=CLOCK)
    assert version.name.startswith("20260301-")
    assert read_snapshot(version).interactions.is_empty()


def test_what_breaks_the_schema_is_not_written(sqlite: Database, tmp_path: Path, artifacts: Artifacts) -> None:
    fill(sqlite, tmp_path, product("lamp"), event("e", "lamp", kind="query", product=None, query="a"))
    with sqlite.write() as session:
        session.connection().exec_driver_sql("UPDATE event SET query = ''")
    with pytest.raises(InvalidInput, match="queries: query fails"):
        write_snapshot(sqlite, artifacts, clock=CLOCK)
    assert not artifacts.versions("snapshots")


def test_the_schema_sees_each_fault(sqlite: Database, tmp_path: Path, artifacts: Artifacts) -> None:
    fill(sqlite, tmp_path, *SHOP)
    good = read_snapshot(write_snapshot(sqlite, artifacts, clock=CLOCK))
    frames = {name: getattr(good, name) for name in FILES}
    assert validate(frames) == []
    seen = frames["interactions"]
    broken = {
        "interactions: kind fails": seen.with_columns(kind=pl.lit("steal")),
        "interactions: quantity fails": seen.with_columns(quantity=pl.lit(0, dtype=pl.Int64)),
        "interactions: not sorted": seen.reverse(),
        "interactions: names products": seen.with_columns(product_id=pl.lit("no-such")),
        "interactions: .* fails": seen.drop("basket"),
    }
    for fault, frame in broken.items():
        (found, *_) = validate(frames | {"interactions": frame})
        assert re.match(fault, found), found
    assert validate({}) == ["the files are [], not ['interactions', 'products', 'queries', 'reviews']"]
