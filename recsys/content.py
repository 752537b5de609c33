"""What items are: words, topics, labels (brand, categories), price and looks. Serves items nobody has bought yet.

Sources: Salton, Buckley, "Term-weighting Approaches in Automatic Text Retrieval", IPM 24(5), 1988 (TF-IDF);
Deerwester and others, "Indexing by Latent Semantic Analysis", JASIS 41(6), 1990; a taste as the sum of what was
liked: Lops, de Gemmis, Semeraro, "Content-based Recommender Systems", Recommender Systems Handbook, 2011.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
import scipy.sparse as sparse

from recsys.base import LinearModel
from recsys.data import Floats, Ints, TrainingData
from recsys.features import LIKENESS, Likeness, describe
from recsys.storage import Array, matrix_arrays, matrix_from_arrays


class ContentModel(LinearModel):
    """Links are the likenesses of `recsys.features`, each kind with the weight it has there."""

    name = "content"

    def __init__(
        self,
        *,
        words: float = LIKENESS["words"],
        topics: float = LIKENESS["topics"],
        labels: float = LIKENESS["labels"],
        descriptions: float = LIKENESS["descriptions"],
        price: float = LIKENESS["price"],
        looks: float = LIKENESS["looks"],
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
            descriptions=descriptions,
            price=price,
            looks=looks,
            dimensions=dimensions,
        )

    def fit(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        p = self._parameters
        self._items = len(data.items)
        weights = {name: p[name] for name in LIKENESS}
        self._use(describe(data.items, weights=weights, dimensions=p["dimensions"], seed=seed))
        return self

    def _use(self, alike: Likeness) -> None:
        self._alike = alike
        self._by_feature = alike.sparse.T.tocsr()
        self._by_dimension = np.ascontiguousarray(alike.dense.T)  # one history takes half the time with it

    def _spread(self, weights: sparse.csr_matrix) -> Floats:
        scores: Floats = ((weights @ self._alike.sparse) @ self._by_feature).toarray()
        if self._alike.dense.shape[1]:
            scores += (weights @ self._alike.dense) @ self._by_dimension
        return scores

    def _links(self, sources: Ints, items: Ints) -> Floats:
        links: Floats = (self._alike.sparse[items] @ self._alike.sparse[sources].T).toarray()
        links += self._alike.dense[items] @ self._alike.dense[sources].T
        return links

    def _arrays(self) -> dict[str, Array]:
        return {**matrix_arrays("features", self._alike.sparse), "topics": self._alike.dense}

    def _restore(self, arrays: Mapping[str, Array]) -> None:
        self._use(Likeness(matrix_from_arrays("features", arrays), arrays["topics"]))
