"""What models are trained on: interactions and items as columns, with shoppers and items numbered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

# What one interaction of a kind is worth before time decay; a purchase is the unit.
KIND_WEIGHTS = {"purchase": 1.0, "add_to_cart": 0.5, "click": 0.15, "view": 0.1}


@dataclass(frozen=True, slots=True)
class History:
    """One shopper's past, oldest first. All arrays have the same length; an empty one is a cold shopper.

    `items` are item numbers, `at` epoch seconds, `weights` what each interaction is worth.
    """

    items: Ints
    at: Longs
    weights: Floats

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True)
class Items:
    """What is known of the items, by item number. `sellable` ones may be recommended."""

    ids: Sequence[str]
    titles: Sequence[str]  # as they are shown
    texts: Sequence[str]  # all that is written in titles, other languages too: what content is learned from
    brands: Sequence[str]
    categories: Sequence[tuple[str, ...]]  # names or ids from the root to the leaf, or an unordered set of ids
    prices: Longs  # minor units, -1 where unknown
    sellable: npt.NDArray[np.bool_]
    released_at: Longs  # epoch seconds, -1 where unknown
    # What only training looks at; a version that serves does without.
    descriptions: Sequence[str] = ()  # empty, or one an item
    looks: Floats | None = None  # what the pictures show, [items, dimensions], rows of length 1 (0 without one)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Interactions as parallel columns, sorted by shopper, then time (ties in the order they came).

    `users` and `items_of` number shoppers and items; `baskets` numbers the order an interaction was part of, -1
    for none. Interactions with no known shopper have user -1: they count for popularity and baskets only.
    `countries` numbers the country of each row's order within `country_names`, -1 where it is not known; None is
    "known of no row".
    """

    items: Items
    user_ids: Sequence[str]
    users: Ints
    item_numbers: Ints
    at: Longs
    weights: Floats
    baskets: Ints
    now: int = field(default=0)  # epoch seconds of the end of the data
    countries: Ints | None = None
    country_names: Sequence[str] = ()

    @property
    def starts(self) -> Longs:
        """Where each shopper's rows begin, shape [users + 1]; rows of unknown shoppers come before the first."""
        return np.searchsorted(self.users, np.arange(len(self.user_ids) + 1)).astype(np.int64)

    def history(self, user: int) -> History:
        """The rows of one shopper, by number."""
        between = np.array([user, user + 1], dtype=self.users.dtype)  # of another type all users would be copied
        first, last = np.searchsorted(self.users, between)
        rows = slice(int(first), int(last))
        return History(self.item_numbers[rows], self.at[rows], self.weights[rows])
