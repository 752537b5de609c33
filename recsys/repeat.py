"""Buy again: what a shopper bought before and is due to buy once more. Says nothing of items new to the shopper.

Sources: Bhagat, Muthusamy, Lakshmanan, Singh, "Buy It Again: Modeling Repeat Purchase Recommendations", KDD 2018
(the share of customers who return to an item, times log-normal intervals between purchases); the updating of
whether a customer is still one: Fader, Hardie, Lee, "Counting Your Customers the Easy Way", Marketing Science
24(2), 2005.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from recsys.base import Model
from recsys.data import KIND_WEIGHTS, Floats, History, Ints, Longs, TrainingData
from recsys.histories import DAY, top
from recsys.protocol import Scored
from recsys.storage import Array

Doubles = npt.NDArray[np.float64]


class RepeatModel(Model):
    """Scores are the chance that a shopper buys an item again within the next `window_days`.

    Purchases of an item on one day are one. After each purchase the shopper is lost to the item or returns after a
    log-normal interval; both are known from the item's customers, drawn towards all items' by `prior` customers,
    and from the shopper's own purchases of it.
    """

    name = "repeat"

    def __init__(self, *, window_days: float = 30.0, prior: float = 10.0) -> None:
        super().__init__(window_days=window_days, prior=prior)

    def fit(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        prior = self._parameters["prior"]
        self._items = len(data.items)
        rows, items, days = _purchase_days(data.users, data.item_numbers, data.at, data.weights)
        again = np.r_[False, (rows[1:] == rows[:-1]) & (items[1:] == items[:-1])] if len(rows) else rows > 0
        back = np.bincount(items[again], minlength=self._items)
        bought = np.bincount(items, minlength=self._items)
        self._returns = (back + prior * _share(back.sum(), bought.sum())) / (bought + prior)
        gaps = np.log(np.diff(days, prepend=0)[again].astype(np.float64))
        mean = float(gaps.mean()) if len(gaps) else np.log(self._parameters["window_days"])
        sums = np.bincount(items[again], weights=gaps, minlength=self._items)
        self._gap = (sums + prior * mean) / (back + prior)
        spread = float(np.sqrt(np.mean((gaps - self._gap[items[again]]) ** 2))) if len(gaps) else 0.0
        self._spread = np.array(max(spread, 0.25))  # below that the model would name the very day
        return self

    def scores(self, histories: Sequence[History], *, now: int) -> Floats:
        scores = np.zeros((len(histories), self._items), dtype=np.float32)
        for row, history in enumerate(histories):
            items, chances = self._chances(history, now=now)
            scores[row, items] = chances
        return scores

    def due(
        self, history: History, *, now: int, size: int, allowed: npt.NDArray[np.bool_] | None = None
    ) -> Scored:
        """The items a shopper is likeliest to buy again: `recommend` without looking at what was never bought."""
        items, chances = self._chances(history, now=now)
        if allowed is not None:
            items, chances = items[allowed[items]], chances[allowed[items]]
        best = top(chances, size=size)
        return Scored(items[best], chances[best])

    def likeness(self, item: int) -> Floats:
        self.check(item)
        return np.zeros(self._items, dtype=np.float32)

    def contributions(self, history: History, items: Ints, *, now: int) -> tuple[Ints, Floats]:
        own, chances = self._chances(history, now=now)
        return own, (items[:, None] == own[None, :]) * chances

    def _chances(self, history: History, *, now: int) -> tuple[Ints, Floats]:
        """The items a shopper has bought, in order of number, and the chance that each is bought again in time."""
        rows = np.zeros(len(history), dtype=np.int32)
        inside = (history.items >= 0) & (history.items < self._items)
        _, items, days = _purchase_days(
            rows[inside], history.items[inside], history.at[inside], history.weights[inside]
        )
        if len(items) == 0:
            return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
        prior = self._parameters["prior"]
        first = np.flatnonzero(np.r_[True, items[1:] != items[:-1]])
        numbers, times = items[first], np.diff(np.r_[first, len(items)])
        last = days[first + times - 1]
        own_gaps = np.log(np.diff(days, prepend=0).clip(min=1).astype(np.float64))
        own_gaps[first] = 0.0  # nothing came before
        gap = (np.add.reduceat(own_gaps, first) + prior * self._gap[numbers]) / (times - 1 + prior)
        returns = (times - 1 + prior * self._returns[numbers]) / (times - 1 + prior)
        passed = np.maximum(now / DAY - last, 0.0)
        still, later = (
            ndtr((gap - np.log(np.maximum(until, 1e-9))) / self._spread)
            for until in (passed, passed + self._parameters["window_days"])
        )
        chances = returns * (still - later) / (1.0 - returns + returns * still)
        return numbers, chances.astype(np.float32)

    def _arrays(self) -> dict[str, Array]:
        return {"returns": self._returns, "gap": self._gap, "spread": self._spread}

    def _restore(self, arrays: Mapping[str, Array]) -> None:
        self._returns, self._gap, self._spread = arrays["returns"], arrays["gap"], arrays["spread"]


def _purchase_days(users: Ints, items: Ints, at: Longs, weights: Floats) -> tuple[Ints, Ints, Longs]:
    """The distinct (shopper, item, day) of purchases by known shoppers, in this order; days count from 1970."""
    bought = (users >= 0) & (weights >= KIND_WEIGHTS["purchase"])
    columns = np.stack([users[bought].astype(np.int64), items[bought], at[bought] // int(DAY)])
    rows = np.unique(columns, axis=1)
    return rows[0].astype(np.int32), rows[1].astype(np.int32), rows[2]


def _share(part: float, whole: float) -> float:
    return float(part) / max(float(whole), 1.0)
