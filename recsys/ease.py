"""Which items together foretell another: a ridge regression of each item on its nearest ones.

Sources: Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019 (EASE: every item regressed on all
others at once, by one inverse of an items by items matrix); Ning, Karypis, "SLIM: Sparse Linear Methods for Top-N
Recommender Systems", ICDM 2011, section 4.3 (fsSLIM: the regression restricted to the items most like a target).
The restriction keeps time and memory in proportion to the number of items, and was measured to be no worse than
the whole inverse.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import numpy as np
import scipy.sparse as sparse
from threadpoolctl import threadpool_limits

from recsys.base import ItemMatrixModel
from recsys.data import Floats, Ints, TrainingData
from recsys.evaluation.intervals import Doubles
from recsys.histories import strongest

_BLOCK = 512  # items whose pairs are counted, and whose regressions are solved, at a time
_KEPT = 1000  # pairs of an item that are kept, the strongest by cosine


class EaseModel(ItemMatrixModel):
    """Links are the coefficients of the items most like a target in the regression that foretells it.

    Unlike a cosine, a coefficient is what an item says beyond what the others say already. `neighbours` items
    enter the regression of each, with `regularisation` added to the number of shoppers that each of them has.
    """

    name = "ease"

    def __init__(
        self,
        *,
        regularisation: float = 50.0,
        neighbours: int = 100,
        position_power: float = 0.8,
        half_life_days: float | None = 180.0,
    ) -> None:
        super().__init__(
            regularisation=regularisation,
            neighbours=neighbours,
            position_power=position_power,
            half_life_days=half_life_days,
        )

    def fit(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        p = self._parameters
        self._items = len(data.items)
        known = data.users >= 0
        cells = (data.weights[known].astype(np.float32), (data.users[known], data.item_numbers[known]))
        owned = sparse.csr_matrix(cells, shape=(len(data.user_ids), self._items))
        owned.data = np.minimum(owned.data, 1.0)
        lengths = np.sqrt(np.asarray(owned.multiply(owned).sum(axis=0), dtype=np.float64).ravel())
        with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool, threadpool_limits(1, "blas"):
            alike = _alike(owned, lengths, pool)
            near = strongest(alike, keep=p["neighbours"])

            def solve(targets: Ints) -> Floats:
                return _coefficients(targets, near, alike, lengths, p["regularisation"])

            found = list(pool.map(solve, _blocks(self._items)))
        values = np.concatenate(found) if found else np.zeros(0, dtype=np.float32)
        by_target = sparse.csr_matrix((values, near.indices, near.indptr), shape=near.shape)
        by_target.eliminate_zeros()
        self._matrix = by_target.T.tocsr()
        return self


def _alike(owned: sparse.csr_matrix, lengths: Doubles, pool: ThreadPoolExecutor) -> sparse.csr_matrix:
    """The cosines of items that the same shoppers have, the strongest of each; 0 for an item and itself."""
    across = owned.T.tocsr()

    def pairs(items: Ints) -> sparse.csr_matrix:
        counted = (across[items] @ owned).tocoo()
        both = lengths[items[counted.row]] * lengths[counted.col]
        other = items[counted.row] != counted.col
        cells = ((counted.data[other] / both[other]).astype(np.float32), (counted.row[other], counted.col[other]))
        return strongest(sparse.csr_matrix(cells, shape=counted.shape), keep=_KEPT)

    blocks = list(pool.map(pairs, _blocks(len(lengths))))
    if not blocks:
        return sparse.csr_matrix((0, 0), dtype=np.float32)
    kept = sparse.vstack(blocks, format="csr")
    return kept.maximum(kept.T).tocsr()


def _coefficients(
    targets: Ints, near: sparse.csr_matrix, alike: sparse.csr_matrix, lengths: Doubles, regularisation: float
) -> Floats:
    """The coefficients of the targets' nearest items, one target after the other, none below 0."""
    place = np.full(len(lengths), -1)
    found = [np.zeros(0, dtype=np.float32)]
    for target in targets:
        own = near.indices[near.indptr[target] : near.indptr[target + 1]]
        place[own] = np.arange(len(own))
        pairs = alike[own]
        columns = place[pairs.indices]
        inside = columns >= 0
        rows = np.repeat(np.arange(len(own)), np.diff(pairs.indptr))
        products = np.zeros((len(own), len(own)))
        products[rows[inside], columns[inside]] = pairs.data[inside]
        products *= lengths[own][:, None] * lengths[own]
        np.fill_diagonal(products, lengths[own] ** 2 + regularisation)
        wanted = near.data[near.indptr[target] : near.indptr[target + 1]] * lengths[own] * lengths[target]
        found.append(np.linalg.solve(products, wanted).astype(np.float32))
        place[own] = -1
    return np.maximum(np.concatenate(found), 0.0)


def _blocks(items: int) -> Iterator[Ints]:
    for first in range(0, items, _BLOCK):
        yield np.arange(first, min(first + _BLOCK, items), dtype=np.int32)
