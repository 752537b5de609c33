"""The blend: weights learned honestly, parts that add up, shoppers and items nobody knows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import BrokenArtifact
from ranking.blend import BlendRecommender
from ranking.blend_weights import Pool, candidate_pool, learn_weights
from ranking.mixing import mix, normalise
from recsys.data import TrainingData
from recsys.evaluation.metrics import measure
from recsys.evaluation.splits import leave_last_out
from recsys.popularity import PopularityModel
from recsys.transitions import TransitionsModel
from tests.recsys.shops import history, shop


def walkers(*, users: int = 300, items: int = 30) -> TrainingData:
    """Everyone walks five steps around a ring of items: transitions know what comes next, popularity does not."""
    data = shop(users=users, items=items)
    draw = np.random.default_rng(5)
    first = draw.integers(items, size=users)
    numbers = (first[:, None] + np.arange(5)) % items
    return replace(
        data,
        user_ids=[f"u{user}" for user in range(users)],
        users=np.repeat(np.arange(users, dtype=np.int32), 5),
        item_numbers=numbers.ravel().astype(np.int32),
        at=np.tile(np.arange(5, dtype=np.int64), users),
        weights=np.ones(users * 5, dtype=np.float32),
        baskets=np.full(users * 5, -1, dtype=np.int32),
        now=5,
    )


def test_the_model_that_knows_gets_the_weight() -> None:
    blend = BlendRecommender(holdout="last", models=[PopularityModel(), TransitionsModel()]).fit(walkers())
    assert blend.weights["transitions"] > 4 * blend.weights["popularity"]
    assert sum(blend.weights.values()) == pytest.approx(1.0, abs=0.01)
    assert blend.weights["popularity"] > 0  # a shopper without a past needs it


def test_the_blend_is_no_worse_than_its_best_model_on_what_it_never_saw() -> None:
    split = leave_last_out(shop(users=400))
    blend = BlendRecommender(holdout="last").fit(split.train)
    reached = measure(blend, split).values["ndcg@10"].mean()
    alone = [measure(model, split).values["ndcg@10"].mean() for model in blend.models.values()]
    assert reached > 0.9 * max(alone)
    assert reached > 1.5 * measure(PopularityModel().fit(split.train), split).values["ndcg@10"].mean()


def test_weights_come_from_the_training_part_alone() -> None:
    data = walkers()
    split = leave_last_out(data)
    last = np.r_[data.users[1:] != data.users[:-1], True]
    planted = replace(data, item_numbers=np.where(last, 7, data.item_numbers).astype(np.int32))
    fooled = leave_last_out(planted)
    one = BlendRecommender(holdout="last").fit(split.train)
    other = BlendRecommender(holdout="last").fit(fooled.train)
    assert one.weights == other.weights
    np.testing.assert_array_equal(one.scores([history(3)], now=9), other.scores([history(3)], now=9))


def test_learning_finds_the_weights_that_made_the_choices() -> None:
    draw = np.random.default_rng(0)
    cases, size, true = 4000, 12, np.array([6.0, 3.0, 0.0])
    features = draw.random((cases, size, 3)).astype(np.float32)
    chosen = (features @ true + draw.gumbel(size=(cases, size))).argmax(axis=1)
    taken = np.zeros((cases, size), dtype=np.bool_)
    taken[np.arange(cases), chosen] = True
    pool = Pool(features.reshape(-1, 3), taken.ravel(), np.arange(cases + 1) * size)
    assert learn_weights(pool) == pytest.approx([2 / 3, 1 / 3, 0.0], abs=0.03)


def test_without_a_taken_candidate_the_weights_stay_equal() -> None:
    pool = Pool(np.ones((4, 2), dtype=np.float32), np.zeros(4, dtype=np.bool_), np.array([0, 2, 4]))
    assert learn_weights(pool) == [0.5, 0.5]


def test_a_pool_has_no_seen_item_and_every_models_best() -> None:
    split = leave_last_out(shop())
    blend = BlendRecommender().fit_models(split.train)
    pool = candidate_pool(blend.shares, split, size=5)
    assert len(pool.starts) == len(split.histories) + 1
    assert pool.features.max() <= 1.0
    best = np.maximum.reduceat(pool.features, pool.starts[:-1])
    popular = list(blend.models).index("popularity")
    assert (best[:, popular] == 1.0).all()


def test_normalised_scores_are_1_for_the_best_new_item() -> None:
    scores = np.array([[4.0, -1.0, 2.0, 1.0], [0.0, 0.0, 0.0, 0.0]], dtype=np.float32)
    shares, best = normalise(scores, [history(0, 99), history()])
    assert shares.tolist() == [[2.0, 0.0, 1.0, 0.5], [0.0, 0.0, 0.0, 0.0]]
    assert best[0] == 2.0


def test_the_parts_of_a_mixture_add_up_to_its_items_and_its_total() -> None:
    blend = BlendRecommender().fit(shop())
    mixture = mix(blend.models, blend.weights, history(0, 4, 8), now=0)
    items = np.arange(len(mixture.total), dtype=np.int32)
    np.testing.assert_allclose(sum(mixture.parts.values()), mixture.total, rtol=1e-5)
    sources, shares, base = mixture.contributions(items)
    assert sources.tolist() == [0, 4, 8]
    np.testing.assert_allclose(base + shares.sum(axis=1), mixture.total, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(mixture.total, blend.scores([history(0, 4, 8)], now=0)[0], rtol=1e-4, atol=1e-6)


def test_a_new_event_changes_the_next_answer() -> None:
    blend = BlendRecommender().fit(shop())
    before = blend.recommend(history(0, 4), now=0, size=5).items.tolist()
    after = blend.recommend(history(0, 4, 1, 5, 9), now=0, size=5).items.tolist()
    assert before != after
    assert sum(item % 4 == 1 for item in after) > sum(item % 4 == 1 for item in before)


def test_models_of_different_shops_are_not_put_together(tmp_path: Path) -> None:
    BlendRecommender().fit(shop()).save(tmp_path / "blend")
    PopularityModel().fit(shop(items=30)).save(tmp_path / "blend" / "popularity")
    with pytest.raises(BrokenArtifact, match="belong together"):
        BlendRecommender.load(tmp_path / "blend")
