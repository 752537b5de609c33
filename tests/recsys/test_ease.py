"""EASE on the nearest items: the regression it says it is, on any number of threads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recsys import ease
from recsys.data import TrainingData
from recsys.ease import EaseModel
from recsys.evaluation.metrics import measure
from recsys.evaluation.splits import leave_last_out
from recsys.item_item import ItemItemModel
from tests.recsys.shops import shop


def owners(data: TrainingData) -> np.ndarray:
    """Who has what, shape [shoppers, items]."""
    table = np.zeros((len(data.user_ids), len(data.items)))
    known = data.users >= 0
    table[data.users[known], data.item_numbers[known]] = 1.0
    return table


def test_with_all_items_it_is_the_regression_on_all_others() -> None:
    data = shop(users=400, items=24)
    model = EaseModel(regularisation=7.0, neighbours=500).fit(data)
    table = owners(data)
    inverse = np.linalg.inv(table.T @ table + 7.0 * np.eye(24))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0.0)
    together = table.T @ table > 0  # an item without a shopper in common has no place in a regression
    found = model._matrix.toarray()
    near = together & (expected > 0.02)
    assert near.sum() > 40
    np.testing.assert_allclose(found[near], expected[near], atol=0.02)
    assert not found[~together].any()
    assert found.min() == 0.0


def test_only_the_nearest_enter() -> None:
    data = shop(users=400)
    model = EaseModel(regularisation=50.0, neighbours=5).fit(data)
    assert np.diff(model._matrix.T.tocsr().indptr).max() == 5
    table = owners(data)
    counts = table.T @ table
    target = 9
    cosines = counts[target] / np.sqrt(np.maximum(np.diag(counts) * counts[target, target], 1e-9))
    cosines[target] = -1
    own = np.sort(np.argsort(-cosines, kind="stable")[:5])
    expected = np.linalg.solve(counts[np.ix_(own, own)] + 50.0 * np.eye(5), counts[own, target])
    np.testing.assert_allclose(model._matrix.toarray()[own, target], np.maximum(expected, 0), rtol=1e-4, atol=1e-6)


def test_what_others_say_already_is_not_said_again() -> None:
    data = shop(users=400)
    models = (EaseModel(neighbours=30).fit(data), ItemItemModel(neighbours=30).fit(data))
    loud = [np.count_nonzero(model.likeness(8) > 0.3 * model.likeness(8).max()) for model in models]
    assert 0 < loud[0] < loud[1]


def test_it_knows_more_than_cosines_do() -> None:
    split = leave_last_out(shop(users=600, seed=3))
    reached = [
        measure(model.fit(split.train), split).values["ndcg@10"].mean()
        for model in (EaseModel(regularisation=10.0), ItemItemModel())
    ]
    assert reached[0] > reached[1]


def test_threads_and_blocks_change_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = shop(users=500, items=90)
    EaseModel().fit(data, threads=1).save(tmp_path / "one")
    EaseModel().fit(data, threads=2).save(tmp_path / "two")
    monkeypatch.setattr(ease, "_BLOCK", 7)
    EaseModel().fit(data, threads=2).save(tmp_path / "blocks")
    one, *others = ((tmp_path / name / "arrays.npz").read_bytes() for name in ("one", "two", "blocks"))
    assert all(other == one for other in others)
