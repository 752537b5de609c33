"""The benchmark of recommendations in small: what it measures is there, and makes sense."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from ranking.blend import BlendRecommender
from recsys.als import AlsModel
from recsys.popularity import PopularityModel
from recsys.transitions import TransitionsModel
from tests.load import batch
from tests.load.crowd import crowd
from tests.load.recommendations import run


def test_a_small_crowd() -> None:
    report = run(users=3000, items=800, interactions=60_000, factors=32, rounds=6, cases=1500)
    found = report.found
    assert found["NDCG@10"] > 2 * found["NDCG@10 of popularity"] > 0
    assert found["recall@10 of the index"] > 0.95
    assert found["different (shopper, item) pairs"] > 40_000
    assert list(report.stages)[-1] == "all but the crowd"
    assert all(row["peak GiB"] > 0 for row in report.stages.values())


def test_a_crowd_is_sorted_and_the_same_each_time() -> None:
    one, other = (crowd(users=500, items=300, interactions=5000, seed=4) for _ in range(2))
    assert np.lexsort((one.at, one.users)).tolist() == list(range(5000))
    assert np.bincount(one.users, minlength=500).min() >= 2
    assert np.bincount(one.item_numbers, minlength=300).max() > 5 * np.median(np.bincount(one.item_numbers))
    np.testing.assert_array_equal(one.item_numbers, other.item_numbers)
    np.testing.assert_array_equal(one.at, other.at)


def test_a_small_batch(tmp_path: Path) -> None:
    models = [PopularityModel(), TransitionsModel(), AlsModel(factors=8, iterations=2)]
    found = batch.run(
        tmp_path, shoppers=400, items=100, asked=60, size=10, processes=1, blend=BlendRecommender(models=models)
    )
    assert min(found.values()) > 0
    rows = pl.read_parquet(tmp_path / "out" / "part-00000.parquet")
    assert rows["shopper"].n_unique() == 60
    assert rows.height == 600
