"""Histories as one sparse matrix: what every item of a shopper's past still weighs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse

from recsys.data import Floats, History, Ints, Longs

DAY = 86_400.0
LONGEST = 10_000  # interactions of a history that count


def history_matrix(
    histories: Sequence[History], *, items: int, position_power: float = 0.0, half_life_days: float | None = None
) -> sparse.csr_matrix:
    """The weights of the items of each history, shape [histories, items].

    An interaction counts `weight * (1 + moments after it) ** -position_power * 2 ** (-age / half life)`. Moments
    and age are counted from the newest interaction of the same history, so that things bought together weigh the
    same and a shopper who was long away is not forgotten. Items outside [0, items) and weights that are no finite
    numbers above 0 are left out; an item that occurs several times gets the sum. Of a history longer than LONGEST
    only the newest interactions count: so long a one is a reseller's or a robot's, and must not hold up the
    answers to others.
    """
    histories = [newest(history) for history in histories]
    lengths = np.array([len(history) for history in histories], dtype=np.int64)
    if lengths.sum() == 0:
        return sparse.csr_matrix((len(histories), items), dtype=np.float32)
    numbers = np.concatenate([history.items for history in histories])
    at = np.concatenate([history.at for history in histories])
    weights = np.concatenate([history.weights for history in histories]).astype(np.float64)
    rows = np.repeat(np.arange(len(histories)), lengths)
    weights *= (1.0 + moments_after(rows, at)) ** -position_power
    if half_life_days is not None:
        last = np.maximum.reduceat(at, (np.cumsum(lengths) - lengths)[lengths > 0])
        age = np.repeat(last, lengths[lengths > 0]) - at
        weights *= np.exp2(-age / (half_life_days * DAY))
    known = (numbers >= 0) & (numbers < items) & (weights > 0) & np.isfinite(weights)
    return _summed(rows[known], numbers[known], weights[known].astype(np.float32), shape=(len(histories), items))


def _summed(rows: Longs, columns: Ints, values: Floats, *, shape: tuple[int, int]) -> sparse.csr_matrix:
    """A matrix of cells that may occur several times: for one short history four times as fast as scipy's own."""
    cells = rows * np.int64(shape[1]) + columns
    order = np.argsort(cells, kind="stable")
    cells = cells[order]
    first = np.flatnonzero(np.diff(cells, prepend=-1))
    sums = np.add.reduceat(values[order], first) if len(first) else values[:0]
    starts = np.searchsorted(cells[first], np.arange(shape[0] + 1) * np.int64(shape[1]))
    return sparse.csr_matrix(
        (sums, (cells[first] % shape[1]).astype(np.int32), starts.astype(np.int32)), shape=shape
    )


def newest(history: History, *, size: int = LONGEST) -> History:
    """The newest `size` interactions of a history; itself where it has no more."""
    if len(history) <= size:
        return history
    return History(history.items[-size:], history.at[-size:], history.weights[-size:])


def moments_after(rows: npt.NDArray[np.int64], at: Longs) -> Longs:
    """How many distinct later moments the same row has, for columns sorted by row, then time; shape as given."""
    if len(rows) == 0:
        return np.zeros(0, dtype=np.int64)
    starts_row = np.ones(len(rows), dtype=np.bool_)
    starts_row[1:] = rows[1:] != rows[:-1]
    starts_moment = starts_row.copy()
    starts_moment[1:] |= at[1:] != at[:-1]
    moment = np.cumsum(starts_moment)
    edges = np.append(np.flatnonzero(starts_row), len(rows))
    after: Longs = np.repeat(moment[edges[1:] - 1], np.diff(edges)) - moment
    return after


def top(scores: Floats, *, size: int, allowed: npt.NDArray[np.bool_] | None = None) -> Ints:
    """The numbers of the `size` best items with a score above 0, best first, ties by number."""
    found = np.flatnonzero(scores > 0 if allowed is None else (scores > 0) & allowed)
    if size <= 0 or len(found) == 0:
        return np.zeros(0, dtype=np.int32)
    if len(found) > size:
        least = np.partition(scores[found], len(found) - size)[len(found) - size]
        found = found[scores[found] >= least]
    best = np.lexsort((found, -scores[found]))[:size]
    return found[best].astype(np.int32)


def incidence(rows: npt.NDArray[np.integer], items: Ints, *, shape: tuple[int, int]) -> sparse.csr_matrix:
    """1 where an item occurs in a row at least once: what came several times counts once."""
    matrix = sparse.csr_matrix((np.ones(len(items), dtype=np.float32), (rows, items)), shape=shape)
    matrix.data[:] = 1.0  # building it summed what came several times
    return matrix


def strongest(matrix: sparse.csr_matrix, *, keep: int) -> sparse.csr_matrix:
    """The matrix with only the `keep` largest values above 0 of each row, ties by column."""
    matrix = matrix.tocsr()
    matrix.sort_indices()
    kept = matrix.data > 0
    for row in np.flatnonzero(np.diff(matrix.indptr) > keep):
        part = slice(matrix.indptr[row], matrix.indptr[row + 1])
        values = matrix.data[part]
        least = np.partition(values, len(values) - keep)[len(values) - keep]
        above = values > least
        level = np.flatnonzero(values == least)[: keep - int(above.sum())]
        above[level] = True
        kept[part] &= above
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    cells = (matrix.data[kept], (rows[kept], matrix.indices[kept]))
    return sparse.csr_matrix(cells, shape=matrix.shape)
