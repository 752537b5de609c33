"""Boosts: what a storefront asks to stand further up, or down, in a row.

A boost is written `brand:Acme^1.5`, `category:Home > Lamps^2` or `new^1.2`: a score is multiplied by the factors
of all boosts that a product meets, and the difference is a part of the score of its own. Products that came after
the models were trained are found by their text alone, and not boosted. Products that the models do
not know are found by their text alone and have no such factor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.errors import InvalidInput
from ranking.serving import Served
from recsys.data import Floats
from recsys.histories import DAY

MOST = 10
LEAST_FACTOR, MOST_FACTOR = 0.1, 10.0
NEW_DAYS = 60.0  # a product is new for so long after its release


@dataclass(frozen=True, slots=True)
class Boost:
    """What meets it is scored `factor` times as high. `value` is a brand, or a category's path at any depth."""

    field: Literal["brand", "category", "new"]
    value: str
    factor: float


def parse_boosts(texts: Sequence[str]) -> tuple[Boost, ...]:
    """The boosts that texts say; raises InvalidInput for one that says none, and for more than MOST."""
    if len(texts) > MOST:
        raise InvalidInput(f"there are at most {MOST} boosts, not {len(texts)}")
    return tuple(_parsed(text) for text in texts)


def factors(served: Served, boosts: Sequence[Boost], *, now: int) -> Floats | None:
    """What the scores of all items are multiplied by, shape [items]; None without boosts. `now`: epoch seconds."""
    if not boosts:
        return None
    product = np.ones(len(served.items), dtype=np.float32)
    facts = served.facts
    for boost in boosts:
        match boost.field:
            case "brand":
                meets = facts.brands == facts.brand_of(boost.value)
            case "category":
                meets = facts.within(tuple(boost.value.split(" > ")))
            case _:
                meets = served.items.released_at >= now - int(NEW_DAYS * DAY)
        product[meets] *= np.float32(boost.factor)
    return product


def _parsed(text: str) -> Boost:
    condition, sign, number = text.rpartition("^")
    name, colon, value = condition.partition(":")
    try:
        factor = float(number)
    except ValueError:
        factor = math.nan
    if not sign or not LEAST_FACTOR <= factor <= MOST_FACTOR:
        raise InvalidInput(
            f"a boost ends in ^ and a factor from {LEAST_FACTOR:g} to {MOST_FACTOR:g}, like new^1.2"
        )
    if name == "new" and not colon:
        return Boost("new", "", factor)
    if name == "brand" and value:
        return Boost("brand", value, factor)
    if name == "category" and value:
        return Boost("category", value, factor)
    raise InvalidInput("a boost is brand:NAME^FACTOR, category:PATH^FACTOR or new^FACTOR")
