"""The nearest items of every item by the cosine of their factors: exactly, or by an index where there are many.

Source of the index: Malkov, Yashunin, "Efficient and Robust Approximate Nearest Neighbor Search Using Hierarchical
Navigable Small World Graphs", IEEE TPAMI 42(4), 2020, as `usearch` has it. Exact search takes time with the square
of the number of items, and every answer is right; the index takes about n log n, and how often it is right is
measured against the exact answers of a sample.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits
from usearch.index import BatchMatches, Index

from recsys.data import Floats, Ints

EXACT_UP_TO = 20_000  # items; measured: see docs/data-scientist.md
_BLOCK = 256
_CONNECTIONS = 16  # of an item in the index
_EFFORT = 64  # candidates that are kept while the index is built, and while it is asked


@dataclass(frozen=True, slots=True)
class Neighbours:
    """For each item asked for the nearest others, best first, with their cosines; both of shape [asked, size].

    Where there are fewer others than `size` the rest is -1, with a cosine of 0.
    """

    items: Ints
    scores: Floats

    def recall(self, truth: Neighbours) -> float:
        """The share of the neighbours in `truth` that are among these, for the same items asked for."""
        wanted = truth.items >= 0
        found = (truth.items[:, :, None] == self.items[:, None, :]).any(axis=2)
        return float(found[wanted].mean()) if wanted.any() else 1.0


def nearest_items(factors: Floats, *, size: int, threads: int = 1) -> Neighbours:
    """The `size` nearest of every item: exactly for EXACT_UP_TO items, by an index for more.

    `factors` have shape [items, factors]; an item whose factors are 0 is nobody's neighbour and has none. Neither
    answer depends on `threads`: an index is built on one, and only asked on several.
    """
    everyone = np.arange(len(factors), dtype=np.int32)
    if len(factors) <= EXACT_UP_TO:
        return exactly(factors, everyone, size=size, threads=threads)
    return ItemIndex(factors).nearest(everyone, size=size, threads=threads)


def exactly(factors: Floats, asked: Ints, *, size: int, threads: int = 1) -> Neighbours:
    """The `size` nearest of the items `asked`, compared with all items, on any number of threads."""
    units, there = _units(factors)
    across = units.T.copy()

    def answer(first: int) -> Neighbours:
        own = asked[first : first + _BLOCK]
        cosines = units[own] @ across
        cosines[:, ~there] = -np.inf
        cosines[~there[own]] = -np.inf
        cosines[np.arange(len(own)), own] = -np.inf
        return _best(cosines, size=size)

    with ThreadPoolExecutor(threads) as pool, threadpool_limits(1, "blas"):
        blocks = list(pool.map(answer, range(0, len(asked), _BLOCK)))
    if not blocks:
        return Neighbours(np.zeros((0, size), dtype=np.int32), np.zeros((0, size), dtype=np.float32))
    return Neighbours(
        np.concatenate([block.items for block in blocks]), np.concatenate([block.scores for block in blocks])
    )


class ItemIndex:
    """An HNSW graph over the items. Built on one thread, so that the same factors give the same graph."""

    def __init__(self, factors: Floats) -> None:
        self._units, self._there = _units(factors)
        self._graph = Index(
            ndim=factors.shape[1],
            metric="ip",
            dtype="f16",
            connectivity=_CONNECTIONS,
            expansion_add=_EFFORT,
            expansion_search=_EFFORT,
        )
        known = np.flatnonzero(self._there)
        self._graph.add(known, self._units[known], threads=1)

    def nearest(self, asked: Ints, *, size: int, threads: int = 1) -> Neighbours:
        """About the `size` nearest of the items `asked`."""
        known = np.flatnonzero(self._there[asked])
        found = cast(BatchMatches, self._graph.search(self._units[asked[known]], size + 1, threads=threads))
        keys = found.keys.astype(np.int32)
        there = (np.arange(keys.shape[1]) < found.counts[:, None]) & (keys != asked[known][:, None])
        cosines = np.where(there, 1 - np.where(there, found.distances, 0), -np.inf).astype(np.float32)
        best = _best(cosines, size=size)
        items = np.full((len(asked), size), -1, dtype=np.int32)
        scores = np.zeros((len(asked), size), dtype=np.float32)
        items[known] = np.where(best.items >= 0, np.take_along_axis(keys, best.items, axis=1), -1)
        scores[known] = best.scores
        return Neighbours(items, scores)


def _units(factors: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """The factors with length 1 each, and which items have any."""
    lengths = np.linalg.norm(factors, axis=1)
    units: Floats = factors / np.maximum(lengths, 1e-12)[:, None]
    return units, lengths > 0


def _best(cosines: Floats, *, size: int) -> Neighbours:
    """The columns of the `size` highest cosines of each row, those at -inf left out."""
    width = min(size, cosines.shape[1])
    places = np.argpartition(-cosines, width - 1, axis=1)[:, :width] if width else np.zeros((len(cosines), 0), int)
    values = np.take_along_axis(cosines, places, axis=1)
    order = np.lexsort((places, -values))
    items = np.full((len(cosines), size), -1, dtype=np.int32)
    scores = np.zeros((len(cosines), size), dtype=np.float32)
    values = np.take_along_axis(values, order, axis=1)
    items[:, :width] = np.where(np.isfinite(values), np.take_along_axis(places, order, axis=1), -1)
    scores[:, :width] = np.where(np.isfinite(values), values, 0.0)
    return Neighbours(items, scores)
