"""The one analyser: what a shopper types and what a merchant wrote become the same tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.text import STOP_WORDS, analyser, code_key, has_han


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Café Crème", "cafe creme"),
        ("women's shoes", "womens shoe"),
        ("women’s", "women"),
        ("無線藍牙耳機", "无线蓝牙耳机"),
        ("ＡＢＣ　１２３", "abc 123"),
        ("running shoes", "run shoe"),
        ("Kindle™", "kindle"),
        ("dont", "don't"),
    ],
)
def test_two_spellings_meet(one: str, other: str) -> None:
    # "women" and "womens" share their stem
    assert analyser().tokens(one) == analyser().tokens(other)


def test_chinese_is_cut_into_words() -> None:
    assert analyser().tokens("无线蓝牙耳机 Bluetooth") == ["无线", "蓝牙", "耳机", "bluetooth"]


def test_a_code_keeps_its_letters_and_digits() -> None:
    assert analyser().tokens("HP dv7-1211ea") == ["hp", "dv7", "1211ea"]
    assert code_key("dv7-1211ea") == code_key("DV7 1211EA") == "DV71211EA"


@pytest.mark.parametrize("text", ["", "   ", "!!! --- ???", "™®"])
def test_text_without_words_has_no_tokens(text: str) -> None:
    assert analyser().tokens(text) == []


def test_stop_words_never_empty_a_query() -> None:
    assert analyser().query_tokens("lamp for the desk") == ["lamp", "desk"]
    assert analyser().query_tokens("to be or") == ["to", "be", "or"]


def test_stop_words_are_tokens_of_their_own() -> None:
    assert {token for word in STOP_WORDS for token in analyser().tokens(word)} == STOP_WORDS


@given(st.text(max_size=200))
def test_any_text_is_analysed_the_same_way_twice(text: str) -> None:
    tokens = analyser().tokens(text)
    assert tokens == analyser().tokens(text)
    assert all(token and not any(letter.isspace() for letter in token) for token in tokens)


@given(st.text(alphabet="abc 耳机無線", max_size=40))
def test_chinese_is_found_wherever_it_stands(text: str) -> None:
    assert has_han(text) == any(letter in "耳机無線" for letter in text)
