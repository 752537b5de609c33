"""Corrections, splits, joins, synonyms and sounds: what counts as the words of a query too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.lexicon_fit import Entry, fit_lexicon
from analysis.synonyms import Synonyms, parse_rule
from index.query import Alternative
from ranking.understanding import MAX_QUERY_LENGTH, UnderstoodQuery, understand
from tests.ranking.lexicons import small_lexicon


def read(query: str, **options: object) -> UnderstoodQuery:
    return understand(query, encoder=None, lexicon=small_lexicon(), **options)  # type: ignore[arg-type]


def others(query: str, place: int = 0, **options: object) -> set[tuple[str, ...]]:
    """The tokens of the alternatives that are no sounds."""
    text = read(query, **options).text
    assert text is not None
    return {other.tokens for other in text.alternatives.get(place, ()) if not other.sound}


def sounds(query: str, place: int = 0) -> dict[str, float]:
    text = read(query).text
    assert text is not None
    return {other.tokens[0]: other.weight for other in text.alternatives.get(place, ()) if other.sound}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("wirless", "wireless"),
        ("wierless", "wireless"),
        ("wirelless", "wireless"),
        ("wirelezs", "wireless"),
        ("haedphnes", "headphones"),
        ("lammp", "lamp"),
    ],
)
def test_an_unknown_word_is_corrected_and_stays(typed: str, meant: str) -> None:
    found = read(typed)
    assert found.corrections == ((typed, meant),)
    assert found.text is not None
    assert found.text.tokens == read(typed).text.tokens  # type: ignore[union-attr]
    assert found.text.alternatives
    assert found.text.tokens[0].startswith(typed[:4])


@pytest.mark.parametrize(
    "typed", ["wireless", "headphone", "lamps", "lam", "SK-2", "wireles5", "1234567890123", "耳机"]
)
def test_known_words_short_ones_and_codes_are_not_corrected(typed: str) -> None:
    assert read(typed).corrections == ()


def test_neighbours_say_which_word_is_meant() -> None:
    assert read("desk lamv").corrections == (("lamv", "lamp"),)
    assert read("lamv wool").corrections == (("lamv", "lamb"),)


def test_what_the_live_index_knows_is_not_corrected() -> None:
    assert read("wirless", known=lambda token: token == "wirless").corrections == ()


@pytest.mark.parametrize(
    ("typed", "corrected"),
    [
        ("wirless, headfones!", "wireless, headphones!"),
        ("Wirless-Headfones under 50", "wireless-headphones under 50"),
        ("手机headfones", "手机headphones"),
    ],
)
def test_a_correction_leaves_what_is_around_it(typed: str, corrected: str) -> None:
    assert read(typed).corrected == corrected


def test_what_may_be_meant_keeps_its_price_and_what_is_denied() -> None:
    assert read("desk lanp without dimmer under 50").did_you_mean == "desk lamp without dimmer under 50"


def test_a_rare_word_with_a_frequent_neighbour_is_asked_about() -> None:
    found = read("desk lanp")
    assert (found.corrections, found.did_you_mean) == ((), "desk lamp")
    assert read("desk lamp").did_you_mean is None


def test_boldly_known_words_are_corrected_too() -> None:
    assert ("lanp", "lamp") in read("desk lanp", bold=True).corrections


def test_unfinished_pinyin_is_no_slip() -> None:
    lexicon = fit_lexicon([Entry("Shoulder Bag"), Entry("智能手机")])
    assert understand("shouj", encoder=None, lexicon=lexicon, prefix=True).corrections == ()
    assert understand("shouq", encoder=None, lexicon=lexicon, prefix=True).corrections == (("shouq", "shoulder"),)


def test_an_unfinished_word_is_corrected_only_when_none_begins_so() -> None:
    assert read("wirel", prefix=True).corrections == ()
    assert ("headphon",) in others("haedp", prefix=True)
    assert read("haedp").corrections == ()


@pytest.mark.parametrize(
    ("typed", "place", "tokens"),
    [
        ("firestick", 0, ("fire", "stick")),
        ("ecloth", 0, ("e", "cloth")),
        ("tshirt", 0, ("t", "shirt")),
        ("head set", 0, ("headset",)),
        ("head set", 1, ("headset",)),
        ("runningshoes", 0, ("run", "shoe")),
    ],
)
def test_words_are_split_and_joined_as_the_catalogue_has_them(
    typed: str, place: int, tokens: tuple[str, ...]
) -> None:
    assert tokens in others(typed, place)


def test_all_ways_of_writing_t_shirt_are_words_of_the_catalogue() -> None:
    assert read("t-shirt").text == read("t shirt").text


def test_synonyms_count_too_where_they_begin_and_end() -> None:
    rules = Synonyms([parse_rule("torch, flash light"), parse_rule("trainers => running shoes")])
    assert others("big torch", 1, synonyms=rules) == {("flash", "light")}
    assert others("flash light", 0, synonyms=rules) == others("flash light", 1, synonyms=rules) == {("torch",)}
    assert others("trainers", synonyms=rules) >= {("run", "shoe")}
    assert ("trainer",) not in others("running shoes", synonyms=rules)


@pytest.mark.parametrize(
    ("typed", "place", "run"),
    [
        ("lan ya er ji", 0, "lanyaerji"),
        ("lan ya er ji", 3, "lanyaerji"),
        ("lanya erji", 1, "lanyaerji"),
        ("lanyaerji", 0, "lanyaerji"),
        ("lyej", 0, "lyej"),
        ("yundongxie", 0, "yundongxie"),
    ],
)
def test_letters_may_be_pinyin_or_initials(typed: str, place: int, run: str) -> None:
    assert run in sounds(typed, place)


def test_the_exact_sound_of_a_word_is_taken_for_it() -> None:
    assert sounds("erji")["erji"] == 1.0
    assert read("erji").corrections == ()
    assert sounds("lyej")["lyej"] < 1.0


@pytest.mark.parametrize("typed", ["蓝牙耳机", "藍牙 erji", "耳机 wirless"])
def test_chinese_characters_have_no_sounds(typed: str) -> None:
    text = read(typed).text
    assert text is not None
    assert not any(other.sound for found in text.alternatives.values() for other in found)


def test_english_words_that_are_known_have_no_sounds() -> None:
    text = read("desk lamp").text
    assert text is not None
    assert text.alternatives == {}


def test_both_scripts_are_one() -> None:
    assert read("無線藍牙耳機").text == read("无线蓝牙耳机").text


def test_full_width_letters_and_digits_are_plain_ones() -> None:
    assert read("Ｄｅｓｋ　Ｌａｍｐ １２").text == read("desk lamp 12").text


@given(st.text(max_size=MAX_QUERY_LENGTH), st.booleans(), st.booleans())
def test_any_text_is_understood(query: str, prefix: bool, bold: bool) -> None:
    found = read(query, prefix=prefix, bold=bold)
    if found.text is not None:
        assert all(found.text.tokens)
        assert set(found.text.alternatives) <= set(range(len(found.text.tokens)))
        others = [other for held in found.text.alternatives.values() for other in held]
        assert all(isinstance(other, Alternative) and all(other.tokens) for other in others)


@given(
    st.lists(st.sampled_from(("the", "of", "no", "without", "under", "50", "i", "need", "a", "lamp")), max_size=6)
)
def test_what_has_words_is_never_emptied(words: list[str]) -> None:
    query = " ".join(words)
    found = read(query)
    assert found.text is not None or found.where is not None or not words
