"""What items are: words, topics and labels (brand, categories). Serves items that nobody has bought yet.

Sources: Salton, Buckley, "Term-weighting Approaches in Automatic Text Retrieval", IPM 24(5), 1988 (TF-IDF);
Deerwester and others, "Indexing by Latent Semantic Analysis", JASIS 41(6), 1990; a taste as the sum of what was
liked: Lops, de Gemmis, Semeraro, "Content-based Recommender Systems", Recommender Systems Handbook, 2011.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
import scipy.sparse as sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from analysis.encoder import LsaEncoder
from analysis.text import analyser
from recsys.base import LinearModel
from recsys.data import Floats, Ints, Items, TrainingData
from recsys.storage import Array, matrix_arrays, matrix_from_arrays


class ContentModel(LinearModel):
    """Links are cosines, `words` times that of the titles' TF-IDF, `topics` times that of its SVD, and so on."""

    name = "content"

    def __init__(
        self,
        *,
        words: float = 0.75,
        topics: float = 0.1,
        labels: float = 0.15,
        dimensions: int = 128,
        position_power: float = 1.0,
        half_life_days: float | None = 180.0,
    ) -> None:
        super().__init__(
            position_power=position_power,
            half_life_days=half_life_days,
            words=words,
            topics=topics,
            labels=labels,
            dimensions=dimensions,
        )

    def fit(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        p = self._parameters
        self._items = len(data.items)
        words = unit_tfidf([analyser().query_tokens(title) for title in data.items.texts])
        labels = unit_tfidf([labels_of(data.items, item) for item in range(self._items)])
        self._features = sparse.csr_matrix(
            sparse.hstack([words * p["words"] ** 0.5, labels * p["labels"] ** 0.5]), dtype=np.float32
        )
        self._topics = np.zeros((self._items, 0), dtype=np.float32)
        if p["topics"] > 0 and words.nnz:
            encoder = LsaEncoder.fit(data.items.texts, dimensions=p["dimensions"], seed=seed)
            self._topics = encoder.encode(data.items.texts) * np.float32(p["topics"] ** 0.5)
        self._by_feature = self._features.T.tocsr()
        return self

    def _spread(self, weights: sparse.csr_matrix) -> Floats:
        scores: Floats = ((weights @ self._features) @ self._by_feature).toarray()
        if self._topics.shape[1]:
            scores += (weights @ self._topics) @ self._topics.T
        return scores

    def _links(self, sources: Ints, items: Ints) -> Floats:
        links: Floats = (self._features[items] @ self._features[sources].T).toarray()
        links += self._topics[items] @ self._topics[sources].T
        return links

    def _arrays(self) -> dict[str, Array]:
        return {**matrix_arrays("features", self._features), "topics": self._topics}

    def _restore(self, arrays: Mapping[str, Array]) -> None:
        self._features = matrix_from_arrays("features", arrays)
        self._by_feature = self._features.T.tocsr()
        self._topics = arrays["topics"]


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
