"""Online Retail II: each rule of docs/imports.md, and one result whatever the order of the files."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.database import Database
from core.errors import InvalidInput
from core.orders import get_order
from ingest.online_retail import read_lines
from tests.ingest.shop import every_row, import_files, rejected, the_shop

Sold = tuple[str, str, str | None, int, str, float, int | None, str]

UK = "United Kingdom"


def sold(
    invoice: str,
    code: str,
    *,
    title: str | None = "A THING",
    quantity: int = 1,
    at: str = "2010-12-01 10:00:00",
    price: float = 1.5,
    customer: int | None = 13085,
    country: str = UK,
) -> Sold:
    return (invoice, code, title, quantity, at, price, customer, country)


def raw(path: Path, lines: Sequence[Sold]) -> Path:
    """A file in the shape of the raw year."""
    names = ["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country"]
    kinds = [pl.String, pl.String, pl.String, pl.Int64, pl.String, pl.Float64, pl.Float64, pl.String]
    rows = [(*line[:6], None if line[6] is None else float(line[6]), line[7]) for line in lines]
    pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row").write_parquet(path)
    return path


def clean(path: Path, lines: Sequence[Sold]) -> Path:
    """A file in the shape of the cleaned year: other names, real moments, whole customers."""
    names = [
        "InvoiceNo",
        "StockCode",
        "Description",
        "Quantity",
        "InvoiceDate",
        "UnitPrice",
        "CustomerID",
        "Country",
    ]
    kinds = [pl.String, pl.String, pl.String, pl.Int64, pl.Datetime("ns"), pl.Float64, pl.Int64, pl.String]
    rows = [(*line[:4], datetime.fromisoformat(line[4]), *line[5:]) for line in lines]
    frame = pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")
    frame.with_columns(Revenue=pl.col("Quantity") * pl.col("UnitPrice")).write_parquet(path)
    return path


def load(database: Database, home: Path, *files: Path) -> Any:
    report = import_files(database, home, *files, format="online-retail")
    assert report.read == report.loaded + report.merged + report.rejected
    return report


def lines_of(database: Database, order: str) -> list[tuple[str, int, int]]:
    with database.read() as session:
        return [(line.variant, line.quantity, line.unit_price_minor) for line in get_order(session, order).lines]


def test_an_invoice_becomes_an_order(database: Database, tmp_path: Path) -> None:
    lines = [
        sold("536365", "85123A", quantity=6, price=2.55),
        sold("536365", "POST", quantity=2, price=18.0),
        sold("536366", "22423", customer=None, country="EIRE"),
    ]
    report = load(database, tmp_path, raw(tmp_path / "a.parquet", lines))
    assert (report.loaded, report.merged, report.rejected) == (3, 0, 0)
    with database.read() as session:
        order = get_order(session, "536365")
        guest = get_order(session, "536366")
    assert (order.user, order.currency, order.country) == ("13085", "GBP", UK)
    assert (order.goods_minor, order.shipping_minor, order.total_minor) == (1530, 3600, 5130)
    assert [(line.product, line.title, line.quantity) for line in order.lines] == [("85123A", "A THING", 6)]
    assert (guest.user, guest.country) == (None, "EIRE")


def test_the_shops_clock_is_londons(sqlite: Database, tmp_path: Path) -> None:
    lines = [sold("1", "22423", at="2010-07-01 10:00:00"), sold("2", "22423", at="2010-12-01 10:00:00")]
    load(sqlite, tmp_path, raw(tmp_path / "a.parquet", lines))
    assert [row[-1] for row in the_shop(sqlite)["orders"]] == [
        "2010-07-01 09:00:00.000000",
        "2010-12-01 10:00:00.000000",
    ]


REJECTED = [
    (sold("1", "M", title="Manual"), "not-goods"),
    (sold("C1", "D", title="Discount", quantity=-1), "not-goods"),
    (sold("1", "BANK CHARGES"), "not-goods"),
    (sold("1", "AMAZONFEE", quantity=-1, price=13541.33), "not-goods"),
    (sold("1", "TEST001"), "not-goods"),
    (sold("1", "gift_0001_30"), "not-goods"),
    (sold("1", "ADJUST2"), "not-goods"),
    (sold("A506401", "B", title="Adjust bad debt", price=-53594.36), "adjustment"),
    (sold("1", "21733", title="damages", quantity=-96, price=0.0, customer=None), "stock-correction"),
    (sold("C1", "22423", quantity=3), "credit-adds"),
    (sold("1", "22423", price=0.0), "no-price"),
    (sold("1", "PADS", price=0.001), "no-price"),
    (sold("", "22423"), "unreadable"),
    (sold("1", " "), "unreadable"),
    (sold("1", "22423", at="yesterday"), "unreadable"),
    (sold("X1", "22423"), "unreadable"),
    (sold("1", "22423", quantity=2**40), "unreadable"),
]


def test_what_is_no_trade_is_rejected_with_its_reason(sqlite: Database, tmp_path: Path) -> None:
    report = load(sqlite, tmp_path, raw(tmp_path / "a.parquet", [line for line, _ in REJECTED]))
    assert rejected(report) == [(number, reason) for number, (_, reason) in enumerate(REJECTED, start=1)]
    assert report.rejected == report.read == len(REJECTED)
    content = every_row(sqlite)
    assert not content["product"]
    assert not content["customer_order"]
    assert not content["refund"]
    raw_line = pl.read_ndjson(report.rejects)["raw"][7]
    assert '"Invoice":"A506401"' in raw_line
    assert "-53594.36" in raw_line


def test_codes_that_differ_in_case_are_one_product(sqlite: Database, tmp_path: Path) -> None:
    load(
        sqlite,
        tmp_path,
        raw(tmp_path / "a.parquet", [sold("1", "85123a"), sold("1", "85123A "), sold("2", "85123A")]),
    )
    assert [row[0] for row in the_shop(sqlite)["products"]] == ["85123A"]
    assert lines_of(sqlite, "1") == [("85123A", 1, 150)] * 2


def test_title_and_price_are_those_of_most_lines_lately(sqlite: Database, tmp_path: Path) -> None:
    old = [sold(f"{n}", "22423", title="OLD NAME", price=9.0, at="2010-01-05 10:00:00") for n in range(1, 6)]
    new = [
        sold("10", "22423", title="REGENCY  CAKESTAND ", price=12.75, at="2010-11-01 10:00:00"),
        sold("11", "22423", title="REGENCY CAKESTAND", price=12.75, at="2010-11-02 10:00:00"),
        sold("12", "22423", title="TYPO", price=10.95, at="2010-11-03 10:00:00"),
    ]
    load(sqlite, tmp_path, raw(tmp_path / "a.parquet", [*old, *new]))
    (row,) = the_shop(sqlite)["products"]
    assert (row[1], row[7]) == ("REGENCY CAKESTAND", "1275")
    assert row[3] == row[4] == "2010-01-05 10:00:00.000000"


def test_goods_sold_in_the_last_year_of_the_data_are_in_stock(sqlite: Database, tmp_path: Path) -> None:
    lines = [
        sold("1", "10001", at="2010-01-01 10:00:00"),
        sold("2", "10002", at="2010-12-31 10:00:00"),
        sold("3", "10003", at="2011-12-09 10:00:00"),
        sold("C4", "10004", quantity=-1, at="2011-12-09 10:00:00"),
    ]
    load(sqlite, tmp_path, raw(tmp_path / "a.parquet", lines))
    assert {row[0]: row[9] for row in the_shop(sqlite)["products"]} == {
        "10001": "0",
        "10002": "100",
        "10003": "100",
        "10004": "0",
    }


def test_identical_lines_of_an_invoice_are_real_and_counted_once_over_files(
    sqlite: Database, tmp_path: Path
) -> None:
    twice = [sold("536365", "22423"), sold("536365", "22423")]
    thrice = [*twice, sold("536365", "22423"), sold("536365", "21212")]
    a, b = raw(tmp_path / "a.parquet", twice), clean(tmp_path / "b.parquet", thrice)
    report = load(sqlite, tmp_path, a, b)
    assert lines_of(sqlite, "536365") == [("21212", 1, 150), *[("22423", 1, 150)] * 3]
    assert (report.loaded, report.merged) == (4, 2)


def test_a_cancellation_becomes_a_refund_of_the_line_it_cancels(database: Database, tmp_path: Path) -> None:
    lines = [
        sold("1", "22423", quantity=6, price=2.0),
        sold("1", "21212", quantity=1),
        sold("C2", "22423", quantity=-4, price=2.0, at="2010-12-03 10:00:00"),
        sold("C2", "POST", quantity=-1, price=5.0, at="2010-12-03 10:00:00"),
        sold("C3", "22423", quantity=-4, price=2.0, at="2010-12-04 10:00:00"),
        sold("C4", "21212", quantity=-1, customer=None, at="2010-12-04 10:00:00"),
    ]
    report = load(database, tmp_path, raw(tmp_path / "a.parquet", lines))
    assert report.loaded == 6
    with database.read() as session:
        order = get_order(session, "1")
    assert [(line.product, line.quantity, line.refunded) for line in order.lines] == [
        ("21212", 1, 0),
        ("22423", 6, 4),
    ]
    assert [(refund.id, refund.amount_minor, refund.status) for refund in order.refunds] == [
        ("C2", 1300, "settled")
    ]
    refunds = {row[0]: row[1:4] for row in the_shop(database)["refunds"]}
    # Two pieces are left of the sale, so the four of C3 belong to no sale that is known.
    assert refunds == {"C2": ("1", "13085", "1300"), "C3": ("None", "13085", "800"), "C4": ("None", "None", "150")}


def test_one_file_after_another_in_any_order_and_again_is_the_same_shop(
    database: Database, tmp_path: Path
) -> None:
    first = [
        sold("100", "10001", title="LAMP", at="2009-12-05 10:00:00", price=3.0),
        sold("101", "10002", title="OLD DESK", at="2009-12-06 10:00:00", quantity=5),
        sold("101", "POST", price=7.0, at="2009-12-06 10:01:00"),
        sold("200", "10001", title="LAMP", at="2010-12-02 10:00:00", price=3.0),
        sold("200", "10001", title="LAMP", at="2010-12-02 10:01:00", price=3.0),
        sold("200", "POST", price=4.0, at="2010-12-02 10:00:00"),
        sold("C201", "10002", quantity=-2, at="2010-12-03 10:00:00"),
    ]
    second = [
        sold("200", "10001", title="LAMP", at="2010-12-02 10:00:00", price=3.0),
        sold("200", "10000", title="AAA", at="2010-12-02 10:00:00", price=9.0),
        sold("300", "10001", title="BRIGHT LAMP", at="2011-12-01 10:00:00", price=4.0, country="EIRE"),
        sold("301", "10002", title="NEW DESK", at="2010-12-02 09:00:00", quantity=3),
        sold("C302", "10001", quantity=-1, at="2011-12-05 10:00:00", price=3.0),
    ]
    a, b = raw(tmp_path / "a.parquet", first), clean(tmp_path / "b.parquet", second)

    def imported(name: str, *batches: list[Path]) -> Any:
        made = Database(f"sqlite:///{tmp_path / name}.db")
        made.migrate()
        for batch in batches:
            load(made, tmp_path, *batch)
        return the_shop(made)

    load(database, tmp_path, a)
    load(database, tmp_path, b)
    before = every_row(database)
    for again in ([a], [b], [b, a]):
        assert load(database, tmp_path, *again).loaded == 0
        assert every_row(database) == before
    shop = imported("together", [a, b])
    assert shop == imported("turned", [b, a]) == imported("first", [a], [b]) == imported("second", [b], [a])
    assert [row[2:6] for row in shop["lines"] if row[0] == "200"] == [
        ("10000", "AAA", "1", "900"),
        *[("10001", "LAMP", "1", "300")] * 2,
    ]
    assert {row[0]: row[5:7] for row in shop["refund_lines"]} == {
        "C201": ("301", "1"),  # bought again in the second file, a day before it went back
        "C302": ("200", "3"),
    }


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file to copy: migrating takes longer than the import of a few lines."""
    path = tmp_path_factory.mktemp("empty") / "merx.db"
    made = Database(f"sqlite:///{path}")
    made.migrate()
    made.close()
    return path


CUSTOMERS = {"1": 7, "2": 8, "3": None, "C4": 7, "C5": 8}  # an invoice has one customer, who may be left out


@st.composite
def any_line(draw: st.DrawFn) -> Sold:
    invoice = draw(st.sampled_from(sorted(CUSTOMERS)))
    moments = ["2009-12-05 10:00:00", "2010-12-02 10:00:00", "2010-12-02 10:01:00", "2011-11-02 10:00:00"]
    return sold(
        invoice,
        draw(st.sampled_from(["10001", "10002", "10002a", "POST", "M"])),
        title=draw(st.sampled_from(["LAMP", "BIG LAMP", None])),
        quantity=draw(st.integers(-3, 4)),
        at=draw(st.sampled_from(moments)),
        price=draw(st.sampled_from([0.0, 1.5, 2.0])),
        customer=draw(st.sampled_from([None, CUSTOMERS[invoice]])),
        country=draw(st.sampled_from([UK, "EIRE", "Unspecified"])),
    )


@given(st.lists(any_line(), max_size=12), st.lists(any_line(), max_size=12))
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_two_files_give_the_same_shop_either_way_round(
    tmp_path_factory: pytest.TempPathFactory, empty: Path, one: list[Sold], other: list[Sold]
) -> None:
    folder = tmp_path_factory.mktemp("retail")
    a, b = raw(folder / "a.parquet", one), clean(folder / "b.parquet", other)
    shops = []
    for name, batches in (("ab", [[a], [b]]), ("ba", [[b], [a]]), ("together", [[b, a]])):
        shutil.copy(empty, folder / f"{name}.db")
        made = Database(f"sqlite:///{folder / name}.db")
        for batch in batches:
            load(made, folder, *batch)
        shops.append(the_shop(made))
        before = every_row(made)
        assert load(made, folder, a, b).loaded == 0
        assert every_row(made) == before
        made.close()
    assert shops[0] == shops[1] == shops[2]


def test_the_published_csv_is_read_too(sqlite: Database, tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    text = (
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        '536365,85123A,"WHITE, HEART £",6,12/1/2010 8:26,2.55,17850,United Kingdom\n'
        "536366,22423,CAKESTAND,x,12/1/2010 8:26,2.55,,France\n"
    )
    path.write_bytes(text.encode("iso-8859-1"))
    report = load(sqlite, tmp_path, path)
    assert (report.loaded, rejected(report)) == (1, [(2, "unreadable")])
    with sqlite.read() as session:
        order = get_order(session, "536365")
    assert (order.user, order.lines[0].title, order.lines[0].unit_price_minor) == ("17850", "WHITE, HEART £", 255)


def test_a_file_that_is_no_invoice_list_changes_nothing(sqlite: Database, tmp_path: Path) -> None:
    good = raw(tmp_path / "good.parquet", [sold("1", "22423")])
    (tmp_path / "cut.parquet").write_bytes(good.read_bytes()[:-40])
    (tmp_path / "text.parquet").write_text("no parquet at all")
    (tmp_path / "book.xlsx").write_bytes(b"PK\x03\x04")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "other.parquet")
    before = every_row(sqlite, besides=())
    for name in ("cut.parquet", "text.parquet", "book.xlsx", "other.parquet", "missing.parquet"):
        with pytest.raises(InvalidInput, match=name):
            load(sqlite, tmp_path, good, tmp_path / name)
    assert every_row(sqlite, besides=()) == before


@pytest.mark.data
def test_the_real_files_sort_as_documented(shared_data: Path) -> None:
    folder = shared_data / "retail" / "online_retail_ii"
    first = read_lines(folder / "2009-12_2010-12_raw.parquet")
    second = read_lines(folder / "2010-12_2011-12_clean.parquet")
    assert (first.read, second.read) == (525_461, 397_884)
    reasons = pl.concat([first.rejects, second.rejects]).group_by("reason").len()
    assert dict(reasons.iter_rows()) == {
        "stock-correction": 2120,
        "no-price": 1560,
        "not-goods": 1519,
        "adjustment": 3,
    }
    assert first.good.height + second.good.height + int(reasons["len"].sum()) == 923_345
    both = set(first.good["document"]) & set(second.good["document"])
    assert len(both) == 774  # of the 776 invoices in both files two have no usable line


@pytest.mark.data
@pytest.mark.nightly
def test_the_real_files_are_loaded_within_a_minute(sqlite: Database, tmp_path: Path, shared_data: Path) -> None:
    files = sorted((shared_data / "retail" / "online_retail_ii").glob("*.parquet"))
    report = load(sqlite, tmp_path, *files)
    assert (report.read, report.loaded, report.merged, report.rejected) == (923_345, 903_658, 14_485, 5_202)
    assert load(sqlite, tmp_path, *files[::-1]).loaded == 0
