"""Money is exact, and two currencies never mix."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.money import Money

MINORS = st.integers(-(10**15), 10**15)


@given(minor=MINORS, currency=st.sampled_from(["GBP", "JPY", "KWD", "CNY"]))
def test_parsing_what_is_printed_gives_the_same_amount(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    amount, code = str(money).split(" ")
    assert Money.parse(amount, code) == money


@given(a=MINORS, b=MINORS, times=st.integers(-1000, 1000))
def test_sums_and_multiples_are_those_of_the_minor_units(a: int, b: int, times: int) -> None:
    assert (Money(a, "EUR") + Money(b, "EUR")).minor == a + b
    assert (Money(a, "EUR") - Money(b, "EUR")).minor == a - b
    assert (Money(a, "EUR") * times).minor == a * times


@pytest.mark.parametrize(("amount", "minor"), [("2.55", 255), (2.675, 268), ("0.005", 0), (Decimal("0.015"), 2)])
def test_a_fraction_of_the_minor_unit_goes_to_the_even_one(amount: str, minor: int) -> None:
    assert Money.parse(amount, "GBP").minor == minor


@pytest.mark.parametrize("amount", ["", "two", "nan", "inf", "1e400000000"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(InvalidInput):
        Money.parse(amount, "GBP")


@pytest.mark.parametrize("currency", ["", "gbp", "GB", "£££", "GBPX"])
def test_what_is_no_currency_is_refused(currency: str) -> None:
    with pytest.raises(InvalidInput):
        Money(1, currency)


def test_two_currencies_do_not_add_up() -> None:
    with pytest.raises(InvalidInput, match="cannot mix"):
        Money(1, "EUR") + Money(1, "GBP")
