"""Another policy's clicks from what this one showed: right on a made-up truth, and wide where little is known."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from core.errors import InvalidInput
from ranking.explore import Draw, explore
from ranking.off_policy import Estimate, judge

ROW, POOL = np.arange(4, dtype=np.int32), np.arange(10, 20, dtype=np.int32)
TRUE = {item: 0.3 if item == 15 else 0.1 for item in (*ROW.tolist(), *POOL.tolist())}  # clicks per look


def logged(answers: int, *, share: float = 0.3) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What was shown and clicked in so many answers."""
    chance = np.random.default_rng(8)
    rows, clicked = [], []
    for answer in range(answers):
        shown, propensity = explore(ROW, POOL, draw=Draw(share, str(answer)))
        for position, (item, p) in enumerate(zip(shown.tolist(), propensity.tolist(), strict=True), start=1):
            rows.append((f"r{answer}", f"p{item}", position, p))
            if chance.random() < TRUE[item]:
                clicked.append((f"r{answer}", f"p{item}"))
    places = pl.DataFrame(rows, schema=["request", "product", "position", "propensity"], orient="row")
    return places, pl.DataFrame(clicked, schema={"request": pl.String, "product": pl.String}, orient="row")


def judged(target: pl.Expr, *, answers: int = 4000) -> Estimate:
    places, clicked = logged(answers)
    return judge(places.with_columns(target=target.cast(pl.Float64)), clicked)


def test_the_models_own_order_and_a_better_one_are_told_apart() -> None:
    greedy = judged(pl.col("product").is_in([f"p{item}" for item in ROW]))
    better = judged(pl.col("product") == "p15")  # the one in every place that shoppers like
    assert greedy.snips == pytest.approx(0.1, abs=0.01)
    assert greedy.ips == pytest.approx(0.1, abs=0.01)
    assert better.low < 0.3 < better.high
    assert better.low > greedy.high
    assert greedy.answers == 4000
    assert better.effective < greedy.effective < 16_000


def test_the_policy_that_showed_them_is_judged_by_its_own_clicks() -> None:
    places, clicked = logged(500)
    own = judge(places.with_columns(target=pl.col("propensity")), clicked)
    assert own.ips == own.snips == pytest.approx(clicked.height / places.height)
    assert own.effective == pytest.approx(places.height)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    places, clicked = logged(6000)
    inside = 0
    for part in range(60):
        names = [f"r{answer}" for answer in range(part * 100, part * 100 + 100)]
        some = places.filter(pl.col("request").is_in(names))
        found = judge(some.with_columns(target=(pl.col("product").str.len_chars() == 2).cast(pl.Float64)), clicked)
        inside += found.low <= 0.1 <= found.high
    assert inside >= 51  # 57 of 60 are expected; fewer than 51 would come about once in a hundred


def test_a_policy_that_was_never_shown_has_no_estimate_to_speak_of() -> None:
    found = judged(pl.lit(0.0), answers=5)
    assert (found.snips, found.effective) == (0.0, 0.0)


def test_places_without_a_chance_are_refused() -> None:
    places, clicked = logged(5)
    for bad in (places.clear(), places.with_columns(propensity=pl.lit(0.0))):
        with pytest.raises(InvalidInput):
            judge(bad.with_columns(target=pl.lit(1.0)), clicked)
