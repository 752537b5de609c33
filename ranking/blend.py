"""The served recommender: several models blended, with weights learned on what shoppers did next.

A score is the weighted sum of the models' scores, each divided by the best score that model gives to an item the
shopper does not have yet. So a score is the sum of its models' parts, and each part the sum of what the items of
the history bring. Linear combination of normalised scores: Fox, Shaw, "Combination of Multiple Searches" (CombSUM),
TREC-2, 1994; how the weights are learned is in `blend_weights`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from core.errors import BrokenArtifact
from ranking.blend_weights import candidate_pool, learn_weights
from recsys.base import Model, ranked_shares
from recsys.data import Floats, History, TrainingData
from recsys.evaluation.splits import Split, global_time_split, last_part, leave_last_out
from recsys.histories import top
from recsys.models import MODELS, default_models
from recsys.protocol import Reason, Scored
from recsys.storage import UNREADABLE

SCHEMA = 1
Holdout = Literal["last", "time"]


class BlendRecommender:
    """A `Recommender` over other ones.

    `holdout` says what the weights are learned on: "last" holds back every shopper's last item (sequences without
    times), "time" what was bought in the last part of the data (shops). The models are fitted a second time on all
    of the data afterwards.
    """

    name = "blend"

    def __init__(
        self,
        *,
        holdout: Holdout = "time",
        cases: int = 8000,
        pool: int = 100,
        models: Sequence[Model] | None = None,
    ) -> None:
        self.models: Sequence[Model] = tuple(models or default_models())
        self.weights = np.full(len(self.models), 1 / len(self.models), dtype=np.float32)
        self.fit_seconds: dict[str, float] = {}
        self._how: dict[str, Any] = {"holdout": holdout, "cases": cases, "pool": pool}
        self._items = 0

    @property
    def parameters(self) -> Mapping[str, Any]:
        models = {model.name: dict(model.parameters) for model in self.models}
        weights = {model.name: float(weight) for model, weight in zip(self.models, self.weights, strict=True)}
        return {**self._how, "models": models, "weights": weights}

    def fit(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        """Learn the weights on a part held back from `data`, then fit all models on the whole."""
        split = self._hold_back(data)
        if split is not None:
            self.fit_models(split.train, seed=seed, threads=threads)
            pool = candidate_pool(self, split.sample(self._how["cases"], seed=seed), size=self._how["pool"])
            self.weights = learn_weights(pool)
        return self.fit_models(data, seed=seed, threads=threads)

    def fit_models(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        """Fit the models on the data, and keep the weights."""
        self._items = len(data.items)
        for model in self.models:
            started = time.perf_counter()
            model.fit(data, seed=seed, threads=threads)
            self.fit_seconds[model.name] = round(time.perf_counter() - started, 3)
        return self

    def shares(self, histories: Sequence[History], *, now: int) -> list[Floats]:
        """The normalised scores of each model, unweighted, each of shape [histories, items], none below 0.

        1 is the best score that the model gives to an item which is not in the history.
        """
        normalised = []
        for model in self.models:
            scores = model.scores(histories, now=now)
            np.maximum(scores, 0.0, out=scores)
            scores /= self._best_new(scores, histories)[:, None]
            normalised.append(scores)
        return normalised

    def scores(self, histories: Sequence[History], *, now: int) -> Floats:
        total = np.zeros((len(histories), self._items), dtype=np.float32)
        for weight, part in zip(self.weights, self.shares(histories, now=now), strict=True):
            total += weight * part
        return total

    def recommend(
        self, history: History, *, now: int, size: int, allowed: npt.NDArray[np.bool_] | None = None
    ) -> Scored:
        scores = self.scores([history], now=now)[0]
        best = top(scores, size=size, allowed=allowed)
        return Scored(best, scores[best])

    def similar(self, item: int, *, size: int, allowed: npt.NDArray[np.bool_] | None = None) -> Scored:
        scores = np.zeros(self._items, dtype=np.float32)
        for weight, model in zip(self.weights, self.models, strict=True):
            likeness = model.likeness(item)
            likeness[item] = 0.0
            np.maximum(likeness, 0.0, out=likeness)
            scores += likeness * (weight / np.maximum(likeness.max(), _LEAST))
        best = top(scores, size=size, allowed=allowed)
        return Scored(best, scores[best])

    def explain(self, history: History, item: int, *, now: int) -> Reason:
        score, base, shares = 0.0, 0.0, np.zeros(self._items)
        for weight, model in zip(self.weights, self.models, strict=True):
            reason = model.explain(history, item, now=now)
            if weight <= 0 or reason.score <= 0:
                continue
            scores = model.scores([history], now=now)
            unit = float(weight / self._best_new(scores, [history])[0])
            score += unit * reason.score
            base += unit * reason.base
            for source, share in reason.because:
                shares[source] += unit * share
        found = np.flatnonzero(shares)
        return Reason(self.name, score, ranked_shares(found.astype(np.int32), shares[found]), base=base)

    def save(self, folder: Path) -> None:
        """Write a folder for each model and `blend.json`."""
        for model in self.models:
            model.save(folder / model.name)
        about = {
            "schema": SCHEMA,
            "items": self._items,
            "how": self._how,
            "models": [model.name for model in self.models],
            "weights": [float(weight) for weight in self.weights],
        }
        (folder / "blend.json").write_text(json.dumps(about, indent=1, sort_keys=True), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        try:
            about = json.loads((folder / "blend.json").read_text(encoding="utf-8"))
            if about["schema"] != SCHEMA:
                raise BrokenArtifact(f"the blend in {folder.name} is of schema {about['schema']}, not {SCHEMA}")
            models = [MODELS[name].load(folder / name) for name in about["models"]]
            blend = cls(**about["how"], models=models)
            blend.weights = np.array(about["weights"], dtype=np.float32)
            blend._items = int(about["items"])
        except UNREADABLE as error:
            raise BrokenArtifact(f"the blend in {folder.name} cannot be read: {error}") from error
        if len(blend.weights) != len(models) or any(model.items != blend._items for model in models):
            raise BrokenArtifact(f"the parts of the blend in {folder.name} do not belong together")
        return blend

    def _hold_back(self, data: TrainingData) -> Split | None:
        if len(data.at) == 0:
            return None
        if self._how["holdout"] == "last":
            return leave_last_out(data)
        at = last_part(data)
        return global_time_split(data, at=at) if (data.at < at).any() else None

    def _best_new(self, scores: Floats, histories: Sequence[History]) -> Floats:
        """The best of each row among items that are not in its history, at least _LEAST; shape [histories]."""
        best = np.empty(len(histories), dtype=np.float32)
        for row, history in enumerate(histories):
            own = history.items[(history.items >= 0) & (history.items < self._items)]
            kept = scores[row, own]
            scores[row, own] = 0.0
            best[row] = scores[row].max(initial=0.0)
            scores[row, own] = kept
        return np.maximum(best, _LEAST)


_LEAST = np.float32(1e-12)  # keeps 0 / 0 at 0
