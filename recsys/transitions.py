"""What shoppers go on to: co-transitions between items within a history, fading with distance and time.

A first-order Markov view of the history that looks further back than one step, as in Rendle, Freudenthaler,
Schmidt-Thieme, "Factorizing Personalized Markov Chains", WWW 2010, and the sequential rules with distance weights
of Ludewig, Jannach, "Evaluation of Session-based Recommendation Algorithms", UMUAI 28, 2018 (section 3.1).
"""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse as sparse

from recsys.base import ItemMatrixModel
from recsys.data import TrainingData
from recsys.histories import DAY, strongest


class TransitionsModel(ItemMatrixModel):
    """Links from an item to those that follow it (and, less, to those before it or bought with it).

    A pair counts `distance ** -distance_power` (distance in moments of the history, at most `window`), halves with
    every `gap_days` between the two, counts `backward` in the other direction and `together` within one moment. An
    item of a moment with others is divided by their number to `crowd_power`.
    Links are divided by the frequency of the source and of the target to the powers given. The strongest
    `neighbours` of an item are kept.
    """

    name = "transitions"

    def __init__(
        self,
        *,
        distance_power: float = 0.5,
        window: int = 10,
        gap_days: float = 30.0,
        backward: float = 0.3,
        together: float = 1.0,
        crowd_power: float = 0.5,
        source_power: float = 0.3,
        target_power: float = 0.15,
        neighbours: int = 500,
        position_power: float = 1.0,
        half_life_days: float | None = 60.0,
    ) -> None:
        super().__init__(
            position_power=position_power,
            half_life_days=half_life_days,
            distance_power=distance_power,
            window=window,
            gap_days=gap_days,
            backward=backward,
            together=together,
            crowd_power=crowd_power,
            source_power=source_power,
            target_power=target_power,
            neighbours=neighbours,
        )

    def fit(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        p = self._parameters
        self._items = len(data.items)
        visits, users, at = _visits(data)
        counts = np.maximum(np.asarray(visits.sum(axis=0)).ravel(), 1e-3)
        crowd = np.maximum(np.diff(visits.indptr), 1) ** -p["crowd_power"]
        visits = sparse.csr_matrix(sparse.diags_array(crowd) @ visits, dtype=np.float32)
        pairs = visits.T @ _later(visits, users, at, p["window"], p["distance_power"], p["gap_days"])
        links = pairs + p["backward"] * pairs.T + p["together"] * (visits.T @ visits)
        links = (
            sparse.diags_array(counts ** -p["source_power"])
            @ links
            @ sparse.diags_array(counts ** -p["target_power"])
        )
        links = sparse.csr_matrix(links, dtype=np.float32)
        links.setdiag(0.0)
        self._matrix = strongest(links, keep=p["neighbours"])
        return self


def _visits(data: TrainingData) -> tuple[sparse.csr_matrix, np.ndarray, np.ndarray]:
    """The items of each (shopper, moment) as rows in order of shopper and time, with their shopper and time.

    An item counts once a moment, with the highest weight it has there.
    """
    known = data.users >= 0
    users, at = data.users[known], data.at[known]
    starts = np.r_[True, (users[1:] != users[:-1]) | (at[1:] != at[:-1])] if len(users) else np.zeros(0, bool)
    rows = np.cumsum(starts) - 1
    order = np.lexsort((-data.weights[known], data.item_numbers[known], rows))
    rows, numbers, weights = rows[order], data.item_numbers[known][order], data.weights[known][order]
    first = np.r_[True, (rows[1:] != rows[:-1]) | (numbers[1:] != numbers[:-1])] if len(rows) else starts
    shape = (int(starts.sum()), len(data.items))
    visits = sparse.csr_matrix((weights[first], (rows[first], numbers[first])), shape=shape, dtype=np.float32)
    return visits, users[starts], at[starts]


def _later(
    visits: sparse.csr_matrix,
    users: np.ndarray,
    at: np.ndarray,
    window: int,
    distance_power: float,
    gap_days: float,
) -> sparse.csr_matrix:
    """For every visit the items of the later visits of the same shopper, each with its faded weight."""
    moments = len(users)
    sources: list[np.ndarray] = []
    targets: list[np.ndarray] = []
    fading: list[np.ndarray] = []
    for distance in range(1, min(window, moments - 1) + 1):
        source = np.flatnonzero(users[distance:] == users[:-distance])
        if len(source) == 0:
            break
        gap = at[source + distance] - at[source]
        sources.append(source)
        targets.append(source + distance)
        fading.append(distance**-distance_power * np.exp2(-gap / (gap_days * DAY)))
    if not sources:
        return sparse.csr_matrix(visits.shape, dtype=np.float32)
    cells = (np.concatenate(fading).astype(np.float32), (np.concatenate(sources), np.concatenate(targets)))
    return sparse.csr_matrix(cells, shape=(moments, moments)) @ visits
