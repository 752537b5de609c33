"""The rows of a storefront: home, similar, bought together, cart.

Each blends several generators, and each row says what they brought. All are pure functions of the served models,
the request and what can be sold now; they hold no state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from ranking.mixing import Mixture, mix
from ranking.serving import Served
from recsys.data import History, Ints
from recsys.histories import top

# Gives those of the products asked for that can be sold at this moment.
Sellable = Callable[[Sequence[str]], Collection[str]]

LARGEST = 200  # rows at most in one answer
_ANCHORS = 100  # the newest anchors that count
_BECAUSE = 3  # how many reasons a row names

# What the generators count for rows around anchor items; each is normalised to 1 for its best item. Shoppers' own
# deeds lead; content and sales fill up where too little is known of an item.
SIMILAR = {"content": 1.0, "item_item": 0.6, "als": 0.3, "taste": 0.05}
TOGETHER = {"cooccurrence": 1.0, "item_item": 0.3, "transitions": 0.2, "content": 0.1, "taste": 0.02}
CART = {**TOGETHER, "trending": 0.02, "popularity": 0.01}


@dataclass(frozen=True, slots=True)
class Row:
    """One recommended product. `parts` (by generator) add up to `score`.

    `kind` is the generator that brings the most; `because` are products of the history or the anchors that speak
    for it, the strongest first (empty where it is shown to anyone); `text` says so in English.
    """

    item_id: str
    score: float
    parts: Mapping[str, float]
    kind: str
    because: Sequence[str]
    text: str


def home(
    served: Served,
    history: History,
    *,
    now: int,
    size: int = 12,
    sellable: Sellable | None = None,
    hidden: Collection[str] = (),
) -> list[Row]:
    """For a shopper: new to them, from the served blend; what sells best for a shopper without a past.

    `sellable` None means what was sellable in the snapshot; `hidden` products are left out. Not more than a third
    of the row is of one brand, or half of one leaf category, while there is anything else. Raises InvalidInput for
    a size outside 1 to LARGEST.
    """
    mixture = mix(served.blend.models, served.blend.weights, history, now=now)
    return _rows(served, mixture, size=size, sellable=sellable, hidden=hidden, varied=True, said=_SHOPPER)


def similar(
    served: Served, item_id: str, *, size: int = 12, sellable: Sellable | None = None, hidden: Collection[str] = ()
) -> list[Row]:
    """Like one product, itself left out. Raises NotFound for a product that the models do not know."""
    mixture = mix(served.blend.models, SIMILAR, _anchors([served.number(item_id)]), now=0)
    return _rows(served, mixture, size=size, sellable=sellable, hidden=hidden, said=_LIKE)


def bought_together(
    served: Served, item_id: str, *, size: int = 6, sellable: Sellable | None = None, hidden: Collection[str] = ()
) -> list[Row]:
    """What goes into the same basket as one product; like it where too few baskets are known.

    Raises NotFound for a product that the models do not know.
    """
    mixture = mix(served.blend.models, TOGETHER, _anchors([served.number(item_id)]), now=0)
    return _rows(served, mixture, size=size, sellable=sellable, hidden=hidden, said=_LIKE)


def cart(
    served: Served,
    item_ids: Sequence[str],
    *,
    size: int = 6,
    sellable: Sellable | None = None,
    hidden: Collection[str] = (),
) -> list[Row]:
    """What goes with a cart, its own products left out; unknown ones are ignored, an empty one gets what sells."""
    known = [served.numbers[item] for item in dict.fromkeys(item_ids) if item in served.numbers][-_ANCHORS:]
    mixture = mix(served.blend.models, CART, _anchors(known), now=0)
    return _rows(served, mixture, size=size, sellable=sellable, hidden=hidden, varied=True, said=_LIKE)


def _anchors(items: Sequence[int]) -> History:
    """Items that count alike: all of one moment."""
    numbers = np.array(items, dtype=np.int32)
    return History(numbers, np.zeros(len(items), dtype=np.int64), np.ones(len(items), dtype=np.float32))


def _rows(
    served: Served,
    mixture: Mixture,
    *,
    size: int,
    sellable: Sellable | None,
    hidden: Collection[str],
    said: Mapping[str, str],
    varied: bool = False,
) -> list[Row]:
    if not 1 <= size <= LARGEST:
        raise InvalidInput(f"a row has 1 to {LARGEST} products, not {size}", size=size)
    allowed = np.ones(len(served.items), dtype=np.bool_) if sellable else served.items.sellable.copy()
    allowed[[served.numbers[item] for item in hidden if item in served.numbers]] = False
    own = mixture.history.items
    allowed[own[(own >= 0) & (own < len(allowed))]] = False
    chosen = _choose(served, mixture.total, allowed, size=size, sellable=sellable, varied=varied)
    sources, shares, _ = mixture.contributions(chosen)
    return [
        _row(served, mixture, int(item), sources, brought, said)
        for item, brought in zip(chosen, shares, strict=True)
    ]


def _choose(
    served: Served,
    scores: npt.NDArray[np.float32],
    allowed: npt.NDArray[np.bool_],
    *,
    size: int,
    sellable: Sellable | None,
    varied: bool,
) -> Ints:
    """The best items that can be sold, looked at in growing portions: stock is asked for few of them."""
    portion = 4 * size
    while True:
        best = top(scores, size=portion, allowed=allowed)
        ids = [served.items.ids[item] for item in best]
        can = set(sellable(ids)) if sellable else set(ids)
        able = [int(item) for item, product in zip(best, ids, strict=True) if product in can]
        if len(able) >= 2 * size or len(best) < portion:
            return np.array(_varied(served, able, size) if varied else able[:size], dtype=np.int32)
        portion *= 4


def _varied(served: Served, items: Sequence[int], size: int) -> list[int]:
    """The first `size` items with caps on brand and leaf category; what the caps held back fills up the end."""
    most = {"brand": max(1, -(-size // 3)), "category": max(1, -(-size // 2))}
    seen: Counter[tuple[str, str]] = Counter()
    kept: list[int] = []
    held: list[int] = []
    for item in items:
        names = (("brand", served.items.brands[item]), ("category", (served.items.categories[item] or ("",))[-1]))
        labels = [(kind, name) for kind, name in names if name]
        if len(kept) < size and all(seen[label] < most[label[0]] for label in labels):
            kept.append(item)
            seen.update(labels)
        else:
            held.append(item)
    return [*kept, *held][:size]


def _row(
    served: Served,
    mixture: Mixture,
    item: int,
    sources: Ints,
    brought: npt.NDArray[np.float64],
    said: Mapping[str, str],
) -> Row:
    parts = {name: float(part[item]) for name, part in mixture.parts.items() if part[item] > 0}
    kind = max(parts, key=lambda name: parts[name])
    order = np.argsort(-brought, kind="stable")[:_BECAUSE]
    because = [] if kind in _ANYONE else [int(sources[place]) for place in order if brought[place] > 0]
    return Row(
        item_id=served.items.ids[item],
        score=sum(parts.values()),
        parts=parts,
        kind=kind,
        because=[served.items.ids[source] for source in because],
        text=said[kind if because or kind in _ANYONE else "popularity"].format(
            *(served.items.titles[each] for each in because)
        ),
    )


_ANYONE = {"popularity": "Popular", "trending": "Popular these days"}
_LIKE = {
    **_ANYONE,
    "content": "Like {}",
    "item_item": "Shoppers who have {} also have this",
    "als": "Shoppers who have {} also have this",
    "taste": "Popular in the category of {}",
    "cooccurrence": "Often bought together with {}",
    "transitions": "Often bought after {}",
}
_SHOPPER = {
    **_LIKE,
    "content": "Like {}, which you know",
    "als": "Fits your taste, {} above all",
}
