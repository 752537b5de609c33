"""Tuning: spaces hold what serves, searches are repeatable and bounded, files of parameters are checked."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from core.errors import InvalidInput
from recsys.data import TrainingData
from recsys.ease import EaseModel
from recsys.evaluation.splits import Split, last_part
from recsys.models import MODELS, default_models
from recsys.parameters import read_parameters, write_parameters
from recsys.session import SessionModel
from recsys.spaces import SPACES, Range, models_like, models_with
from recsys.tuning import Trial, tune, validation_split
from tests.recsys.shops import shop


@cache
def data() -> TrainingData:
    return shop(users=600)


@cache
def split() -> Split:
    return validation_split(data(), how="last")


def test_every_model_has_a_space_around_what_serves() -> None:
    assert set(MODELS) <= set(SPACES)
    for name, kind in {**MODELS, "ease": EaseModel, "session": SessionModel}.items():
        defaults, space = kind().parameters, SPACES[name]
        for parameter, allowed in space.items():
            assert allowed.holds(defaults[parameter]), (name, parameter)
            assert allowed.low < allowed.high


@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize("name", list(MODELS))
def test_a_model_works_at_the_ends_of_its_space(name: str, end: str) -> None:
    made = MODELS[name](**{parameter: getattr(allowed, end) for parameter, allowed in SPACES[name].items()})
    scores = made.fit(split().train, threads=1).scores(split().histories[:20], now=split().now)
    assert np.isfinite(scores).all()


def test_the_best_beats_the_defaults_or_is_the_defaults() -> None:
    found = tune("popularity", split(), trials=12)
    assert found.ended == "all trials"
    assert len(found.trials) == 12
    assert found.best.value == max(found.defaults.value, *(trial.value for trial in found.trials))
    told = found.as_json()
    assert told["best"]["value"] >= told["defaults"]["value"]
    assert told["ahead_interval"][0] <= told["ahead"] <= told["ahead_interval"][1]
    worse = replace(found, trials=[Trial({}, found.defaults.value, 0.0, found.defaults.of_cases)])
    assert worse.best is worse.defaults


def test_the_same_seed_tries_the_same_and_another_does_not() -> None:
    one, two, other = (tune("item_item", split(), trials=5, seed=seed) for seed in (4, 4, 5))
    tried = [[(trial.parameters, trial.value) for trial in found.trials] for found in (one, two, other)]
    assert tried[0] == tried[1] != tried[2]


def test_trials_learn_from_those_before() -> None:
    found = tune("popularity", split(), trials=40)
    first, last = found.trials[:10], found.trials[-10:]
    assert np.mean([trial.value for trial in last]) > np.mean([trial.value for trial in first])


def test_no_trial_begins_after_the_time_is_up() -> None:
    found = tune("popularity", split(), trials=1000, minutes=0)
    assert (found.trials, found.ended) == ([], "out of time")
    assert found.best is found.defaults


def test_interrupted_it_gives_what_was_found_so_far() -> None:
    told: list[Trial] = []

    def progress(done: int, total: int) -> None:
        if done == 6:
            raise KeyboardInterrupt

    found = tune("popularity", split(), trials=1000, progress=progress, better=told.append)
    assert found.ended == "interrupted"
    assert len(found.trials) == 6
    assert told
    assert found.best is told[-1]
    values = [found.defaults.value, *(trial.value for trial in told)]
    assert values == sorted(set(values))


def test_the_validation_part_lies_before_the_test_part() -> None:
    by_time = validation_split(data(), how="time")
    test = last_part(data())
    assert by_time.now < test
    assert by_time.train.at.max() < by_time.now
    whole = [data().history(user).items.tolist() for user in range(600)]
    asked = [items for items in whole if len(items) >= 3]
    for items, past, targets in zip(asked, split().histories, split().targets, strict=True):
        assert [*past.items.tolist(), *targets.tolist()] == items[:-1]


def test_too_little_to_tune_on_is_said() -> None:
    few = shop(users=2)
    one_each = replace(
        few,
        users=np.array([0, 1], dtype=np.int32),
        item_numbers=few.item_numbers[:2],
        at=few.at[:2],
        weights=few.weights[:2],
        baskets=few.baskets[:2],
    )
    for how in ("last", "time"):
        with pytest.raises(InvalidInput):
            validation_split(one_each, how=how)


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(InvalidInput, match="no model 'gravity': popularity"):
        tune("gravity", split())


def test_a_range_holds_its_ends_and_nothing_strange() -> None:
    whole, real = Range(1, 5), Range(0.5, 2.0)
    assert whole.holds(1)
    assert whole.holds(5)
    assert real.holds(0.5)
    assert real.holds(1)
    for value in (0, 6, 2.0, True, "3", None):
        assert not whole.holds(value)
    for value in (0.49, 2.01, float("nan"), float("inf"), True, "1", None, [1.0]):
        assert not real.holds(value)


def test_parameters_are_read_as_they_were_written_beside_others(tmp_path: Path) -> None:
    path = tmp_path / "tuned.toml"
    write_parameters(path, model="als", parameters={"factors": 64, "regularisation": 1e-2, "half_life_days": 7})
    write_parameters(path, model="popularity", parameters={"half_life_days": 30.5})
    write_parameters(path, model="als", parameters={"factors": 32})
    assert read_parameters(path) == {"als": {"factors": 32}, "popularity": {"half_life_days": 30.5}}
    assert [file.name for file in tmp_path.iterdir()] == ["tuned.toml"]
    for model in models_with(read_parameters(path)):
        given = {"als": {"factors": 32}, "popularity": {"half_life_days": 30.5}}.get(model.name, {})
        assert model.parameters == {**MODELS[model.name]().parameters, **given}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[als]\nfactors = ", "cannot be read"),
        ("factors = 3\n", "'factors' stands outside"),
        ("[gravity]\npull = 1\n", "no model 'gravity'"),
        ("[als]\npull = 1\n", "als has no parameter 'pull': factors"),
        ("[als]\nfactors = 0\n", "a whole number from 8 to 512, not 0"),
        ("[als]\nfactors = 16.0\n", "a whole number"),
        ("[als]\nalpha = nan\n", "not nan"),
        ("[als]\nalpha = true\n", "a number from"),
        ("[als]\nalpha = 'much'\n", "not 'much'"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "tuned.toml"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=says):
        read_parameters(path)
    with pytest.raises(InvalidInput, match=says):
        write_parameters(path, model="popularity", parameters={"half_life_days": 3.0})
    assert path.read_text() == text


def test_a_file_that_is_not_text_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "binary.toml", tmp_path / "missing.toml", tmp_path):
        with pytest.raises(InvalidInput):
            read_parameters(path)
    with pytest.raises(InvalidInput, match="cannot be written"):
        write_parameters(tmp_path / "no" / "where.toml", model="als", parameters={"factors": 32})


def test_a_version_is_made_again_as_far_as_its_models_are_still_there() -> None:
    made_with = {
        "als": {"factors": 32, "solver": "own", "gone": 3, "alpha": 1e9},
        "gravity": {"pull": 1},
        "popularity": {"half_life_days": 12.0},
    }
    again = {model.name: model.parameters for model in models_like(made_with)}
    defaults = {model.name: model.parameters for model in default_models()}
    assert again["als"] == {**defaults["als"], "factors": 32}
    assert again["popularity"] == {"half_life_days": 12.0}
    assert set(again) == set(defaults)
