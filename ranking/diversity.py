"""A row that is not twelve times the same: relevance against likeness, and caps on groups.

Source: Carbonell, Goldstein, "The Use of MMR, Diversity-based Reranking for Reordering Documents and Producing
Summaries", SIGIR 1998: the next item is the one with the largest `lambda * relevance - (1 - lambda) * likeness`,
the likeness being that to the nearest item already chosen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys.data import Floats, Ints

LAMBDA = 0.8  # how much relevance counts against likeness: rows are to be varied, not strange

Cap = tuple[Ints, int]  # the group of each candidate (-1 is none), and how many of a group at most


def varied(
    relevance: Floats, likeness: Floats, *, size: int, caps: Sequence[Cap] = (), weight: float = LAMBDA
) -> list[int]:
    """The places of up to `size` candidates, in the order they are to stand in.

    `relevance` has shape [candidates], best first, and is read as shares of the first; `likeness`, of shape
    [candidates, candidates], lies between 0 and 1. What the caps hold back fills up the end, best first.
    """
    if len(relevance) == 0:
        return []
    worth = weight * relevance / max(float(relevance[0]), 1e-12)
    nearest = np.zeros(len(worth), dtype=np.float32)
    free = np.ones(len(worth), dtype=np.bool_)
    chosen: list[int] = []
    while len(chosen) < size and free.any():
        value = np.where(free, worth - (1.0 - weight) * nearest, -np.inf)
        place = int(value.argmax())
        chosen.append(place)
        free[place] = False
        nearest = np.maximum(nearest, likeness[place])
        for groups, most in caps:
            group = groups[place]
            if group >= 0 and int((groups[chosen] == group).sum()) >= most:
                free &= groups != group
    rest = [place for place in range(len(worth)) if place not in set(chosen)]
    return [*chosen, *rest][:size]
