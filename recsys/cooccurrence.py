"""Bought together: pairs that share more baskets than chance explains.

Source of the test: Dunning, "Accurate Methods for the Statistics of Surprise and Coincidence", Computational
Linguistics 19(1), 1993 (the log-likelihood ratio G2, which under independence follows chi-squared with one degree
of freedom and holds for small counts too).
"""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sparse
from scipy.special import xlogy
from scipy.stats import chi2

from recsys.base import ItemMatrixModel
from recsys.data import Floats, TrainingData
from recsys.histories import incidence, strongest


class CooccurrenceModel(ItemMatrixModel):
    """Links are the cosine of the items' baskets, for pairs that pass the test and have `support` baskets.

    `significance` is the chance of a link between two items that have nothing to do with each other. Items of
    which too little is known have no links: what is shown for them is the blend's business.
    """

    name = "cooccurrence"

    def __init__(
        self,
        *,
        support: int = 3,
        significance: float = 1e-4,
        neighbours: int = 200,
        position_power: float = 1.0,
        half_life_days: float | None = 180.0,
    ) -> None:
        super().__init__(
            position_power=position_power,
            half_life_days=half_life_days,
            support=support,
            significance=significance,
            neighbours=neighbours,
        )

    def fit(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        self._items = len(data.items)
        inside = data.baskets >= 0
        _, rows = np.unique(data.baskets[inside], return_inverse=True)
        shape = (int(rows.max(initial=-1)) + 1, self._items)
        baskets = incidence(rows, data.item_numbers[inside], shape=shape)
        together = (baskets.T @ baskets).tocoo()
        counts = np.asarray(baskets.sum(axis=0)).ravel().astype(np.float64)
        both = together.data.astype(np.float64)
        left, right = counts[together.row], counts[together.col]
        ratio = log_likelihood_ratio(both, left, right, float(shape[0]))
        kept = (
            (together.row != together.col)
            & (both >= self._parameters["support"])
            & (both * shape[0] > left * right)
            & (ratio >= chi2.isf(self._parameters["significance"], 1))
        )
        alike = (both[kept] / np.sqrt(left[kept] * right[kept])).astype(np.float32)
        matrix = sparse.csr_matrix((alike, (together.row[kept], together.col[kept])), shape=(self._items,) * 2)
        self._matrix = strongest(matrix, keep=self._parameters["neighbours"])
        return self


def log_likelihood_ratio(both: Floats, left: Floats, right: Floats, total: float) -> Floats:
    """Dunning's G2 for two items in `both` baskets together, in `left` and `right` at all, of `total` baskets."""
    cells = (both, left - both, right - both, total - left - right + both)
    margins = (left, total - left, right, total - right)
    inner = sum(xlogy(cell, cell) for cell in cells) + xlogy(total, total)
    outer = sum(xlogy(margin, margin) for margin in margins)
    ratio: Floats = 2.0 * np.maximum(inner - outer, 0.0)
    return ratio
