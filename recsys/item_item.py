"""Item-to-item collaborative filtering: items are alike when the same shoppers have them.

Sources: Linden, Smith, York, "Amazon.com Recommendations: Item-to-Item Collaborative Filtering", IEEE Internet
Computing 7(1), 2003; Deshpande, Karypis, "Item-based Top-N Recommendation Algorithms", ACM TOIS 22(1), 2004.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sparse

from recsys.base import ItemMatrixModel
from recsys.data import TrainingData
from recsys.histories import strongest


class ItemItemModel(ItemMatrixModel):
    """The cosine between the items' columns of shoppers, shrunk where few shoppers stand behind it.

    A shopper's row is divided by the root of its length, so that someone who buys everything says less of each
    pair. `shrinkage` is added to the product of the lengths below the fraction.
    """

    name = "item_item"

    def __init__(
        self,
        *,
        shrinkage: float = 1.0,
        neighbours: int = 500,
        position_power: float = 0.5,
        half_life_days: float | None = 180.0,
    ) -> None:
        super().__init__(
            position_power=position_power,
            half_life_days=half_life_days,
            shrinkage=shrinkage,
            neighbours=neighbours,
        )

    def fit(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        self._items = len(data.items)
        known = data.users >= 0
        cells = (data.weights[known].astype(np.float32), (data.users[known], data.item_numbers[known]))
        owned = sparse.csr_matrix(cells, shape=(len(data.user_ids), self._items))
        owned.sum_duplicates()
        owned.data = np.minimum(owned.data, 1.0)
        kinds = np.maximum(np.diff(owned.indptr), 1)
        owned = sparse.csr_matrix(sparse.diags_array(kinds**-0.25) @ owned, dtype=np.float32)
        together = (owned.T @ owned).tocoo()
        lengths = np.sqrt(np.asarray(owned.multiply(owned).sum(axis=0)).ravel())
        below = lengths[together.row] * lengths[together.col] + self._parameters["shrinkage"]
        alike = np.where(together.row == together.col, 0.0, together.data / below).astype(np.float32)
        matrix = sparse.csr_matrix((alike, (together.row, together.col)), shape=together.shape)
        self._matrix = strongest(matrix, keep=self._parameters["neighbours"])
        return self
