"""Wishes: who wants what kind of thing when. Tastes say what, seasons say when, and one wish brings others.

A wish is one row: a shopper in front of one kind of thing during one visit. It may end in a purchase.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from pipelines.sample.chance import Floats, Ints, generator, pick
from pipelines.sample.goods import Traits
from pipelines.sample.people import Tastes, draw_kinds, draw_users
from pipelines.sample.vocabulary import Vocabulary

Bools = npt.NDArray[np.bool_]

MORE_PER_VISIT = 1.15  # further wishes that come up during a visit, on average
MOST_MORE = 4
PURCHASE_CHANCE = 0.62
REORDER_DAYS = 9  # what runs out within so many days is ordered together
# Part of the follow-ups that are put into the same basket, by how soon they are wanted (days).
SAME_BASKET = ((0, 1.0), (3, 0.45), (7, 0.3), (10_000, 0.12))


@dataclass(frozen=True, slots=True)
class Wishes:
    """Parallel columns. `at` in days since the start, `visit` numbers the visits.

    `fits` is the brand and line that the thing must be made for (-1: any), `same` the product that is bought again
    (-1: none), `buys` whether the wish ends in a purchase.
    """

    user: Ints
    kind: Ints
    at: Floats
    visit: Ints
    fits: Ints
    same: Ints
    buys: Bools

    def __len__(self) -> int:
        return len(self.user)

    def take(self, rows: Ints | Bools) -> Wishes:
        """The wishes at `rows` (numbers or a mask)."""
        return Wishes(**{name: getattr(self, name)[rows] for name in self.__slots__})


def joined_wishes(*parts: Wishes) -> Wishes:
    """All wishes one after the other."""
    names = Wishes.__slots__
    return Wishes(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def season_by_day(words: Vocabulary, *, start: datetime, days: int) -> Floats:
    """How much each kind is wanted on each day, shape [kinds, days]: the months' measures, blended."""
    middles = np.array([kind.season for kind in words.kinds])
    dates = [start + timedelta(days=day) for day in range(days)]
    place = np.array([date.month - 1 + (date.day - 15.5) / 30.5 for date in dates])
    before = np.floor(place).astype(int)
    # The months' edges are soft, but within about a week: nobody buys a Christmas tree in January.
    part = np.clip(0.5 + (place - before - 0.5) * 4, 0, 1)
    wanted: Floats = middles[:, before % 12] * (1 - part) + middles[:, (before + 1) % 12] * part
    return wanted


def own_wishes(tastes: Tastes, season: Floats, *, seed: int, count: int) -> Wishes:
    """About `count` wishes that come by themselves, never before a shopper has joined or past the last day."""
    random = generator(seed, "wishes")
    days = season.shape[1]
    # The shop grows by half over the two years, and more is bought at weekends.
    volume = (1 + 0.5 * np.arange(days) / days) * np.where(np.arange(days) % 7 >= 5, 1.25, 0.9)
    edges = np.cumsum(season * volume, axis=1)
    # Wishes before their shopper has joined drop out below: more are drawn at first.
    drawn = round(1.38 * count / (1 + MORE_PER_VISIT))
    user = draw_users(random, tastes, drawn)
    kind = draw_kinds(random, tastes, user)
    place = random.random(drawn) * edges[kind, -1]
    day = (edges[kind] <= place[:, None]).sum(axis=1)
    at = np.minimum(day + _hour(random, drawn), days - 0.05)
    joined = at > tastes.joined[user]
    first = _wishes(user[joined], kind[joined], at[joined], visit=np.arange(joined.sum()))
    first = replace(first, buys=random.random(len(first)) < PURCHASE_CHANCE)
    return joined_wishes(first, further_wishes(tastes, first, season, seed=seed, part="own"))


def further_wishes(tastes: Tastes, wishes: Wishes, season: Floats, *, seed: int, part: str) -> Wishes:
    """What else comes to mind during the visits of `wishes`."""
    random = generator(seed, f"further/{part}")
    _, rows = np.unique(wishes.visit, return_index=True)
    more = np.minimum(random.poisson(MORE_PER_VISIT, len(rows)), MOST_MORE)
    rows = np.repeat(rows, more)
    user, at = wishes.user[rows], wishes.at[rows]
    kind = pick(random, tastes.kinds[user] * season.T[at.astype(int)])
    found = _wishes(user, kind, at, visit=wishes.visit[rows])
    return replace(found, buys=random.random(len(found)) < PURCHASE_CHANCE)


def without_repeats(wishes: Wishes, words: Vocabulary, *, settled: int = 0) -> Wishes:
    """Nobody buys two things that do the same job within the kind's cooldown: the later wish does not buy.

    The first `settled` wishes are facts. Of the others, those that would only have bought again are left out.
    """
    pause = np.array([kind.cooldown or 0.35 * kind.repeat for kind in words.kinds])
    order = np.lexsort((np.arange(len(wishes)), wishes.at, wishes.kind, wishes.user))
    buys = wishes.buys.copy()
    last: dict[tuple[int, int], float] = {}
    facts: dict[tuple[int, int], list[float]] = {}
    for row in np.flatnonzero(wishes.buys[:settled]) if settled else ():
        facts.setdefault((int(wishes.user[row]), int(wishes.kind[row])), []).append(float(wishes.at[row]))
    for row in order.tolist():
        if row < settled or not buys[row]:
            continue
        key = (int(wishes.user[row]), int(wishes.kind[row]))
        at, gap = float(wishes.at[row]), float(pause[key[1]])
        if at - last.get(key, -1e9) < gap or any(abs(at - fact) < gap for fact in facts.get(key, ())):
            buys[row] = False
        else:
            last[key] = at
    return replace(wishes, buys=buys)


def complement_wishes(
    words: Vocabulary, wishes: Wishes, items: Ints, traits: Traits, *, seed: int, days: int
) -> Wishes:
    """What the purchases among `wishes` (of `items`) bring with them: later, or into the same basket."""
    random = generator(seed, "complements")
    parts: list[Wishes] = []
    visits = int(wishes.visit.max(initial=-1)) + 1
    for number, kind in enumerate(words.kinds):
        bought = np.flatnonzero(wishes.buys & (wishes.kind == number))
        for other in kind.complements:
            rows = bought[random.random(len(bought)) < other.chance]
            together = random.random(len(rows)) < _same_basket(other.days)
            later = np.ceil(random.gamma(2.0, max(other.days, 0.5) / 2, len(rows)))
            at = wishes.at[rows]
            at = np.where(together, at, np.floor(at) + later + _hour(random, len(rows)))
            visit = np.where(together, wishes.visit[rows], visits + np.arange(len(rows)))
            visits += len(rows)
            fits = traits.series[items[rows]] if other.fits else np.full(len(rows), -1)
            wanted = np.full(len(rows), words.number(other.kind))
            part = replace(_wishes(wishes.user[rows], wanted, at, visit=visit), fits=fits)
            parts.append(part.take(at < days))
    return joined_wishes(*parts)


def repeat_wishes(
    words: Vocabulary, tastes: Tastes, wishes: Wishes, items: Ints, season: Floats, *, seed: int
) -> Wishes:
    """Consumables run out: mostly the same product again after `repeat` days or so, for as long as it is liked."""
    random = generator(seed, "repeats")
    days = season.shape[1]
    pause = np.array([kind.repeat for kind in words.kinds])
    first_visit = visits = int(wishes.visit.max(initial=-1)) + 1
    rows = np.flatnonzero(wishes.buys & (pause[wishes.kind] > 0))
    user, kind, at = wishes.user[rows], wishes.kind[rows], wishes.at[rows]
    item, fits = items[rows], wishes.fits[rows]
    parts: list[Wishes] = [_wishes(user[:0], kind[:0], at[:0], visit=user[:0])]
    while len(user):
        at = np.floor(at) + np.ceil(pause[kind] * random.lognormal(0, 0.22, len(user))) + _hour(random, len(user))
        goes_on = (at < days) & (random.random(len(user)) < tastes.loyalty[user])
        in_season = season[kind, np.minimum(at, days - 1).astype(int)]
        goes_on &= random.random(len(user)) < np.minimum(in_season, 1)
        user, kind, at, item, fits = user[goes_on], kind[goes_on], at[goes_on], item[goes_on], fits[goes_on]
        same = np.where(random.random(len(user)) < 0.78, item, -1)
        visit = visits + np.arange(len(user))
        visits += len(user)
        parts.append(replace(_wishes(user, kind, at, visit=visit), same=same, fits=fits))
    return _ordered_together(joined_wishes(*parts), first_visit=first_visit)


def _ordered_together(wishes: Wishes, *, first_visit: int) -> Wishes:
    """Put what a shopper needs within REORDER_DAYS into one visit, at the last of its moments."""
    span = wishes.user * 1_000 + np.floor(wishes.at / REORDER_DAYS).astype(np.int64)
    _, group = np.unique(span, return_inverse=True)
    latest = np.full(group.max(initial=-1) + 1, -np.inf)
    np.maximum.at(latest, group, wishes.at)
    return replace(wishes, at=latest[group], visit=first_visit + group)


def _wishes(user: Ints, kind: Ints, at: Floats, *, visit: Ints) -> Wishes:
    none = np.full(len(user), -1, dtype=np.int64)
    return Wishes(user, kind, at, visit, fits=none, same=none.copy(), buys=np.ones(len(user), dtype=bool))


def _hour(random: np.random.Generator, count: int) -> Floats:
    """A time of day as a part of the day: from eight in the morning, mostly in the evening."""
    hour: Floats = (8 + 15.5 * random.beta(2.6, 1.6, count)) / 24
    return hour


def _same_basket(days: float) -> float:
    return next(chance for limit, chance in SAME_BASKET if days <= limit)
