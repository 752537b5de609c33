"""Precomputed lists are what asking gives, on any number of threads; damaged files are refused."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from core.errors import BrokenArtifact, NotFound
from ranking import precomputed
from ranking.blend import BlendRecommender
from ranking.mixing import Mixture, mix
from ranking.precomputed import Bools, Lists, Recipe, compute_lists
from ranking.widgets import SIMILAR, TOGETHER
from recsys.data import History
from recsys.histories import top
from tests.recsys.shops import shop

RECIPES = {"similar": Recipe(SIMILAR), "together": Recipe(TOGETHER)}


@cache
def blend() -> BlendRecommender:
    return BlendRecommender().fit_models(shop(users=300, items=60), threads=1)


@cache
def lists() -> Lists:
    return compute_lists(blend().models, {"similar": Recipe(SIMILAR)}, size=10)["similar"]


def asked(weights: dict[str, float], item: int) -> Mixture:
    one = History(np.array([item], dtype=np.int32), np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.float32))
    return mix(blend().models, weights, one, now=0)


@pytest.mark.parametrize("name", list(RECIPES))
def test_a_list_is_what_asking_gives(name: str) -> None:
    found = compute_lists(blend().models, RECIPES, size=10)[name]
    weights = dict(RECIPES[name].weights)
    for item in range(60):
        mixture = asked(weights, item)
        allowed = np.arange(60) != item
        listed = found.row(item)
        expected = top(mixture.total, size=10, allowed=allowed)
        np.testing.assert_allclose(listed.scores, mixture.total[expected], rtol=1e-4)
        np.testing.assert_allclose(listed.scores, mixture.total[listed.items], rtol=1e-4)
        np.testing.assert_allclose(listed.parts.sum(axis=1), listed.scores, rtol=1e-4)
        for place, model in enumerate(found.generators):
            brought = mixture.parts[model][listed.items]
            np.testing.assert_allclose(listed.parts[:, place], brought, rtol=1e-4, atol=1e-6)
        assert item not in listed.items
        assert listed.ahead == len(listed.items) > 0


def test_what_is_set_back_fills_up_the_end() -> None:
    def behind(mixture: Mixture, item: int) -> Bools:
        assert mixture.history.items.tolist() == [item]
        np.testing.assert_allclose(sum(mixture.parts.values())[item - 1], mixture.total[item - 1], rtol=1e-5)
        return np.arange(60) % 2 == 0

    found = compute_lists(blend().models, {"odd": Recipe(SIMILAR, behind)}, size=40)["odd"]
    for item in (0, 7):
        mixture = asked(SIMILAR, item)
        listed = found.row(item)
        odd = top(mixture.total, size=40, allowed=(np.arange(60) % 2 == 1) & (np.arange(60) != item))
        even = top(mixture.total, size=40 - len(odd), allowed=(np.arange(60) % 2 == 0) & (np.arange(60) != item))
        assert 0 < listed.ahead == len(odd) < len(listed.items)
        assert listed.items.tolist() == [*odd, *even]


def test_threads_and_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precomputed, "_CELLS", 60 * 7)
    told: list[tuple[int, int]] = []
    one = compute_lists(blend().models, RECIPES, size=10)["similar"]
    two = compute_lists(blend().models, RECIPES, size=10, threads=2, progress=lambda *said: told.append(said))[
        "similar"
    ]
    np.testing.assert_array_equal(one.items, two.items)
    np.testing.assert_array_equal(one.parts, two.parts)
    np.testing.assert_array_equal(one.items, lists().items)
    assert told[0] == (7, 60)
    assert told[-1] == (60, 60)


def test_saved_lists_are_read_as_they_were(tmp_path: Path) -> None:
    lists().save(tmp_path / "similar")
    lists().save(tmp_path / "again")
    read = Lists.load(tmp_path / "similar", items=60)
    assert list(read.generators) == list(lists().generators)
    for item in (0, 31, 59):
        one, other = read.row(item), lists().row(item)
        assert one.items.tolist() == other.items.tolist()
        np.testing.assert_array_equal(one.parts, other.parts)
    for path in (tmp_path / "similar").iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()
    for item in (-1, 60):
        with pytest.raises(NotFound):
            read.row(item)


@pytest.mark.parametrize("name", ["items.npy", "scores.npy", "parts.npy", "ahead.npy", "lists.json"])
def test_a_file_cut_in_half_is_refused(tmp_path: Path, name: str) -> None:
    lists().save(tmp_path)
    whole = (tmp_path / name).read_bytes()
    for part in (whole[: len(whole) // 2], b"", None):
        (tmp_path / name).unlink()
        if part is not None:
            (tmp_path / name).write_bytes(part)
        with pytest.raises(BrokenArtifact):
            Lists.load(tmp_path, items=60)
        (tmp_path / name).write_bytes(whole)
    Lists.load(tmp_path, items=60)


def test_lists_of_another_schema_or_catalogue_are_refused(tmp_path: Path) -> None:
    lists().save(tmp_path)
    with pytest.raises(BrokenArtifact):
        Lists.load(tmp_path, items=61)
    about = json.loads((tmp_path / "lists.json").read_text())
    (tmp_path / "lists.json").write_text(json.dumps({**about, "schema": 99}))
    with pytest.raises(BrokenArtifact, match="99"):
        Lists.load(tmp_path, items=60)
    (tmp_path / "lists.json").write_text(json.dumps(about))
    wrong = np.where(lists().items == 3, 60, lists().items).astype(np.int32)
    np.save(tmp_path / "items.npy", wrong)
    with pytest.raises(BrokenArtifact):
        Lists.load(tmp_path, items=60)


def test_no_models_and_none_that_count(tmp_path: Path) -> None:
    for name, models, items in (("none", {}, 0), ("silent", blend().models, 60)):
        compute_lists(models, {"none": Recipe({"als": 0.0})})["none"].save(tmp_path / name)
        assert (Lists.load(tmp_path / name, items=items).items == -1).all()
