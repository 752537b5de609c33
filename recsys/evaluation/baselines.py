"""What anyone could do in an afternoon: measured beside the models, never served.

Sources: the most recently sold as a baseline, Ji and others, "A Re-visit of the Popularity Baseline in Recommender
Systems", SIGIR 2020; what directly followed the last item (a first-order Markov chain), Ludewig, Jannach,
"Evaluation of Session-based Recommendation Algorithms", UMUAI 28, 2018, section 3.1. With popularity, trending and
item-to-item neighbours (which are models too) they are the rows that a model has to beat.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self

import numpy as np
import scipy.sparse as sparse

from recsys.data import Floats, History, TrainingData


class Baseline(Protocol):
    """As much of a `Recommender` as an evaluation asks for."""

    name: str

    def fit(self, data: TrainingData) -> Self: ...

    def scores(self, histories: Sequence[History], *, now: int) -> Floats: ...


class Latest:
    """What anyone bought last, the newest first: the same for everyone."""

    name = "latest"

    def fit(self, data: TrainingData) -> Self:
        """The place of each item in the order of last interactions, as a score from 0 (never) to 1."""
        last = np.full(len(data.items), np.iinfo(np.int64).min)
        np.maximum.at(last, data.item_numbers, data.at)
        moments, place = np.unique(last, return_inverse=True)
        never = int(moments[0] == np.iinfo(np.int64).min) if len(moments) else 0
        self._scores = ((place + 1 - never) / max(len(moments) - never, 1)).astype(np.float32)
        return self

    def scores(self, histories: Sequence[History], *, now: int) -> Floats:
        return np.repeat(self._scores[None, :], len(histories), axis=0)


class AfterLast:
    """How many shoppers went on directly from what is newest in the history to each item."""

    name = "after_last"

    def fit(self, data: TrainingData) -> Self:
        """Count pairs of neighbouring interactions of the same shopper."""
        follows = (data.users[1:] == data.users[:-1]) & (data.users[1:] >= 0)
        pairs = (data.item_numbers[:-1][follows], data.item_numbers[1:][follows])
        ones = np.ones(len(pairs[0]), dtype=np.float32)
        self._counts = sparse.csr_matrix((ones, pairs), shape=(len(data.items), len(data.items)))
        return self

    def scores(self, histories: Sequence[History], *, now: int) -> Floats:
        scores = np.zeros((len(histories), self._counts.shape[0]), dtype=np.float32)
        asked = np.array([row for row, history in enumerate(histories) if len(history)], dtype=np.int64)
        scores[asked] = self._counts[[int(histories[row].items[-1]) for row in asked]].toarray()
        return scores


def baselines() -> list[Baseline]:
    """One of each, unfitted."""
    return [Latest(), AfterLast()]
