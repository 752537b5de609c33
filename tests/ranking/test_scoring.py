"""Scores are their parts, and better candidates stand first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.documents import Document
from index.engine import Candidates, Hits
from ranking.scoring import RankingWeights, Scores, Yardstick, explained, feedback, score

WEIGHTS = RankingWeights()

rows = st.fixed_dictionaries(
    {
        "id": st.uuids().map(str),
        "lexical": st.floats(0, 40),
        "vector": st.floats(0, 1),
        "popularity": st.floats(0, 1e6),
        "rating": st.none() | st.floats(1, 5),
        "rating_count": st.integers(0, 1000),
        "in_stock": st.booleans(),
    }
)


def candidates(found: Sequence[dict[str, Any]]) -> Candidates:
    def column(name: str, default: float) -> Any:
        values = [row.get(name, default) for row in found]
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

    return Candidates(
        ids=[row["id"] for row in found],
        lexical=column("lexical", 1.0),
        vector=column("vector", 0.0),
        popularity=column("popularity", 0.0),
        rating=column("rating", np.nan),
        rating_count=column("rating_count", 0),
        in_stock=np.array([row.get("in_stock", False) for row in found], dtype=bool),
    )


def scored(found: Candidates) -> Scores:
    yardstick = Yardstick.of(found, max_lexical=float(found.lexical.max(initial=0.0)), first=len(found))
    return score(found, yardstick=yardstick, weights=WEIGHTS)


def order(*found: dict[str, Any], in_stock_first: bool = False) -> list[str]:
    columns = candidates(found)
    places = scored(columns).order(columns, in_stock_first=in_stock_first)
    return [columns.ids[place] for place in places]


@given(st.lists(rows, max_size=20))
def test_the_parts_add_up_to_the_score(found: list[dict[str, Any]]) -> None:
    columns = candidates(found)
    scores = scored(columns)
    hits = Hits(columns, read=lambda id_: Document(id=id_, title="lamp"))
    for place, hit in enumerate(hits):
        parts = explained(hit, scores, place, weights=WEIGHTS)
        assert scores.total[place] == pytest.approx(sum(part.value for part in parts))
        assert all(part.note for part in parts)


def test_words_count_more_than_popularity() -> None:
    popular, apt = {"id": "popular", "lexical": 5, "popularity": 1000.0}, {"id": "apt", "lexical": 10}
    assert order(popular, apt) == ["apt", "popular"]


@pytest.mark.parametrize(
    "better",
    [{"popularity": 9.0}, {"in_stock": True}, {"rating": 4.5, "rating_count": 50}, {"vector": 0.5}],
    ids=lambda better: next(iter(better)),
)
def test_what_the_words_leave_open_is_settled_by_the_rest(better: dict[str, Any]) -> None:
    assert order({"id": "a"}, {"id": "b", **better}) == ["b", "a"]


def test_a_bad_rating_costs_something() -> None:
    assert order({"id": "a", "rating": 1.0, "rating_count": 50}, {"id": "b"}) == ["b", "a"]


def test_ties_are_settled_by_id() -> None:
    assert order({"id": "b"}, {"id": "a"}, {"id": "c"}) == ["a", "b", "c"]


def test_what_is_in_stock_may_come_first() -> None:
    found = {"id": "a", "lexical": 10}, {"id": "b", "lexical": 1, "in_stock": True}
    assert order(*found) == ["a", "b"]
    assert order(*found, in_stock_first=True) == ["b", "a"]


def test_feedback_moves_towards_the_first() -> None:
    query = np.array([1.0, 0.0], dtype=np.float32)
    vectors = np.array([[0.8, 0.6], [0.6, 0.8], [1.0, 0.0], [0.8, -0.6]], dtype=np.float32)
    moved = feedback(query, vectors, scores=np.array([1.0, 0.9, 0.1, 0.1]), weights=WEIGHTS)
    assert moved[0] > moved[3]
    assert moved[1] > float(vectors[1] @ query)
    unmoved = feedback(query, vectors, scores=np.zeros(4), weights=WEIGHTS)
    assert unmoved == pytest.approx(vectors @ query)
