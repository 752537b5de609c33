"""What shoppers go on to from things like those one has: transitions widened by likeness on either side.

In a long tail most transitions were seen once or never. If b was bought after a, then b is also likely after what
is like a, and what is like b after a. Content that fills in where behaviour is thin: Melville, Mooney, Nagarajan,
"Content-boosted Collaborative Filtering", AAAI 2002. Links lent by items of the same attributes: Wang and others,
"Billion-scale Commodity Embedding for E-commerce Recommendation in Alibaba", KDD 2018.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import scipy.sparse as sparse

from recsys.data import TrainingData
from recsys.features import LIKENESS, describe
from recsys.histories import strongest
from recsys.transitions import TransitionsModel

_BLOCK = 1024
_LEADING = 100  # links of an item that are spread over its kin: the rest would hardly be among the kept ones


class BridgesModel(TransitionsModel):
    """Links T of `TransitionsModel` plus `widening` times (S T + T S).

    S holds for every item the shares of the `kin` items most like it by content, in proportion to the likeness to
    the power of `kin_power`. An item that nobody has bought yet has links too. All other parameters are those of
    `TransitionsModel`.
    """

    name = "bridges"

    def __init__(
        self,
        *,
        widening: float = 2.0,
        kin: int = 50,
        kin_power: float = 3.0,
        dimensions: int = 128,
        **transitions: Any,
    ) -> None:
        super().__init__(**transitions)
        self._parameters |= {"widening": widening, "kin": kin, "kin_power": kin_power, "dimensions": dimensions}

    def fit(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        super().fit(data, seed=seed, threads=threads)
        p = self._parameters
        kin = describe(data.items, weights=LIKENESS, dimensions=p["dimensions"], seed=seed).neighbours(
            keep=p["kin"]
        )
        kin.data **= np.float32(p["kin_power"])
        sums = np.asarray(kin.sum(axis=1)).ravel()
        kin = sparse.csr_matrix(sparse.diags_array(1 / np.maximum(sums, 1e-12)) @ kin, dtype=np.float32)
        links = self._matrix
        leading = strongest(links, keep=_LEADING)
        blocks = []
        for first in range(0, self._items, _BLOCK):  # S T has far more cells than are kept
            rows = slice(first, first + _BLOCK)
            wide = links[rows] + (kin[rows] @ leading + leading[rows] @ kin) * np.float32(p["widening"])
            blocks.append(strongest(_without_own(wide, first), keep=p["neighbours"]))
        if blocks:
            self._matrix = sparse.vstack(blocks).tocsr()
        return self


def _without_own(block: sparse.csr_matrix, first: int) -> sparse.csr_matrix:
    """A block of rows from `first` on, with nothing on the diagonal of the whole."""
    cells = block.tocoo()
    cells.data[cells.col == cells.row + first] = 0.0
    return sparse.csr_matrix(cells, dtype=np.float32)
