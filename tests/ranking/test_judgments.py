"""The measures, checked against figures worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from core.errors import InvalidInput
from ranking.judgments import bootstrap_interval, measure, read_judgments


def test_measures_by_hand() -> None:
    judgments = {"lamp": {"a": 3, "b": 0, "c": 2}, "rug": {"d": 1}}
    values = measure({"lamp": ["x", "c", "b", "a"], "rug": []}, judgments)
    ideal = 3 + 2 / math.log2(3)
    assert values["ndcg@10"] == pytest.approx([(2 / math.log2(3) + 3 / math.log2(5)) / ideal, 0.0])
    assert values["condensed_ndcg@10"] == pytest.approx([(2 + 3 / math.log2(4)) / ideal, 0.0])
    assert values["judged@10"][0] == pytest.approx(0.75)
    assert values["recall@100"] == pytest.approx([1.0, 0.0])
    assert values["rr@10"] == pytest.approx([0.5, 0.0])


def test_a_query_that_found_nothing_still_counts() -> None:
    assert measure({}, {"lamp": {"a": 3}})["ndcg@10"] == pytest.approx([0.0])


def test_the_interval_holds_the_mean_and_narrows_with_more_queries() -> None:
    few, many = (np.random.default_rng(0).random(size) for size in (20, 2000))
    for values in (few, many):
        low, high = bootstrap_interval(values)
        assert low < values.mean() < high
    assert np.ptp(bootstrap_interval(many)) < np.ptp(bootstrap_interval(few)) / 4


@pytest.mark.parametrize(
    "text",
    ["", "query,product_id\na,b\n", "query,product_id,grade\n", "query,product_id,grade\na,b,9\n", "q\x00\x01"],
    ids=["empty", "column-missing", "no-rows", "grade-out-of-range", "binary"],
)
def test_a_file_that_is_not_judgments_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "judgments.csv"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=r"judgments\.csv"):
        read_judgments(path)
    with pytest.raises(InvalidInput, match=r"missing\.csv"):
        read_judgments(tmp_path / "missing.csv")


def test_ids_that_look_like_numbers_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "judgments.csv"
    path.write_text('query,product_id,grade\n"lamp, red",007,3\n')
    assert read_judgments(path) == {"lamp, red": {"007": 3}}
