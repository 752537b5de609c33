"""A batch says what a request would be told, for everybody, and goes on where it was killed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from core.artifacts import Artifacts, Version
from core.clock import frozen_clock
from core.errors import BrokenArtifact, InvalidInput
from ranking import batch
from ranking.batch import ABOUT, DONE, SCHEMA, Written, mixtures, recommend_all
from ranking.blend import BlendRecommender
from ranking.serving import load_version
from ranking.training import train_version
from recsys.als import AlsModel
from recsys.content import ContentModel
from recsys.data import TrainingData
from recsys.popularity import PopularityModel
from recsys.training import training_data
from recsys.transitions import TransitionsModel
from tests.ranking.shop_snapshot import snapshot_of
from tests.recsys.shops import history, shop

CLOCK = frozen_clock(datetime(2024, 6, 1, tzinfo=UTC))


def blend() -> BlendRecommender:
    return BlendRecommender(
        models=[PopularityModel(), ContentModel(), TransitionsModel(), AlsModel(factors=8, iterations=3)]
    )


def sold_out(data: TrainingData) -> TrainingData:
    sellable = np.ones(len(data.items), dtype=np.bool_)
    sellable[[4, 8]] = False
    return replace(data, items=replace(data.items, sellable=sellable))


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Version, Version]:
    """A version of the models, and the snapshot it was trained on."""
    artifacts = Artifacts(tmp_path_factory.mktemp("artifacts"))
    snapshot = snapshot_of(sold_out(shop(users=400)), artifacts)
    return train_version(snapshot, artifacts=artifacts, threads=1, clock=CLOCK, make=blend), snapshot


def read(folder: Path) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in sorted(folder.glob("*.parquet"))])


def test_everybody_gets_what_is_best_for_them(versions: tuple[Version, Version], tmp_path: Path) -> None:
    models, snapshot = versions
    assert recommend_all(models, snapshot, tmp_path, size=6) == Written(shoppers=400, parts=1, fresh=1)
    found, served, data = read(tmp_path), load_version(models), training_data(snapshot.path)
    assert found.schema == SCHEMA
    assert found["shopper"].unique(maintain_order=True).to_list() == sorted(data.user_ids)
    for user in range(0, 400, 37):
        past = data.history(user)
        rows = found.filter(shopper=data.user_ids[user])
        mixture = served.blend.mixture(past, now=data.now)
        allowed = served.items.sellable.copy()
        allowed[past.items] = False
        best = np.lexsort((np.arange(len(allowed)), -np.where(allowed, mixture.total, -1)))[:6]
        assert rows["product_id"].to_list() == [served.items.ids[item] for item in best]
        assert rows["rank"].to_list() == [1, 2, 3, 4, 5, 6]
        np.testing.assert_allclose(rows["score"], mixture.total[best], rtol=1e-4)
        owned = {served.items.ids[item] for item in past.items}
        assert all(set(because) <= owned for because in rows["because"])
    assert not set(found["product_id"]) & {"p4", "p8"}
    assert (found["because"].list.len() > 0).mean() > 0.5
    assert set(found["saying"]) > {"popular", "bought-after"}


def test_mixtures_of_many_are_those_of_each(versions: tuple[Version, Version]) -> None:
    served = load_version(versions[0])
    asked = [history(0, 4), history(), history(1, 5, 9)]
    items = np.arange(served.blend.items, dtype=np.int32)
    for found, past in zip(mixtures(served.blend, asked, now=7), asked, strict=True):
        alone = served.blend.mixture(past, now=7)
        np.testing.assert_allclose(found.total, alone.total, rtol=1e-4, atol=1e-6)
        for one, other in zip(found.contributions(items), alone.contributions(items), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_those_who_are_asked_for_known_or_not(versions: tuple[Version, Version], tmp_path: Path) -> None:
    done = recommend_all(*versions, tmp_path, size=3, shoppers=["shopper7", "nobody", "shopper7"])
    assert done.shoppers == 2
    found = read(tmp_path)
    assert found["shopper"].to_list() == ["nobody"] * 3 + ["shopper7"] * 3
    assert set(found.filter(shopper="nobody")["saying"]) == {"popular"}


def test_a_run_that_stopped_is_gone_on_with(
    versions: tuple[Version, Version], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "PART", 150)
    recommend_all(*versions, tmp_path / "whole", size=5)
    put: Callable[[Path, Callable[[Path], object]], None] = batch._put

    def stop_in_the_second(path: Path, write: Callable[[Path], object]) -> None:
        if path.name == "part-00001.parquet":
            (path.parent / ".making-1-part-00001.parquet").write_bytes(b"PAR1 and no more")
            raise KeyboardInterrupt
        put(path, write)

    with monkeypatch.context() as stopping:
        stopping.setattr(batch, "_put", stop_in_the_second)
        with pytest.raises(KeyboardInterrupt):
            recommend_all(*versions, tmp_path / "halves", size=5)
    assert {path.name for path in (tmp_path / "halves").glob("part*")} == {"part-00000.parquet"}
    assert not (tmp_path / "halves" / DONE).exists()
    told: list[tuple[int, int]] = []
    done = recommend_all(*versions, tmp_path / "halves", size=5, progress=lambda *said: told.append(said))
    assert done == Written(shoppers=400, parts=3, fresh=2)
    assert told == [(2, 3), (3, 3)]
    whole, halves = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("whole", "halves")
    )
    assert whole == halves
    assert recommend_all(*versions, tmp_path / "halves", size=5).fresh == 0


def test_two_processes_write_the_same_files(
    versions: tuple[Version, Version], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "PART", 150)
    for processes in (1, 2):
        recommend_all(*versions, tmp_path / str(processes), size=5, processes=processes)
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("1", "2"))
    assert set(one) == {ABOUT, DONE, "part-00000.parquet", "part-00001.parquet", "part-00002.parquet"}
    assert one == two


def test_a_folder_of_something_else_is_left_alone(versions: tuple[Version, Version], tmp_path: Path) -> None:
    recommend_all(*versions, tmp_path / "run", size=2, shoppers=["shopper1"])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("mine")
    (tmp_path / "file").write_text("no folder")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for folder, size in (("run", 3), ("mine", 2), ("file", 2)):
        with pytest.raises(InvalidInput):
            recommend_all(*versions, tmp_path / folder, size=size, shoppers=["shopper1"])
    for size in (0, 201):
        with pytest.raises(InvalidInput, match="1 to 200"):
            recommend_all(*versions, tmp_path / "new", size=size)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_snapshot_that_cannot_be_read(versions: tuple[Version, Version], tmp_path: Path) -> None:
    models, _ = versions
    artifacts = Artifacts(tmp_path / "artifacts")
    broken = snapshot_of(shop(), artifacts)
    (broken.path / "interactions.parquet").write_bytes(b"PAR1")
    with pytest.raises(BrokenArtifact):
        recommend_all(models, broken, tmp_path / "out")
    assert not (tmp_path / "out").exists()
