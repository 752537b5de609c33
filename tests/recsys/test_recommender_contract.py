"""What every model and the served blend must do alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from core.errors import BrokenArtifact, NotFound
from ranking.blend import BlendRecommender
from recsys.data import History, TrainingData
from recsys.histories import LONGEST, newest
from recsys.models import MODELS
from recsys.protocol import Recommender
from tests.recsys.shops import START, history, shop

KINDS: dict[str, Callable[[], Recommender]] = {**MODELS, "blend": lambda: BlendRecommender(holdout="time")}
FOR_ANYONE = ("popularity", "trending", "blend")
PERSONAL = [name for name in KINDS if name not in ("popularity", "trending")]
NOW = START + 400 * 86_400


@cache
def data() -> TrainingData:
    return shop(views=True)


@cache
def fitted(name: str) -> Recommender:
    return KINDS[name]().fit(data(), seed=3, threads=1)


@pytest.fixture(params=list(KINDS))
def model(request: pytest.FixtureRequest) -> Recommender:
    return fitted(request.param)


def test_is_a_recommender(model: Recommender) -> None:
    assert isinstance(model, Recommender)
    assert KINDS[model.name] is not None


def test_scores_have_a_row_a_history_and_a_column_an_item(model: Recommender) -> None:
    scores = model.scores([history(0), history(), history(1, 5, 9)], now=NOW)
    assert scores.shape == (3, len(data().items))
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
    assert model.scores([], now=NOW).shape == (0, len(data().items))


def test_a_row_does_not_depend_on_its_neighbours(model: Recommender) -> None:
    asked = [history(4, 8), history(), history(1), history(4, 8, 12)]
    alone = np.concatenate([model.scores([each], now=NOW) for each in asked])
    np.testing.assert_allclose(model.scores(asked, now=NOW), alone, rtol=1e-4, atol=1e-6)


def test_an_empty_history_gets_only_what_anyone_gets(model: Recommender) -> None:
    scores = model.scores([history()], now=NOW)[0]
    assert scores.max() > 0 if model.name in FOR_ANYONE else (scores == 0).all()
    found = model.recommend(history(), now=NOW, size=5)
    assert len(found.items) == (5 if model.name in FOR_ANYONE else 0)


def test_unknown_items_in_a_history_are_ignored(model: Recommender) -> None:
    known, strange = history(4, 8), history(4, 8)
    strange = History(
        np.array([10_000, 4, -1, 8], dtype=np.int32),
        np.array([known.at[0], known.at[0], known.at[1], known.at[1]]),
        np.ones(4, dtype=np.float32),
    )
    np.testing.assert_allclose(
        model.scores([strange], now=NOW), model.scores([known], now=NOW), rtol=1e-4, atol=1e-6
    )


def test_weights_that_say_nothing_are_left_out(model: Recommender) -> None:
    known = history(4, 8)
    for strange in (np.nan, -1.0, 0.0, -np.inf):
        mixed = History(
            np.array([5, 4, 8, 9], dtype=np.int32),
            np.array([known.at[0], known.at[0], known.at[1], known.at[1]]),
            np.array([strange, 1, 1, strange], dtype=np.float32),
        )
        scores = model.scores([mixed], now=NOW)
        expected = model.scores([known], now=NOW)
        expected[0, [5, 9]] = scores[0, [5, 9]] = 0.0  # what the blend says of seen items is its own business
        np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-6)
    endless = History(known.items, known.at, np.array([np.inf, 1], dtype=np.float32))
    assert np.isfinite(model.scores([endless], now=NOW)).all()


def test_of_a_history_of_a_million_the_newest_count(model: Recommender) -> None:
    items = np.random.default_rng(0).integers(len(data().items), size=1_000_000).astype(np.int32)
    long = History(items, START + np.arange(len(items)), np.ones(len(items), dtype=np.float32))
    short = newest(long)
    assert len(short) == LONGEST
    assert short.at[-1] == long.at[-1]
    scores = model.scores([long], now=NOW)
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(scores, model.scores([short], now=NOW))
    assert np.isfinite(model.explain(long, 7, now=NOW).score)
    assert (
        model.recommend(long, now=NOW, size=3).items.tolist()
        == model.recommend(short, now=NOW, size=3).items.tolist()
    )


@pytest.mark.parametrize("name", PERSONAL)
def test_the_history_matters(name: str) -> None:
    one, other = fitted(name).scores([history(0, 4), history(1, 5)], now=NOW)
    assert not np.allclose(one, other)


def test_recommend_is_the_best_of_scores(model: Recommender) -> None:
    asked = history(0, 4)
    scores = model.scores([asked], now=NOW)[0]
    found = model.recommend(asked, now=NOW, size=6)
    order = sorted(np.flatnonzero(scores > 0), key=lambda item: (-scores[item], item))
    assert list(found.items) == order[:6]
    np.testing.assert_array_equal(found.scores, scores[found.items])


def test_sizes_beyond_the_items_and_of_nothing(model: Recommender) -> None:
    everything = model.recommend(history(0, 4), now=NOW, size=1_000_000)
    assert 0 < len(everything.items) <= len(data().items)
    assert len(set(everything.items.tolist())) == len(everything.items)
    assert len(model.recommend(history(0), now=NOW, size=0).items) == 0
    assert len(model.similar(0, size=1_000_000).items) < len(data().items)


def test_only_allowed_items(model: Recommender) -> None:
    allowed = np.zeros(len(data().items), dtype=np.bool_)
    allowed[[2, 4, 8, 9, 13]] = True
    assert set(model.recommend(history(0, 12), now=NOW, size=40, allowed=allowed).items) <= {2, 4, 8, 9, 13}
    assert set(model.similar(0, size=40, allowed=allowed).items) <= {2, 4, 8, 9, 13}
    nothing = np.zeros(len(data().items), dtype=np.bool_)
    assert len(model.recommend(history(0), now=NOW, size=5, allowed=nothing).items) == 0


@pytest.mark.parametrize("name", PERSONAL)
def test_similar_finds_the_department_and_not_the_item(name: str) -> None:
    found = fitted(name).similar(0, size=3)
    assert 0 not in found.items
    assert 2 <= len(found.items) <= 3
    assert (np.diff(found.scores) <= 0).all()
    assert (found.items % 4 == 0).all()


def test_an_item_number_that_is_not_there(model: Recommender) -> None:
    for item in (-1, len(data().items)):
        with pytest.raises(NotFound):
            model.similar(item, size=3)
        with pytest.raises(NotFound):
            model.explain(history(0), item, now=NOW)


def test_the_shares_of_a_reason_add_up_to_the_score(model: Recommender) -> None:
    asked = history(0, 4, 8, 1, 4)
    scores = model.scores([asked, history()], now=NOW)
    for item in range(len(data().items)):
        reason = model.explain(asked, item, now=NOW)
        assert reason.model == model.name
        assert reason.score == pytest.approx(float(scores[0, item]), rel=1e-3, abs=1e-5)
        assert reason.base + sum(share for _, share in reason.because) == pytest.approx(reason.score, abs=1e-6)
        assert {source for source, _ in reason.because} <= {0, 1, 4, 8}
        assert model.explain(history(), item, now=NOW).score == pytest.approx(float(scores[1, item]), abs=1e-6)


def test_loading_gives_the_same_answers(model: Recommender, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    read = type(model).load(tmp_path / "model")
    asked = [history(0, 4, 8), history(), history(3)]
    np.testing.assert_array_equal(read.scores(asked, now=NOW), model.scores(asked, now=NOW))
    assert read.similar(5, size=9).items.tolist() == model.similar(5, size=9).items.tolist()
    assert read.parameters == model.parameters


@pytest.mark.parametrize("name", list(KINDS))
def test_the_same_data_and_seed_give_the_same_bytes(name: str, tmp_path: Path) -> None:
    KINDS[name]().fit(data(), seed=3, threads=1).save(tmp_path / "again")
    fitted(name).save(tmp_path / "first")
    again, first = _bytes(tmp_path / "again"), _bytes(tmp_path / "first")
    assert again == first
    assert first


def test_every_file_cut_short_is_noticed(model: Recommender, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    files = [path for path in sorted((tmp_path / "model").rglob("*")) if path.is_file()]
    assert files
    for path in files:
        whole = path.read_bytes()
        for part in (whole[: len(whole) // 2], b"", whole[:-1]):
            path.write_bytes(part)
            with pytest.raises(BrokenArtifact):
                type(model).load(tmp_path / "model")
        path.unlink()
        with pytest.raises(BrokenArtifact):
            type(model).load(tmp_path / "model")
        path.write_bytes(whole)
    type(model).load(tmp_path / "model")


def test_another_schema_is_refused(model: Recommender, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    (path,) = (tmp_path / "model").glob("*.json")
    text = path.read_text(encoding="utf-8")
    assert json.loads(text)["schema"] < 99
    path.write_text(json.dumps({**json.loads(text), "schema": 99}), encoding="utf-8")
    with pytest.raises(BrokenArtifact, match="99"):
        type(model).load(tmp_path / "model")


def test_threads_share_a_model(model: Recommender) -> None:
    asked = [history(start, start + 4) for start in range(20)]
    alone = [model.recommend(each, now=NOW, size=8) for each in asked]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            answers = list(pool.map(lambda each: model.recommend(each, now=NOW, size=8), asked))
            for answer, expected in zip(answers, alone, strict=True):
                np.testing.assert_array_equal(answer.items, expected.items)


@pytest.mark.parametrize("name", list(KINDS))
def test_no_interactions_at_all(name: str) -> None:
    empty = shop(users=1)
    rows = np.zeros(0, dtype=np.int32)
    nothing = TrainingData(
        items=empty.items, user_ids=[], users=rows, item_numbers=rows, at=rows.astype(np.int64),
        weights=rows.astype(np.float32), baskets=rows, now=NOW,
    )  # fmt: skip
    model = KINDS[name]().fit(nothing, threads=1)
    assert np.isfinite(model.scores([history(0)], now=NOW)).all()


@pytest.mark.parametrize("name", ["content", "blend"])
def test_an_item_nobody_bought_is_served(name: str) -> None:
    cold = len(data().items) - 1
    assert not (data().item_numbers == cold).any()
    assert len(fitted(name).similar(cold, size=5).items) == 5
    allowed = np.zeros(len(data().items), dtype=np.bool_)
    allowed[cold] = True
    asked = history(cold % 4, cold % 4 + 4)
    assert fitted(name).recommend(asked, now=NOW, size=5, allowed=allowed).items.tolist() == [cold]


def _bytes(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
