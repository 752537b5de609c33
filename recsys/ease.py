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
from recsys.histories import strongest

_BLOCK = 256  # items whose pairs are counted, and whose regressions are solved, at a time


class EaseModel(ItemMatrixModel):
    """Links are the coefficients of the items most like a target in the regression that foretells it.

    Unlike a cosine, a coefficient is what an item says beyond what the others say already. `neighbours` items
    enter the regression of each, with `regularisation` added to the number of shoppers that each of them has.
    """

    name = "ease"

    def __init__(
        self,
        *,
        regularisation: float = 100.0,
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
        across = owned.T.tocsr()
        with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool, threadpool_limits(1, "blas"):
            near = _nearest(owned, across, p["neighbours"], pool)

            def solve(targets: Ints) -> Floats:
                return _coefficients(targets, near, across, p["regularisation"])

            found = list(pool.map(solve, _blocks(self._items)))
        values = np.concatenate(found) if found else np.zeros(0, dtype=np.float32)
        by_target = sparse.csr_matrix((values, near.indices, near.indptr), shape=near.shape)
        by_target.eliminate_zeros()
        self._matrix = by_target.T.tocsr()
        return self


def _nearest(
    owned: sparse.csr_matrix, across: sparse.csr_matrix, keep: int, pool: ThreadPoolExecutor
) -> sparse.csr_matrix:
    """The `keep` items most like each by the cosine of their shoppers, itself left out, shape [items, items]."""
    lengths = np.sqrt(np.asarray(owned.multiply(owned).sum(axis=0), dtype=np.float64).ravel())

    def nearest(items: Ints) -> sparse.csr_matrix:
        both = (across[items] @ owned).tocoo()
        other = items[both.row] != both.col
        alike = (both.data / (lengths[items[both.row]] * lengths[both.col])).astype(np.float32)
        cells = (alike[other], (both.row[other], both.col[other]))
        return strongest(sparse.csr_matrix(cells, shape=both.shape), keep=keep)

    blocks = list(pool.map(nearest, _blocks(len(lengths))))
    return sparse.vstack(blocks, format="csr") if blocks else sparse.csr_matrix((0, 0), dtype=np.float32)


def _coefficients(
    targets: Ints, near: sparse.csr_matrix, across: sparse.csr_matrix, regularisation: float
) -> Floats:
    """The coefficients of the targets' nearest items, one target after the other, none below 0."""
    found = [np.zeros(0, dtype=np.float32)]
    for target in targets:
        own = near.indices[near.indptr[target] : near.indptr[target + 1]]
        rows = across[np.append(own, target)]
        products = (rows @ rows.T).toarray().astype(np.float64)
        products[np.arange(len(own)), np.arange(len(own))] += regularisation
        found.append(np.linalg.solve(products[:-1, :-1], products[:-1, -1]).astype(np.float32))
    return np.maximum(np.concatenate(found), 0.0)


def _blocks(items: int) -> Iterator[Ints]:
    for first in range(0, items, _BLOCK):
        yield np.arange(first, min(first + _BLOCK, items), dtype=np.int32)
