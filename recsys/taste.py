"""What sells in the brands and categories a shopper has been to: a step between popularity and personal models.

Source: the category-restricted popularity that Dacrema, Cremonesi, Jannach, "Are We Really Making Much Progress?",
RecSys 2019, call for as a baseline, with the categories weighed by the shopper's own use of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
import scipy.sparse as sparse

from recsys.base import LinearModel
from recsys.data import Floats, Ints, TrainingData
from recsys.features import labels_of, unit_tfidf
from recsys.popularity import decayed_sales
from recsys.storage import Array, matrix_arrays, matrix_from_arrays


class TasteModel(LinearModel):
    """The likeness of an item's labels to those of the history, times its share of sales to a power."""

    name = "taste"

    def __init__(
        self,
        *,
        sales_power: float = 0.5,
        sales_half_life_days: float = 60.0,
        position_power: float = 0.5,
        half_life_days: float | None = 180.0,
    ) -> None:
        super().__init__(
            position_power=position_power,
            half_life_days=half_life_days,
            sales_power=sales_power,
            sales_half_life_days=sales_half_life_days,
        )

    def fit(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        p = self._parameters
        self._items = len(data.items)
        sales = decayed_sales(data, half_life_days=p["sales_half_life_days"])
        self._shares = (sales / max(float(sales.max(initial=0.0)), 1e-12)) ** np.float32(p["sales_power"])
        self._labels = unit_tfidf([labels_of(data.items, item) for item in range(self._items)])
        self._by_label = self._labels.T.tocsr()
        return self

    def _spread(self, weights: sparse.csr_matrix) -> Floats:
        scores: Floats = ((weights @ self._labels) @ self._by_label).toarray() * self._shares
        return scores

    def _links(self, sources: Ints, items: Ints) -> Floats:
        links: Floats = (self._labels[items] @ self._labels[sources].T).toarray()
        links *= self._shares[items][:, None]
        return links

    def _arrays(self) -> dict[str, Array]:
        return {**matrix_arrays("labels", self._labels), "shares": self._shares}

    def _restore(self, arrays: Mapping[str, Array]) -> None:
        self._labels = matrix_from_arrays("labels", arrays)
        self._by_label = self._labels.T.tocsr()
        self._shares = arrays["shares"]
