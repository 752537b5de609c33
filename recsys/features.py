"""How alike items are by what is known of them, as dot products of features: the basis of the content models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

from analysis.encoder import LsaEncoder
from analysis.text import analyser
from recsys.data import Floats, Items, Longs
from recsys.histories import strongest
from recsys.nearest import EXACT_UP_TO, ItemIndex

# What each kind of likeness counts (see `describe`).
LIKENESS = {"words": 0.75, "topics": 0.1, "labels": 0.15, "descriptions": 0.1, "price": 0.05, "looks": 0.1}
_PRICE_WIDTH = 0.5  # prices are alike within about this in their logarithm: a factor of 1.6
_LOOKS = 32  # dimensions of the pictures that count: every answer multiplies with them
_BLOCK_CELLS = 1 << 25  # of the dense blocks in `neighbours`
_WIDER = 4  # times as many are looked at as are kept, where an index finds them
_ASKED = 1024  # items an index is asked for at once


@dataclass(frozen=True, slots=True)
class Likeness:
    """The likeness of two items is the dot product of their rows in both parts."""

    sparse: sparse.csr_matrix  # [items, features]
    dense: Floats  # [items, dimensions]

    def neighbours(self, *, keep: int, exact_up_to: int = EXACT_UP_TO) -> sparse.csr_matrix:
        """For every item the `keep` items most like it, itself left out, shape [items, items].

        All are compared with all in catalogues of `exact_up_to` items; in larger ones those that an index finds
        nearest in the dense part, which holds the words' topics. Time grows with the square, or little more than
        with the items.
        """
        items = self.sparse.shape[0]
        if items <= exact_up_to or self.dense.shape[1] == 0:
            blocks = [_largest(block, keep=keep) for block in self._with_all(items)]
        else:
            blocks = [strongest(block, keep=keep) for block in self._with_nearest(items, size=_WIDER * keep)]
        return sparse.vstack(blocks).tocsr() if blocks else sparse.csr_matrix((0, 0), dtype=np.float32)

    def _with_all(self, items: int) -> Iterator[Floats]:
        step = max(1, _BLOCK_CELLS // max(items, 1))
        by_feature = self.sparse.T.tocsr()
        for first in range(0, items, step):
            rows = slice(first, first + step)
            alike = (self.sparse[rows] @ by_feature).toarray()
            alike += self.dense[rows] @ self.dense.T
            own = np.arange(len(alike))
            alike[own, own + first] = 0.0
            yield alike

    def _with_nearest(self, items: int, *, size: int) -> Iterator[sparse.csr_matrix]:
        index = ItemIndex(self.dense)
        for first in range(0, items, _ASKED):
            own = np.arange(first, min(first + _ASKED, items), dtype=np.int32)
            rows, places = np.nonzero((near := index.nearest(own, size=size).items) >= 0)
            others = near[rows, places]
            alike = np.asarray(self.sparse[own[rows]].multiply(self.sparse[others]).sum(axis=1)).ravel()
            alike += np.einsum("pd,pd->p", self.dense[own[rows]], self.dense[others])
            yield sparse.csr_matrix((alike.astype(np.float32), (rows, others)), shape=(len(own), items))


def describe(items: Items, *, weights: Mapping[str, float], dimensions: int, seed: int) -> Likeness:
    """The features of items; each kind of likeness lies between 0 and its weight.

    `words` are the titles' TF-IDF, `topics` its SVD of so many `dimensions`, `labels` brand and categories,
    `descriptions` theirs, `price` a Gaussian kernel on its logarithm, `looks` the cosine of the pictures in the
    directions in which they differ most.
    """
    words = unit_tfidf([analyser().query_tokens(title) for title in items.texts])
    parts = {
        "words": words,
        "labels": unit_tfidf([labels_of(items, item) for item in range(len(items))]),
    }
    if any(items.descriptions):
        parts["descriptions"] = unit_tfidf([analyser().query_tokens(text) for text in items.descriptions])
    columns = [part * weights[name] ** 0.5 for name, part in parts.items() if weights[name] > 0]
    dense = [np.zeros((len(items), 0), dtype=np.float32)]
    if weights["price"] > 0:
        dense.append(price_features(items.prices) * np.float32(weights["price"] ** 0.5))
    if weights["topics"] > 0 and words.nnz:
        encoder = LsaEncoder.fit(items.texts, dimensions=dimensions, seed=seed)
        dense.append(encoder.encode(items.texts) * np.float32(weights["topics"] ** 0.5))
    if weights["looks"] > 0 and items.looks is not None:
        dense.append(condensed(items.looks, seed=seed) * np.float32(weights["looks"] ** 0.5))
    wide = sparse.hstack(columns) if columns else sparse.csr_matrix((len(items), 0))
    return Likeness(sparse.csr_matrix(wide, dtype=np.float32), np.hstack(dense).astype(np.float32))


def labels_of(items: Items, item: int) -> list[str]:
    """The labels of an item: its brand and every category it is in."""
    brand = [f"brand {items.brands[item]}"] if items.brands[item] else []
    return brand + [f"category {name}" for name in items.categories[item]]


def unit_tfidf(documents: list[list[str]]) -> sparse.csr_matrix:
    """Rows of length 1 (0 where nothing counts): tokens weighed by log frequency and rarity.

    A token that only one document has links it to no other and is left out.
    """
    if len({token for tokens in documents for token in tokens}) == 0:
        return sparse.csr_matrix((len(documents), 0), dtype=np.float32)
    least = 2 if len(documents) > 2 else 1
    weigher = TfidfVectorizer(analyzer=list, min_df=least, sublinear_tf=True, dtype=np.float32)
    try:
        return weigher.fit_transform(documents).tocsr()
    except ValueError:  # no token is shared by two documents
        return sparse.csr_matrix((len(documents), 0), dtype=np.float32)


def price_features(prices: Longs) -> Floats:
    """Rows of length 1 (0 for unknown prices) whose dot products fall with the ratio of the prices.

    A price lights up the points near it on a logarithmic scale, as in a radial basis function network: dot
    products of such rows come near a Gaussian kernel.
    """
    known = np.flatnonzero(prices > 0)
    logs = np.log(prices[known].astype(np.float64))
    low = logs.min(initial=np.inf)
    if len(known) == 0 or np.ptp(logs) == 0:  # one price for all says nothing
        return np.zeros((len(prices), 0), dtype=np.float32)
    points = np.arange(low, logs.max() + _PRICE_WIDTH, _PRICE_WIDTH)
    light = np.exp(-(((logs[:, None] - points) / _PRICE_WIDTH) ** 2))
    features = np.zeros((len(prices), len(points)), dtype=np.float32)
    features[known] = light / np.linalg.norm(light, axis=1, keepdims=True)
    return features


def condensed(looks: Floats, *, seed: int) -> Floats:
    """Vectors in the at most _LOOKS directions that explain most of them, rows of length 1 (0 where they were)."""
    rank = min(_LOOKS, *looks.shape)
    if rank == 0 or not looks.any():
        return looks[:, :rank]
    with threadpool_limits(1, user_api="blas"):  # the same sums on any number of cores
        _, _, directions = randomized_svd(looks, n_components=rank, random_state=seed)
    turned: Floats = looks @ directions.T.astype(np.float32)
    turned /= np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), np.float32(1e-12))
    return turned


def _largest(table: Floats, *, keep: int) -> sparse.csr_matrix:
    """The `keep` largest values above 0 of each row of a dense table."""
    if keep < table.shape[1]:
        least = np.partition(table, table.shape[1] - keep, axis=1)[:, table.shape[1] - keep]
        table[table < least[:, None]] = 0.0
    return strongest(sparse.csr_matrix(table), keep=keep)
