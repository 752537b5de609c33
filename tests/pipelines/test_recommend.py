"""`merx recommend`: everybody's best products in a folder, and what it says when it cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from core.artifacts import Artifacts
from core.settings import Settings
from ranking.batch import DONE
from tests.pipelines.conftest import Ran

Merx = Callable[..., Ran]


def test_every_shopper_of_the_newest_snapshot_gets_products(merx: Merx, sample: Settings, tmp_path: Path) -> None:
    out = tmp_path / "batch"
    ran = merx("recommend", "--out", out, "--size", 7, "--processes", 1)
    assert ran.code == 0, ran.said
    found = pl.concat([pl.read_parquet(path) for path in out.glob("part-*.parquet")])
    folder = Artifacts(sample.artifacts).versions("snapshots")[-1].path
    interactions = pl.read_parquet(folder / "interactions.parquet")
    shoppers = interactions["shopper"].drop_nulls().unique()
    assert set(found["shopper"]) == set(shoppers)
    assert found.group_by("shopper").len()["len"].unique().to_list() == [7]
    had = found.join(interactions, on=["shopper", "product_id"])
    assert had.is_empty()
    sold_out = pl.read_parquet(folder / "products.parquet").filter(~pl.col("sellable"))
    assert not sold_out.is_empty()
    assert found.join(sold_out, on="product_id").is_empty()
    assert f"{len(shoppers):,} shoppers in 1 parts (1 written now)" in ran.said
    assert (out / DONE).exists()
    again = merx("recommend", "--out", out, "--size", 7, "--processes", 1)
    assert "(0 written now)" in again.said


def test_only_those_of_a_file(merx: Merx, sample: Settings, tmp_path: Path) -> None:
    folder = Artifacts(sample.artifacts).versions("snapshots")[-1].path
    some = pl.read_parquet(folder / "interactions.parquet")["shopper"].drop_nulls().unique().sort()[:3].to_list()
    (tmp_path / "keys.txt").write_text("\n".join(some) + "\n\n")
    ran = merx("recommend", "--out", tmp_path / "out", "--users", tmp_path / "keys.txt", "--processes", 1)
    assert ran.code == 0, ran.said
    assert set(pl.read_parquet(tmp_path / "out" / "part-00000.parquet")["shopper"]) == set(some)
    other = merx("recommend", "--out", tmp_path / "out", "--processes", 1)
    assert (other.code, "another run" in other.said) == (1, True)
    (tmp_path / "keys.txt").write_bytes(b"\xff\xfe\xff")
    broken = merx("recommend", "--out", tmp_path / "new", "--users", tmp_path / "keys.txt")
    assert (broken.code, "cannot be read" in broken.said) == (1, True)
    assert not (tmp_path / "new").exists()


def test_a_home_without_models(merx: Merx, tmp_path: Path) -> None:
    ran = merx("recommend", "--out", tmp_path / "out")
    assert (ran.code, "run `merx snapshot` and `merx train`" in ran.said) == (1, True)
    assert merx("recommend", "--out", tmp_path / "out", "--size", 0).code == 2
    assert not (tmp_path / "out").exists()
