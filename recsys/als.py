"""Implicit matrix factorisation by alternating least squares, with shoppers folded in from their history.

Source: Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008 (the explanation
of a score is their section 5). The item factors are fitted by `implicit` (conjugate gradient steps: Takacs,
Pilaszy, Tikk, "Applications of the Conjugate Gradient Method for Implicit Feedback Collaborative Filtering",
RecSys 2011).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import scipy.sparse as sparse
from implicit.cpu.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

from recsys.base import Model
from recsys.data import Floats, History, Ints, TrainingData
from recsys.histories import history_matrix
from recsys.storage import Array

_BLOCK = 1024


class AlsModel(Model):
    """Scores are the dot products of item factors and a shopper's factor, which is solved from the history.

    The confidence in an item is 1 + `alpha` * log2(1 + weight), the weight being what the history says (summed
    over repetitions, faded by `position_power` when scoring). No row for a person is kept.
    """

    name = "als"

    def __init__(
        self,
        *,
        factors: int = 256,
        iterations: int = 15,
        regularisation: float = 10.0,
        alpha: float = 20.0,
        position_power: float = 1.0,
        half_life_days: float | None = 90.0,
    ) -> None:
        super().__init__(
            factors=factors,
            iterations=iterations,
            regularisation=regularisation,
            alpha=alpha,
            position_power=position_power,
            half_life_days=half_life_days,
        )

    def fit(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        p = self._parameters
        self._items = len(data.items)
        known = data.users >= 0
        cells = (data.weights[known].astype(np.float32), (data.users[known], data.item_numbers[known]))
        owned = sparse.csr_matrix(cells, shape=(len(data.user_ids), self._items))
        owned.data = 1.0 + p["alpha"] * np.log2(1.0 + owned.data)
        with threadpool_limits(1, "blas"):  # implicit has threads of its own; BLAS below them only gets in the way
            solver = AlternatingLeastSquares(
                factors=min(p["factors"], self._items),
                regularization=p["regularisation"],
                alpha=1.0,
                iterations=p["iterations"],
                num_threads=threads or os.cpu_count() or 1,
                random_state=seed,
            )
            solver.fit(owned, show_progress=False)
        factors = np.array(solver.item_factors, dtype=np.float32)
        factors[np.bincount(owned.indices, minlength=self._items) == 0] = 0.0
        self._restore({"factors": factors})
        return self

    def scores(self, histories: Sequence[History], *, now: int) -> Floats:
        scores: Floats = self._fold_in(self._confidence(histories)) @ self._factors.T
        return scores

    def likeness(self, item: int) -> Floats:
        self.check(item)
        lengths = np.linalg.norm(self._factors, axis=1)
        dots: Floats = self._factors @ self._factors[item]
        both = lengths * lengths[item]
        likeness: Floats = np.divide(dots, both, out=np.zeros_like(dots), where=both > 0)
        return likeness

    def contributions(self, history: History, items: Ints, *, now: int) -> tuple[Ints, Floats]:
        extra = self._confidence([history])
        own = self._factors[extra.indices].astype(np.float64)
        if len(own) > own.shape[1]:
            normal = self._normal + (own * extra.data[:, None]).T @ own
            pulls = own @ np.linalg.solve(normal, self._factors[items].astype(np.float64).T)
        else:  # the same by the push-through identity, in the dimension of the history
            leverage = self._leverage[extra.indices].astype(np.float64)
            system = (own @ leverage.T) * extra.data + np.eye(len(own))
            pulls = np.linalg.solve(system, leverage @ self._factors[items].astype(np.float64).T)
        shares: Floats = (pulls * (1.0 + extra.data)[:, None]).T.astype(np.float32)
        return extra.indices, shares

    def _confidence(self, histories: Sequence[History]) -> sparse.csr_matrix:
        """What the confidence in each item of the histories has above 1, shape [histories, items]."""
        weights = history_matrix(
            histories,
            items=self._items,
            position_power=self._parameters["position_power"],
            half_life_days=self._parameters["half_life_days"],
        )
        weights.data = (self._parameters["alpha"] * np.log2(1.0 + weights.data)).astype(np.float32)
        return weights

    def _fold_in(self, extra: sparse.csr_matrix) -> Floats:
        """The factors of shoppers, shape [shoppers, factors]: (P + Y' D Y)^-1 Y' (1 + d), P = Y'Y + reg I.

        For a history of h items that is P^-1 Y_h' (I + D Y_h P^-1 Y_h')^-1 (1 + d) by the push-through identity:
        one h x h system, many histories of the same length at once; a history longer than the factors is solved
        in their dimension instead.
        """
        folded = np.zeros((extra.shape[0], self._factors.shape[1]), dtype=np.float32)
        lengths = np.diff(extra.indptr)
        for length in np.unique(lengths[lengths > 0]):
            same = np.flatnonzero(lengths == length)
            for first in range(0, len(same), max(1, min(_BLOCK, _BLOCK * 64 // int(length)))):
                rows = same[first : first + max(1, min(_BLOCK, _BLOCK * 64 // int(length)))]
                places = extra.indptr[rows][:, None] + np.arange(length)
                items, above = extra.indices[places], extra.data[places]
                solve = self._solve_long if length > self._factors.shape[1] else self._solve_short
                folded[rows] = solve(items, above)
        return folded

    def _solve_short(self, items: Array, above: Floats) -> Floats:
        leverage = self._leverage[items]
        system = above[:, :, None] * (leverage @ self._factors[items].transpose(0, 2, 1))
        diagonal = np.arange(items.shape[1])
        system[:, diagonal, diagonal] += 1.0
        pull = np.linalg.solve(system, (1.0 + above)[:, :, None])
        solved: Floats = (leverage.transpose(0, 2, 1) @ pull)[:, :, 0]
        return solved

    def _solve_long(self, items: Array, above: Floats) -> Floats:
        solved = np.empty((len(items), self._factors.shape[1]), dtype=np.float32)
        for row, (numbers, extra) in enumerate(zip(items, above, strict=True)):
            own = self._factors[numbers]
            solved[row] = np.linalg.solve(self._normal + (own * extra[:, None]).T @ own, (1.0 + extra) @ own)
        return solved

    def _arrays(self) -> dict[str, Array]:
        return {"factors": self._factors}

    def _restore(self, arrays: Mapping[str, Array]) -> None:
        self._factors = arrays["factors"]  # [items, factors]
        wide = self._factors.astype(np.float64)
        self._normal = wide.T @ wide + self._parameters["regularisation"] * np.eye(wide.shape[1])
        self._leverage = np.linalg.solve(self._normal, wide.T).T.astype(np.float32)  # Y P^-1
