"""Snippets show the best part of a description, and nothing that is not in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analysis.text import analyser
from ranking.highlight import Needles
from ranking.snippets import SCANNED, WORDS, Snippet, snippet

FILLER = "Made by hand in a small workshop near the sea, it comes in a plain box without plastic. "


def looked_for(query: str) -> Needles:
    return Needles(frozenset(analyser().query_tokens(query)))


def cut(text: str, query: str) -> Snippet:
    found = snippet(text, needles=looked_for(query))
    assert found is not None
    return found


def shown(found: Snippet) -> str:
    return "".join(piece.text for piece in found.shown)


def test_a_short_description_is_shown_whole() -> None:
    found = cut("A lamp for the desk, made to last.\n", "lamp")
    assert shown(found) == "A lamp for the desk, made to last."
    assert [piece.text for piece in found.pieces if piece.match] == ["lamp"]


def test_without_a_match_there_is_none() -> None:
    assert snippet(FILLER, needles=looked_for("lamp")) is None
    assert snippet("", needles=looked_for("lamp")) is None
    assert snippet(FILLER, needles=Needles()) is None


def test_the_place_with_the_most_of_the_words_is_shown() -> None:
    text = f"This lamp is green. {FILLER * 4}A brass desk lamp with a long neck. {FILLER * 4}"
    found = cut(text, "brass desk lamp")
    assert shown(found).startswith("… A brass desk lamp with a long neck. Made by hand")
    assert shown(found).endswith(" …")


def test_a_snippet_has_about_thirty_words() -> None:
    text = " ".join(f"word{place}" for place in range(500))
    found = cut(text, "word200")
    words = "".join(piece.text for piece in found.pieces).split()
    assert len(words) == WORDS
    assert words.index("word200") == 8
    assert (found.before, found.after) == (True, True)


def test_it_ends_with_a_sentence_where_one_ends_nearby() -> None:
    text = f"The lamp stands on three legs of oak and gives a warm light over all of your desk. {FILLER}{FILLER}"
    assert shown(cut(text, "lamp")).endswith("over all of your desk. …")


def test_chinese_is_cut_by_its_own_words_and_sentences() -> None:
    filler = "这是一个很长的句子没有关系。" * 12
    found = cut(f"{filler}这款蓝牙耳机音质很好，佩戴舒适。{filler}", "藍牙耳機")
    assert shown(found).startswith("… 这款蓝牙耳机音质很好")
    assert [piece.text for piece in found.pieces if piece.match] == ["蓝牙", "耳机"]
    assert len("".join(piece.text for piece in found.pieces)) <= 3 * WORDS


def test_what_stands_far_down_or_without_spaces_is_bounded() -> None:
    assert snippet("x" * SCANNED + " lamp", needles=looked_for("lamp")) is None
    found = cut("lamp " + "x" * 100_000, "lamp")
    assert len(shown(found)) < 500


def test_markup_stays_text() -> None:
    found = cut("<b>lamp</b> & <script>alert(1)</script>", "lamp")
    assert shown(found) == "<b>lamp</b> & <script>alert(1)</script>"


pieces = st.sampled_from(("lamp", "desk ", "。", ". ", "\n", "蓝牙", "<b>", "é", "a b c ", "…", "word " * 30))
texts = st.text(max_size=200) | st.lists(pieces, max_size=40).map("".join)


@given(texts, st.text(max_size=8) | st.just("lamp desk 蓝牙"))
def test_a_snippet_is_a_part_of_its_text(text: str, query: str) -> None:
    found = snippet(text, needles=looked_for(query))
    if found is None:
        return
    inner = "".join(piece.text for piece in found.pieces)
    assert inner in text
    assert any(piece.match for piece in found.pieces)
    assert shown(found) == ("… " if found.before else "") + inner + (" …" if found.after else "")
    if not found.before:
        assert text.startswith(inner)
    if not found.after:
        assert text.rstrip().endswith(inner.rstrip())
