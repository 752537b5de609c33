"""Scores of several models in one: normalised, weighted, and still divisible into what each one brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from recsys.base import Model
from recsys.data import Floats, History, Ints
from recsys.popularity import PopularityModel
from recsys.threads import one_blas_thread

LEAST = 1e-12  # keeps 0 / 0 at 0


class Order(Protocol):
    """Puts the best of mixtures, shape [histories, items], in another order, in place."""

    def __call__(self, said: Mapping[str, Floats], mixture: Floats, *, histories: Sequence[History]) -> None: ...


def normalise(scores: Floats, histories: Sequence[History]) -> tuple[Floats, Floats]:
    """Scores (changed in place) with nothing below 0, and 1 for the best item that is not in the row's history.

    Also returns what each row was divided by, shape [histories]. Items of the history themselves may be above 1.
    """
    np.maximum(scores, 0.0, out=scores)
    best = np.empty(len(histories), dtype=np.float32)
    for row, history in enumerate(histories):
        own = history.items[(history.items >= 0) & (history.items < scores.shape[1])]
        kept = scores[row, own]
        scores[row, own] = 0.0
        best[row] = scores[row].max(initial=0.0)
        scores[row, own] = kept
    best = np.maximum(best, np.float32(LEAST))
    scores /= best[:, None]
    return scores, best


@dataclass(frozen=True, slots=True)
class Mixture:
    """The answer to one history. `parts` and what `learned` moved add up to `total`; each has shape [items]."""

    history: History
    now: int
    parts: Mapping[str, Floats]
    total: Floats
    models: Mapping[str, Model]
    units: Mapping[str, float]  # what one point of a model's own score counts
    learned: Floats | None = None  # what the learned order adds or takes; None where nothing is learned

    def contributions(self, items: Ints) -> tuple[Ints, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """What the items of the history bring to `items`, over all models, and what these get for anyone.

        Returns the sources, shares of shape [items, sources], and base of shape [items]; shares and base add up to
        the total. The learned order's part, which looks at all of the history at once, counts to the base.
        """
        sources = np.unique(self.history.items).astype(np.int32)
        shares = np.zeros((len(items), len(sources)))
        base = np.zeros(len(items))
        if self.learned is not None:
            base += self.learned[items]
        for name, model in self.models.items():
            said = self.parts[name][items] > 0
            if isinstance(model, PopularityModel):
                base += self.parts[name][items]
                continue
            with one_blas_thread():
                own, brought = model.contributions(self.history, items, now=self.now)
            shares[:, np.searchsorted(sources, own)] += brought * said[:, None] * self.units[name]
        return sources, shares, base


def mix(
    models: Mapping[str, Model],
    weights: Mapping[str, float],
    history: History,
    *,
    now: int,
    order: Order | None = None,
) -> Mixture:
    """Ask the models that have a weight above 0 for one history; where there is an `order`, all of them."""
    asked = {name: model for name, model in models.items() if weights.get(name, 0.0) > 0}
    said: dict[str, Floats] = {}
    parts: dict[str, Floats] = {}
    units: dict[str, float] = {}
    total = np.zeros(0, dtype=np.float32)
    for name, model in (models if order is not None else asked).items():
        with one_blas_thread():
            scores = model.scores([history], now=now)
        said[name], best = normalise(scores, [history])
        if name not in asked:
            continue
        parts[name] = said[name][0] * np.float32(weights[name])
        units[name] = weights[name] / float(best[0])
        total = total + parts[name] if len(total) else parts[name].copy()
    learned = None
    if order is not None:
        before = total.copy()
        order(said, total[None, :], histories=[history])
        learned = total - before
    return Mixture(history, now, parts, total, asked, units, learned)
