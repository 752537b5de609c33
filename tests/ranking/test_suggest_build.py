"""What gets into the nightly list, and what is nobody else's business."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from core.artifacts import Artifacts
from core.errors import BrokenArtifact
from ranking.search import Searcher
from ranking.suggest_build import Popular, catalogue_entries, merged, popular_queries, query_entries
from ranking.suggest_entries import SUGGESTIONS, Entry, read_entries, write_entries
from tests.ranking.conftest import catalogue

NOW = datetime(2026, 2, 1, tzinfo=UTC)


def searches(*rows: tuple[str, str, int]) -> pl.DataFrame:
    """Rows of shopper, query and days ago."""
    return pl.DataFrame(
        [(shopper, query, NOW - timedelta(days=ago)) for shopper, query, ago in rows],
        schema={"shopper": pl.String, "query": pl.String, "at": pl.Datetime("us", "UTC")},
        orient="row",
    )


def by_many(query: str, *, shoppers: int = 3, ago: int = 0) -> list[tuple[str, str, int]]:
    return [(f"{query}-{number}", query, ago) for number in range(shoppers)]


def texts(*rows: tuple[str, str, int], shoppers: int = 3) -> list[str]:
    return [query.text for query in popular_queries(searches(*rows), shoppers=shoppers)]


def test_what_one_person_types_however_often_is_that_person_s_own() -> None:
    alone = [("ann", "gift for aunt mirabelliana", day) for day in range(50)]
    assert texts(*alone, *by_many("lamp")) == ["lamp"]
    assert texts(*by_many("lamp", shoppers=2)) == []
    assert texts(*by_many("lamp", shoppers=2), shoppers=2) == ["lamp"]


def test_a_spelling_of_one_person_is_not_taken_for_that_of_many() -> None:
    rows = [*by_many("desk lamp"), ("ann", "lamps desk", 0)]
    assert texts(*rows) == ["desk lamp"]


@pytest.mark.parametrize(
    "query",
    [
        "ann@example.com",
        "lamp for ann@home",
        "+44 7911 123456",
        "07911 123456",
        "4111-1111-1111-1111",
        "https://example.com/x",
        "www.example.com",
        "x" * 61,
        "",
        "   ",
        "!!!",
    ],
)
def test_what_looks_personal_or_is_no_query_is_left_out_whoever_types_it(query: str) -> None:
    assert texts(*by_many(query, shoppers=9)) == []


def test_case_spaces_number_and_script_make_one_query_in_the_spelling_of_most() -> None:
    rows = [*by_many("Desk  Lamp", shoppers=3), *by_many("desk lamps", shoppers=4), *by_many("lamp", shoppers=3)]
    assert texts(*rows) == ["desk lamps", "lamp"]
    assert texts(*by_many("檯燈", shoppers=3), *by_many("台灯", shoppers=4)) == ["台灯"]


def test_newer_searches_count_more_and_each_shopper_once() -> None:
    rows = [*by_many("old", shoppers=10, ago=150), *by_many("new", shoppers=4)]
    assert texts(*rows) == ["new", "old"]
    often = [("ann", "often", ago) for ago in range(100)] + by_many("often", shoppers=2)
    assert texts(*often, *by_many("many", shoppers=5)) == ["many", "often"]


def test_no_searches_are_no_queries() -> None:
    assert texts() == []


def test_only_what_finds_something_by_all_of_its_words_gets_in(searcher: Searcher) -> None:
    asked = [Popular(text, 5.0) for text in ("desk lamp", "desk trampoline", "zzyzx", "lmap", "台灯")]
    entries = query_entries(asked, searcher=searcher)
    assert {entry.text for entry in entries} == {"desk lamp", "台灯"}
    lamp = next(entry for entry in entries if entry.text == "desk lamp")
    assert lamp.category == "Home > Lamps"
    assert set(lamp.products) == {f"desklamp-{colour}" for colour in ("red", "blue", "green", "white", "black")}
    assert lamp.products[-1] == "desklamp-black"  # sold out


def test_a_shop_nobody_searched_yet_has_its_own_words() -> None:
    entries = merged(catalogue_entries(catalogue()))
    named = {(entry.kind, entry.id or entry.text) for entry in entries}
    assert {("brand", "Lumen"), ("category", "Home > Lamps"), ("category", "Home")} <= named
    assert {("query", "desk lamp"), ("query", "watering can")} <= named
    assert all(0 < entry.weight <= 1 for entry in entries)


def test_what_was_searched_for_stands_above_what_the_catalogue_says(searcher: Searcher) -> None:
    asked = query_entries([Popular("watering cans", 1.0)], searcher=searcher)
    entries = merged([*asked, *catalogue_entries(catalogue())])
    said = [entry for entry in entries if entry.kind == "query"]
    assert said[0].text == "watering cans"
    assert "watering can" not in {entry.text for entry in said}


def test_the_list_is_named_for_its_content_and_read_back(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path)
    entries = merged([*catalogue_entries(catalogue()), Entry("query", "蓝牙", 0.5, products=("a", "b"))])
    version = write_entries(entries, artifacts, about={"created_at": "2026"})
    assert read_entries(version) == entries
    assert write_entries(entries, artifacts, about={"created_at": "2027"}).name == version.name
    assert write_entries(entries[1:], artifacts, about={}).name != version.name
    assert artifacts.live(SUGGESTIONS) != version
    (version.path / "suggestions.parquet").write_bytes(b"PAR1")
    with pytest.raises(BrokenArtifact):
        read_entries(version)
