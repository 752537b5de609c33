"""What could be bought instead: items looked at in the same visits, of which then one was bought.

Source: McAuley, Pandey, Leskovec, "Inferring Networks of Substitutable and Complementary Products", KDD 2015: what
is looked at together are substitutes, what is bought together are complements.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sparse

from recsys.base import ItemMatrixModel
from recsys.data import KIND_WEIGHTS, TrainingData
from recsys.histories import incidence, strongest
from recsys.session import by_session


class SubstitutesModel(ItemMatrixModel):
    """Links are the cosine of the visits in which two items were looked at, less for what is bought together.

    A visit ends where a shopper does nothing for `idle_minutes`. A pair counts from `support` visits on, times the
    share of its visits in which not both were bought; `shrinkage` is added below the fraction.
    """

    name = "substitutes"

    def __init__(
        self,
        *,
        idle_minutes: int = 30,
        support: int = 2,
        shrinkage: float = 2.0,
        neighbours: int = 100,
        position_power: float = 1.0,
        half_life_days: float | None = 30.0,
    ) -> None:
        super().__init__(
            idle_minutes=idle_minutes,
            support=support,
            shrinkage=shrinkage,
            neighbours=neighbours,
            position_power=position_power,
            half_life_days=half_life_days,
        )

    def fit(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        p = self._parameters
        self._items = len(data.items)
        bought = data.weights >= KIND_WEIGHTS["purchase"]
        visits = by_session(data, idle_minutes=p["idle_minutes"])
        looked = _incidence(visits, ~bought)
        paid = _incidence(visits, bought)
        seen = sparse.csr_matrix(looked.T @ looked)
        both = sparse.csr_matrix(paid.T @ paid)
        counts = np.asarray(looked.sum(axis=0)).ravel()
        pairs = seen.tocoo()
        apart = np.maximum(1.0 - np.asarray(both[pairs.row, pairs.col]).ravel() / pairs.data, 0.0)
        alike = pairs.data * apart / (np.sqrt(counts[pairs.row] * counts[pairs.col]) + p["shrinkage"])
        kept = (pairs.row != pairs.col) & (pairs.data >= p["support"])
        cells = (alike[kept].astype(np.float32), (pairs.row[kept], pairs.col[kept]))
        self._matrix = strongest(sparse.csr_matrix(cells, shape=seen.shape), keep=p["neighbours"])
        return self


def _incidence(visits: TrainingData, rows: np.ndarray) -> sparse.csr_matrix:
    """1 where an item occurs in a visit in one of the `rows`, shape [visits, items]."""
    known = rows & (visits.users >= 0)
    shape = (len(visits.user_ids), len(visits.items))
    return incidence(visits.users[known], visits.item_numbers[known], shape=shape)
