"""Highlighting marks what matched and loses nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analysis.text import analyser
from ranking.highlight import highlight


def marked(text: str, query: str, prefix: str = "") -> list[str]:
    pieces = highlight(text, tokens=analyser().query_tokens(query), prefix=prefix)
    return [piece.text for piece in pieces if piece.match]


def test_another_form_of_the_word_is_marked_as_written() -> None:
    assert marked("Running Shoes for Men", "run shoe") == ["Running", "Shoes"]
    assert marked("WHITE HANGING HEART T-LIGHT HOLDER", "hanging hearts") == ["HANGING", "HEART"]


def test_an_unfinished_word_is_marked_at_its_start() -> None:
    assert marked("CHRISTMAS TREE", "tree", prefix="chri") == ["CHRISTMAS", "TREE"]


def test_chinese_words_are_marked_within_their_run() -> None:
    assert marked("无线蓝牙耳机", "耳機") == ["耳机"]


def test_markup_in_a_title_stays_text() -> None:
    pieces = highlight("<script>alert('lamp')</script>", tokens=["lamp"])
    assert [piece.text for piece in pieces if piece.match] == ["lamp"]
    assert "".join(piece.text for piece in pieces) == "<script>alert('lamp')</script>"


@given(text=st.text(max_size=80), query=st.text(max_size=20))
def test_the_pieces_are_the_text(text: str, query: str) -> None:
    pieces = highlight(text, tokens=analyser().query_tokens(query))
    assert "".join(piece.text for piece in pieces) == text
