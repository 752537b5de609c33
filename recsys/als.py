"""Implicit matrix factorisation by alternating least squares, with shoppers folded in from their history.

Source: Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008 (the explanation
of a score is their section 5); regularisation by frequency: Rendle, Krichene, Zhang, Koren, "Revisiting the
Performance of iALS on Item Recommendation Benchmarks", RecSys 2022. How the item factors are found is in
`als_solver`; `implicit`, the reference it is measured against, can take its place where all rows are regularised
alike.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Literal, Self

import numpy as np
import scipy.sparse as sparse
from implicit.cpu.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

from core.errors import InvalidInput
from recsys.als_solver import Scale, fit_factors, in_eigenvectors, row_scale, row_sums
from recsys.base import Model
from recsys.data import Floats, History, Ints, TrainingData
from recsys.histories import DAY, history_matrix
from recsys.storage import Array
from recsys.threads import one_blas_thread

_BLOCK = 1024


class AlsModel(Model):
    """Scores are the dot products of item factors and a shopper's factor, which is solved from the history.

    The confidence in an item is 1 + `alpha` * log2(1 + weight), the weight being what the history says, summed
    over repetitions. It halves every `learning_half_life_days` before the end of the data when the item factors
    are fitted; of the shopper to be scored it fades by `position_power` and `half_life_days` (`history_matrix`).
    A row is regularised with `regularisation` times what its confidences have above 1, over the mean of all rows,
    to `frequency_power`: shoppers folded in as well as those fitted. No row for a person is kept.
    """

    name = "als"
    schema = 2

    def __init__(
        self,
        *,
        factors: int = 256,
        iterations: int = 10,
        regularisation: float = 100.0,
        frequency_power: float = 0.8,
        alpha: float = 40.0,
        learning_half_life_days: float = 180.0,
        position_power: float = 1.5,
        half_life_days: float | None = 90.0,
        solver: Literal["own", "implicit"] = "own",
    ) -> None:
        if solver == "implicit" and frequency_power != 0:
            raise InvalidInput("implicit knows one regularisation for all rows: frequency_power must be 0")
        super().__init__(
            factors=factors,
            iterations=iterations,
            regularisation=regularisation,
            frequency_power=frequency_power,
            alpha=alpha,
            learning_half_life_days=learning_half_life_days,
            position_power=position_power,
            half_life_days=half_life_days,
            solver=solver,
        )

    @property
    def factors(self) -> Floats:
        """What is known of each item, shape [items, factors]; rows of 0 for items that nobody has."""
        return self._factors

    def fit(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        p = self._parameters
        self._items = len(data.items)
        known = data.users >= 0
        faded = np.exp2(np.minimum(data.at[known] - data.now, 0) / (p["learning_half_life_days"] * DAY))
        weights = (data.weights[known] * faded).astype(np.float32)
        cells = (weights, (data.users[known], data.item_numbers[known]))
        extra = sparse.csr_matrix(cells, shape=(len(data.user_ids), self._items))
        extra.data = p["alpha"] * np.log2(1.0 + extra.data)
        solve = fit_factors if p["solver"] == "own" else _fit_with_implicit
        factors = solve(
            extra,
            factors=min(p["factors"], self._items),
            iterations=p["iterations"],
            regularisation=p["regularisation"],
            frequency_power=p["frequency_power"],
            seed=seed,
            threads=threads or os.cpu_count() or 1,
        )
        scale = row_scale(extra, base=p["regularisation"], power=p["frequency_power"])
        self._restore({"factors": factors, "mean": np.array(scale.mean)})
        return self

    def scores(self, histories: Sequence[History], *, now: int) -> Floats:
        with one_blas_thread():  # many small systems; the one large product below is worth a second thread
            folded = self._fold_in(self._confidence(histories))
        scores: Floats = folded @ self._across
        return scores

    def likeness(self, item: int) -> Floats:
        self.check(item)
        lengths = np.linalg.norm(self._factors, axis=1)
        dots: Floats = self._factors[item] @ self._across
        both = lengths * lengths[item]
        likeness: Floats = np.divide(dots, both, out=np.zeros_like(dots), where=both > 0)
        return likeness

    def contributions(self, history: History, items: Ints, *, now: int) -> tuple[Ints, Floats]:
        extra = self._confidence([history])
        own = self._factors[extra.indices].astype(np.float64)
        wanted = self._factors[items].astype(np.float64).T
        shared = self._diagonals(extra)[0]
        if len(own) > len(shared):
            pulls = own @ np.linalg.solve(np.diag(shared) + (own * extra.data[:, None]).T @ own, wanted)
        else:  # the same by the push-through identity, in the dimension of the history
            leverage = own / shared
            system = (own @ leverage.T) * extra.data + np.eye(len(own))
            pulls = np.linalg.solve(system, leverage @ wanted)
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

    def _diagonals(self, extra: sparse.csr_matrix) -> Array:
        """Y'Y and the regularisation of each row: both are diagonal, so shape [rows, factors]."""
        diagonals: Array = self._squares + self._scale.of(row_sums(extra))[:, None]
        return diagonals

    def _fold_in(self, extra: sparse.csr_matrix) -> Floats:
        """The factors of shoppers, shape [shoppers, factors]: (P + Y' D Y)^-1 Y' (1 + d), P = Y'Y + reg.

        For a history of h items that is P^-1 Y_h' (I + D Y_h P^-1 Y_h')^-1 (1 + d) by the push-through identity:
        one h x h system, many histories of the same length at once; a history longer than the factors is solved
        in their dimension instead.
        """
        folded = np.zeros((extra.shape[0], self._factors.shape[1]), dtype=np.float32)
        diagonals = self._diagonals(extra).astype(np.float32)
        lengths = np.diff(extra.indptr)
        for length in np.unique(lengths[lengths > 0]):
            same = np.flatnonzero(lengths == length)
            for first in range(0, len(same), max(1, min(_BLOCK, _BLOCK * 64 // int(length)))):
                rows = same[first : first + max(1, min(_BLOCK, _BLOCK * 64 // int(length)))]
                places = extra.indptr[rows][:, None] + np.arange(length)
                items, above = extra.indices[places], extra.data[places]
                solve = self._solve_long if length > self._factors.shape[1] else self._solve_short
                folded[rows] = solve(self._factors[items], above, diagonals[rows])
        return folded

    def _solve_short(self, own: Floats, above: Floats, diagonals: Floats) -> Floats:
        leverage = own / diagonals[:, None, :]
        system = above[:, :, None] * (leverage @ own.transpose(0, 2, 1))
        places = np.arange(own.shape[1])
        system[:, places, places] += 1.0
        pull = np.linalg.solve(system, (1.0 + above)[:, :, None])
        solved: Floats = (leverage.transpose(0, 2, 1) @ pull)[:, :, 0]
        return solved

    def _solve_long(self, own: Floats, above: Floats, diagonals: Floats) -> Floats:
        across = own.transpose(0, 2, 1)
        system = (across * above[:, None, :]) @ own
        places = np.arange(own.shape[2])
        system[:, places, places] += diagonals
        solved: Floats = np.linalg.solve(system, across @ (1.0 + above)[:, :, None])[:, :, 0]
        return solved

    def _arrays(self) -> dict[str, Array]:
        return {"factors": self._factors, "mean": np.array(self._scale.mean)}

    def _restore(self, arrays: Mapping[str, Array]) -> None:
        p = self._parameters
        self._factors = arrays["factors"]  # [items, factors], turned so that Y'Y is diagonal
        self._across = np.ascontiguousarray(self._factors.T)  # halves the time of one shopper's scores
        self._squares = np.square(self._factors, dtype=np.float64).sum(axis=0)
        self._scale = Scale(p["regularisation"], p["frequency_power"], float(arrays["mean"]))


def _fit_with_implicit(
    extra: sparse.csr_matrix,
    *,
    factors: int,
    iterations: int,
    regularisation: float,
    frequency_power: float,
    seed: int,
    threads: int,
) -> Floats:
    confidence = extra.copy()
    confidence.data += 1.0
    with threadpool_limits(1, "blas"):  # implicit has threads of its own; BLAS below them only gets in the way
        solver = AlternatingLeastSquares(
            factors=factors,
            regularization=regularisation,
            alpha=1.0,
            iterations=iterations,
            num_threads=threads,
            random_state=seed,
        )
        solver.fit(confidence, show_progress=False)
    found = np.array(solver.item_factors, dtype=np.float32)
    found[np.bincount(extra.indices, minlength=extra.shape[1]) == 0] = 0.0
    return in_eigenvectors(found)
