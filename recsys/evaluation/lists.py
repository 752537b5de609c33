"""What the lists that shoppers are shown are like, whether or not anything in them was bought.

Novelty as self-information: Zhou and others, "Solving the apparent diversity-accuracy dilemma of recommender
systems", PNAS 107(10), 2010. Gini of exposure: Fleder, Hosanagar, "Blockbuster Culture's Next Rise or Fall: The
Impact of Recommender Systems on Sales Diversity", Management Science 55(5), 2009.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recsys.data import Floats, Ints, TrainingData
from recsys.evaluation.intervals import Doubles

LISTED = 10  # how many items of each list count
_GROUPS = 512
_LEAST = np.nextafter(np.float32(0), np.float32(1))  # what is above 0


def best_of_rows(scores: Floats, *, size: int) -> Ints:
    """The `size` best items with a score above 0 of each row, best first, ties by number; -1 for none.

    `scores` has shape [rows, items], the answer [rows, size]. The same as `top` row by row, for many rows at once:
    the size-th best of the maxima of groups of items is a bound that few items reach.
    """
    rows, items = scores.shape
    best = np.full((rows, size), -1, dtype=np.int32)
    groups = min(items, max(_GROUPS, 4 * size))
    bound = np.full((rows, 1), _LEAST, dtype=np.float32)
    if groups > size:
        whole = items // groups * groups
        maxima = scores[:, :whole].reshape(rows, -1, groups).max(axis=1)
        reached = np.partition(maxima, groups - size, axis=1)[:, groups - size]
        np.maximum(bound[:, 0], reached, out=bound[:, 0])
    row, item = np.nonzero(scores >= bound)
    order = np.lexsort((item, -scores[row, item], row))
    row, item = row[order], item[order]
    place = np.arange(len(row)) - np.searchsorted(row, np.arange(rows))[row]
    kept = place < size
    best[row[kept], place[kept]] = item[kept]
    return best


def exposure(listed: Ints, *, items: int) -> npt.NDArray[np.int64]:
    """In how many lists each item stands, shape [items]; -1 in `listed` is an empty place."""
    return np.bincount(listed[listed >= 0], minlength=items)


def coverage(shown: npt.NDArray[np.int64]) -> float:
    """The share of all items that stand in somebody's list, from what `exposure` gave."""
    return float(np.count_nonzero(shown)) / max(len(shown), 1)


def gini(shown: npt.NDArray[np.int64]) -> float:
    """How unequally the places in lists are shared by all items: 0 alike, 1 all places for one of very many.

    Where nothing is shown it is 1.
    """
    total = float(shown.sum())
    if total == 0:
        return 1.0
    ranks = np.arange(1, len(shown) + 1)
    return float(((2 * ranks - len(shown) - 1) * np.sort(shown)).sum() / (len(shown) * total))


def self_information(train: TrainingData) -> Doubles:
    """-log2 of the share of the trained shoppers who have each item, in bits, shape [items]."""
    known = train.users >= 0  # one is added to both counts, so that an item nobody has is finitely new
    pairs = np.unique(train.users[known].astype(np.int64) * len(train.items) + train.item_numbers[known])
    owners = np.bincount(pairs % max(len(train.items), 1), minlength=len(train.items))
    information: Doubles = -np.log2((owners + 1) / (len(np.unique(train.users[known])) + 1))
    return information


def novelty(listed: Ints, information: Doubles) -> Doubles:
    """The mean `self_information` of each list, shape [cases]; NaN for an empty one."""
    shown = listed >= 0
    sums = np.where(shown, information[listed], 0.0).sum(axis=1)
    found: Doubles = np.divide(sums, shown.sum(axis=1), out=np.full(len(sums), np.nan), where=shown.any(axis=1))
    return found
