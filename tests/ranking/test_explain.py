"""Every part of a place is named, and what is not found says why."""

from __future__ import annotations

import json

import pytest

from core.errors import NotFound
from ranking.explain import explain, explanation_to_json
from ranking.search import Searcher, SearchRequest


@pytest.mark.parametrize("query", ["desk lamp", "white teapot", "台灯", "lamp"])
def test_rank_score_and_parts_are_those_of_the_page(searcher: Searcher, query: str) -> None:
    page = searcher.search(SearchRequest(query, size=10))
    for place, hit in enumerate(page.hits, 1):
        about = explain(searcher, query, hit.scored.hit.id)
        assert (about.matches, about.rank, about.total) == (True, place, page.total)
        assert about.score == pytest.approx(hit.scored.score)
        assert about.score == pytest.approx(sum(part.value for part in about.parts))
        assert about.reasons == ()
        assert sum(about.lexical.values()) == pytest.approx(hit.scored.hit.lexical, rel=1e-4)
        assert all(part.note for part in about.parts)
        json.dumps(explanation_to_json(about))


def test_what_is_missing_is_named(searcher: Searcher) -> None:
    plain = Searcher(searcher.engine, encoder=None)
    about = explain(plain, "white teapot", "gardenhose-red")
    assert (about.matches, about.rank, about.parts) == (False, None, ())
    assert set(about.missing) == {"white", "teapot"}
    assert "0 of 2 words" in about.reasons[0]


def test_with_vectors_the_cut_off_is_named_too(searcher: Searcher) -> None:
    absent = [
        about
        for thing in ("gardenhose-red", "coffeemug-blue", "floorlamp-black")
        if not (about := explain(searcher, "white teapot", thing)).matches
    ]
    assert absent
    for about in absent:
        assert about.cosine is not None
        assert any("meaning" in reason for reason in about.reasons)


def test_a_product_that_is_not_there_is_said(searcher: Searcher) -> None:
    with pytest.raises(NotFound, match="no product 'nobody'"):
        explain(searcher, "lamp", "nobody")


def test_a_filter_of_the_query_is_named(searcher: Searcher) -> None:
    about = explain(searcher, "lamp without red", "desklamp-red")
    assert (about.matches, about.rank) == (False, None)
    assert about.reasons == ("a filter of the query leaves it out: without 'red'",)
    assert explain(searcher, "lamp without red", "desklamp-blue").matches
