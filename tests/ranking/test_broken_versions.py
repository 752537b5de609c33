"""Versions whose files were cut, changed or put together wrongly: none is promoted, and the live one serves on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.artifacts import MANIFEST, Artifacts, Version, file_sha256
from core.clock import frozen_clock
from core.errors import BrokenArtifact, RefusedPromotion
from ranking.serving import load_version
from ranking.training import promote_version, train_version
from recsys.versions import KIND
from tests.ranking.shop_snapshot import snapshot_of
from tests.recsys.shops import history, shop

CLOCK = frozen_clock(datetime(2024, 6, 1, tzinfo=UTC))
GOOD, BAD = "20240601-good", "20240602-bad"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    artifacts = Artifacts(tmp_path_factory.mktemp("trained"))
    return train_version(snapshot_of(shop(), artifacts), artifacts=artifacts, clock=CLOCK).path


@pytest.fixture
def artifacts(trained: Path, tmp_path: Path) -> Iterator[Artifacts]:
    """A good version that serves, now and after the test, and a copy of it that the test breaks."""
    for name in (GOOD, BAD):
        shutil.copytree(trained, tmp_path / KIND / name)
        manifest = json.loads((tmp_path / KIND / name / MANIFEST).read_text())
        (tmp_path / KIND / name / MANIFEST).write_text(json.dumps({**manifest, "name": name}))
    artifacts = Artifacts(tmp_path)
    promote_version(artifacts, GOOD)
    yield artifacts
    served = load_version(artifacts.get(KIND, GOOD))
    assert len(served.blend.recommend(history(0, 4), now=0, size=4).items) == 4


def signed(version: Version, **about: Any) -> None:
    """Write the manifest anew, as if the files had been made as they are now."""
    path = version.path / MANIFEST
    manifest = json.loads(path.read_text())
    manifest["files"] = {
        str(file.relative_to(version.path)): {"bytes": file.stat().st_size, "sha256": file_sha256(file)}
        for file in sorted(version.path.rglob("*"))
        if file.is_file() and file != path
    }
    manifest["about"].update(about)
    path.write_text(json.dumps(manifest))


def refused(artifacts: Artifacts) -> None:
    """The bad version is refused, and the pointer stays with the good one."""
    with pytest.raises((RefusedPromotion, BrokenArtifact)):
        promote_version(artifacts, BAD)
    live = artifacts.live(KIND)
    assert live is not None
    assert live.name == GOOD


def test_no_file_of_a_version_may_be_cut(artifacts: Artifacts) -> None:
    bad = artifacts.get(KIND, BAD)
    files = [path for path in sorted(bad.path.rglob("*")) if path.is_file() and path.name != MANIFEST]
    assert len(files) > 10
    for path in files:
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(BrokenArtifact):
            load_version(bad)
        refused(artifacts)
        signed(bad)
        refused(artifacts)
        path.unlink()
        refused(artifacts)
        path.write_bytes(whole)
        signed(bad)
    promote_version(artifacts, BAD)


def test_a_manifest_that_was_cut_is_no_version(artifacts: Artifacts) -> None:
    path = artifacts.root / KIND / BAD / MANIFEST
    whole = path.read_text()
    for length in range(0, len(whole), len(whole) // 20):
        path.write_text(whole[:length])
        refused(artifacts)


ITEMS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "another schema": lambda columns: {**columns, "schema": 99},
    "a column too short": lambda columns: {**columns, "brands": columns["brands"][1:]},
    "a column missing": lambda columns: {key: columns[key] for key in columns if key != "prices"},
    "an id twice": lambda columns: {**columns, "ids": [columns["ids"][1], *columns["ids"][1:]]},
    "a title that is none": lambda columns: {**columns, "titles": [None, *columns["titles"][1:]]},
    "a price that is none": lambda columns: {**columns, "prices": ["free", *columns["prices"][1:]]},
    "categories that are none": lambda columns: {**columns, "categories": [[3], *columns["categories"][1:]]},
    "one item less": lambda columns: {
        key: column if key == "schema" else column[:-1] for key, column in columns.items()
    },
    "a list": lambda columns: [columns],
}


@pytest.mark.parametrize("how", list(ITEMS))
def test_items_that_are_not_the_models(artifacts: Artifacts, how: str) -> None:
    bad = artifacts.get(KIND, BAD)
    path = bad.path / "items.json"
    path.write_text(json.dumps(ITEMS[how](json.loads(path.read_text()))))
    signed(bad)
    with pytest.raises(BrokenArtifact):
        load_version(bad)
    refused(artifacts)


BLENDS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "another schema": lambda about: {**about, "schema": 99},
    "other items": lambda about: {**about, "items": about["items"] + 1},
    "a list": lambda about: [about],
    "nothing": lambda about: {},
    "a weight below 0": lambda about: {**about, "weights": {**about["weights"], "als": -0.5}},
    "a weight above 1": lambda about: {**about, "weights": {**about["weights"], "als": 1e30}},
    "a weight that is no number": lambda about: {**about, "weights": {**about["weights"], "als": float("nan")}},
    "a weight in words": lambda about: {**about, "weights": {**about["weights"], "als": "much"}},
    "a model that is not there": lambda about: {**about, "weights": {**about["weights"], "gravity": 0.1}},
}


@pytest.mark.parametrize("how", list(BLENDS))
def test_a_blend_that_is_not_the_models(artifacts: Artifacts, how: str) -> None:
    bad = artifacts.get(KIND, BAD)
    path = bad.path / "blend" / "blend.json"
    path.write_text(json.dumps(BLENDS[how](json.loads(path.read_text()))))
    signed(bad)
    with pytest.raises(BrokenArtifact):
        load_version(bad)
    refused(artifacts)


@pytest.mark.parametrize(
    "metrics",
    [
        {"blend": {"ndcg@10": "good"}},
        {"blend": {"ndcg@10": 0.9}},
        {"blend": {"ndcg@10": float("nan"), "ndcg@10_interval": [0.1, 0.2]}},
        {"blend": {"ndcg@10": 0.9, "ndcg@10_interval": [0.1]}},
        {"blend": {"ndcg@10": 0.9, "ndcg@10_interval": [-9.0, float("inf")]}},
        {"blend": {"ndcg@10": 0.9, "ndcg@10_interval": [0.9, 0.1]}},
        {"blend": 3},
        [],
    ],
    ids=["text", "no interval", "no number", "half an interval", "endless", "turned round", "no row", "a list"],
)
def test_impossible_metrics_do_not_pass_the_gate(artifacts: Artifacts, metrics: object) -> None:
    signed(artifacts.get(KIND, GOOD), metrics={"blend": {"ndcg@10": 0.5, "ndcg@10_interval": [0.4, 0.6]}})
    signed(artifacts.get(KIND, BAD), metrics=metrics)
    refused(artifacts)


def test_charts_of_items_that_are_not_there(artifacts: Artifacts) -> None:
    bad = artifacts.get(KIND, BAD)
    path = bad.path / "charts" / "arrays.npz"
    with np.load(path) as file:
        arrays = {key: file[key] for key in file.files}
    for strange in (len(shop().items), -1):
        items = arrays["items"].copy()
        items[0] = strange
        np.savez(path, **{**arrays, "items": items})
        signed(bad)
        with pytest.raises(BrokenArtifact, match="not there"):
            load_version(bad)
        refused(artifacts)
