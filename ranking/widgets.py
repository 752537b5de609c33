"""The rows around products and carts, and the one for a shopper: similar, bought together, cart, for you.

Each blends several generators, and each row says what they brought. All are pure functions of the served models,
the request and what can be sold now; they hold no state.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

import numpy as np

from ranking.boosts import Boost
from ranking.mixing import Mixture, mix
from ranking.precomputed import Recipe
from ranking.rows import (
    LARGEST,
    Allowed,
    Mixed,
    Row,
    Sellable,
    Wanted,
    anchored_row,
    anchors,
    mixture_of,
    without,
)
from ranking.serving import Facts, Served
from recsys.data import History, Items

__all__ = ["LARGEST", "Row", "Sellable", "bought_together", "cart", "home", "similar"]

_ANCHORS = 100  # the newest anchors that count
_TWIN = 0.8  # how near an item's content is to another's (of 1) where the one would be bought instead of the other
_KIN = 0.5  # of the content that the nearest item shares: less is another kind of thing
_FEW = 3  # products that make a row

# What the generators count for rows around anchor items; each is normalised to 1 for its best item. Shoppers' own
# deeds lead; content and sales fill up where too little is known of an item.
SIMILAR = {"substitutes": 1.0, "content": 1.0, "item_item": 0.6, "als": 0.3, "taste": 0.05}
TOGETHER = {"cooccurrence": 1.0, "item_item": 0.3, "transitions": 0.2, "content": 0.1, "taste": 0.02}
CART = {**TOGETHER, "trending": 0.02, "popularity": 0.01}


def home(
    served: Served,
    history: History,
    *,
    now: int,
    size: int = 12,
    sellable: Sellable | None = None,
    hidden: Collection[str] = (),
    boosts: Sequence[Boost] = (),
) -> list[Row]:
    """For a shopper: new to them, from the served blend; what sells best for a shopper without a past.

    `sellable` None means what was sellable in the snapshot; `hidden` products are left out. Varied by
    `Mixed.varied` while there is anything else. Raises InvalidInput for a size outside 1 to LARGEST.
    """
    wanted = Wanted(size, sellable, hidden, boosts, now)
    mixed = Mixed(served, mixture_of(served, history, now=now), wanted)
    candidates = mixed.best(mixed.allowed(), least=2 * size)
    return mixed.rows(mixed.varied(candidates, size=size), voice="shopper")


def similar(
    served: Served,
    item_id: str,
    *,
    size: int = 12,
    sellable: Sellable | None = None,
    hidden: Collection[str] = (),
    boosts: Sequence[Boost] = (),
    now: int = 0,
    strict: bool = False,
) -> list[Row]:
    """What could be bought instead of one product: of its category or much like it.

    Where there are not _FEW such it is whatever the same shoppers like, unless it is to be `strict`.

    Raises NotFound for a product that the models do not know.
    """
    wanted = Wanted(size, sellable, hidden, boosts, now)
    listed = listed_rows(served, item_id, wanted, name="similar", strict=strict)
    if listed is not None:
        return listed
    number = served.number(item_id)
    mixture = mix(served.blend.models, SIMILAR, anchors([number]), now=now)
    mixed = Mixed(served, mixture, wanted)
    allowed = mixed.allowed()
    found = mixed.best(allowed & ~strangers(served.facts, mixture, number), least=size)
    if len(found) < min(size, _FEW) and not strict:
        found = mixed.best(allowed, least=size)
    return mixed.rows(found[:size], voice="anchor")


def bought_together(
    served: Served,
    item_id: str,
    *,
    size: int = 6,
    sellable: Sellable | None = None,
    hidden: Collection[str] = (),
    boosts: Sequence[Boost] = (),
    now: int = 0,
) -> list[Row]:
    """What goes into the same basket as one product; like it where too few baskets are known.

    Nothing that would only be bought instead of it (see `twins`), unless there are not even _FEW others. Raises
    NotFound for a product that the models do not know.
    """
    wanted = Wanted(size, sellable, hidden, boosts, now)
    listed = listed_rows(served, item_id, wanted, name="bought-together")
    if listed is not None:
        return listed
    number = served.number(item_id)
    mixture = mix(served.blend.models, TOGETHER, anchors([number]), now=now)
    mixed = Mixed(served, mixture, wanted)
    allowed = mixed.allowed()
    found = mixed.best(allowed & ~twins(served.facts, mixture, number), least=size)
    if len(found) < min(size, _FEW):
        found = mixed.best(allowed, least=size)
    return mixed.rows(found[:size], voice="anchor")


def cart(
    served: Served,
    item_ids: Sequence[str],
    *,
    size: int = 6,
    sellable: Sellable | None = None,
    hidden: Collection[str] = (),
    boosts: Sequence[Boost] = (),
    now: int = 0,
) -> list[Row]:
    """What goes with a cart, its own products left out; unknown ones are ignored, an empty one gets what sells."""
    wanted = Wanted(size, sellable, hidden, boosts, now)
    known = [served.numbers[item] for item in dict.fromkeys(item_ids) if item in served.numbers][-_ANCHORS:]
    mixed = Mixed(served, mix(served.blend.models, CART, anchors(known), now=now), wanted)
    candidates = mixed.best(mixed.allowed(), least=2 * size)
    return mixed.rows(mixed.varied(candidates, size=size), voice="anchor")


def recipes(items: Items) -> dict[str, Recipe]:
    """What the lists of a version are computed from, by the name of the widget."""
    return {
        "similar": Recipe(SIMILAR, behind=partial(strangers, Facts.of(items))),
        "bought-together": Recipe(TOGETHER, behind=partial(twins, Facts.of(items))),
    }


def listed_rows(
    served: Served, item_id: str, wanted: Wanted, *, name: str, strict: bool = False
) -> list[Row] | None:
    """A row from the lists that were computed with the version: the same as computed now, but looked up.

    None where that would not be the same: there are no such lists, boosts change the order, or too few of the
    listed products can be shown. Raises NotFound for a product that the models do not know.
    """
    number = served.number(item_id)
    lists = served.lists.get(name)
    if lists is None or wanted.boosts:
        return None
    listed = lists.row(number)
    free = np.flatnonzero(without(served, wanted.hidden)[listed.items])
    names = [served.items.ids[item] for item in listed.items[free]]
    if wanted.sellable is None:
        can = {product for product in names if served.items.sellable[served.numbers[product]]}
    else:
        can = set(wanted.sellable(names))
    kept = [place for place, product in zip(free, names, strict=True) if product in can][: wanted.size]
    ahead = sum(place < listed.ahead for place in kept)
    if len(kept) < wanted.size or ((strict or ahead > 0) and ahead < len(kept)):
        return None
    return [
        anchored_row(served, number, int(listed.items[place]), dict(zip(lists.generators, parts, strict=True)))
        for place, parts in zip(kept, listed.parts[kept].tolist(), strict=True)
    ]


def strangers(facts: Facts, mixture: Mixture, item: int) -> Allowed:
    """Which items nobody would buy instead of one, whatever else the same shoppers like, shape [items].

    They are of another category, and say little of themselves that it says too (_KIN of the nearest).
    """
    other: Allowed = facts.paths != facts.paths[item]
    content = mixture.parts.get("content")
    return other if content is None else other & (content < _KIN * SIMILAR["content"])


def twins(facts: Facts, mixture: Mixture, item: int) -> Allowed:
    """Which items would be bought instead of one, not with it, shape [items].

    They are of its category, say nearly the same of themselves (_TWIN of what it has in common with itself), and
    are not in one basket with it more often than chance.
    """
    content = mixture.parts.get("content")
    if content is None:
        return np.zeros(len(facts.paths), dtype=np.bool_)
    near: Allowed = content >= _TWIN * max(float(content[item]), 1e-12)
    near &= facts.paths == facts.paths[item]
    together = mixture.parts.get("cooccurrence")
    return near if together is None else near & (together <= 0)
