"""How often another policy's row would have been clicked, from what this one showed and its propensities.

Sources: Horvitz, Thompson, "A Generalization of Sampling Without Replacement from a Finite Universe", JASA 47,
1952 (inverse propensity scores); Swaminathan, Joachims, "The Self-Normalized Estimator for Counterfactual
Learning", NIPS 2015 (divided by the sum of the weights: a little biased, far less scattered).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from core.errors import InvalidInput

_95 = 1.96


@dataclass(frozen=True, slots=True)
class Estimate:
    """Clicks per place: `ips` unbiased, `snips` self-normalised with its 95% interval.

    `answers` were shown, `effective` is how many places shown by the policy that is judged would say as much
    (Kish's effective sample size).
    """

    ips: float
    snips: float
    low: float
    high: float
    answers: int
    effective: float


def judge(places: pl.DataFrame, clicks: pl.DataFrame) -> Estimate:
    """Judge a policy on places that another one filled.

    `places` are rows of `core.shown.shown` (of one row of a page, or of several) with a column `target` besides:
    the chance that the policy that is judged would have put that product there. `clicks` are those of
    `core.shown.clicks`. Places of one answer are not independent, so the interval is over answers. Raises
    InvalidInput where there are no places, or one without a propensity above 0.
    """
    if places.is_empty() or places["propensity"].min() <= 0:  # type: ignore[operator]
        raise InvalidInput("an estimate needs places, each with the chance that it was shown")
    clicked = clicks.unique().with_columns(clicked=pl.lit(1.0))
    joined = places.join(clicked, on=["request", "product"], how="left").with_columns(
        pl.col("clicked").fill_null(0.0), weight=pl.col("target") / pl.col("propensity")
    )
    weight, reward = joined["weight"].to_numpy(), joined["clicked"].to_numpy()
    total = float(weight.sum())
    snips = float((weight * reward).sum() / total) if total else 0.0
    off = joined.with_columns(off=pl.col("weight") * (pl.col("clicked") - snips)).group_by("request")
    by_answer = off.agg(pl.col("off").sum())["off"].to_numpy()
    spread = float(np.sqrt((by_answer**2).sum())) / total if total else 0.0
    return Estimate(
        ips=float((weight * reward).mean()),
        snips=snips,
        low=max(0.0, snips - _95 * spread),
        high=min(1.0, snips + _95 * spread),
        answers=len(by_answer),
        effective=total**2 / float((weight**2).sum()) if total else 0.0,
    )
