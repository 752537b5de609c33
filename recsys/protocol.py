"""The `Recommender` protocol: what every model and the served blend can do.

Models know items by number and shoppers by their history alone: a recommendation is always computed from the
history handed in, so fresh events change the next answer without retraining (fold-in), and no model holds a row
for a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt

from recsys.data import Floats, History, Ints, TrainingData


@dataclass(frozen=True, slots=True)
class Scored:
    """The best items and their scores, best first; ties by item number. Both have shape [found]."""

    items: Ints
    scores: Floats


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item was recommended.

    `because` are the items of the history (or the anchor items) that speak for it with the share of the score each
    brings; the shares and `base` (what it would get for anyone) add up to `score`.
    """

    model: str
    score: float
    because: Sequence[tuple[int, float]]
    base: float = 0.0


@runtime_checkable
class Recommender(Protocol):
    """One model. Fitted once, then read only: safe to share between threads."""

    name: ClassVar[str]

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What the model was made with, as plain JSON values."""
        ...

    def fit(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        """Learn from the data; same data, parameters, seed and kernels give the same model bytes."""
        ...

    def scores(self, histories: Sequence[History], *, now: int) -> Floats:
        """Scores of all items for each history, shape [histories, items]; 0 is "nothing speaks for it".

        `now` is in epoch seconds. Seen items are scored like any other; leaving them out is the caller's choice.
        """
        ...

    def recommend(
        self,
        history: History,
        *,
        now: int,
        size: int,
        allowed: npt.NDArray[np.bool_] | None = None,
    ) -> Scored:
        """The best `size` items for a history with a score above 0, among those `allowed` (shape [items])."""
        ...

    def similar(self, item: int, *, size: int, allowed: npt.NDArray[np.bool_] | None = None) -> Scored:
        """The items most like one, itself left out; empty where the model knows nothing of it."""
        ...

    def explain(self, history: History, item: int, *, now: int) -> Reason:
        """Where the score of an item for a history comes from."""
        ...

    def save(self, folder: Path) -> None:
        """Write the model's files into a folder."""
        ...

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; raises BrokenArtifact for files cut short or of another schema version."""
        ...
