"""What is typed is cleaned, bounded, and becomes words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.encoder import LsaEncoder
from core.errors import InvalidInput
from ranking.understanding import MAX_QUERY_LENGTH, clean_query, understand


def test_a_query_becomes_words_and_a_vector() -> None:
    encoder = LsaEncoder.fit(["red desk lamp", "blue rug"], dimensions=2)
    understood = understand("  the red\tLAMPS ", encoder=encoder, prefix=True)
    assert understood.typed == "the red LAMPS"
    assert understood.text is not None
    assert (understood.text.tokens, understood.text.prefix) == (("red", "lamp"), True)
    assert understood.vector is not None
    assert understood.vector.shape == (encoder.dimensions,)


def test_unknown_words_have_no_vector() -> None:
    encoder = LsaEncoder.fit(["red desk lamp"], dimensions=2)
    assert understand("zzzz", encoder=encoder).vector is None


def test_a_query_without_words_browses() -> None:
    assert understand("!!!", encoder=None).text is None


def test_a_query_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidInput, match=str(MAX_QUERY_LENGTH)):
        understand("x" * (MAX_QUERY_LENGTH + 1), encoder=None)


@given(st.text(max_size=MAX_QUERY_LENGTH))
def test_any_text_is_understood(query: str) -> None:
    understood = understand(query, encoder=None)
    assert clean_query(understood.typed) == understood.typed
    assert "\x00" not in understood.typed
