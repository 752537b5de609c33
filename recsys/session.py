"""What is looked at next in this visit: transitions within a session, from the last session alone.

Source: sequential rules of Ludewig, Jannach, "Evaluation of Session-based Recommendation Algorithms", UMUAI 28,
2018 (section 3.1): simple, and level with recurrent networks in their comparison.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Self

import numpy as np

from recsys.data import TrainingData
from recsys.transitions import TransitionsModel

MINUTE = 60


class SessionModel(TransitionsModel):
    """`TransitionsModel` on sessions, which end where a shopper does nothing for `idle_minutes`.

    What fades the past (`half_life_days`) is so short that only the session at hand counts.
    """

    name = "session"

    def __init__(
        self,
        *,
        idle_minutes: int = 30,
        distance_power: float = 1.0,
        window: int = 10,
        gap_days: float = 30.0,
        backward: float = 0.1,
        together: float = 1.0,
        crowd_power: float = 0.5,
        source_power: float = 0.3,
        target_power: float = 0.15,
        neighbours: int = 200,
        position_power: float = 1.0,
        half_life_days: float | None = 1 / 48,
    ) -> None:
        super().__init__(
            distance_power=distance_power,
            window=window,
            gap_days=gap_days,
            backward=backward,
            together=together,
            crowd_power=crowd_power,
            source_power=source_power,
            target_power=target_power,
            neighbours=neighbours,
            position_power=position_power,
            half_life_days=half_life_days,
        )
        self._parameters["idle_minutes"] = idle_minutes

    def fit(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        return super().fit(by_session(data, idle_minutes=self._parameters["idle_minutes"]))


def by_session(data: TrainingData, *, idle_minutes: int) -> TrainingData:
    """The data with every session a shopper of its own; rows of unknown shoppers stay so."""
    idle = np.r_[True, np.diff(data.at) > idle_minutes * MINUTE] if len(data.at) else np.zeros(0, dtype=bool)
    begins = idle | (np.r_[True, np.diff(data.users) != 0] if len(data.at) else idle)
    known = data.users >= 0
    numbers = np.where(known, np.cumsum(begins & known) - 1, -1).astype(np.int32)
    return replace(data, users=numbers, user_ids=[""] * int(numbers.max(initial=-1) + 1))
