"""Bootstrap intervals over cases.

Source: Efron, Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13 (percentile intervals).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]


def interval(values: Doubles, *, level: float = 0.95, resamples: int = 500, seed: int = 0) -> tuple[float, float]:
    """The interval of the mean of `values`, shape [cases]; (0, 0) without cases.

    For the difference of two models hand in the differences case by case: that is the paired interval.
    """
    if len(values) == 0:
        return 0.0, 0.0
    draw = np.random.default_rng(seed)
    means = np.array([values[draw.integers(len(values), size=len(values))].mean() for _ in range(resamples)])
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
