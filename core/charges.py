"""What is added to the price of goods: shipping and tax, each one rule that a shop may replace.

A rule is a function `(basket, settings)` that the setting `MERX_SHIPPING_RULE` or `MERX_TAX_RULE` names as
`MODULE:NAME`. It must give the same answer for the same basket: what a cart shows is what checkout charges.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache
from importlib import import_module
from typing import Any

from core.errors import BadSettings, MerxError
from core.money import Money
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class BasketLine:
    """Pieces of one variant; `goods_minor` is what they cost together, after the discount."""

    variant: str
    seller: str
    category: str
    quantity: int
    goods_minor: int


@dataclass(frozen=True, slots=True)
class Basket:
    """What is to be sent where. `country` is empty where it is not known yet."""

    currency: str
    country: str
    lines: Sequence[BasketLine]

    @property
    def goods_minor(self) -> int:
        """All lines together, after discounts."""
        return sum(line.goods_minor for line in self.lines)


ShippingRule = Callable[[Basket, Settings], int]
TaxRule = Callable[[Basket, Settings], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Charges:
    """The two rules of a shop."""

    settings: Settings
    shipping_rule: ShippingRule
    tax_rule: TaxRule

    def shipping(self, basket: Basket) -> int:
        """Minor units for sending a basket; an empty one costs nothing."""
        return _charge(self.shipping_rule(basket, self.settings)) if basket.lines else 0

    def tax(self, basket: Basket) -> list[int]:
        """Minor units of tax that are added to each line."""
        taxes = [_charge(tax) for tax in self.tax_rule(basket, self.settings)]
        if len(taxes) != len(basket.lines):
            raise BadSettings("the tax rule must say what is added to each line")
        return taxes


def load_charges(settings: Settings) -> Charges:
    """The rules that the settings name; raises BadSettings where one is not there or cannot work."""
    charges = Charges(
        settings,
        shipping_rule=_named(settings.shipping_rule, "MERX_SHIPPING_RULE"),
        tax_rule=_named(settings.tax_rule, "MERX_TAX_RULE"),
    )
    trial = Basket("EUR", "", [BasketLine("trial", "trial", "", 1, 1000)])
    try:
        charges.shipping(trial)
        charges.tax(trial)
    except MerxError as error:
        raise BadSettings(error.message) from error
    return charges


def flat_shipping(basket: Basket, settings: Settings) -> int:
    """`MERX_SHIPPING_FLAT` for an order, nothing from `MERX_SHIPPING_FREE_FROM` of goods on (major units)."""
    free_from = settings.shipping_free_from
    if free_from and basket.goods_minor >= Money.parse(free_from, basket.currency).minor:
        return 0
    return Money.parse(settings.shipping_flat, basket.currency).minor


def table_tax(basket: Basket, settings: Settings) -> list[int]:
    """The percentage of `MERX_TAX_RATES` for the country (`*`: all others) on each line, rounded half to even."""
    rates = _rates(settings.tax_rates)
    rate = rates.get(basket.country.upper(), rates.get("*", Decimal(0)))
    return [
        int((line.goods_minor * rate / 100).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
        for line in basket.lines
    ]


@lru_cache(maxsize=8)
def _rates(text: str) -> Mapping[str, Decimal]:
    rates = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        country, _, percent = part.partition("=")
        try:
            rate = Decimal(percent)
        except InvalidOperation as error:
            raise BadSettings(f"MERX_TAX_RATES: {part!r} is not COUNTRY=PERCENT") from error
        if not country.strip() or not 0 <= rate <= 100:
            raise BadSettings(f"MERX_TAX_RATES: {part!r} is not COUNTRY=PERCENT")
        rates[country.strip().upper()] = rate
    return rates


def _charge(minor: int) -> int:
    if minor < 0:
        raise BadSettings("a rule of shipping or tax must not take anything off")
    return minor


def _named(text: str, variable: str) -> Any:
    module, _, name = text.partition(":")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise BadSettings(f"{variable}: there is no {text}") from error
