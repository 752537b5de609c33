"""Item factors for implicit feedback, with a regularisation of its own for every row.

Sources: Hu, Koren, Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008 (the objective
and the alternation); Takacs, Pilaszy, Tikk, "Applications of the Conjugate Gradient Method for Implicit Feedback
Collaborative Filtering", RecSys 2011 (a few conjugate gradient steps from the factors of the round before, not an
exact solution); Rendle, Krichene, Zhang, Koren, "Revisiting the Performance of iALS on Item Recommendation
Benchmarks", RecSys 2022 (regularisation that grows with a power of what a row weighs).

What is minimised is the sum over all cells of c (p - x'y)^2 plus that over all rows of reg_row |row|^2, where p is
1 in the cells that are there and 0 elsewhere, and c is 1 + `extra` and 1. The part of a row's system that all rows
share, Y'Y, is made diagonal first: the factors are turned into its eigenvectors, which changes no product of them.
It is then free to multiply with, and a good preconditioner. Rows are solved in blocks of about the same length.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
from threadpoolctl import threadpool_limits

from recsys.data import Floats

_STEPS = 3  # of conjugate gradients each time, as in the paper
_CELLS = 1 << 13  # rows times longest row in a block: what is gathered for it stays in the cache
_CHUNK = 1 << 14  # rows of factors whose products are summed at once
_SPREAD = 0.1  # standard deviation of the factors before the first round, times the root of their number
_LEAST = 1e-6  # of regularisation: a row next to nothing is solved all the same
_TINY = np.float32(1e-30)  # keeps 0 / 0 at 0

Doubles = npt.NDArray[np.float64]
_Both = tuple[Floats, Floats]


@dataclass(frozen=True, slots=True)
class Scale:
    """How the regularisation of a row grows with what the row weighs: base * (weight / mean) ** power.

    A row weighs what its confidences have above 1, so a row of the `mean` weight gets `base`. The paper counts the
    cells that are not there too; without them it was better on both validation sets.
    """

    base: float
    power: float
    mean: float

    def of(self, above: Doubles) -> Doubles:
        """The regularisation of rows whose confidences above 1 sum up to `above`; the shape stays."""
        scaled: Doubles = np.maximum(self.base * (above / self.mean) ** self.power, _LEAST)
        return scaled


def row_sums(extra: sparse.csr_matrix) -> Doubles:
    """What each row has above 1, shape [rows]."""
    sums: Doubles = np.asarray(extra.sum(axis=1, dtype=np.float64)).ravel()
    return sums


def row_scale(extra: sparse.csr_matrix, *, base: float, power: float) -> Scale:
    """The scale of a matrix whose rows are to be solved; rows with nothing in them do not count for the mean."""
    sums = row_sums(extra)
    return Scale(base, power, float(sums[sums > 0].mean()) if (sums > 0).any() else 1.0)


def fit_factors(
    extra: sparse.csr_matrix,
    *,
    factors: int,
    iterations: int,
    regularisation: float,
    frequency_power: float = 0.0,
    seed: int = 0,
    threads: int = 1,
) -> Floats:
    """The factors of the columns, shape [columns, factors], turned so that Y'Y is diagonal.

    `extra` is what the confidence in each cell has above 1. Columns with nothing in them get factors of 0, rows
    with nothing in them change nothing. The same matrix, parameters and seed give the same bytes for any number
    of threads; the seed is for the columns alone, so leaving rows out is as if they had never been there.
    """
    if extra.nnz == 0:
        return np.zeros((extra.shape[1], factors), dtype=np.float32)
    rows = extra[np.flatnonzero(np.diff(extra.indptr))].astype(np.float32)
    columns = rows.T.tocsr()
    by_row, by_column = (
        _Side(cells, row_scale(cells, base=regularisation, power=frequency_power)) for cells in (rows, columns)
    )
    draw = np.random.default_rng(seed).standard_normal((columns.shape[0], factors), dtype=np.float32)
    right: Floats = draw * (np.float32(_SPREAD / factors**0.5) * (np.diff(columns.indptr) > 0))[:, None]
    left: Floats = np.zeros((rows.shape[0], factors), dtype=np.float32)
    with ThreadPoolExecutor(max_workers=threads) as pool, threadpool_limits(1, "blas"):
        for _ in range(iterations):
            left, right = _half_round(by_row, left, by_column, right, pool)
            right, left = _half_round(by_column, right, by_row, left, pool)
        return _turned(right, _eigen(right, pool)[1], pool)


def in_eigenvectors(factors: Floats) -> Floats:
    """Factors turned so that Y'Y is diagonal, as `fit_factors` gives them."""
    with ThreadPoolExecutor(max_workers=1) as pool, threadpool_limits(1, "blas"):
        return _turned(factors, _eigen(factors, pool)[1], pool)


def _half_round(one: _Side, own: Floats, other: _Side, fixed: Floats, pool: ThreadPoolExecutor) -> _Both:
    """Solve the rows of one side, then share the length out: what the two cost is least where it is the same.

    Making one side shorter and the other longer by the same number changes no product of the two. Left to itself
    the alternation takes tens of rounds to find that number.
    """
    shared, turn = _eigen(fixed, pool)
    own, fixed = _turned(own, turn, pool), _turned(fixed, turn, pool)
    one.solve(own, fixed, shared, pool)
    stretch = np.float32((one.cost(own) / other.cost(fixed)) ** 0.25)
    return own / stretch, fixed * stretch


class _Side:
    """One of the two sides of the alternation: its cells, and its rows in blocks of about the same length."""

    def __init__(self, extra: sparse.csr_matrix, scale: Scale) -> None:
        self._extra = extra
        self._regularisation = scale.of(row_sums(extra)).astype(np.float32)
        self._blocks = list(row_blocks(np.diff(extra.indptr)))

    def solve(self, own: Floats, fixed: Floats, shared: Floats, pool: ThreadPoolExecutor) -> None:
        """Improve the rows' factors in place; `shared` is the diagonal of the products of the fixed ones."""

        def improve(rows: npt.NDArray[np.int64]) -> None:
            items, above, there = self._cells(rows)
            diagonal = shared + self._regularisation[rows][:, None]
            own[rows] = _conjugate_gradients(own[rows], fixed[items], above, there, diagonal)

        for _ in pool.map(improve, self._blocks):
            pass

    def cost(self, own: Floats) -> float:
        """What the regularisation makes of the rows' factors."""
        return float(self._regularisation @ np.einsum("rf,rf->r", own, own, dtype=np.float64)) + float(_TINY)

    def _cells(self, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.integer], Floats, Floats]:
        """What stands in the rows, padded to the longest: columns, confidences above 1, and 1 where a cell is."""
        starts = self._extra.indptr[rows]
        lengths = self._extra.indptr[rows + 1] - starts
        step = np.arange(lengths.max())
        there = step < lengths[:, None]
        places = np.where(there, starts[:, None] + step, 0)
        return self._extra.indices[places], self._extra.data[places] * there, there.astype(np.float32)


def row_blocks(lengths: npt.NDArray[np.integer]) -> Iterator[npt.NDArray[np.int64]]:
    """The numbers of the rows that are not empty, in blocks of rows of about the same length, longest first."""
    order = np.argsort(-lengths, kind="stable")[: int(np.count_nonzero(lengths))]
    first = 0
    while first < len(order):
        size = max(1, _CELLS // int(lengths[order[first]]))
        yield order[first : first + size]
        first += size


def _conjugate_gradients(x: Floats, fixed: Floats, above: Floats, there: Floats, diagonal: Floats) -> Floats:
    """Steps from x towards the solution of (diagonal + F' A F) x = F' (there + A) for many rows at once.

    F is `fixed`, shape [rows, cells, factors], A is diagonal with `above`, shape [rows, cells]; all else has shape
    [rows, factors].
    """
    across = fixed.transpose(0, 2, 1)
    left: Floats = _times(across, there + above * (1 - _times(fixed, x))) - diagonal * x
    direction: Floats = left / diagonal
    size = _dots(left, direction)
    for _ in range(_STEPS):
        image: Floats = _times(across, above * _times(fixed, direction)) + diagonal * direction
        step: Floats = size / _dots(direction, image)
        x = x + step * direction
        left = left - step * image
        eased: Floats = left / diagonal
        before, size = size, _dots(left, eased)
        direction = eased + size / before * direction
    return x


def _times(matrices: Floats, vectors: Floats) -> Floats:
    product: Floats = (matrices @ vectors[:, :, None])[:, :, 0]
    return product


def _dots(one: Floats, other: Floats) -> Floats:
    product: Floats = np.einsum("rf,rf->r", one, other)[:, None] + _TINY
    return product


def _eigen(factors: Floats, pool: ThreadPoolExecutor) -> tuple[Floats, Floats]:
    """The eigenvalues of the products of the factors, none below 0, and the eigenvectors as columns."""
    chunks = [factors[first : first + _CHUNK] for first in range(0, len(factors), _CHUNK)]
    products = sum(pool.map(lambda chunk: (chunk.T @ chunk).astype(np.float64), chunks))
    values, vectors = np.linalg.eigh(products)
    return np.maximum(values, 0.0).astype(np.float32), vectors.astype(np.float32)


def _turned(factors: Floats, turn: Floats, pool: ThreadPoolExecutor) -> Floats:
    chunks = (factors[first : first + _CHUNK] for first in range(0, len(factors), _CHUNK))
    turned: Floats = np.concatenate(list(pool.map(lambda chunk: chunk @ turn, chunks)))
    return turned
