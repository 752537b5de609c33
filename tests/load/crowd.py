"""A made-up crowd as large as one likes: tastes, best sellers, shoppers who buy a little or a lot."""

from __future__ import annotations

import numpy as np

from recsys.data import Items, TrainingData

DAY = 86_400
START = 1_600_000_000
SPAN = 365 * DAY
_CLUSTERS = 100  # groups of items that the same shoppers like
_TASTES = 4  # clusters a shopper buys from
_AT_LARGE = 0.3  # share of purchases outside of them
_BASKETS = 1000  # of a shopper at most, of three purchases each
_ZIPF = 0.6  # the n-th best seller of a cluster sells n ** -_ZIPF of the best


def crowd(*, users: int, items: int, interactions: int, seed: int = 0) -> TrainingData:
    """So many shoppers, items and purchases; sorted by shopper, then time.

    Purchases are spread over shoppers by a log-normal law, two at least each; items sell by Zipf's law within
    clusters of log-normal size. A shopper likes four clusters, most of all the first.
    """
    draw = np.random.default_rng(seed)
    owner = np.sort(np.r_[np.repeat(np.arange(users), 2), _spread(draw, interactions - 2 * users, users)])
    clusters = min(_CLUSTERS, max(1, items // 20))
    sizes = draw.lognormal(sigma=0.5, size=clusters)
    starts = np.r_[0, (np.cumsum(sizes)[:-1] / sizes.sum() * items).astype(np.int64)]
    rank = np.arange(items) - np.repeat(starts, np.diff(np.r_[starts, items]))
    edges = np.r_[0.0, np.cumsum((1.0 + rank) ** -_ZIPF)]
    liked = draw.integers(clusters, size=(users, _TASTES))
    taste = liked[owner, np.minimum(draw.geometric(0.5, size=interactions) - 1, _TASTES - 1)]
    at_large = draw.random(interactions) < _AT_LARGE
    low = np.where(at_large, 0.0, edges[starts][taste])
    high = np.where(at_large, edges[-1], edges[np.r_[starts[1:], items]][taste])
    bought = np.searchsorted(edges, low + (high - low) * draw.random(interactions), side="right") - 1
    numbers = draw.permutation(items)[
        np.minimum(bought, items - 1)
    ]  # neighbours in number are no neighbours in taste
    at = START + np.sort(owner * SPAN + draw.integers(SPAN, size=interactions)) % SPAN
    first = np.searchsorted(owner, np.arange(users))
    return TrainingData(
        items=_items(draw, items),
        user_ids=[f"shopper{user}" for user in range(users)],
        users=owner.astype(np.int32),
        item_numbers=numbers.astype(np.int32),
        at=at,
        weights=np.ones(interactions, dtype=np.float32),
        baskets=(owner * _BASKETS + (np.arange(interactions) - first[owner]) // 3 % _BASKETS).astype(np.int32),
        now=int(at.max()),
    )


def _spread(draw: np.random.Generator, rows: int, users: int) -> np.ndarray:
    shares = draw.lognormal(sigma=1.0, size=users)
    return np.repeat(np.arange(users), draw.multinomial(rows, shares / shares.sum()))


def _items(draw: np.random.Generator, items: int) -> Items:
    words = np.minimum(draw.zipf(1.5, size=(items, 5)), 4000)
    titles = [f"{' '.join(f'word{word}' for word in row)} number{item}" for item, row in enumerate(words.tolist())]
    return Items(
        ids=[f"p{number}" for number in range(items)],
        titles=titles,
        texts=titles,
        brands=[f"brand {number % 500}" for number in range(items)],
        categories=[("all", f"category {number % 300}") for number in range(items)],
        prices=np.full(items, 995, dtype=np.int64),
        sellable=np.ones(items, dtype=np.bool_),
        released_at=np.full(items, START, dtype=np.int64),
    )
