"""Whether lists keep the proportions of what shoppers bought, in price bands and in categories.

Source: Steck, "Calibrated Recommendations", RecSys 2018: the Kullback-Leibler divergence of the distribution q of
a list from the distribution p of the history, with q moved towards p by alpha = 0.01 so that it stays finite. 0
is a list in the shopper's own proportions; log(1 / alpha), about 4.6, has nothing of what they bought.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sparse

from recsys.data import History, Ints, Items
from recsys.evaluation.intervals import Doubles
from recsys.histories import history_matrix

BANDS = 5
SMOOTHING = 0.01


def price_bands(items: Items) -> sparse.csr_matrix | None:
    """In which of BANDS bands each item's price lies, shape [items, BANDS]; None where fewer than two are needed.

    The bands hold equally many of the items that have a price; the others belong to none.
    """
    priced = np.flatnonzero(items.prices >= 0)
    if len(priced) == 0:
        return None
    prices = items.prices[priced]
    edges = np.unique(np.quantile(prices, np.arange(1, BANDS) / BANDS))
    band = np.searchsorted(edges, prices, side="left")
    if len(np.unique(band)) < 2:
        return None
    return sparse.csr_matrix((np.ones(len(priced)), (priced, band)), shape=(len(items), len(edges) + 1))


def category_shares(items: Items) -> sparse.csr_matrix | None:
    """The categories of each item in shares that add up to 1, shape [items, categories]; None without any."""
    names = {name: place for place, name in enumerate(sorted({name for own in items.categories for name in own}))}
    if not names:
        return None
    own = [sorted({names[name] for name in categories}) for categories in items.categories]
    lengths = np.array([len(each) for each in own])
    rows = np.repeat(np.arange(len(own)), lengths)
    columns = np.concatenate([np.array(each, dtype=np.int64) for each in own])
    shares = np.repeat(1 / np.maximum(lengths, 1), lengths)
    return sparse.csr_matrix((shares, (rows, columns)), shape=(len(own), len(names)))


def wanted_shares(histories: Sequence[History], groups: sparse.csr_matrix) -> sparse.csr_matrix:
    """The share of each group in each history by the weights of its interactions, shape [histories, groups].

    `groups` has shape [items, groups]. Rows add up to 1, or to 0 where nothing of the history is in a group.
    """
    return _to_one(history_matrix(histories, items=groups.shape[0]) @ groups)


def divergence(listed: Ints, wanted: sparse.csr_matrix, groups: sparse.csr_matrix) -> Doubles:
    """How far each list of `listed`, shape [cases, places] with -1 for none, is from what is `wanted`, in nats.

    Shape [cases]; NaN where nothing is wanted. An empty list is as far as can be.
    """
    rows, places = np.nonzero(listed >= 0)
    cells = (np.ones(len(rows)), (rows, listed[rows, places]))
    shown = _to_one(sparse.csr_matrix(cells, shape=(len(listed), groups.shape[0])) @ groups)
    lengths = np.diff(wanted.indptr)
    case = np.repeat(np.arange(len(listed)), lengths)
    p = wanted.data
    q = np.asarray(shown[case, wanted.indices]).ravel() if len(case) else np.zeros(0)
    apart = np.bincount(case, weights=p * np.log(p / ((1 - SMOOTHING) * q + SMOOTHING * p)), minlength=len(listed))
    return np.where(lengths > 0, apart, np.nan)


def _to_one(table: sparse.csr_matrix) -> sparse.csr_matrix:
    """The table with rows that add up to 1, where they are not empty."""
    table = sparse.csr_matrix(table, dtype=np.float64)
    table.sum_duplicates()
    table.eliminate_zeros()
    sums = np.asarray(table.sum(axis=1)).ravel()
    table.data /= np.repeat(sums, np.diff(table.indptr))
    return table
