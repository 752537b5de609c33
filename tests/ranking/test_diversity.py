"""Rows that are not all alike, and a share that is drawn with known chances."""

from __future__ import annotations

import numpy as np
import pytest

from ranking.diversity import varied
from ranking.explore import Draw, explore
from recsys.data import Floats


def alike(groups: list[int], *, within: float = 0.9) -> Floats:
    """Candidates of one group are alike, others are not."""
    numbers = np.array(groups)
    same: Floats = (numbers[:, None] == numbers[None, :]).astype(np.float32) * np.float32(within)
    np.fill_diagonal(same, 1.0)
    return same


def test_what_is_alike_makes_room_for_what_is_other() -> None:
    relevance = np.array([1.0, 0.99, 0.98, 0.9], dtype=np.float32)
    likeness = alike([0, 0, 0, 1])
    assert varied(relevance, likeness, size=2) == [0, 3]
    assert varied(relevance, likeness, size=2, weight=1.0) == [0, 1]
    assert varied(relevance, np.zeros((4, 4), dtype=np.float32), size=4) == [0, 1, 2, 3]


def test_each_choice_is_the_best_by_the_formula() -> None:
    draw = np.random.default_rng(2)
    relevance = np.sort(draw.random(20).astype(np.float32))[::-1]
    likeness = draw.random((20, 20)).astype(np.float32)
    likeness = np.maximum(likeness, likeness.T)
    found = varied(relevance, likeness, size=8, weight=0.6)
    for step, place in enumerate(found):
        before, free = found[:step], [other for other in range(20) if other not in found[:step]]

        def value(other: int, chosen: list[int] = before) -> float:
            nearest = max((float(likeness[done, other]) for done in chosen), default=0.0)
            return 0.6 * float(relevance[other] / relevance[0]) - 0.4 * nearest

        assert value(place) == pytest.approx(max(value(other) for other in free), abs=1e-6)


def test_caps_hold_until_there_is_nothing_else() -> None:
    relevance = np.linspace(1.0, 0.5, 6, dtype=np.float32)
    brands = np.array([0, 0, 0, 0, 1, -1], dtype=np.int32)
    nothing = np.zeros((6, 6), dtype=np.float32)
    assert varied(relevance, nothing, size=4, caps=[(brands, 2)]) == [0, 1, 4, 5]
    assert varied(relevance, nothing, size=6, caps=[(brands, 2)]) == [0, 1, 4, 5, 2, 3]
    assert varied(relevance[:0], nothing[:0, :0], size=3) == []


def test_propensities_are_the_chances_of_what_is_shown() -> None:
    chosen, pool = np.arange(4, dtype=np.int32), np.arange(10, 15, dtype=np.int32)
    seen: dict[tuple[int, int], int] = {}
    told: dict[tuple[int, int], float] = {}
    rounds = 4000
    for seed in range(rounds):
        shown, propensity = explore(chosen, pool, draw=Draw(0.2, str(seed)))
        assert len(set(shown.tolist())) == 4
        for place, (item, chance) in enumerate(zip(shown.tolist(), propensity.tolist(), strict=True)):
            seen[place, item] = seen.get((place, item), 0) + 1
            told[place, item] = chance
    assert len(seen) == 4 * 6
    for where, times in seen.items():
        assert times / rounds == pytest.approx(told[where], abs=4 * np.sqrt(told[where] / rounds))
    for place in range(4):
        assert sum(chance for (where, _), chance in told.items() if where == place) == pytest.approx(1.0)


@pytest.mark.parametrize("draw", [None, Draw(0.0, "x")])
def test_nothing_is_drawn_unless_it_is_asked_for(draw: Draw | None) -> None:
    chosen, pool = np.arange(4, dtype=np.int32), np.arange(10, 20, dtype=np.int32)
    shown, propensity = explore(chosen, pool, draw=draw)
    assert shown.tolist() == [0, 1, 2, 3]
    assert propensity.tolist() == [1.0] * 4


def test_a_pool_that_is_too_small_is_not_drawn_from() -> None:
    shown, propensity = explore(
        np.arange(4, dtype=np.int32), np.arange(10, 13, dtype=np.int32), draw=Draw(0.5, "x")
    )
    assert (shown.tolist(), propensity.tolist()) == ([0, 1, 2, 3], [1.0] * 4)
    none = np.zeros(0, dtype=np.int32)
    assert explore(none, none, draw=Draw(0.5, "x"))[0].tolist() == []
