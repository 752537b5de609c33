"""What is looked at next in this visit: transitions within a session, from the last session alone.

Source: sequential rules of Ludewig, Jannach, "Evaluation of Session-based Recommendation Algorithms", UMUAI 28,
2018 (section 3.1): simple, and level with recurrent networks in their comparison.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np

from recsys.data import TrainingData
from recsys.transitions import TransitionsModel

MINUTE = 60
_OWN = {"distance_power": 1.0, "backward": 0.1, "neighbours": 200, "half_life_days": 1 / 48}


class SessionModel(TransitionsModel):
    """`TransitionsModel` on sessions, which end where a shopper does nothing for `idle_minutes`.

    What fades the past (`half_life_days`) is so short that only the session at hand counts. Parameters that are
    not given are those of _OWN or, failing that, of `TransitionsModel`.
    """

    name = "session"

    def __init__(self, *, idle_minutes: int = 30, **transitions: Any) -> None:
        super().__init__(**_OWN | transitions)
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
