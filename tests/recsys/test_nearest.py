"""Nearest items: what is exact is exact, what is not finds nearly all, and both give the same each time."""

from __future__ import annotations

import numpy as np
import pytest

from recsys import nearest
from recsys.data import Floats
from recsys.nearest import ItemIndex, Neighbours, exactly, nearest_items


def factors(*, items: int = 3000, width: int = 24, seed: int = 0) -> Floats:
    """Items in sixty heaps; the last two have no factors."""
    draw = np.random.default_rng(seed)
    heaps = draw.standard_normal((60, width))
    found = heaps[draw.integers(60, size=items)] + 0.8 * draw.standard_normal((items, width))
    found[-2:] = 0.0
    return found.astype(np.float32)


def test_the_exact_answer_is_that_of_all_cosines() -> None:
    own = factors(items=500)
    found = exactly(own, np.array([3, 77], dtype=np.int32), size=12)
    for row, item in enumerate((3, 77)):
        wide = own[:-2].astype(np.float64)
        cosines = wide @ wide[item] / np.linalg.norm(wide, axis=1) / np.linalg.norm(wide[item])
        cosines[item] = -2
        best = np.argsort(-cosines)[:12]
        assert found.items[row].tolist() == best.tolist()
        np.testing.assert_allclose(found.scores[row], cosines[best], rtol=1e-5)


def test_the_index_finds_nearly_all_of_them() -> None:
    own = factors()
    asked = np.arange(0, 3000, 3, dtype=np.int32)
    truth = exactly(own, asked, size=10)
    assert truth.recall(truth) == 1.0
    found = ItemIndex(own).nearest(asked, size=10)
    assert found.recall(truth) > 0.97
    assert not (found.items == asked[:, None]).any()
    assert (np.diff(found.scores, axis=1) <= 0).all()
    worse = Neighbours(np.roll(found.items, 1, axis=0), found.scores)
    assert worse.recall(truth) < 0.2


@pytest.mark.parametrize("limit", [0, 10_000], ids=["index", "exact"])
def test_threads_change_nothing(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "EXACT_UP_TO", limit)
    own = factors()
    one, two = (nearest_items(own, size=10, threads=threads) for threads in (1, 2))
    np.testing.assert_array_equal(one.items, two.items)
    np.testing.assert_array_equal(one.scores, two.scores)


@pytest.mark.parametrize("limit", [0, 10_000], ids=["index", "exact"])
def test_items_without_factors_have_no_neighbours_and_are_none(
    limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "EXACT_UP_TO", limit)
    found = nearest_items(factors(items=20), size=30)
    assert found.items.shape == found.scores.shape == (20, 30)
    assert (found.items[-2:] == -1).all()
    for row in found.items[:18]:
        assert sorted(row[row >= 0].tolist()) == sorted(
            set(range(18)) - {found.items[:18].tolist().index(row.tolist())}
        )
    for nothing in (np.zeros((0, 8), dtype=np.float32), np.zeros((3, 8), dtype=np.float32)):
        assert (nearest_items(nothing, size=4).items == -1).all()
