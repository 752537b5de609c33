"""What each model promises beyond the contract."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sparse
from scipy.stats import chi2_contingency

from recsys.content import ContentModel
from recsys.cooccurrence import CooccurrenceModel, log_likelihood_ratio
from recsys.data import History, TrainingData
from recsys.histories import history_matrix, moments_after, strongest, top
from recsys.popularity import PopularityModel
from recsys.transitions import TransitionsModel
from tests.recsys.shops import DAY, START, history, shop


def rows(*table: tuple[int, int, int, int], items: int = 6) -> TrainingData:
    """Training data of (user, day, item, basket) rows."""
    columns = np.array(sorted(table, key=lambda row: row[:2]), dtype=np.int64)
    blank = shop(users=1, items=items, cold=1)
    return TrainingData(
        items=blank.items,
        user_ids=[f"u{user}" for user in range(int(columns[:, 0].max()) + 1)],
        users=columns[:, 0].astype(np.int32),
        item_numbers=columns[:, 2].astype(np.int32),
        at=START + columns[:, 1] * DAY,
        weights=np.ones(len(columns), dtype=np.float32),
        baskets=columns[:, 3].astype(np.int32),
        now=START + int(columns[:, 1].max()) * DAY,
    )


def test_things_bought_together_are_equally_recent() -> None:
    past = History(np.array([0, 1, 2]), np.array([0, DAY, DAY]), np.ones(3, dtype=np.float32))
    weights = history_matrix([past], items=4, position_power=1.0).toarray()[0]
    np.testing.assert_allclose(weights, [0.5, 1.0, 1.0, 0.0])
    np.testing.assert_allclose(history_matrix([past], items=4, half_life_days=1.0).toarray()[0], [0.5, 1, 1, 0])


def test_what_one_history_weighs_is_not_taken_for_anothers() -> None:
    fast, slow = (ContentModel(half_life_days=days).fit(shop()) for days in (1.0, 900.0))
    histories = [history(0, 5, 9), history(3, 1), history(0, 5, 9)]
    alone = [[model.scores([past], now=0)[0] for past in histories] for model in (fast, slow)]
    mixed = [[model.scores([past], now=0)[0] for model in (fast, slow)] for past in histories]
    np.testing.assert_array_equal(alone, np.swapaxes(mixed, 0, 1))
    np.testing.assert_allclose(alone[0], fast.scores(histories, now=0), rtol=1e-5, atol=1e-6)
    assert not np.allclose(alone[0][0], alone[1][0])


def test_moments_are_counted_within_a_row() -> None:
    found = moments_after(np.array([0, 0, 0, 1, 1]), np.array([5, 5, 9, 1, 2]))
    assert found.tolist() == [1, 1, 0, 1, 0]


def test_the_past_of_popularity_fades_by_half() -> None:
    data = rows((0, 0, 0, -1), (0, 60, 1, -1), (1, 60, 1, -1), (1, 120, 2, -1))
    model = PopularityModel(half_life_days=60).fit(data)
    np.testing.assert_allclose(model.scores([history()], now=data.now)[0][:3], [0.25, 1.0, 1.0])


def test_a_transition_has_a_direction_and_fades_with_distance() -> None:
    data = rows(*((user, day, item, -1) for user in range(3) for day, item in enumerate((0, 1, 2))))
    model = TransitionsModel(backward=0.2).fit(data)
    after = model.scores([history(0)], now=data.now)[0]
    assert after[1] > after[2] > 0
    before = model.scores([history(2)], now=data.now)[0]
    assert 0 < before[1] < after[1]


def test_a_visit_counts_an_item_once() -> None:
    once = rows((0, 0, 0, -1), (0, 1, 1, -1))
    twice = rows((0, 0, 0, -1), (0, 0, 0, -1), (0, 1, 1, -1))
    np.testing.assert_allclose(
        TransitionsModel().fit(twice).scores([history(0)], now=0),
        TransitionsModel().fit(once).scores([history(0)], now=0),
    )


def test_the_likelihood_ratio_is_that_of_a_contingency_table() -> None:
    for both, left, right, total in ((10, 20, 30, 200), (0, 5, 5, 50), (3, 3, 3, 40)):
        table = [[both, left - both], [right - both, total - left - right + both]]
        expected = chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
        found = log_likelihood_ratio(*(np.array([float(n)]) for n in (both, left, right)), float(total))
        assert found[0] == pytest.approx(expected)


def test_a_pair_of_chance_is_not_bought_together() -> None:
    draw = np.random.default_rng(0)
    table = [(0, day, item, day) for day in range(400) for item in range(4) if draw.random() < 0.5]
    table += [(0, day, item, day) for day in range(400, 430) for item in (4, 5)]
    model = CooccurrenceModel(support=3).fit(rows(*table, items=7))
    assert model.similar(4, size=5).items.tolist() == [5]
    assert len(model.similar(0, size=5).items) == 0


def test_too_few_baskets_are_no_support() -> None:
    table = [(0, day, item, day) for day in range(60) for item in ((0, 1) if day < 2 else (2,))]
    assert len(CooccurrenceModel(support=3).fit(rows(*table)).similar(0, size=3).items) == 0
    assert CooccurrenceModel(support=2).fit(rows(*table)).similar(0, size=3).items.tolist() == [1]


def test_content_needs_no_interaction() -> None:
    data = shop()
    titles = ["red glass lamp", "blue glass lamp", "red mug", "wool cushion"] + ["thing"] * (len(data.items) - 4)
    items = replace(
        data.items, titles=titles, texts=titles, brands=[""] * len(titles), categories=[()] * len(titles)
    )
    model = ContentModel().fit(replace(data, items=items))
    assert model.similar(0, size=2).items.tolist() == [1, 2]


def test_strongest_keeps_the_best_of_each_row() -> None:
    matrix = sparse.csr_matrix(np.array([[1, 5, 5, 5], [0, -1, 2, 0]], dtype=np.float32))
    assert strongest(matrix, keep=2).toarray().tolist() == [[0, 5, 5, 0], [0, 0, 2, 0]]


def test_top_breaks_ties_by_number() -> None:
    scores = np.array([1, 3, 3, 0, 3, -1], dtype=np.float32)
    assert top(scores, size=2).tolist() == [1, 2]
    assert top(scores, size=9).tolist() == [1, 2, 4, 0]
