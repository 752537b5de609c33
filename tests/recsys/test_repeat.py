"""Buy again: who comes back for what, and when."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys.data import History, TrainingData
from recsys.repeat import RepeatModel
from tests.recsys.shops import DAY, START, history, shop

COFFEE, KETTLE, NEVER = 0, 1, 2
EVERY = 30  # days between two purchases of coffee


def habits(*, users: int = 60, seed: int = 0) -> TrainingData:
    """Everybody buys coffee about every thirty days, five times, and a kettle once."""
    draw = np.random.default_rng(seed)
    rows: list[tuple[int, int, int]] = []
    for user in range(users):
        days = 1 + np.cumsum(draw.integers(EVERY - 5, EVERY + 6, size=5))
        rows += [(user, int(day), COFFEE) for day in days]
        rows.append((user, int(draw.integers(1, 100)), KETTLE))
    table = np.array(sorted(rows))
    return replace(
        shop(),
        user_ids=[f"u{user}" for user in range(users)],
        users=table[:, 0].astype(np.int32),
        item_numbers=table[:, 2].astype(np.int32),
        at=START + DAY * table[:, 1].astype(np.int64),
        weights=np.ones(len(table), dtype=np.float32),
        baskets=np.full(len(table), -1, dtype=np.int32),
        now=START + DAY * int(table[:, 1].max()),
    )


@pytest.fixture(scope="module")
def model() -> RepeatModel:
    return RepeatModel(window_days=7.0).fit(habits())


def chance(model: RepeatModel, past: History, item: int, *, days: float) -> float:
    return float(model.scores([past], now=START + int(days * DAY))[0, item])


def test_what_is_bought_again_is_told_from_what_is_bought_once(model: RepeatModel) -> None:
    past = history(COFFEE, KETTLE, step=0)
    assert chance(model, past, COFFEE, days=EVERY - 4) > 5 * chance(model, past, KETTLE, days=EVERY - 4)
    assert chance(model, past, NEVER, days=EVERY) == 0


def test_it_is_due_when_the_interval_is_over_neither_before_nor_long_after(model: RepeatModel) -> None:
    past = history(COFFEE)
    at_once, due, late = (chance(model, past, COFFEE, days=days) for days in (1, EVERY - 4, 6 * EVERY))
    assert due > 3 * at_once
    assert due > 3 * late


def test_a_shoppers_own_rhythm_counts(model: RepeatModel) -> None:
    slow = history(*[COFFEE] * 12, step=3 * EVERY * DAY)
    last = 11 * 3 * EVERY
    assert chance(model, slow, COFFEE, days=last + 2.8 * EVERY) > chance(model, slow, COFFEE, days=last + EVERY)


def test_chances_are_chances_and_mean_what_they_say() -> None:
    data = habits(users=400, seed=3)
    early = data.at < START + 100 * DAY
    train = replace(
        data,
        users=data.users[early],
        item_numbers=data.item_numbers[early],
        at=data.at[early],
        weights=data.weights[early],
        baskets=data.baskets[early],
        now=START + 100 * DAY,
    )
    model = RepeatModel(window_days=7.0).fit(train)
    pasts = [train.history(user) for user in range(400)]
    said = model.scores(pasts, now=train.now)
    assert (said >= 0).all()
    assert (said <= 1).all()
    week = (data.at >= train.now) & (data.at < train.now + 7 * DAY) & (data.item_numbers == COFFEE)
    assert said[:, COFFEE].sum() == pytest.approx(len(np.unique(data.users[week])), rel=0.35)


def test_due_names_the_likeliest_of_what_was_bought_and_allowed(model: RepeatModel) -> None:
    past, now = history(COFFEE, KETTLE, step=0), START + (EVERY - 4) * DAY
    assert model.due(past, now=now, size=2).items.tolist() == [COFFEE, KETTLE]
    others = np.ones(model.items, dtype=np.bool_)
    others[COFFEE] = False
    assert model.due(past, now=now, size=2, allowed=others).items.tolist() == [KETTLE]
    assert len(model.due(history(), now=now, size=2).items) == 0


def test_clicks_are_no_purchases_and_reasons_add_up(model: RepeatModel, tmp_path: Path) -> None:
    past = history(COFFEE, KETTLE, step=0)
    clicks = History(past.items, past.at, past.weights * np.float32(0.1))
    assert not model.scores([clicks], now=START + EVERY * DAY).any()
    reason = model.explain(past, COFFEE, now=START + EVERY * DAY)
    assert reason.because == [(COFFEE, pytest.approx(reason.score))]
    model.save(tmp_path)
    again = RepeatModel.load(tmp_path)
    np.testing.assert_array_equal(again.scores([past], now=START), model.scores([past], now=START))
