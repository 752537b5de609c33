"""Suggestions come from products that match."""

from __future__ import annotations

import pytest

from core.errors import InvalidInput
from ranking.search import Searcher, SearchRequest
from ranking.suggest import suggest


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
