"""The second stage of the blend: trees that put the best of the mixture in order.

LightGBM (Ke and others, "LightGBM: A Highly Efficient Gradient Boosting Decision Tree", NIPS 2017) with the
cross-entropy loss of Bruch, "An Alternative Cross Entropy Loss for Learning-to-Rank", WWW 2021, over what every
model says of a candidate, the candidate's rank with each, and how much is known of the shopper.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from core.errors import BrokenArtifact, Unavailable
from core.logs import get_logger
from ranking.blend_weights import Pool
from recsys.data import Floats, History, Ints, Longs
from recsys.evaluation.intervals import interval
from recsys.histories import top
from recsys.storage import UNREADABLE

CANDIDATES = 100  # of the mixture, for one shopper
MIXTURE = -3  # the column of the features that holds the mixture's score
_FEWEST = 200  # cases below which nothing is learned
_FOLDS = 5
_TREES = 150
_PARAMETERS: dict[str, Any] = {
    "objective": "rank_xendcg",
    "num_leaves": 15,
    "learning_rate": 0.05,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.7,
    "lambda_l2": 10.0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,  # waiting for a second thread takes longer than it saves, as soon as anything else runs
    "verbose": -1,
}

log = get_logger("learned")


@dataclass(frozen=True, slots=True)
class Cases:
    """Candidates of all cases, one after the other: features, which were taken, and where each case begins."""

    features: Floats  # [candidates, features]
    taken: npt.NDArray[np.bool_]  # [candidates]
    starts: Longs  # [cases + 1]

    @property
    def sizes(self) -> Longs:
        return np.diff(self.starts)

    def of(self, chosen: npt.NDArray[np.bool_]) -> Cases:
        """The cases where `chosen`, shape [cases], is true."""
        rows = np.repeat(chosen, self.sizes)
        starts = np.r_[0, np.cumsum(self.sizes[chosen])].astype(np.int64)
        return Cases(self.features[rows], self.taken[rows], starts)


class LearnedOrder:
    """An order of candidates, learned from which of them shoppers took."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._trees = _lightgbm().Booster(model_str=text)

    @property
    def models(self) -> int:
        """How many models' scores the trees look at."""
        return (int(self._trees.num_feature()) + MIXTURE) // 2

    @classmethod
    def learn(cls, cases: Cases, *, seed: int = 0) -> Self | None:
        """Learn from cases; None where there are too few, or where trees do not order better than the mixture.

        Better means: on cases that the trees did not see (five folds), by more than chance. Where LightGBM cannot
        be loaded that is logged, and the mixture serves as it is.
        """
        try:
            lightgbm = _lightgbm()
        except Unavailable as error:
            log.warning("no order is learned", detail=error.message)
            return None
        useful = cases.of(np.add.reduceat(cases.taken, cases.starts[:-1]) > 0 if len(cases.sizes) else cases.taken)
        if len(useful.sizes) < _FEWEST:
            return None
        parameters = _PARAMETERS | {"seed": seed}
        fold = np.random.default_rng(seed).permutation(len(useful.sizes)) % _FOLDS
        gains = np.zeros(len(useful.sizes))
        for number in range(_FOLDS):
            held = useful.of(fold == number)
            trees = lightgbm.train(parameters, _dataset(useful.of(fold != number)), _TREES)
            told = np.asarray(trees.predict(held.features, num_threads=1))
            gains[fold == number] = _ndcg(told, held) - _ndcg(held.features[:, MIXTURE], held)
        if interval(gains)[0] <= 0:
            return None
        return cls(lightgbm.train(parameters, _dataset(useful), _TREES).model_to_string())

    def reorder(self, said: Mapping[str, Floats], mixture: Floats, *, histories: Sequence[History]) -> None:
        """Put the candidates of every history in order, in place: their scores are handed round among them.

        `said` is what the models say and `mixture` the weighted sum, each of shape [histories, items]. Shoppers
        without a past keep the mixture's order: the trees have never seen one.
        """
        models = list(said.values())
        rows = [row for row, history in enumerate(histories) if len(history)]
        chosen = [candidates_of(mixture[row], histories[row]) for row in rows]
        features = [
            features_of(
                np.stack([scores[row, own] for scores in models]),
                mixture[row, own],
                history=histories[row],
            )
            for row, own in zip(rows, chosen, strict=True)
        ]
        if not features:
            return
        told = self._trees.predict(np.concatenate(features), num_threads=1)
        ends = np.cumsum([len(own) for own in chosen])[:-1]
        for row, own, worth in zip(rows, chosen, np.split(told, ends), strict=True):
            best = own[np.lexsort((own, -worth))]
            mixture[row, best] = np.sort(mixture[row, own])[::-1]

    def save(self, folder: Path) -> None:
        """Write the trees and their digest."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "trees.txt").write_text(self._text, encoding="utf-8")
        (folder / "trees.json").write_text(json.dumps({"sha256": _digest(self._text)}), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; raises BrokenArtifact for files that are not as they were written.

        The digest comes first: LightGBM may end the process over trees that were cut short.
        """
        try:
            text = (folder / "trees.txt").read_text(encoding="utf-8")
            if json.loads((folder / "trees.json").read_text(encoding="utf-8"))["sha256"] != _digest(text):
                raise BrokenArtifact(f"the trees in {folder.name} are not as they were written")
        except UNREADABLE as error:
            raise BrokenArtifact(f"the trees in {folder.name} cannot be read: {error}") from error
        return cls(text)


def features_of(said: Floats, mixture: Floats, *, history: History) -> Floats:
    """What the trees look at, shape [candidates, 2 * models + 3].

    `said` is what the models say of the candidates, shape [models, candidates], `mixture` their weighted sum. The
    features are the scores and, for the models and the mixture alike, one over the rank among the candidates; then
    how long the history is. How often an item was bought is left out on purpose: where every item was kept for its
    number of buyers, as in the public sets, that number tells which ones are still to be bought.
    """
    scores = np.vstack([said, mixture[None, :]])
    ranks = _one_over_rank(scores)
    length = np.full((1, len(mixture)), len(history))
    features: Floats = np.vstack([said, ranks[:-1], mixture[None], ranks[-1:], length]).T.astype(np.float32)
    return features


def candidates_of(mixture: Floats, history: History) -> Ints:
    """The best of the mixture that the shopper does not have, by number."""
    new = np.ones(len(mixture), dtype=np.bool_)
    new[history.items[(history.items >= 0) & (history.items < len(mixture))]] = False
    return np.sort(top(mixture, size=CANDIDATES, allowed=new))


def cases_of(pool: Pool, weights: Sequence[float], *, histories: Sequence[History]) -> Cases:
    """What the trees learn from: the best of the mixture with these weights, for every shopper with a past."""
    mixture = (pool.features @ np.array(weights, dtype=np.float32)).astype(np.float32)
    features: list[Floats] = [np.zeros((0, 2 * len(weights) - MIXTURE), dtype=np.float32)]
    taken: list[npt.NDArray[np.bool_]] = [np.zeros(0, dtype=np.bool_)]
    for history, first, last in zip(histories, pool.starts[:-1], pool.starts[1:], strict=True):
        if len(history) == 0:
            continue
        best = int(first) + np.sort(top(mixture[first:last], size=CANDIDATES))
        said = pool.features[best].T
        features.append(features_of(said, mixture[best], history=history))
        taken.append(pool.taken[best])
    starts = np.r_[0, np.cumsum([len(part) for part in taken[1:]])].astype(np.int64)
    return Cases(np.concatenate(features), np.concatenate(taken), starts)


def _one_over_rank(scores: Floats) -> Floats:
    """One over the rank from 1 of each column within its row, ties by column; 0 for what has no score."""
    order = np.argsort(-scores, axis=1, kind="stable")
    ranks = np.empty(scores.shape, dtype=np.float32)
    np.put_along_axis(ranks, order, 1 / np.arange(1, scores.shape[1] + 1, dtype=np.float32)[None, :], axis=1)
    ranks[scores <= 0] = 0.0
    return ranks


def _lightgbm() -> ModuleType:
    """Loaded where trees are needed: it takes half a second, and a system library that not every machine has."""
    try:
        return import_module("lightgbm")
    except OSError as error:
        raise Unavailable(f"LightGBM cannot be loaded: {error}. Debian: apt-get install libgomp1") from error


def _dataset(cases: Cases) -> Any:
    return _lightgbm().Dataset(cases.features, cases.taken.astype(np.int8), group=cases.sizes, free_raw_data=False)


def _ndcg(scores: npt.NDArray[Any], cases: Cases) -> npt.NDArray[np.float64]:
    """The NDCG@10 of an order of the candidates, shape [cases]."""
    rows = np.repeat(np.arange(len(cases.sizes)), cases.sizes)
    order = np.lexsort((-scores, rows))
    place = np.arange(len(order)) - np.repeat(cases.starts[:-1], cases.sizes)
    worth = np.where(place < 10, 1 / np.log2(place + 2), 0.0)
    found = np.bincount(rows, weights=worth * cases.taken[order], minlength=len(cases.sizes))
    most = np.cumsum(1 / np.log2(np.arange(10) + 2))
    taken = np.bincount(rows, weights=cases.taken, minlength=len(cases.sizes)).astype(int)
    gained: npt.NDArray[np.float64] = found / most[np.minimum(taken, 10) - 1]
    return gained


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
