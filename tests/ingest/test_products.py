"""Icecat and ESCI: product files of others as products of the feed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.database import Database
from core.errors import InvalidInput
from ingest import esci, icecat
from ingest.feed import read_feed
from ingest.icecat import clean_name
from tests.ingest.shop import every_row, import_files, rejected, the_shop, write_lines

ICECAT = {
    "id": "2101957",
    "name": "dv7-1211ea",
    "title": "HP Pavilion dv7-1211ea Notebook",
    "ean": ["0884420588030", "0884420588047"],
    "short_description": "Intel Core 2 Duo",
    "img_500x500": "http://example.test/500.jpg",
    "date_released": "2008-12-19T00:00:00Z",
    "supplier": "HP",
    "price": 10995,
    "attr_t_product_type": "Notebook",
    "attr_n_display_diagonal": 17.0,
    "attr_b_touchscreen": False,
    "attr_n_lifetime": 5.0,
    "attr_t_lifetime": "5 years",
}
ESCI = {
    "asin": "B071HMM81V",
    "title": "TREBLAB XR500 Bluetooth Headphones",
    "description": "Hello.",
    "bullet_points": "True HD\nWaterproof",
    "brand": "TREBLAB",
    "color": "Black/Silver",
    "image": "https://example.test/x.jpg",
    "price": 29.97,
    "category": ["Electronics", "Headphones"],
    "rating": 4.2,
    "rating_count": 724,
    "is_book": False,
}


def fed(database: Database, tmp_path: Path, format: str, *rows: Any) -> Any:
    path = write_lines(tmp_path / f"{format}.jsonl", [json.dumps(row) for row in rows])
    return import_files(database, tmp_path, path, format=format)


def test_an_icecat_product(sqlite: Database, tmp_path: Path) -> None:
    assert fed(sqlite, tmp_path, "icecat", ICECAT).loaded == 1
    content = every_row(sqlite)
    (product,) = content["product"]
    assert product[1] == "2101957"
    assert json.loads(product[8]) == {
        "codes": "0884420588047",
        "display diagonal": 17.0,
        "lifetime": 5.0,
        "model": "dv7-1211ea",
        "product type": "Notebook",
        "touchscreen": False,
    }
    assert product[12].startswith("2008-12-19")
    (variant,) = content["variant"]
    assert variant[1:] == ("2101957", "1", "2101957", "0884420588030", "{}", "10995", "None", "EUR", "1")
    assert [row[-1] for row in content["category"]] == ["Notebook"]


def test_an_esci_product(sqlite: Database, tmp_path: Path) -> None:
    free = ESCI | {
        "asin": "B2",
        "price": None,
        "brand": None,
        "rating": None,
        "rating_count": None,
        "category": [],
    }
    assert fed(sqlite, tmp_path, "esci", ESCI, free).loaded == 2
    content = every_row(sqlite)
    first, second = content["product"]
    assert (first[1], first[6], first[7]) == ("B071HMM81V", "TREBLAB", "True HD\nWaterproof\nHello.")
    assert (json.loads(first[8]), first[10:12]) == ({"color": "Black/Silver"}, ("724", "4.2"))
    assert (second[1], second[3], second[6], second[10:12]) == ("B2", "None", "", ("0", "None"))
    assert [row[5] for row in content["category"]] == ["Electronics", "Electronics > Headphones"]
    # What has no price cannot be sold.
    assert [(row[1], row[6], row[8]) for row in content["variant"]] == [("B071HMM81V", "2997", "USD")]


def test_what_was_sold_since_stays_sold_when_stock_is_only_assumed(sqlite: Database, tmp_path: Path) -> None:
    fed(sqlite, tmp_path, "icecat", ICECAT)
    with sqlite.write() as session:
        connection = session.connection()
        connection.exec_driver_sql("UPDATE stock_level SET quantity = 60")
        connection.exec_driver_sql(
            "INSERT INTO stock_movement (variant_id, delta, reason, reference, at)"
            " VALUES (1, -40, 'sale', 'o', '2026-01-01 00:00:00.000000')"
        )
    before = every_row(sqlite)
    assert fed(sqlite, tmp_path, "icecat", ICECAT).merged == 1
    assert every_row(sqlite) == before


@pytest.mark.parametrize("format", ["icecat", "esci"])
def test_a_line_that_is_no_product_is_rejected(sqlite: Database, tmp_path: Path, format: str) -> None:
    good = ICECAT if format == "icecat" else ESCI
    bad = [{}, [], 7, good | {"title": ""}, good | {"title": None}, good | {"price": "dear"}, good | {"price": -1}]
    report = fed(sqlite, tmp_path, format, *bad, good)
    assert [line for line, _ in rejected(report)] == [1, 2, 3, 4, 5, 6, 7]
    assert (report.read, report.loaded) == (8, 1)
    assert len(the_shop(sqlite)["products"]) == 1


@given(st.binary(max_size=40) | st.recursive(st.none() | st.text() | st.floats(), st.lists).map(json.dumps))
def test_no_line_is_too_strange_to_translate(line: bytes | str) -> None:
    for to_feed in (icecat.to_feed, esci.to_feed):
        with pytest.raises(ValueError, match=r".+"):
            to_feed(line if isinstance(line, bytes) else line.encode())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("attr_t_product_colour", "product colour"),
        ("attr_n_thermal_design_power__tdp_", "thermal design power (tdp)"),
        ("attr_t_memory_layout__slots_x_size_", "memory layout (slots x size)"),
        ("attr_n_ethernet_lan__rj_45__ports", "ethernet lan rj 45 ports"),
    ],
)
def test_the_names_of_attributes_are_words(name: str, words: str) -> None:
    assert clean_name(name) == words


def test_a_cut_archive_changes_nothing(sqlite: Database, tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps(ICECAT).encode() * 50)
    (tmp_path / "products.jsonl.gz").write_bytes(packed[:-20])
    with pytest.raises(InvalidInput, match=r"products.jsonl.gz is cut short"):
        import_files(sqlite, tmp_path, tmp_path / "products.jsonl.gz", format="icecat")
    assert not every_row(sqlite)["product"]


@pytest.mark.data
@pytest.mark.parametrize(("name", "count"), [("esci", 6_764), ("icecat", 19_406)])
def test_every_real_line_is_a_product(shared_data: Path, name: str, count: int) -> None:
    to_feed = {"esci": esci.to_feed, "icecat": icecat.to_feed}[name]
    feed = read_feed([shared_data / "search" / name / "products.jsonl.gz"], translate=to_feed)
    assert (feed.lines.height, feed.rejects.height) == (count, 0)
    assert feed.tables["products"]["public_id"].n_unique() == count
