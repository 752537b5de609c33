"""What the models share: choosing the best items, and models that are linear in the shopper's history."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse

from core.errors import NotFound
from recsys.data import Floats, History, Ints, TrainingData
from recsys.histories import history_matrix, top
from recsys.protocol import Reason, Scored
from recsys.storage import Array, matrix_arrays, matrix_from_arrays, read_model, reading, write_model


class Model(ABC):
    """The parts of a `Recommender` that follow from `scores`, and its files.

    A model's parameters are the keyword arguments of its `__init__`; its state is a number of items and arrays.
    """

    name: ClassVar[str]
    schema: ClassVar[int] = 1

    def __init__(self, **parameters: Any) -> None:
        self._parameters = parameters
        self._items = 0

    @property
    def parameters(self) -> Mapping[str, Any]:
        return dict(self._parameters)

    @property
    def items(self) -> int:
        """How many items the model was fitted with."""
        return self._items

    @abstractmethod
    def fit(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self: ...

    @abstractmethod
    def scores(self, histories: Sequence[History], *, now: int) -> Floats: ...

    @abstractmethod
    def likeness(self, item: int) -> Floats:
        """How like one item all items are, shape [items]; 0 where nothing is known."""

    @abstractmethod
    def contributions(self, history: History, items: Ints, *, now: int) -> tuple[Ints, Floats]:
        """What each item of the history brings to each of `items`: sources, and shares of shape [items, sources].

        The shares of an item add up to its score (less what it would get for anyone).
        """

    @abstractmethod
    def _arrays(self) -> dict[str, Array]: ...

    @abstractmethod
    def _restore(self, arrays: Mapping[str, Array]) -> None: ...

    def recommend(
        self, history: History, *, now: int, size: int, allowed: npt.NDArray[np.bool_] | None = None
    ) -> Scored:
        scores = self.scores([history], now=now)[0]
        best = top(scores, size=size, allowed=allowed)
        return Scored(best, scores[best])

    def similar(self, item: int, *, size: int, allowed: npt.NDArray[np.bool_] | None = None) -> Scored:
        scores = self.likeness(item)
        scores[item] = 0.0
        best = top(scores, size=size, allowed=allowed)
        return Scored(best, scores[best])

    def explain(self, history: History, item: int, *, now: int) -> Reason:
        self.check(item)
        sources, shares = self.contributions(history, np.array([item], dtype=np.int32), now=now)
        return Reason(self.name, float(shares[0].sum()), ranked_shares(sources, shares[0]))

    def save(self, folder: Path) -> None:
        arrays = {**self._arrays(), "items": np.array(self._items, dtype=np.int64)}
        write_model(folder, name=self.name, schema=self.schema, parameters=self._parameters, arrays=arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        parameters, arrays = read_model(folder, name=cls.name, schema=cls.schema)
        with reading(f"the model in {folder.name}"):
            model = cls(**parameters)
            model._items = int(arrays.pop("items"))
            model._restore(arrays)
            model._prove()
        return model

    def _prove(self) -> None:
        """Ask everything once: files that are whole may still not belong together. Raises whatever that raises."""
        if self._items < 0:
            raise ValueError(f"a model of {self._items} items")
        if self._items == 0:
            return
        ends = np.unique([0, self._items // 2, self._items - 1]).astype(np.int32)
        past = History(ends, np.arange(len(ends), dtype=np.int64), np.ones(len(ends), dtype=np.float32))
        said = [*self.scores([past], now=len(ends)), self.likeness(self._items - 1)]
        if any(each.shape != (self._items,) or not np.isfinite(each).all() for each in said):
            raise ValueError(f"the answers are not {self._items} numbers")
        self.contributions(past, ends, now=len(ends))

    def check(self, item: int) -> None:
        """Raise NotFound for an item number that the model was not fitted with."""
        if not 0 <= item < self._items:
            raise NotFound(f"the model {self.name} has no item number {item}", item=item)


class _Recent(threading.local):
    """What became of the one history that this thread asked about last: an answer asks a dozen models."""

    def __init__(self) -> None:
        self._history: History | None = None
        self._known: dict[tuple[Any, ...], sparse.csr_matrix] = {}

    def of(self, history: History) -> dict[tuple[Any, ...], sparse.csr_matrix]:
        """The matrices of a history (this very object), by how it fades; they are only read."""
        if self._history is not history:
            self._history, self._known = history, {}
        return self._known


_recent = _Recent()


class LinearModel(Model):
    """A model whose scores are the weights of the history times links between items.

    `position_power` and `half_life_days` say how the past fades (see `history_matrix`).
    """

    def __init__(self, *, position_power: float, half_life_days: float | None, **parameters: Any) -> None:
        super().__init__(position_power=position_power, half_life_days=half_life_days, **parameters)

    @abstractmethod
    def _spread(self, weights: sparse.csr_matrix) -> Floats:
        """Scores, shape [histories, items], for the weights of the histories' items of the same shape."""

    @abstractmethod
    def _links(self, sources: Ints, items: Ints) -> Floats:
        """What each source brings to each item per unit of weight, shape [items, sources]."""

    def _weights(self, histories: Sequence[History]) -> sparse.csr_matrix:
        """The weights of the histories' items; those of a single history are worked out once for all models."""
        fading = (self._items, self._parameters["position_power"], self._parameters["half_life_days"])
        known = _recent.of(histories[0]) if len(histories) == 1 else {}
        if fading not in known:
            items, position_power, half_life_days = fading
            known[fading] = history_matrix(
                histories, items=items, position_power=position_power, half_life_days=half_life_days
            )
        return known[fading]

    def scores(self, histories: Sequence[History], *, now: int) -> Floats:
        return self._spread(self._weights(histories))

    def likeness(self, item: int) -> Floats:
        self.check(item)
        row = self._spread(sparse.csr_matrix(([np.float32(1.0)], ([0], [item])), shape=(1, self._items)))
        likeness: Floats = row[0]
        return likeness

    def contributions(self, history: History, items: Ints, *, now: int) -> tuple[Ints, Floats]:
        weights = self._weights([history])
        return weights.indices, self._links(weights.indices, items) * weights.data


class ItemMatrixModel(LinearModel):
    """A linear model whose links are one sparse matrix, shape [source items, items]."""

    _matrix: sparse.csr_matrix

    def _spread(self, weights: sparse.csr_matrix) -> Floats:
        scores: Floats = (weights @ self._matrix).toarray()
        return scores

    def _links(self, sources: Ints, items: Ints) -> Floats:
        links: Floats = self._matrix[sources][:, items].toarray().T
        return links

    def _arrays(self) -> dict[str, Array]:
        return matrix_arrays("links", self._matrix)

    def _restore(self, arrays: Mapping[str, Array]) -> None:
        self._matrix = matrix_from_arrays("links", arrays)


def ranked_shares(items: Ints, shares: npt.NDArray[np.floating[Any]]) -> list[tuple[int, float]]:
    """Items with their shares, those that are 0 left out; the largest first, ties by item number."""
    order = np.lexsort((items, -shares))
    return [(int(items[place]), float(shares[place])) for place in order if shares[place] != 0]
