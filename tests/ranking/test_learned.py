"""The learned order: when it is learned at all, what it may move, and its files."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from core.errors import BrokenArtifact, Unavailable
from ranking.blend import BlendRecommender
from ranking.blend_weights import Pool
from ranking.learned import CANDIDATES, LearnedOrder, cases_of
from recsys.popularity import PopularityModel
from recsys.transitions import TransitionsModel
from tests.ranking.test_blend import walkers
from tests.recsys.shops import history

SIZE, ITEMS, CASES = 30, 60, 1500
WEIGHTS = (0.5, 0.5)


def pool_of(cases: int, *, signal: bool, seed: int = 0) -> Pool:
    """Candidates of whom the first is taken where both models agree, which no weighted sum can say."""
    draw = np.random.default_rng(seed)
    said = draw.random((cases, SIZE, 2)).astype(np.float32)
    agree = -np.abs(said[:, :, 0] - said[:, :, 1]) if signal else draw.random((cases, SIZE))
    taken = np.zeros((cases, SIZE), dtype=np.bool_)
    taken[np.arange(cases), agree.argmax(axis=1)] = True
    starts = np.arange(cases + 1, dtype=np.int64) * SIZE
    return Pool(said.reshape(-1, 2), taken.ravel(), starts)


@lru_cache
def learned(cases: int, *, signal: bool) -> LearnedOrder | None:
    pool = pool_of(cases, signal=signal)
    gathered = cases_of(pool, WEIGHTS, histories=[history(ITEMS - 1)] * cases)
    return LearnedOrder.learn(gathered, seed=3)


def test_it_is_learned_where_it_orders_better_than_the_mixture_and_only_there() -> None:
    assert learned(CASES, signal=True) is not None
    assert learned(CASES, signal=False) is None
    assert learned(100, signal=True) is None  # too few to tell


def test_it_puts_first_what_the_models_agree_on() -> None:
    order = learned(CASES, signal=True)
    assert order is not None
    said = {"one": np.zeros((1, ITEMS), np.float32), "other": np.zeros((1, ITEMS), np.float32)}
    said["one"][0, :20] = np.linspace(1.0, 0.2, 20)
    said["other"][0, :20] = np.linspace(0.2, 1.0, 20)  # they agree in the middle alone
    mixture = said["one"] * np.float32(0.5) + said["other"] * np.float32(0.55)
    before = mixture.copy()
    order.reorder(said, mixture, histories=[history(ITEMS - 1)])
    assert abs(int(mixture[0].argmax()) - 9.5) < 3
    assert before[0].argmax() == 19
    np.testing.assert_array_equal(np.sort(mixture), np.sort(before))  # scores are handed round, none is made up
    np.testing.assert_array_equal(mixture[0, 20:], before[0, 20:])


def test_a_shopper_without_a_past_and_what_is_no_candidate_keep_their_scores() -> None:
    order = learned(CASES, signal=True)
    assert order is not None
    draw = np.random.default_rng(1)
    said = {name: draw.random((2, 5 * CANDIDATES)).astype(np.float32) for name in ("one", "other")}
    mixture = said["one"] * np.float32(0.5) + said["other"] * np.float32(0.5)
    before = mixture.copy()
    order.reorder(said, mixture, histories=[history(), history(7)])
    np.testing.assert_array_equal(mixture[0], before[0])
    moved = np.flatnonzero(mixture[1] != before[1])
    assert 0 < len(moved) <= CANDIDATES
    assert set(moved) <= set(np.argsort(-before[1])[: CANDIDATES + 1].tolist())
    assert mixture[1, 7] == before[1, 7]


def test_the_same_cases_give_the_same_trees(tmp_path: Path) -> None:
    texts = []
    for _ in range(2):
        order = learned(800, signal=True)
        learned.cache_clear()
        assert order is not None
        order.save(tmp_path)
        texts.append((tmp_path / "trees.txt").read_text(encoding="utf-8"))
    assert texts[0] == texts[1]


def test_trees_that_are_not_as_they_were_written_are_refused(tmp_path: Path) -> None:
    order = learned(CASES, signal=True)
    assert order is not None
    order.save(tmp_path)
    assert LearnedOrder.load(tmp_path).models == 2
    path = tmp_path / "trees.txt"
    whole = path.read_bytes()
    for length in range(0, len(whole), max(1, len(whole) // 20)):
        path.write_bytes(whole[:length])
        with pytest.raises(BrokenArtifact, match="not as they were written"):
            LearnedOrder.load(tmp_path)


def test_what_the_order_moves_is_a_part_of_the_score_and_comes_back_from_files(tmp_path: Path) -> None:
    blend = BlendRecommender(holdout="last", models=[PopularityModel(), TransitionsModel()]).fit(walkers())
    assert blend.order is None  # what walkers do next, one model says best
    blend.order = learned(CASES, signal=True)
    blend.save(tmp_path)
    past = history(3, 5)
    mixture = BlendRecommender.load(tmp_path).mixture(past, now=9)
    assert mixture.learned is not None
    assert mixture.learned.any()
    parts = sum(mixture.parts.values()) + mixture.learned
    np.testing.assert_allclose(parts, mixture.total, atol=1e-6)
    np.testing.assert_allclose(mixture.total, blend.scores([past], now=9)[0], atol=1e-6)
    _, shares, base = mixture.contributions(np.arange(blend.items, dtype=np.int32))
    np.testing.assert_allclose(base + shares.sum(axis=1), mixture.total, rtol=1e-3, atol=1e-5)


def test_a_machine_without_the_library_serves_the_mixture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    order = learned(CASES, signal=True)
    assert order is not None
    order.save(tmp_path)

    def lacking(name: str) -> ModuleType:
        raise OSError("libgomp.so.1: cannot open shared object file: No such file or directory")

    monkeypatch.setattr("ranking.learned.import_module", lacking)
    pool = pool_of(400, signal=True)
    assert LearnedOrder.learn(cases_of(pool, WEIGHTS, histories=[history(ITEMS - 1)] * 400)) is None
    with pytest.raises(Unavailable, match="libgomp1"):
        LearnedOrder.load(tmp_path)
