"""A candidate's score, as named parts that add up to it: that is also its explanation."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from index.engine import Hit


@dataclass(frozen=True, slots=True)
class RankingWeights:
    """What each part of a search score can bring at most.

    Popularity, rating and stock settle what the query leaves open. Between 0.2 and 0.5 the weight of meaning makes
    no difference that either public judgment set could tell (`merx evaluate search --folds 5`).
    """

    text: float = 1.0
    meaning: float = 0.35
    popularity: float = 0.06
    rating: float = 0.02
    stock: float = 0.04


@dataclass(frozen=True, slots=True)
class Part:
    """A named share of a score, with a note that a person can read."""

    name: str
    value: float
    note: str


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What the candidates of one query are measured against: the best text score, and the most sales."""

    max_lexical: float
    most_popular: float


@dataclass(frozen=True, slots=True)
class ScoredHit:
    """A hit with its final score, 0 where the order was not by relevance."""

    hit: Hit
    score: float
    explain: Callable[[], tuple[Part, ...]]

    @property
    def parts(self) -> tuple[Part, ...]:
        """The shares that add up to the score; worked out when asked for, since few hits are asked."""
        return self.explain()


def score_hits(hits: Sequence[Hit], *, max_lexical: float, weights: RankingWeights) -> list[ScoredHit]:
    """Score the candidates of one query and sort them best first, ties by document id.

    `max_lexical` is the best text score of the whole matching set, so that a page's scores do not depend on the
    page. Popularity is compared within the candidates, on a logarithmic scale.
    """
    yardstick = Yardstick(max_lexical, max((hit.popularity for hit in hits), default=0.0))
    scored = []
    for hit in hits:
        score = sum(value for _, value, _ in _shares(hit, yardstick, weights))
        scored.append(ScoredHit(hit, score, partial(_parts, hit, yardstick, weights)))
    scored.sort(key=lambda item: (-item.score, item.hit.id))
    return scored


def unranked(hit: Hit) -> ScoredHit:
    """A hit of a page that is in another order than relevance."""
    return ScoredHit(hit, 0.0, tuple)


def _parts(hit: Hit, yardstick: Yardstick, weights: RankingWeights) -> tuple[Part, ...]:
    return tuple(
        Part(name, value, _NOTES[name](hit, share)) for name, value, share in _shares(hit, yardstick, weights)
    )


def _shares(hit: Hit, yardstick: Yardstick, weights: RankingWeights) -> list[tuple[str, float, float]]:
    """Name, value and the bare share (value / weight) of every part that says something of a hit."""
    found = []
    if hit.lexical > 0 and yardstick.max_lexical > 0:
        share = hit.lexical / yardstick.max_lexical
        found.append(("text", weights.text * share, share))
    if hit.vector > 0:
        found.append(("meaning", weights.meaning * hit.vector, hit.vector))
    if hit.popularity > 0:
        share = math.log1p(hit.popularity) / math.log1p(yardstick.most_popular)
        found.append(("popularity", weights.popularity * share, share))
    if hit.rating is not None and hit.rating_count > 0:
        trust = hit.rating_count / (hit.rating_count + 5)  # few ratings say little
        share = trust * (hit.rating - 3.0) / 2.0
        found.append(("rating", weights.rating * share, share))
    if hit.in_stock:
        found.append(("stock", weights.stock, 1.0))
    return found


_NOTES: Mapping[str, Callable[[Hit, float], str]] = {
    "text": lambda _, share: f"its words match {share:.0%} as well as the best match",
    "meaning": lambda _, share: f"close in meaning ({share:.2f} of 1)",
    "popularity": lambda _, share: f"bought of late {share:.0%} as much as the most bought here, on a log scale",
    "rating": lambda hit, _: f"rated {hit.rating:.1f} by {hit.rating_count}",
    "stock": lambda *_: "in stock",
}
