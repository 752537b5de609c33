"""What sells, with the past fading exponentially. The baseline that every other model has to beat.

Source of the decay: Koren, "Collaborative Filtering with Temporal Dynamics", KDD 2009, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np

from recsys.base import Model
from recsys.data import Floats, History, Ints, TrainingData
from recsys.histories import DAY
from recsys.protocol import Reason
from recsys.storage import Array


def decayed_sales(data: TrainingData, *, half_life_days: float) -> Floats:
    """The weights of each item's interactions, halved every `half_life_days` before the end of the data."""
    fading = np.exp2(-np.maximum(data.now - data.at, 0) / (half_life_days * DAY))
    sums = np.bincount(data.item_numbers, weights=data.weights * fading, minlength=len(data.items))
    return sums.astype(np.float32)


class PopularityModel(Model):
    """The same scores for everyone: decayed sales as a share of the best seller's, 0 to 1.

    The decay runs to the end of the training data; going on to `now` would scale all items alike.
    """

    name = "popularity"

    def __init__(self, *, half_life_days: float = 60.0) -> None:
        super().__init__(half_life_days=half_life_days)

    def fit(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        sales = decayed_sales(data, half_life_days=self._parameters["half_life_days"])
        self._items = len(data.items)
        self._shares = sales / max(float(sales.max(initial=0.0)), 1e-12)
        return self

    def scores(self, histories: Sequence[History], *, now: int) -> Floats:
        return np.repeat(self._shares[None, :], len(histories), axis=0)

    def likeness(self, item: int) -> Floats:
        self.check(item)
        return np.zeros(self._items, dtype=np.float32)

    def contributions(self, history: History, items: Ints, *, now: int) -> tuple[Ints, Floats]:
        return np.zeros(0, dtype=np.int32), np.zeros((len(items), 0), dtype=np.float32)

    def explain(self, history: History, item: int, *, now: int) -> Reason:
        self.check(item)
        score = float(self._shares[item])
        return Reason(self.name, score, (), base=score)

    def _arrays(self) -> dict[str, Array]:
        return {"shares": self._shares}

    def _restore(self, arrays: Mapping[str, Array]) -> None:
        self._shares = arrays["shares"]
