"""Who was asked, and about what: shoppers by how much is known of them, items by how long they are there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recsys.evaluation.splits import Split
from recsys.histories import DAY

HEAVY_FROM = 10  # different items in the history; below it a shopper with a history is light
NEW_DAYS = 30  # an item is new for so long after it was released or first bought, whichever came first

Bools = npt.NDArray[np.bool_]


def shopper_segments(split: Split) -> dict[str, Bools]:
    """The cases by history: `cold` (none), `light` (1 to 9 different items) and `heavy` (10 or more).

    Each has shape [cases]; every case is in one of them.
    """
    kinds = np.array([len(np.unique(history.items)) for history in split.histories], dtype=np.int64)
    return {"cold": kinds == 0, "light": (kinds > 0) & (kinds < HEAVY_FROM), "heavy": kinds >= HEAVY_FROM}


def new_items(split: Split) -> Bools:
    """Which items were new when the split asked, shape [items]: known for less than NEW_DAYS, or not at all.

    Only for data with real times.
    """
    train = split.train
    known_since = np.full(len(train.items), np.iinfo(np.int64).max)
    np.minimum.at(known_since, train.item_numbers, train.at)
    released = train.items.released_at
    known_since = np.where(released >= 0, np.minimum(known_since, released), known_since)
    new: Bools = known_since > split.now - NEW_DAYS * DAY
    return new
