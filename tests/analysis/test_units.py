"""Units behind numbers are written one way; whatever is no unit stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.text import analyser
from analysis.units import unify_units, unit_of


@pytest.mark.parametrize(
    ("ways", "tokens"),
    [
        (("2l", "2 l", "2 L", "2 litre", "2-liter", "2 litres", "2升", "2 升"), ["2", "l"]),
        (("1.5tb", "1.5 TB", "1.5 terabytes"), ["1", "5", "tb"]),
        (('10"', "10 inch", "10in", "10-inch", "10″", "10''", "10英寸", "10寸"), ["10", "inch"]),
        (("500ml", "500 millilitres", "500毫升"), ["500", "ml"]),
        (("10x20cm", "10 x 20 cm", "10×20 cm", "10 x 20厘米"), ["10", "x", "20", "cm"]),
        (("5m", "5 metres", "5米"), ["5", "m"]),
        (("5000mah", "5000 mAh"), ["5000", "mah"]),
    ],
)
def test_every_way_of_writing_a_quantity_is_the_same(ways: tuple[str, ...], tokens: list[str]) -> None:
    for way in ways:
        assert analyser().tokens(way) == tokens, way
        assert analyser().tokens(f"bottle {way} blue") == ["bottl", *tokens, "blue"], way


@pytest.mark.parametrize(
    "text", ["006R90321", "dv7-1211ea", "iphone 5s", "3 in 1", "AC2l5", "5m2", "B07CXG6C9W", "litre", "A3x4"]
)
def test_codes_and_bare_words_stay_as_they_are(text: str) -> None:
    assert unify_units(text) == text


def test_a_chinese_text_goes_on_behind_its_unit() -> None:
    assert analyser().tokens("500毫升瓶") == ["500", "ml", "瓶"]


def test_a_word_is_known_for_its_unit() -> None:
    assert (unit_of("Litres"), unit_of("公斤"), unit_of("lamp")) == ("l", "kg", None)


@given(st.text(alphabet='0123456789.,x×* "-lmgk升寸in′’a', max_size=30))
def test_no_number_is_lost_or_made(text: str) -> None:
    assert [sign for sign in unify_units(text) if sign.isdigit()] == [sign for sign in text if sign.isdigit()]
    assert [token for _, token in analyser().words_and_tokens(text)] == analyser().tokens(text)
