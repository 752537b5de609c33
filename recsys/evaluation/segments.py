"""Who was asked, and about what: shoppers by what is known of them, items by how well and how long they are."""

from __future__ import annotations

import numpy as np

from recsys.evaluation.splits import Bools, Split, known_since
from recsys.histories import DAY

HEAVY_FROM = 10  # different items in the history; below it a shopper with a history is light
RARE_BELOW = 5
NEW_DAYS = 30  # an item is new for so long after it was released or first bought, whichever came first


def shopper_segments(split: Split) -> dict[str, Bools]:
    """The cases by history: `cold` (none), `light` (1 to 9 different items) and `heavy` (10 or more).

    Each has shape [cases]; every case is in one of them.
    """
    kinds = np.array([len(np.unique(history.items)) for history in split.histories], dtype=np.int64)
    return {"cold": kinds == 0, "light": (kinds > 0) & (kinds < HEAVY_FROM), "heavy": kinds >= HEAVY_FROM}


def rare_items(split: Split) -> Bools:
    """Which items have fewer than RARE_BELOW interactions in what was trained on, shape [items].

    Public sets keep items with at least five interactions. There, an item with fewer in the training part has the
    others in the test part for certain: what is gained on these alone is gained on the making of the set.
    """
    rare: Bools = np.bincount(split.train.item_numbers, minlength=len(split.train.items)) < RARE_BELOW
    return rare


def new_items(split: Split) -> Bools:
    """Which items were new when the split asked, shape [items]: known for less than NEW_DAYS, or not at all.

    Only for data with real times.
    """
    new: Bools = known_since(split.train) > split.now - NEW_DAYS * DAY
    return new
