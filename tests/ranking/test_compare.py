"""Two runs on the same queries: wins, losses, and whether they may be chance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import InvalidInput
from ranking.compare import compare_runs, comparison_to_json, read_run, read_weights, write_run
from ranking.judgments import bootstrap_interval, permutation_test
from ranking.scoring import RankingWeights

JUDGED = {f"q{number}": {"good": 3, "fair": 1} for number in range(20)}
GOOD, POOR = ["good", "fair", "other"], ["other", "fair", "good"]


def test_wins_losses_and_ties_are_counted_query_by_query() -> None:
    one = dict.fromkeys(JUDGED, POOR) | {"q0": GOOD}
    other = {query: GOOD if place % 2 else POOR for place, query in enumerate(JUDGED)}
    compared = compare_runs(one, other, JUDGED)
    assert (compared.wins, compared.losses, compared.ties) == (10, 1, 9)
    assert compared.other - compared.one == pytest.approx(np.mean([row.gain for row in compared.queries]))
    assert compared.queries[0].gain > 0 > compared.queries[-1].gain
    assert compared.queries[-1].query == "q0"
    assert compared.interval[0] < compared.other - compared.one < compared.interval[1]
    back = compare_runs(other, one, JUDGED)
    assert (back.wins, back.losses) == (1, 10)
    assert back.p_value == pytest.approx(compared.p_value)


def test_the_same_run_is_no_better_and_a_missing_query_is_answered_with_nothing() -> None:
    run = dict.fromkeys(JUDGED, GOOD)
    same = compare_runs(run, run, JUDGED)
    assert (same.ties, same.p_value, same.interval) == (20, 1.0, (0.0, 0.0))
    assert compare_runs(run, {}, JUDGED).other == 0.0
    with pytest.raises(InvalidInput, match="measures are"):
        compare_runs(run, run, JUDGED, by="mrr")


def test_the_permutation_test_tells_chance_from_a_difference() -> None:
    draw = np.random.default_rng(5)
    assert permutation_test(draw.normal(0.1, 0.1, 60)) < 0.001
    assert permutation_test(draw.normal(0.0, 0.1, 60)) > 0.05
    # Exactly known: of the 2 ** 4 ways to sign four equal differences two are as extreme.
    assert permutation_test(np.full(4, 0.2), samples=200_000) == pytest.approx(2 / 16, abs=0.005)


def test_under_the_null_the_p_value_is_uniform() -> None:
    draw = np.random.default_rng(1)
    values = [permutation_test(draw.normal(0.0, 0.2, 40), samples=400) for _ in range(300)]
    assert np.mean(np.array(values) < 0.1) == pytest.approx(0.1, abs=0.05)


def test_the_paired_interval_is_narrower_than_the_runs_are_wide() -> None:
    draw = np.random.default_rng(2)
    one = draw.random(100)
    low, high = bootstrap_interval(one + 0.05 + draw.normal(0, 0.01, 100) - one)
    assert 0.04 < low < 0.05 < high < 0.06


def test_a_run_is_kept_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    run = {"红茶": ["a", "b"], "nothing": []}
    write_run(path, run, weights=RankingWeights())
    assert read_run(path) == run
    for text in ("", "[]", "{}", '{"run": [1]}', '{"run": {"q": 1}}'):
        path.write_text(text)
        with pytest.raises(InvalidInput, match="not a saved run"):
            read_run(path)
    with pytest.raises(InvalidInput):
        read_run(tmp_path / "nowhere.json")


def test_weights_are_read_from_toml(tmp_path: Path) -> None:
    path = tmp_path / "weights.toml"
    path.write_text("meaning = 0.5\nfeedback_hits = 5\n")
    weights = read_weights(path)
    assert (weights.meaning, weights.feedback_hits, weights.text) == (0.5, 5, RankingWeights().text)
    for text in ("meaning = 'much'", "fame = 1", "meaning = -1", "meaning = true", "meaning"):
        path.write_text(text)
        with pytest.raises(InvalidInput):
            read_weights(path)


def test_all_of_it_is_json() -> None:
    told = comparison_to_json(compare_runs(dict.fromkeys(JUDGED, POOR), dict.fromkeys(JUDGED, GOOD), JUDGED))
    assert (told["wins"], told["losses"], told["ties"]) == (20, 0, 0)
    assert told["gain"] == pytest.approx(float(str(told["b"])) - float(str(told["a"])), abs=1e-3)
