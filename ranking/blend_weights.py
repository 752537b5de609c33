"""The weights of a blend, learned as a conditional logit: which of the candidates did the shopper take?

Source: McFadden, "Conditional Logit Analysis of Qualitative Choice Behavior", Frontiers in Econometrics, 1974 (in
learning to rank: ListNet's top-one probability, Cao and others, ICML 2007). The problem is convex, so the weights
depend on no search order; they are kept at 0 or above, and drawn to equal weights where there are few cases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from recsys.data import Floats, History, Longs
from recsys.evaluation.splits import Split
from recsys.histories import top

_BLOCK = 512
_BUDGET = 200  # iterations of the optimiser
_PRIOR_CASES = 20.0  # how many cases the pull towards equal weights is worth


class Shares(Protocol):
    """Gives the normalised scores of each model by name, of shape [histories, items]."""

    def __call__(self, histories: Sequence[History], *, now: int) -> Mapping[str, Floats]: ...


@dataclass(frozen=True, slots=True)
class Pool:
    """The candidates of all cases, one after the other."""

    features: Floats  # [candidates, models]
    taken: npt.NDArray[np.bool_]  # [candidates]
    starts: Longs  # [cases + 1]


def candidate_pool(shares: Shares, split: Split, *, size: int) -> Pool:
    """The `size` best new items of every model for each case (at least one), with what all models say of them."""
    features: list[Floats] = []
    taken: list[npt.NDArray[np.bool_]] = []
    for first in range(0, len(split.histories), _BLOCK):
        histories = split.histories[first : first + _BLOCK]
        said = np.stack(list(shares(histories, now=split.now).values()), axis=1)  # [histories, models, items]
        for row, history in enumerate(histories):
            new = split.open_to(history)
            candidates = np.unique(np.concatenate([top(scores, size=size, allowed=new) for scores in said[row]]))
            features.append(said[row][:, candidates].T)
            taken.append(np.isin(candidates, split.targets[first + row]))
    starts = np.concatenate([[0], np.cumsum([len(each) for each in taken])]).astype(np.int64)
    return Pool(np.concatenate(features), np.concatenate(taken), starts)


def learn_weights(pool: Pool) -> list[float]:
    """The weights of the models, none below 0, adding up to 1.

    The likelihood of a case is the mean over the candidates that were taken; cases without one say nothing. A
    model that says nothing of any candidate gets 0.
    """
    models = pool.features.shape[1]
    cases = np.repeat(np.arange(len(pool.starts) - 1), np.diff(pool.starts))
    taken = np.bincount(cases, weights=pool.taken, minlength=len(pool.starts) - 1)
    useful = taken[cases] > 0
    equal = np.ones(models)
    if not useful.any():
        return [1 / models] * models
    features = pool.features[useful].astype(np.float64)
    _, cases = np.unique(cases[useful], return_inverse=True)
    starts = np.flatnonzero(np.r_[True, cases[1:] != cases[:-1]])
    wanted = pool.taken[useful] / taken[taken > 0][cases]

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        logits = features @ weights
        logits -= np.maximum.reduceat(logits, starts)[cases]
        odds = np.exp(logits)
        sums = np.add.reduceat(odds, starts)
        missed = float(np.log(sums).sum() - wanted @ logits)
        slope = features.T @ (odds / sums[cases] - wanted)
        pull = weights - equal
        return missed + _PRIOR_CASES / 2 * float(pull @ pull), slope + _PRIOR_CASES * pull

    found = minimize(
        loss, equal, jac=True, method="L-BFGS-B", bounds=[(0, None)] * models, options={"maxiter": _BUDGET}
    )
    learned = np.where(features.any(axis=0), np.maximum(found.x, 0.0), 0.0)
    if learned.sum() == 0:
        return [1 / models] * models
    return [float(weight) for weight in learned / learned.sum()]
