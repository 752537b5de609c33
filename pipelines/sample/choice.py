"""Which products a shopper looks at and which one is taken: a multinomial logit over what is on sale by then.

The utilities follow D. McFadden, "Conditional logit analysis of qualitative choice behavior", 1974; drawing the
best few of them with Gumbel noise added is drawing without replacement in proportion (Plackett-Luce).
"""

from __future__ import annotations

import itertools

import numpy as np

from pipelines.sample.chance import Floats, Ints, generator
from pipelines.sample.goods import Traits
from pipelines.sample.people import Tastes
from pipelines.sample.wishes import Wishes

MOST_SEEN = 6
# How much each part of a taste moves a choice, in units of the logit's own noise.
AESTHETIC, BRAND, COLOUR, PRICE = 2.2, 0.9, 0.8, 8.0
NOVELTY, NOVELTY_DAYS = 1.6, 45.0
APPEAL = 0.95
NEVER = -1e9


def choose(wishes: Wishes, tastes: Tastes, traits: Traits, *, seed: int, part: str, days: int) -> Ints:
    """The products each wish leads to, shape [wishes, MOST_SEEN]: the one taken first, -1 where fewer were seen.

    A row without any product (nothing of the kind was on sale yet, or nothing that fits) holds -1 only.
    """
    random = generator(seed, f"choice/{part}")
    seen = np.full((len(wishes), MOST_SEEN), -1, dtype=np.int64)
    order = np.argsort(wishes.kind, kind="stable")
    bounds = np.flatnonzero(np.diff(wishes.kind[order], prepend=-1, append=-2))
    for first, last in itertools.pairwise(bounds):
        rows = order[first:last]
        goods = np.flatnonzero(traits.kind == wishes.kind[rows[0]])
        if len(goods):
            seen[rows] = _choose(random, wishes.take(rows), goods, tastes, traits, days=days)
    again = wishes.same >= 0
    seen[again] = -1
    seen[again, 0] = wishes.same[again]
    return seen


def utilities(
    users: Ints, at: Floats, fits: Ints, goods: Ints, tastes: Tastes, traits: Traits, *, days: int
) -> Floats:
    """What each of `goods` is worth to each shopper then, shape [users, goods].

    NEVER for what is not out yet, or not made for what it has to fit.
    """
    age = at[:, None] - traits.released[goods]
    worth = APPEAL * traits.appeal[goods] + traits.trend[goods] * (at[:, None] - days / 2) / 365
    worth = worth + NOVELTY * np.exp(-np.maximum(age, 0) / NOVELTY_DAYS)
    worth += AESTHETIC * (tastes.aesthetic[users] @ traits.aesthetic[goods].T)
    worth += BRAND * tastes.brands[users][:, traits.brand[goods]]
    coloured = traits.colour[goods] >= 0
    worth += COLOUR * np.where(coloured, tastes.colours[users][:, traits.colour[goods]], 0)
    worth -= PRICE * (traits.level[goods] - tastes.level[users][:, None]) ** 2
    gender = traits.gender[goods]
    worth -= 4.0 * ((gender > 0) & (gender != tastes.gender[users][:, None]))
    fitting = (fits[:, None] < 0) | (traits.fits[goods] == fits[:, None])
    return np.where((age > 0) & fitting, worth, NEVER)


def _choose(
    random: np.random.Generator, wishes: Wishes, goods: Ints, tastes: Tastes, traits: Traits, *, days: int
) -> Ints:
    worth = utilities(wishes.user, wishes.at, wishes.fits, goods, tastes, traits, days=days)
    noisy = worth + random.gumbel(size=worth.shape)
    width = min(MOST_SEEN, len(goods))
    best = np.argsort(-noisy, axis=1, kind="stable")[:, :width]
    found = np.full((len(wishes), MOST_SEEN), -1, dtype=np.int64)
    on_sale = np.take_along_axis(worth, best, axis=1) > NEVER / 2
    looks = np.minimum(1 + random.poisson(1.3, len(wishes)), MOST_SEEN)
    found[:, :width] = np.where(on_sale & (np.arange(width) < looks[:, None]), goods[best], -1)
    return found
