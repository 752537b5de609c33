"""`merx tune`, and `merx train` with what it found."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from core.artifacts import Artifacts
from core.settings import Settings
from tests.pipelines.conftest import Ran

Merx = Callable[..., Ran]


@pytest.fixture
def sequences(tmp_path: Path) -> Path:
    path = tmp_path / "sequences.txt"
    path.write_text(
        "".join(
            f"{user} {' '.join(str((user + step + user * step // 40) % 23) for step in range(6))}\n"
            for user in range(90)
        )
    )
    return path


def test_tune_says_what_the_best_and_the_defaults_reach(merx: Merx, sequences: Path, tmp_path: Path) -> None:
    out = tmp_path / "tuned.toml"
    ran = merx("tune", "item_item", "--sequences", sequences, "--trials", 4, "--out", out, "--json")
    assert ran.code == 0, ran.said
    found = json.loads(ran.output)
    assert (found["model"], found["metric"]) == ("item_item", "ndcg@10")
    assert (found["trials"], found["ended"]) == (4, "all trials")
    assert found["best"]["value"] >= found["defaults"]["value"] > 0
    assert found["defaults"]["parameters"]["neighbours"] == 500
    assert tomllib.loads(out.read_text()) == {"item_item": found["best"]["parameters"]}
    assert "4 trials of item_item on 90 shoppers" in ran.said
    out.write_text("[popularity]\nhalf_life_days = 2\n[item_item]\nneighbours = 20\nshrinkage = 100.0\n")
    plain, tuned = (
        json.loads(merx("evaluate", "recs", "--sequences", sequences, "--json", *more).output)
        for more in ((), ("--parameters", out))
    )
    assert plain["als"]["mrr"] == tuned["als"]["mrr"]
    assert plain["item_item"]["mrr"] != tuned["item_item"]["mrr"]
    again = json.loads(merx("tune", "item_item", "--sequences", sequences, "--trials", 4, "--json").output)
    assert {**again, "seconds": 0} == {**found, "seconds": 0}


def test_tune_prints_a_table(merx: Merx, sequences: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    ran = merx("tune", "popularity", "--sequences", sequences, "--trials", 2)
    assert ran.code == 0, ran.said
    lines = ran.output.splitlines()
    assert any("half_life_days" in line and "60.0" in line for line in lines)
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("gravity",), 1, "no model 'gravity'"),
        (("popularity", "--sequences", "/nowhere.txt"), 1, "nowhere.txt"),
        (("popularity",), 1, "merx snapshot"),
        (("popularity", "--out", "/nowhere/tuned.toml"), 1, "cannot be written"),
        (("popularity", "--trials", "0"), 2, "trials"),
        (("popularity", "--minutes", "-1"), 2, "minutes"),
    ],
)  # fmt: skip
def test_what_cannot_be_tuned_is_said(merx: Merx, words: tuple[str, ...], code: int, says: str) -> None:
    ran = merx("tune", *words)
    assert ran.code == code
    assert says in ran.said
    assert not ran.output


def test_a_file_of_something_else_is_not_overwritten(merx: Merx, sequences: Path, tmp_path: Path) -> None:
    out = tmp_path / "settings.toml"
    out.write_text("[ranking]\ntext = 1.0\n")
    ran = merx("tune", "popularity", "--sequences", sequences, "--out", out)
    assert (ran.code, "no model 'ranking'" in ran.said) == (1, True)
    assert out.read_text() == "[ranking]\ntext = 1.0\n"


def test_a_shop_is_tuned_and_trained_with_what_was_found(merx: Merx, sample: Settings, tmp_path: Path) -> None:
    out = tmp_path / "tuned.toml"
    before = len(Artifacts(sample.artifacts).versions("models"))
    ran = merx("tune", "trending", "--trials", 2, "--out", out, "--json")
    assert ran.code == 0, ran.said
    best = json.loads(ran.output)["best"]["parameters"]
    assert len(Artifacts(sample.artifacts).versions("models")) == before
    out.write_text(out.read_text() + "[als]\nfactors = 16\niterations = 3\n")
    trained = merx("train", "--parameters", out, "--no-promote")
    assert trained.code == 0, trained.said
    made_with = Artifacts(sample.artifacts).versions("models")[-1].about["parameters"]["models"]
    assert made_with["trending"] == best
    assert (made_with["als"]["factors"], made_with["als"]["iterations"]) == (16, 3)
    assert made_with["popularity"] == {"half_life_days": 60.0}


def test_train_refuses_a_bad_file_before_it_does_anything(merx: Merx, sample: Settings, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("[als]\nfactors = -1\n")
    before = [version.name for version in Artifacts(sample.artifacts).versions("models")]
    ran = merx("train", "--parameters", path)
    assert (ran.code, "factors of als is a whole number" in ran.said) == (1, True)
    assert [version.name for version in Artifacts(sample.artifacts).versions("models")] == before
