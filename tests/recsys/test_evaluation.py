"""Metrics against a naive ranking, and splits that do not leak."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from core.errors import InvalidInput
from recsys.data import Ints
from recsys.evaluation.intervals import exposure_interval, interval, intervals
from recsys.evaluation.lists import best_of_rows, coverage, exposure, gini, novelty, self_information
from recsys.evaluation.metrics import measure, measure_all, middle_ranks, values
from recsys.evaluation.splits import Split, global_time_split, keep_rows, last_part, leave_last_out
from recsys.histories import top
from recsys.popularity import PopularityModel
from tests.recsys.shops import DAY, history, shop


def test_ties_stand_at_their_middle_rank() -> None:
    scores = np.array([[3, 1, 1, 1, 0], [0, 0, 0, 0, 0]], dtype=np.float32)
    ranks = middle_ranks(scores, [np.array([0, 2, 4]), np.array([1])])
    assert [list(row) for row in ranks] == [[0.0, 2.0, 4.0], [2.0]]


def test_metrics_are_those_of_a_naive_ranking() -> None:
    data = shop(users=30)
    split = global_time_split(data, at=last_part(data, share=0.4))
    draw = np.random.default_rng(1)
    table = draw.random((len(split.histories), len(data.items))).astype(np.float32)
    asked = iter(table[first : first + 1024] for first in range(0, len(table), 1024))
    found = measure_all(lambda _: {"random": next(asked).copy()}, split, cutoffs=(3, 7))["random"]
    for case, (past, targets) in enumerate(zip(split.histories, split.targets, strict=True)):
        ranked = [item for item in np.argsort(-table[case]) if item not in past.items]
        places = sorted(ranked.index(target) for target in targets)
        for k in (3, 7):
            inside = [place for place in places if place < k]
            best = sum(1 / math.log2(place + 2) for place in range(min(k, len(places))))
            gain = sum(1 / math.log2(place + 2) for place in inside)
            assert found.values[f"hr@{k}"][case] == bool(inside)
            assert found.values[f"recall@{k}"][case] == pytest.approx(len(inside) / len(places))
            assert found.values[f"ndcg@{k}"][case] == pytest.approx(gain / best)
        assert found.values["mrr"][case] == pytest.approx(1 / (places[0] + 1))


def test_a_model_that_says_nothing_scores_as_chance() -> None:
    split = leave_last_out(shop())
    silent = measure_all(
        lambda asked: {"silent": np.zeros((len(asked), len(split.train.items)), dtype=np.float32)},
        split,
        lists=True,
    )["silent"]
    assert silent.values["hr@5"].mean() == 0.0  # the middle of about 35 unseen items, not the top
    assert (silent.listed == -1).all()


def test_leave_last_out_holds_back_the_last_item_only() -> None:
    data = shop()
    split = leave_last_out(data)
    assert len(split.train.users) == len(data.users) - len(split.histories)
    for user, (past, target) in enumerate(zip(split.histories, split.targets, strict=True)):
        whole = data.history(user).items
        assert [*past.items, *target] == list(whole)
    again = leave_last_out(split.train)
    assert [t[0] for t in again.targets] == [past.items[-1] for past in split.histories]


def test_a_time_split_never_shows_the_future() -> None:
    data = shop()
    at = last_part(data, share=0.3)
    split = global_time_split(data, at=at)
    assert split.train.at.max() < at
    assert split.train.now == split.now == at
    assert (split.train.baskets < 0).any()  # purchases of unknown shoppers stay in what is trained on
    for past, targets in zip(split.histories, split.targets, strict=True):
        assert (past.at < at).all()
        assert not set(targets.tolist()) & set(past.items.tolist())
        assert len(set(targets.tolist())) == len(targets) > 0


def test_a_planted_future_purchase_changes_nothing_that_is_learned() -> None:
    data = shop()
    at = last_part(data, share=0.3)
    planted = replace(data, item_numbers=np.where(data.at >= at, 1, data.item_numbers).astype(np.int32))
    honest = PopularityModel().fit(global_time_split(data, at=at).train)
    fooled = PopularityModel().fit(global_time_split(planted, at=at).train)
    leaking = PopularityModel().fit(planted)
    asked = [history()]
    np.testing.assert_array_equal(fooled.scores(asked, now=at), honest.scores(asked, now=at))
    assert not np.array_equal(leaking.scores(asked, now=at), honest.scores(asked, now=at))


def test_views_are_no_targets() -> None:
    data = shop()
    at = last_part(data, share=0.3)
    viewed = replace(data, weights=np.where(data.at >= at, np.float32(0.1), data.weights))
    assert global_time_split(viewed, at=at).histories == []


def test_a_shopper_without_a_past_is_a_cold_case() -> None:
    data = shop()
    at = last_part(data, share=0.3)
    late = int(data.users[(data.at >= at) & (data.users >= 0)][0])
    split = global_time_split(keep_rows(data, (data.at >= at) | (data.users != late)), at=at)
    assert split.cold.sum() >= 1
    for past, cold in zip(split.histories, split.cold, strict=True):
        assert (len(past) == 0) == cold


def test_a_window_ends_where_it_says() -> None:
    data = shop()
    at = last_part(data, share=0.5)
    short = global_time_split(data, at=at, until=at + 10 * DAY)
    long = global_time_split(data, at=at)
    assert 0 < sum(map(len, short.targets)) < sum(map(len, long.targets))


def test_a_split_before_everything_is_refused() -> None:
    with pytest.raises(InvalidInput):
        global_time_split(shop(), at=0)


def test_a_sample_keeps_histories_and_targets_together() -> None:
    split = leave_last_out(shop())
    drawn = split.sample(10, seed=4)
    pairs = {(tuple(h.items), int(t[0])) for h, t in zip(split.histories, split.targets, strict=True)}
    assert len(drawn.histories) == 10
    assert {(tuple(h.items), int(t[0])) for h, t in zip(drawn.histories, drawn.targets, strict=True)} <= pairs
    again = split.sample(10, seed=4)
    assert [tuple(h.items) for h in again.histories] == [tuple(h.items) for h in drawn.histories]


def test_seen_items_are_left_out_of_the_ranking() -> None:
    data = shop(users=8)
    model = PopularityModel().fit(data)
    best = int(model.recommend(history(), now=data.now, size=1).items[0])
    second = int(model.recommend(history(), now=data.now, size=2).items[1])
    split = Split(data, [history(best)], [np.array([second], dtype=np.int32)], data.now)
    assert measure(model, split).values["mrr"][0] == 1.0


def test_novelty_is_in_bits() -> None:
    data = shop(users=7, cold=3)
    nobody_has = len(data.items) - 1
    found = novelty(np.array([[nobody_has, -1], [-1, -1]], dtype=np.int32), self_information(data))
    assert found[0] == pytest.approx(math.log2(8))
    assert np.isnan(found[1])


@pytest.mark.parametrize("items", [1, 3, 40, 700, 5000])
@pytest.mark.parametrize("kind", ["dense", "sparse", "tied"])
def test_the_best_of_many_rows_are_those_of_each(items: int, kind: str) -> None:
    draw = np.random.default_rng(items)
    scores = draw.random((40, items), dtype=np.float32)
    if kind == "sparse":
        scores[draw.random(scores.shape) < 0.99] = 0.0
    if kind == "tied":
        scores = np.round(scores * 3)
    scores[:, :2] = -np.inf
    for row, best in zip(scores, best_of_rows(scores, size=10), strict=True):
        expected = top(row, size=10).tolist()
        assert best.tolist() == expected + [-1] * (10 - len(expected))


def test_coverage_and_gini_count_all_items() -> None:
    everyone_the_same = exposure(np.array([[2, -1], [2, -1], [2, -1]], dtype=np.int32), items=5)
    assert everyone_the_same.tolist() == [0, 0, 3, 0, 0]
    assert coverage(everyone_the_same) == pytest.approx(1 / 5)
    assert gini(everyone_the_same) == pytest.approx(4 / 5)
    assert gini(exposure(np.arange(10, dtype=np.int32).reshape(5, 2), items=10)) == 0.0
    assert gini(np.array([1, 0, 0, 3])) == pytest.approx(_gini_by_pairs([1, 0, 0, 3]))
    assert gini(np.zeros(4, dtype=np.int64)) == 1.0


def _gini_by_pairs(counts: list[int]) -> float:
    """Half the mean absolute difference of all pairs, over the mean."""
    apart = sum(abs(one - other) for one in counts for other in counts) / len(counts) ** 2
    return apart / 2 / (sum(counts) / len(counts))


def test_targets_of_one_kind_are_measured_alone() -> None:
    split = Split(shop(), [history(), history()], [np.array([3, 4]), np.array([5])], 0)
    ranks = np.array([0.0, 7.0, 2.0])
    found = values(ranks, split, cutoffs=(5,), among=np.array([False, True, False]))
    assert found["hr@5"][0] == 0.0
    assert found["mrr"][0] == pytest.approx(1 / 8)
    assert all(np.isnan(column[1]) for column in found.values())
    assert values(ranks, split, cutoffs=(5,))["hr@5"].tolist() == [1.0, 1.0]


def test_the_interval_holds_the_mean_and_narrows() -> None:
    draw = np.random.default_rng(0)
    few, many = draw.random(50), draw.random(5000)
    low, high = interval(few)
    assert low < few.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * few.std() / math.sqrt(50), rel=0.25)
    assert interval(many)[1] - interval(many)[0] < (high - low) / 5
    assert interval(np.zeros(0)) == (0.0, 0.0)


def test_columns_are_drawn_together_and_gaps_left_out() -> None:
    draw = np.random.default_rng(1)
    whole = draw.random(400)
    part = np.where(np.arange(400) < 100, whole, np.nan)
    found = intervals(np.column_stack([whole, part, whole - whole, np.full(400, np.nan)]))
    assert found[0].tolist() == pytest.approx(interval(whole))
    assert found[1][1] - found[1][0] == pytest.approx(2 * (found[0][1] - found[0][0]), rel=0.3)
    assert found[2].tolist() == [0.0, 0.0]
    assert np.isnan(found[3]).all()


def test_the_interval_of_an_exposure_is_as_wide_as_other_shoppers_make_it() -> None:
    draw = np.random.default_rng(2)

    def lists() -> Ints:
        return np.minimum(draw.geometric(0.05, size=(500, 10)) - 1, 99).astype(np.int32)

    low, high = exposure_interval(lists(), gini, items=100)
    assert 0 < low < high < 1
    others = np.array([gini(exposure(lists(), items=100)) for _ in range(200)])
    assert (high - low) / 2 == pytest.approx(1.96 * others.std(), rel=0.5)
