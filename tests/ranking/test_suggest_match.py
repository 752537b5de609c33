"""What was typed finds entries by beginnings of words, through slips of the fingers, and by sound."""

from __future__ import annotations

import pytest

from ranking.suggest_entries import Entry, folded, same_key
from ranking.suggest_match import MOST, SuggestionIndex

QUERIES = (
    ("electric kettle", 0.9),
    ("kettle", 0.8),
    ("desk lamp", 0.7),
    ("café table", 0.6),
    ("usb-c charger", 0.5),
    ("ak-4417 filter", 0.5),
    ("蓝牙耳机", 0.9),
    ("降噪耳机", 0.4),
    ("儿童雨衣", 0.3),
    ("绿茶", 0.2),
)
INDEX = SuggestionIndex([Entry("query", text, weight) for text, weight in QUERIES])


def found(typed: str) -> list[str]:
    return [match.entry.text for match in INDEX.find(typed)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("ket", "kettle"),  # what begins the text stands above what begins a later word
        ("elec ket", "electric kettle"),
        ("kettle elec", "electric kettle"),  # in any order
        ("DESK L", "desk lamp"),
        ("cafe", "café table"),
        ("CAFÉ", "café table"),
        ("usb c", "usb-c charger"),
        ("蓝牙", "蓝牙耳机"),
        ("藍牙", "蓝牙耳机"),
        ("耳", "蓝牙耳机"),
        ("耳機", "蓝牙耳机"),
        ("lanya", "蓝牙耳机"),
        ("lan ya er ji", "蓝牙耳机"),
        ("lyej", "蓝牙耳机"),
        ("erji", "蓝牙耳机"),
        ("jzej", "降噪耳机"),
        ("lvcha", "绿茶"),
        ("ertong", "儿童雨衣"),
    ],
)
def test_the_beginning_finds_it(typed: str, first: str) -> None:
    assert found(typed)[0] == first


@pytest.mark.parametrize("typed", ["ketle", "kettel", "kattle", "kkettle"])
def test_a_slip_of_the_fingers_finds_it(typed: str) -> None:
    assert {"kettle", "electric kettle"} <= set(found(typed))


@pytest.mark.parametrize("typed", ["dsek la", "deks lam", "desk lmap"])
def test_a_slip_in_any_word(typed: str) -> None:
    assert found(typed) == ["desk lamp"]


def test_what_was_corrected_stands_below_and_says_so() -> None:
    index = SuggestionIndex([Entry("query", "kettle", 0.1), Entry("query", "kettel drum", 0.01)])
    matches = index.find("kettel")
    assert [(match.entry.text, match.corrected) for match in matches] == [("kettel drum", False), ("kettle", True)]


@pytest.mark.parametrize("typed", ["ak-4418", "ak4417x", "4471", "blm", "qwertz", "", " ", "!?", "蓝呀"])
def test_codes_short_words_and_han_are_not_guessed_at(typed: str) -> None:
    assert found(typed) == []


def test_han_is_not_diluted_by_what_sounds_the_same() -> None:
    index = SuggestionIndex([Entry("query", "事实", 0.9), Entry("query", "试试", 0.9)])
    assert [match.entry.text for match in index.find("事")] == ["事实"]
    assert {match.entry.text for match in index.find("shishi")} == {"事实", "试试"}


def test_the_most_asked_for_are_kept_of_many() -> None:
    index = SuggestionIndex([Entry("query", f"lamp {number}", number / 1000) for number in range(1000)])
    matches = index.find("la")
    assert [match.entry.text for match in matches] == [f"lamp {number}" for number in range(999, 999 - MOST, -1)]


def test_an_empty_list_finds_nothing() -> None:
    assert SuggestionIndex([]).find("lamp") == []
    assert SuggestionIndex([]).find("lampen schirm") == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("Kettles", "kettle"), ("desk lamps", "lamp desk"), ("檯燈", "台灯"), ("CAFÉ", "cafe")],
)
def test_what_is_the_same_to_a_shopper(one: str, other: str) -> None:
    assert same_key(one) == same_key(other)


@pytest.mark.parametrize(
    ("text", "plain"),
    [("Crème  Brûlée!", "creme brulee"), ("藍牙 耳機", "蓝牙耳机"), ("USB 充電器", "usb充电器"), ("\x00", "")],
)
def test_folding(text: str, plain: str) -> None:
    assert folded(text) == plain
