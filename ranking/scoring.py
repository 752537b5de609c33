"""A candidate's score, as named parts that add up to it: that is also its explanation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

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
class ScoredHit:
    """A hit with its final score; `parts` add up to it."""

    hit: Hit
    score: float
    parts: tuple[Part, ...]


def score_hits(hits: Sequence[Hit], *, max_lexical: float, weights: RankingWeights) -> list[ScoredHit]:
    """Score the candidates of one query and sort them best first, ties by document id.

    `max_lexical` is the best text score of the whole matching set, so that a page's scores do not depend on the
    page. Popularity is compared within the candidates, on a logarithmic scale.
    """
    most = max((hit.popularity for hit in hits), default=0.0)
    scored = [_score(hit, max_lexical, most, weights) for hit in hits]
    scored.sort(key=lambda item: (-item.score, item.hit.id))
    return scored


def _score(hit: Hit, max_lexical: float, most_popular: float, weights: RankingWeights) -> ScoredHit:
    parts = []
    if hit.lexical > 0 and max_lexical > 0:
        share = hit.lexical / max_lexical
        parts.append(Part("text", weights.text * share, f"its words match {share:.0%} as well as the best match"))
    if hit.vector > 0:
        parts.append(Part("meaning", weights.meaning * hit.vector, f"close in meaning ({hit.vector:.2f} of 1)"))
    if hit.popularity > 0 and most_popular > 0:
        share = math.log1p(hit.popularity) / math.log1p(most_popular)
        parts.append(Part("popularity", weights.popularity * share, "bought often of late"))
    if hit.rating is not None and hit.rating_count > 0:
        trust = hit.rating_count / (hit.rating_count + 5)  # few ratings say little
        share = trust * (hit.rating - 3.0) / 2.0
        note = f"rated {hit.rating:.1f} by {hit.rating_count}"
        parts.append(Part("rating", weights.rating * share, note))
    if hit.in_stock:
        parts.append(Part("stock", weights.stock, "in stock"))
    return ScoredHit(hit, sum(part.value for part in parts), tuple(parts))
