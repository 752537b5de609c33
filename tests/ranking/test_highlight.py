"""Highlighting marks what matched and loses nothing."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from analysis.text import analyser, has_han
from index.query import Alternative, Text
from ranking.highlight import Needles, highlight, marks_of, needles_of


def looked_for(query: str, prefix: str = "") -> Needles:
    return Needles(frozenset(analyser().query_tokens(query)), prefix)


def marked(text: str, needles: Needles) -> list[str]:
    return [piece.text for piece in highlight(text, needles=needles) if piece.match]


def test_another_form_of_the_word_is_marked_as_written() -> None:
    assert marked("Running Shoes for Men", looked_for("run shoe")) == ["Running", "Shoes"]
    assert marked("Two Batteries, dying skies", looked_for("battery die sky")) == ["Batteries", "dying", "skies"]
    assert marked("WHITE HANGING HEART T-LIGHT HOLDER", looked_for("hanging hearts")) == ["HANGING", "HEART"]


def test_marks_of_trade_accents_and_apostrophes_hide_nothing() -> None:
    text = "Men's Café™ by O'Neil, ‘neil’ and 'lamp'; ＬＡＭＰ"
    assert marked(text, looked_for("mens cafe")) == ["Men's", "Café"]
    assert marked(text, looked_for("oneil")) == ["O'Neil"]
    assert marked(text, looked_for("neil")) == ["neil"]
    assert marked(text, looked_for("lamp")) == ["lamp", "ＬＡＭＰ"]


def test_an_unfinished_word_is_marked_at_its_start() -> None:
    assert marked("CHRISTMAS TREE", looked_for("tree", prefix="chri")) == ["CHRISTMAS", "TREE"]


def test_chinese_words_are_marked_within_their_run_in_either_script() -> None:
    assert marked("无线蓝牙耳机", looked_for("耳機")) == ["耳机"]
    assert marked("無線藍牙耳機", looked_for("耳机")) == ["耳機"]


def test_what_counts_as_a_word_is_marked_as_well() -> None:
    text = Text(
        ("couch", "lanya"),
        alternatives={
            0: (Alternative(("sofa",)), Alternative(("love", "seat"))),
            1: (Alternative(("lanya",), sound=True),),
        },
    )
    needles = needles_of(text)
    assert marked("Love seat, sofa or couch", needles) == ["Love", "seat", "sofa", "couch"]
    assert marked("无线蓝牙耳机", needles) == ["蓝牙"]


def test_pinyin_and_initials_mark_the_words_that_they_go_over() -> None:
    for sound, words in (("lanyaer", ["蓝牙", "耳机"]), ("lyej", ["蓝牙", "耳机"]), ("ej", ["耳机"]), ("xx", [])):
        needles = needles_of(Text((sound,), alternatives={0: (Alternative((sound,), sound=True),)}))
        assert marked("无线蓝牙耳机", needles) == words


def test_markup_in_a_title_stays_text() -> None:
    pieces = highlight("<script>alert('lamp')</script>", needles=looked_for("lamp"))
    assert [piece.text for piece in pieces if piece.match] == ["lamp"]
    assert "".join(piece.text for piece in pieces) == "<script>alert('lamp')</script>"


texts = st.text(max_size=80) | st.text(alphabet="abİßé'’_ -无线蓝牙耳機Ａ", max_size=40)


@given(text=texts, query=st.text(max_size=20), prefix=st.text(max_size=2))
def test_the_pieces_are_the_text(text: str, query: str, prefix: str) -> None:
    pieces = highlight(text, needles=looked_for(query, prefix))
    assert "".join(piece.text for piece in pieces) == text
    assert all(piece.text for piece in pieces)


@given(text=texts, places=st.sets(st.integers(0, 10), max_size=3))
def test_every_word_is_marked_that_has_a_token_looked_for(text: str, places: set[int]) -> None:
    words = [
        word
        for word in re.finditer(r"[^\W_]+(?:['\u2019][^\W_]+)*", text)
        if not has_han(word.group())  # those are cut into words of their own
    ]
    tokens = analyser().tokens(text)
    needles = Needles(frozenset(tokens[place] for place in places if place < len(tokens)))
    marks = {(mark.start, mark.stop) for mark in marks_of(text, needles=needles)}
    wanted = {word.span() for word in words if not needles.tokens.isdisjoint(analyser().tokens(word.group()))}
    assert wanted <= marks
    for start, stop in marks:
        assert not needles.tokens.isdisjoint(analyser().tokens(text[start:stop]))
