"""How far a measure may be off by the choice of cases: bootstrap for means, jackknife for what is no mean.

Sources: Efron, Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13 (percentile intervals) and chapter
11 (the jackknife; parts of the cases are left out instead of single ones).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]

_BLOCK = 2**21  # cells of the table of draws that are held at once
_PARTS = 20
_NORMAL = 1.96  # standard errors on either side of a 95% interval


def interval(values: Doubles, *, level: float = 0.95, resamples: int = 500, seed: int = 0) -> tuple[float, float]:
    """The interval of the mean of `values`, shape [cases]; (0, 0) without cases.

    For the difference of two models hand in the differences case by case: that is the paired interval.
    """
    if len(values) == 0:
        return 0.0, 0.0
    low, high = intervals(values[:, None], level=level, resamples=resamples, seed=seed)[0]
    return float(low), float(high)


def intervals(values: Doubles, *, level: float = 0.95, resamples: int = 500, seed: int = 0) -> Doubles:
    """The intervals of the means of the columns of `values`, shape [cases, measures]; gives [measures, 2].

    NaN marks a case that does not count for a measure; a column of nothing else gets NaN. All columns are drawn
    together, and the same seed draws the same cases.
    """
    cases, measures = values.shape
    counted = np.isfinite(values)
    table = np.concatenate([np.where(counted, values, 0.0), counted], axis=1)
    draw = np.random.default_rng(seed)
    means = np.empty((resamples, measures))
    at_once = max(1, _BLOCK // max(cases, 1))
    for first in range(0, resamples, at_once):
        last = min(first + at_once, resamples)
        drawn = np.empty((last - first, cases))
        for row in drawn:
            row[:] = np.bincount(draw.integers(cases, size=cases), minlength=cases)
        sums = drawn @ table
        with np.errstate(invalid="ignore"):
            means[first:last] = sums[:, :measures] / sums[:, measures:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of columns where no case counts
        found: Doubles = np.nanquantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0).T
    return found


def exposure_interval(
    listed: npt.NDArray[np.int32], statistic: Callable[[npt.NDArray[np.int64]], float], *, items: int
) -> tuple[float, float]:
    """The 95% interval of a statistic of how often each item is listed, for lists of shape [cases, places].

    -1 is an empty place. A bootstrap would list the same cases twice and so show fewer items than there were:
    here every twentieth case is left out in turn. The ends are kept within 0 and 1.
    """
    parts = np.arange(len(listed)) % _PARTS
    shown = listed >= 0
    rows = np.repeat(parts, shown.sum(axis=1))
    counts = np.bincount(rows * items + listed[shown], minlength=_PARTS * items).reshape(_PARTS, items)
    whole = counts.sum(axis=0)
    without = np.array([statistic(whole - part) for part in counts])
    error = np.sqrt((_PARTS - 1) / _PARTS * ((without - without.mean()) ** 2).sum())
    middle = statistic(whole)
    return max(0.0, middle - _NORMAL * float(error)), min(1.0, middle + _NORMAL * float(error))
