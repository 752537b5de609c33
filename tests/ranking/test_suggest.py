"""Suggestions come from products that match."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import InvalidInput
from index.query import AnyOf
from ranking.search import Searcher, SearchRequest
from ranking.suggest import suggest
from ranking.suggest_entries import Entry
from ranking.suggest_match import SuggestionIndex
from ranking.suggest_taste import NOBODY, Taste, taste_of
from tests.ranking.conftest import catalogue


def test_an_unfinished_word_is_finished(searcher: Searcher) -> None:
    found = suggest(searcher, "wat")
    assert found[0].kind == "query"
    assert found[0].text == "watering"
    assert any(item.kind == "category" and item.id == "Garden > Watering" for item in found)


def test_earlier_words_stay_as_typed(searcher: Searcher) -> None:
    assert "white teapot" in [item.text for item in suggest(searcher, "white tea") if item.kind == "query"]


def test_every_suggested_query_finds_something(searcher: Searcher) -> None:
    for typed in ("r", "la", "lum", "black g", "台"):
        for item in suggest(searcher, typed):
            if item.kind == "query":
                assert searcher.search(SearchRequest(item.text)).total > 0, (typed, item)


@pytest.mark.parametrize("typed", ["", "  ", "!!", "qwxzv"])
def test_nothing_is_suggested_for_nothing(searcher: Searcher, typed: str) -> None:
    assert suggest(searcher, typed) == []


def test_the_size_is_kept(searcher: Searcher) -> None:
    assert len(suggest(searcher, "l", size=3)) == 3


def test_a_query_that_is_too_long_is_refused(searcher: Searcher) -> None:
    with pytest.raises(InvalidInput):
        suggest(searcher, "x" * 513)


LISTED = SuggestionIndex(
    [
        Entry("query", "desk lamp", 0.9, category="Home > Lamps", products=("desklamp-red", "floorlamp-red")),
        Entry("query", "desk lamps", 0.3, products=("desklamp-red",)),
        Entry("query", "red teapot", 0.8, brand="Lumen", products=("teapot-red",)),
        Entry("query", "red lamp", 0.7, brand="Hearth", products=("desklamp-red", "floorlamp-red")),
        Entry("query", "desk unicorn", 1.0, products=("never-there", "desklamp-red")),
        Entry("query", "台灯", 0.5, products=("desklamp-blue",)),
        Entry("brand", "Lumen", 1.0, id="Lumen", brand="Lumen"),
        Entry("brand", "Gone Lamps", 1.0, id="Gone Lamps"),
        Entry("category", "Lamps", 1.0, id="Home > Lamps", category="Home > Lamps"),
        Entry("category", "Kitchen", 1.0, id="Home > Kitchen", category="Home > Kitchen"),
    ]
)


def lines(searcher: Searcher, typed: str, **options: Any) -> list[tuple[str, str]]:
    return [(one.kind, one.text) for one in suggest(searcher, typed, index=LISTED, **options)]


def test_what_others_searched_for_stands_first_and_once(searcher: Searcher) -> None:
    queries = [text for kind, text in lines(searcher, "desk") if kind == "query"]
    assert queries[0] == "desk lamp"
    assert "desk lamps" not in queries


def test_a_query_is_not_offered_when_its_products_are_gone_or_say_something_else(searcher: Searcher) -> None:
    assert "desk unicorn" not in [text for _, text in lines(searcher, "desk", size=20)]


def test_categories_and_brands_have_the_counts_of_now(searcher: Searcher) -> None:
    found = suggest(searcher, "lum", index=LISTED)
    assert [(one.id, one.count) for one in found if one.kind == "brand"] == [("Lumen", 15)]
    found = suggest(searcher, "lamps", index=LISTED)
    assert [(one.id, one.count) for one in found if one.kind == "category"] == [("Home > Lamps", 10)]
    assert "Gone Lamps" not in [one.text for one in suggest(searcher, "gone", index=LISTED)]


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("lumne", ("brand", "Lumen")),
        ("kithcen", ("category", "Kitchen")),
        ("dsek", ("query", "desk lamp")),
        ("taideng", ("query", "台灯")),
        ("td", ("query", "台灯")),
        ("檯", ("query", "台灯")),
    ],
)
def test_mistakes_pinyin_and_initials(searcher: Searcher, typed: str, line: tuple[str, str]) -> None:
    assert line in lines(searcher, typed)


def test_kinds_can_be_chosen_and_unknown_ones_are_refused(searcher: Searcher) -> None:
    assert {kind for kind, _ in lines(searcher, "la", kinds=("product", "brand"))} == {"product"}
    with pytest.raises(InvalidInput):
        suggest(searcher, "la", kinds=("colour",))  # type: ignore[arg-type]


def test_lines_come_grouped_by_kind(searcher: Searcher) -> None:
    kinds = [kind for kind, _ in lines(searcher, "l", size=20)]
    assert kinds == sorted(kinds, key=("query", "category", "brand", "product").index)


def test_pieces_are_the_text_cut_where_it_was_typed(searcher: Searcher) -> None:
    for typed in ("des la", "LUM", "台", "red"):
        for one in suggest(searcher, typed, index=LISTED):
            assert "".join(piece.text for piece in one.pieces) == one.text
    first = suggest(searcher, "des la", index=LISTED)[0]
    assert [(piece.text, piece.match) for piece in first.pieces] == [
        ("des", True),
        ("k ", False),
        ("la", True),
        ("mp", False),
    ]


def test_a_query_is_offered_within_a_category_when_it_is_asked_for(searcher: Searcher) -> None:
    listed = SuggestionIndex(
        [Entry("query", "red", 1.0, products=("teapot-red", "desklamp-red", "floorlamp-red"))]
    )
    assert all(one.category is None for one in suggest(searcher, "re", index=listed))
    scoped = [one for one in suggest(searcher, "re", index=listed, scopes=True) if one.category]
    assert [(one.text, one.category) for one in scoped] == [("red", "Home > Lamps")]
    where = {"category": AnyOf("category", ("Home > Lamps",))}
    assert searcher.search(SearchRequest("red", refinements=where)).total > 0


def test_a_taste_settles_the_order_and_says_so(searcher: Searcher) -> None:
    def queries(taste: Taste) -> list[tuple[str, str | None]]:
        found = suggest(searcher, "red", index=LISTED, taste=taste, kinds=["query"])
        return [(one.text, one.reason) for one in found][:2]

    assert queries(NOBODY) == [("red teapot", None), ("red lamp", None)]
    hearth = [document for document in catalogue() if document.brand == "Hearth" and "Hose" in document.title]
    assert queries(taste_of(hearth)) == [("red lamp", "like what you look at: Hearth"), ("red teapot", None)]
    products = [one for one in suggest(searcher, "red", taste=taste_of(hearth)) if one.kind == "product"]
    assert products[0].reason


def test_a_taste_is_made_of_shares_the_newest_most() -> None:
    by_id = {document.id: document for document in catalogue()}
    taste = taste_of([by_id["teapot-red"], by_id["desklamp-red"], by_id["desklamp-blue"]])
    assert sum(taste.brands.values()) == pytest.approx(1.0)
    assert taste.categories["Home"] == pytest.approx(1.0)
    assert taste.categories["Home > Lamps"] > 2 * taste.categories["Home > Kitchen"]
    assert taste.likes(brand="Nobody", category="Sports") == (0.0, "")
    assert taste.likes(brand="", category="Home > Lamps > Desk")[1] == "Home"
