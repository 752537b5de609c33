"""What texts say is there, and what they say is not."""

from __future__ import annotations

import pytest

from analysis.negation import claims, lacks
from analysis.text import analyser


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("Sugar Free Chocolate", ["sugar"]),
        ("Shoes without laces", ["lace"]),
        ("No Sugar Added Jam", ["sugar"]),
        ("Stemless wine glass", ["stem"]),
        ("无糖饼干", ["糖"]),
        ("Jam, no added sugar", ["add", "sugar"]),
        ("Gluten and Dairy Free Bread", ["gluten", "dairi"]),
        ("Oats, free from gluten", ["gluten"]),
        ("不添加蔗糖的饼干", ["添加", "蔗糖"]),
        ("Chocolate with sugar", []),
    ],
)
def test_a_text_lacks_what_it_denies(text: str, denied: list[str]) -> None:
    tokens = analyser().tokens(text)
    assert lacks(tokens) == denied
    assert not set(claims(tokens)) & set(denied)


def test_what_is_not_denied_is_claimed() -> None:
    assert claims(analyser().tokens("red shoes without laces")) == ["red", "shoe", "without"]
