"""All wishes of all shoppers with the products they led to: own wishes first, then what those bring with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from pipelines.sample.chance import Ints
from pipelines.sample.choice import choose
from pipelines.sample.goods import Traits
from pipelines.sample.people import Tastes
from pipelines.sample.vocabulary import Vocabulary
from pipelines.sample.wishes import (
    Wishes,
    complement_wishes,
    further_wishes,
    joined_wishes,
    own_wishes,
    repeat_wishes,
    season_by_day,
    without_repeats,
)


@dataclass(frozen=True, slots=True)
class Journeys:
    """The wishes, and the products each of them led to (shape [wishes, MOST_SEEN], see `choose`)."""

    wishes: Wishes
    seen: Ints

    @property
    def items(self) -> Ints:
        """The product each wish was for in the end."""
        return self.seen[:, 0]


def draw_journeys(
    words: Vocabulary, tastes: Tastes, traits: Traits, *, seed: int, count: int, start: datetime, days: int
) -> Journeys:
    """The journeys that about `count` own wishes begin."""
    season = season_by_day(words, start=start, days=days)

    def chosen(wishes: Wishes, part: str) -> Journeys:
        seen = choose(wishes, tastes, traits, seed=seed, part=part, days=days)
        found = seen[:, 0] >= 0  # nothing of the kind may be on sale yet
        return Journeys(wishes.take(found), seen[found])

    def continued(so_far: Journeys, more: Wishes, part: str, *, looking: bool) -> Journeys:
        settled = len(so_far.wishes)
        both = without_repeats(joined_wishes(so_far.wishes, more), words, settled=settled)
        new = both.take(np.arange(settled, len(both)))
        # A complement or a refill that is not needed is no wish at all; other wishes may end in a look.
        added = chosen(new if looking else new.take(new.buys), part)
        return Journeys(joined_wishes(so_far.wishes, added.wishes), np.concatenate([so_far.seen, added.seen]))

    own = without_repeats(own_wishes(tastes, season, seed=seed, count=count), words)
    journeys = chosen(own, "own")
    own_visits = int(journeys.wishes.visit.max(initial=-1)) + 1
    complements = complement_wishes(words, journeys.wishes, journeys.items, traits, seed=seed, days=days)
    journeys = continued(journeys, complements, "complements", looking=False)
    refills = repeat_wishes(words, tastes, journeys.wishes, journeys.items, season, seed=seed)
    journeys = continued(journeys, refills, "repeats", looking=False)
    later = journeys.wishes.take(journeys.wishes.visit >= own_visits)
    further = further_wishes(tastes, later, season, seed=seed, part="later")
    return continued(journeys, further, "further", looking=True)
