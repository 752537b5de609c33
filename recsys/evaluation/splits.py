"""Splits of the data into what a model may learn from and what it is asked for afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from recsys.data import KIND_WEIGHTS, History, Ints, Longs, TrainingData

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Split:
    """What to fit on, and the cases: for each a history and the items that came after it, at least one.

    A case whose history is empty is a cold shopper. `now` is the moment of asking, in epoch seconds; `there` says
    which items could be shown then, shape [items], None for all of them.
    """

    train: TrainingData
    histories: Sequence[History]
    targets: Sequence[Ints]
    now: int
    there: Bools | None = None

    @property
    def cold(self) -> Bools:
        """Which cases have no history, shape [cases]."""
        return np.array([len(history) == 0 for history in self.histories], dtype=np.bool_)

    def open_to(self, history: History) -> Bools:
        """Which items can be recommended to a shopper: there, and not in the history; shape [items]."""
        new = np.ones(len(self.train.items), dtype=np.bool_) if self.there is None else self.there.copy()
        new[history.items] = False
        return new

    def sample(self, size: int, *, seed: int) -> Split:
        """The same split with at most `size` of its cases, drawn without replacement, in their order."""
        if len(self.histories) <= size:
            return self
        drawn = np.sort(np.random.default_rng(seed).choice(len(self.histories), size=size, replace=False))
        return replace(
            self, histories=[self.histories[i] for i in drawn], targets=[self.targets[i] for i in drawn]
        )


def leave_last_out(data: TrainingData) -> Split:
    """The last item of each shopper is the target, everything before it the history and what is trained on.

    Applied to its own `train` it gives the validation part of the protocol: the item before the last. A shopper
    with a single interaction is no case and stays in `train`. This lets models see other shoppers' later
    purchases: for data with real times use `global_time_split`.
    """
    starts, ends = data.starts[:-1], data.starts[1:]
    asked = np.flatnonzero(ends - starts >= 2)
    kept = np.ones(len(data.users), dtype=np.bool_)
    kept[ends[asked] - 1] = False
    train = keep_rows(data, kept)
    return Split(
        train=train,
        histories=[train.history(int(user)) for user in asked],
        targets=[data.item_numbers[last : last + 1] for last in ends[asked] - 1],
        now=data.now,
    )


def global_time_split(data: TrainingData, *, at: int, until: int | None = None) -> Split:
    """Train on what happened before `at`; the targets are what shoppers newly bought from then on, before `until`.

    An interaction is a purchase where it weighs at least what a purchase does. Items that came later are no
    targets and may not be shown: standing in the catalogue tells of them that they are going to sell. Shoppers who
    bought nothing new are no cases; those without a history are (cold ones). Raises InvalidInput where nothing
    lies before `at`.
    """
    before = data.at < at
    if not before.any():
        raise InvalidInput("a time split needs interactions before it")
    train = replace(keep_rows(data, before), now=at)
    there = known_since(train) <= at
    after = ~before & (data.users >= 0) & (data.weights >= KIND_WEIGHTS["purchase"])
    if until is not None:
        after &= data.at < until
    histories: list[History] = []
    targets: list[Ints] = []
    for user in np.unique(data.users[after]):
        history = train.history(int(user))
        first, last = np.searchsorted(data.users, [user, user + 1])
        bought = data.item_numbers[first:last][after[first:last]]
        new = np.setdiff1d(bought[there[bought]], history.items)
        if len(new):
            histories.append(history)
            targets.append(new.astype(np.int32))
    return Split(train=train, histories=histories, targets=targets, now=at, there=there)


def known_since(data: TrainingData) -> Longs:
    """When each item was released or first seen in an interaction, whichever came first, shape [items].

    In epoch seconds; beyond every moment for an item of which neither is known.
    """
    since = np.full(len(data.items), np.iinfo(np.int64).max)
    np.minimum.at(since, data.item_numbers, data.at)
    released = data.items.released_at
    known: Longs = np.where(released >= 0, np.minimum(since, released), since)
    return known


def last_part(data: TrainingData, *, share: float = 0.05) -> int:
    """The moment after which the last `share` of the data's time span lies, in epoch seconds."""
    if len(data.at) == 0:
        raise InvalidInput("there are no interactions to split")
    first = int(data.at.min())
    return data.now - int((data.now - first) * share)


def keep_rows(data: TrainingData, kept: npt.NDArray[np.bool_]) -> TrainingData:
    """The data with only the rows where `kept`, shape [rows], is true; shoppers and items keep their numbers."""
    return replace(
        data,
        users=data.users[kept],
        item_numbers=data.item_numbers[kept],
        at=data.at[kept],
        weights=data.weights[kept],
        baskets=data.baskets[kept],
        countries=None if data.countries is None else data.countries[kept],
    )
