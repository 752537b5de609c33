"""Scores are their parts, and better candidates stand first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.documents import Document
from index.engine import Hit
from ranking.scoring import RankingWeights, score_hits

WEIGHTS = RankingWeights()

documents = st.builds(
    Document,
    id=st.uuids().map(str),
    title=st.just("lamp"),
    stock=st.integers(0, 3),
    rating=st.none() | st.floats(1, 5),
    rating_count=st.integers(0, 1000),
    popularity=st.floats(0, 1e6),
)
hits = st.builds(Hit.of, documents, lexical=st.floats(0, 40), vector=st.floats(0, 1))


def hit(name: str, *, lexical: float = 1.0, vector: float = 0.0, **fields: object) -> Hit:
    return Hit.of(Document(id=name, title="lamp", **fields), lexical=lexical, vector=vector)  # type: ignore[arg-type]


def order(*found: Hit) -> list[str]:
    best = max(item.lexical for item in found)
    return [item.hit.id for item in score_hits(found, max_lexical=best, weights=WEIGHTS)]


@given(st.lists(hits, max_size=20))
def test_the_parts_add_up_to_the_score(found: list[Hit]) -> None:
    best = max((item.lexical for item in found), default=0.0)
    scored = score_hits(found, max_lexical=best, weights=WEIGHTS)
    assert len(scored) == len(found)
    for item in scored:
        assert item.score == pytest.approx(sum(part.value for part in item.parts))
    assert [item.score for item in scored] == sorted((item.score for item in scored), reverse=True)


def test_words_count_more_than_popularity() -> None:
    assert order(hit("popular", lexical=5, popularity=1000.0), hit("apt", lexical=10)) == ["apt", "popular"]


@pytest.mark.parametrize(
    "better",
    [{"popularity": 9.0}, {"stock": 1}, {"rating": 4.5, "rating_count": 50}, {"vector": 0.5}],
    ids=lambda better: next(iter(better)),
)
def test_what_the_words_leave_open_is_settled_by_the_rest(better: dict[str, object]) -> None:
    assert order(hit("a"), hit("b", **better)) == ["b", "a"]  # type: ignore[arg-type]


def test_a_bad_rating_costs_something() -> None:
    assert order(hit("a", rating=1.0, rating_count=50), hit("b")) == ["b", "a"]


def test_ties_are_settled_by_id() -> None:
    assert order(hit("b"), hit("a"), hit("c")) == ["a", "b", "c"]
