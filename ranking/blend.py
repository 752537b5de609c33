"""The served recommender: several models blended, with weights and an order learned on what shoppers did next.

In two stages. First a weighted sum of the models' scores, each divided by the best score that model gives to an
item the shopper does not have yet: linear combination of normalised scores (CombSUM: Fox, Shaw, "Combination of
Multiple Searches", TREC-2, 1994); how the weights are learned is in `blend_weights`. Then the best of that sum are
put in order by trees (`learned`), which hand the scores of the sum round among them. So a score is the sum of its
models' parts, each of these the sum of what the items of the history bring, and of what the order moved.
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
from ranking.learned import LearnedOrder, cases_of
from ranking.mixing import LEAST, Mixture, mix, normalise
from recsys.base import Model, ranked_shares
from recsys.data import Floats, History, TrainingData
from recsys.evaluation.splits import Split, global_time_split, last_part, leave_last_out
from recsys.histories import top
from recsys.models import MODELS, default_models
from recsys.popularity import PopularityModel
from recsys.protocol import Reason, Scored
from recsys.storage import UNREADABLE

SCHEMA = 2
_ORDER = "order"  # a folder beside those of the models
_FOR_ANYONE = 0.005  # what best sellers weigh at least
Holdout = Literal["last", "time"]


class BlendRecommender:
    """A `Recommender` over other ones.

    `holdout` says what the weights are learned on: "last" holds back every shopper's last item (sequences without
    times), "time" what was bought in the last part of the data (shops); `cases` shoppers at most, with the `pool`
    best items of every model each. The models are fitted a second time on all of the data afterwards.
    """

    name = "blend"

    def __init__(
        self,
        *,
        holdout: Holdout = "time",
        cases: int = 12_000,
        pool: int = 100,
        models: Sequence[Model] | None = None,
    ) -> None:
        self.models = {model.name: model for model in models or default_models()}
        self.weights = {name: 1 / len(self.models) for name in self.models}
        self.order: LearnedOrder | None = None
        self.fit_seconds: dict[str, float] = {}
        self._how: dict[str, Any] = {"holdout": holdout, "cases": cases, "pool": pool}
        self._items = 0

    @property
    def items(self) -> int:
        """How many items it was fitted with."""
        return self._items

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What it was made with: its own parameters and the models'; the learned weights are no parameters."""
        return {**self._how, "models": {name: dict(model.parameters) for name, model in self.models.items()}}

    def fit(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        """Learn the weights and the order on a part held back from `data`, then fit all models on the whole."""
        split = self._hold_back(data)
        if split is not None and split.histories:
            self.fit_models(split.train, seed=seed, threads=threads)
            drawn = split.sample(self._how["cases"], seed=seed)
            pool = candidate_pool(self.shares, drawn, size=self._how["pool"])
            self.weights = dict(zip(self.models, learn_weights(pool), strict=True))
            for name, model in self.models.items():
                if isinstance(model, PopularityModel):  # all that a shopper without a past can be shown
                    self.weights[name] = max(self.weights[name], _FOR_ANYONE)
            cases = cases_of(pool, list(self.weights.values()), histories=drawn.histories)
            self.order = LearnedOrder.learn(cases, seed=seed)
        return self.fit_models(data, seed=seed, threads=threads)

    def fit_models(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        """Fit the models on the data, and keep the weights and the order."""
        self._items = len(data.items)
        for model in self.models.values():
            started = time.perf_counter()
            model.fit(data, seed=seed, threads=threads)
            self.fit_seconds[model.name] = round(time.perf_counter() - started, 3)
        return self

    def shares(self, histories: Sequence[History], *, now: int) -> dict[str, Floats]:
        """The normalised scores of each model, unweighted, of shape [histories, items], none below 0."""
        return {
            name: normalise(model.scores(histories, now=now), histories)[0] for name, model in self.models.items()
        }

    def weighted(self, shares: Mapping[str, Floats], histories: Sequence[History]) -> Floats:
        """The blend's scores from what `shares` gave for these histories."""
        total = np.zeros_like(next(iter(shares.values())))
        for name, weight in self.weights.items():
            total += shares[name] * np.float32(weight)
        self._put_in_order(shares, total, histories=histories)
        return total

    def mixture(self, history: History, *, now: int) -> Mixture:
        """The scores for one history with all their parts."""
        return mix(self.models, self.weights, history, now=now, order=self._put_in_order if self.order else None)

    def scores(self, histories: Sequence[History], *, now: int) -> Floats:
        return self.weighted(self.shares(histories, now=now), histories)

    def recommend(
        self, history: History, *, now: int, size: int, allowed: npt.NDArray[np.bool_] | None = None
    ) -> Scored:
        scores = self.scores([history], now=now)[0]
        best = top(scores, size=size, allowed=allowed)
        return Scored(best, scores[best])

    def similar(self, item: int, *, size: int, allowed: npt.NDArray[np.bool_] | None = None) -> Scored:
        scores = np.zeros(self._items, dtype=np.float32)
        for name, model in self.models.items():
            likeness = model.likeness(item)
            likeness[item] = 0.0
            np.maximum(likeness, 0.0, out=likeness)
            scores += likeness * np.float32(self.weights[name] / max(float(likeness.max()), LEAST))
        best = top(scores, size=size, allowed=allowed)
        return Scored(best, scores[best])

    def explain(self, history: History, item: int, *, now: int) -> Reason:
        for model in self.models.values():
            model.check(item)
        mixture = self.mixture(history, now=now)
        sources, shares, base = mixture.contributions(np.array([item], dtype=np.int32))
        score = float(base[0] + shares[0].sum())
        return Reason(self.name, score, ranked_shares(sources, shares[0]), base=float(base[0]))

    def save(self, folder: Path) -> None:
        """Write a folder for each model and for the learned order, and `blend.json`."""
        for name, model in self.models.items():
            model.save(folder / name)
        if self.order is not None:
            self.order.save(folder / _ORDER)
        about = {
            "schema": SCHEMA,
            "items": self._items,
            "how": self._how,
            "weights": self.weights,
            "learned": self.order is not None,
        }
        (folder / "blend.json").write_text(json.dumps(about, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        try:
            about = json.loads((folder / "blend.json").read_text(encoding="utf-8"))
            if about["schema"] != SCHEMA:
                raise BrokenArtifact(f"the blend in {folder.name} is of schema {about['schema']}, not {SCHEMA}")
            blend = cls(**about["how"], models=[MODELS[name].load(folder / name) for name in about["weights"]])
            blend.weights = {name: float(weight) for name, weight in about["weights"].items()}
            blend._items = int(about["items"])
            if about["learned"]:
                blend.order = LearnedOrder.load(folder / _ORDER)
        except UNREADABLE as error:
            raise BrokenArtifact(f"the blend in {folder.name} cannot be read: {error}") from error
        fits = all(model.items == blend._items for model in blend.models.values())
        fits &= all(0 <= weight <= 1 for weight in blend.weights.values())
        fits &= blend.order is None or blend.order.models == len(blend.models)
        if not fits:
            raise BrokenArtifact(f"the models of the blend in {folder.name} do not belong together")
        return blend

    def _put_in_order(self, said: Mapping[str, Floats], mixture: Floats, *, histories: Sequence[History]) -> None:
        if self.order is not None:
            self.order.reorder(said, mixture, histories=histories)

    def _hold_back(self, data: TrainingData) -> Split | None:
        if len(data.at) == 0:
            return None
        if self._how["holdout"] == "last":
            return leave_last_out(data)
        at = last_part(data)
        return global_time_split(data, at=at) if (data.at < at).any() else None
