"""Nothing that is learned, chosen or asked may depend on what came after it was asked.

The test plants two futures behind the same past: in one everyone comes to buy one item, in the other another one,
neither of which sold before. Whatever sees no future says the same in both, to the last bit; whatever looks says
different things, and finds the planted item. Each check is first shown to catch a split, a model or a search that
looks, made for the purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Self

import numpy as np
import pytest

from ranking.blend import BlendRecommender
from ranking.blend_weights import candidate_pool
from ranking.evaluate_recs import shop_split
from recsys.data import Floats, History, TrainingData
from recsys.evaluation.baselines import baselines
from recsys.evaluation.metrics import measure
from recsys.evaluation.splits import Split, global_time_split, last_part, leave_last_out
from recsys.models import MODELS
from recsys.popularity import PopularityModel
from recsys.protocol import Recommender
from recsys.tuning import tune, validation_split
from tests.recsys.shops import START, shop

PLANTED = (38, 39)  # items that nobody bought before
Splitter = Callable[[TrainingData], Split]
Which = Callable[[TrainingData], np.ndarray]


def by_time(data: TrainingData) -> Split:
    return global_time_split(data, at=last_part(data, share=0.2))


def after(data: TrainingData) -> np.ndarray:
    """The rows of the time split's test part."""
    return data.at >= last_part(data, share=0.2)


def last(data: TrainingData) -> np.ndarray:
    """The last row of every shopper who has others."""
    known = data.users >= 0
    ends = np.r_[data.users[1:] != data.users[:-1], True] & known
    return ends & np.r_[False, data.users[1:] == data.users[:-1]]


def held_back(data: TrainingData) -> np.ndarray:
    """The rows of the test part that `validation_split` and `shop_split` take off by time."""
    return data.at >= last_part(data)


def futures(which: Which, *, planted: tuple[int, int] = PLANTED) -> tuple[TrainingData, TrainingData]:
    """The same past twice, with another item planted in the rows of the future."""
    data = shop(users=300)
    one, other = (
        replace(data, item_numbers=np.where(which(data), item, data.item_numbers).astype(np.int32))
        for item in planted
    )
    return one, other


def same(one: Split, other: Split) -> None:
    """Two splits differ in nothing but their targets."""
    for name in ("users", "item_numbers", "at", "weights", "baskets"):
        np.testing.assert_array_equal(getattr(one.train, name), getattr(other.train, name))
    assert (one.now, one.train.now) == (other.now, other.train.now)
    for past, alike in zip(one.histories, other.histories, strict=True):
        np.testing.assert_array_equal(past.items, alike.items)
        np.testing.assert_array_equal(past.at, alike.at)


def check_split(split: Splitter, which: Which) -> None:
    """The planted item is asked for, and neither trained on nor in a history."""
    one, other = (split(data) for data in futures(which))
    assert any(PLANTED[0] in targets for targets in one.targets)
    same(one, other)
    assert PLANTED[0] not in one.train.item_numbers


def check_model(make: Callable[[TrainingData], Recommender], split: Splitter, which: Which) -> None:
    """What is learned does not depend on the future."""
    said = []
    for data in futures(which):
        asked = split(data)
        model = make(data).fit(asked.train, seed=1, threads=1)
        said.append(model.scores(asked.histories, now=asked.now))
    np.testing.assert_array_equal(said[0], said[1])


SPLITS = {
    "by time": (by_time, after),
    "by last items": (leave_last_out, last),
    "a shop's": (shop_split, held_back),
}


@pytest.mark.parametrize("name", list(SPLITS))
def test_our_splits_show_no_future(name: str) -> None:
    check_split(*SPLITS[name])


def trains_on_everything(data: TrainingData) -> Split:
    return replace(by_time(data), train=data)


def forgets_to_cut_histories(data: TrainingData) -> Split:
    split = by_time(data)
    asked = np.unique(data.users[after(data) & (data.users >= 0)])
    return replace(split, histories=[data.history(int(user)) for user in asked][: len(split.histories)])


def cuts_one_second_late(data: TrainingData) -> Split:
    at = int(data.at[after(data)].min())
    return replace(by_time(data), train=global_time_split(data, at=at + 1).train)


def keeps_the_last_row(data: TrainingData) -> Split:
    return replace(leave_last_out(data), train=data)


LEAKING_SPLITS = {
    "trains on everything": (trains_on_everything, after),
    "forgets to cut histories": (forgets_to_cut_histories, after),
    "cuts one second late": (cuts_one_second_late, after),
    "keeps the last row": (keeps_the_last_row, last),
}


@pytest.mark.parametrize("name", list(LEAKING_SPLITS))
def test_a_split_that_shows_the_future_is_caught(name: str) -> None:
    with pytest.raises(AssertionError):
        check_split(*LEAKING_SPLITS[name])


@pytest.mark.parametrize("name", [*MODELS, "blend"])
@pytest.mark.parametrize(("split", "which"), [(by_time, after), (leave_last_out, last)], ids=["time", "last"])
def test_our_models_do_not_look(name: str, split: Splitter, which: Which) -> None:
    holdout = "time" if split is by_time else "last"
    kinds = {**MODELS, "blend": lambda: BlendRecommender(holdout=holdout, cases=500)}
    check_model(lambda _: kinds[name](), split, which)


@pytest.mark.parametrize(("split", "which"), [(by_time, after), (leave_last_out, last)], ids=["time", "last"])
def test_our_baselines_do_not_look(split: Splitter, which: Which) -> None:
    for place in range(len(baselines())):
        said = []
        for data in futures(which):
            asked = split(data)
            said.append(baselines()[place].fit(asked.train).scores(asked.histories, now=asked.now))
        np.testing.assert_array_equal(said[0], said[1])


class Remembers(PopularityModel):
    """Was made with all of the data, and learns from that whatever it is given."""

    def __init__(self, everything: TrainingData) -> None:
        super().__init__()
        self._everything = everything

    def fit(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        return super().fit(self._everything)


class Peeks(PopularityModel):
    """Adds a little for what was bought after the moment it is asked at."""

    def __init__(self, everything: TrainingData) -> None:
        super().__init__()
        self._everything = everything

    def scores(self, histories: Sequence[History], *, now: int) -> Floats:
        coming = self._everything.item_numbers[self._everything.at >= now]
        said: Floats = super().scores(histories, now=now)
        return said + np.bincount(coming, minlength=said.shape[1]).astype(np.float32) / 1e4


class WeighsOnTheTest(BlendRecommender):
    """Learns its weights on the part that it is measured on afterwards."""

    def __init__(self, everything: TrainingData) -> None:
        super().__init__(cases=500)
        self._everything = everything

    def _hold_back(self, data: TrainingData) -> Split | None:
        return by_time(self._everything)


@pytest.mark.parametrize("model", [Remembers, Peeks, WeighsOnTheTest])
def test_a_model_that_looks_is_caught(model: Callable[[TrainingData], Recommender]) -> None:
    with pytest.raises(AssertionError):
        check_model(model, by_time, after)


def test_what_looks_finds_the_planted_item_and_what_does_not_stays_at_chance() -> None:
    data, _ = futures(after)
    split = by_time(data)
    asked = [row for row, targets in enumerate(split.targets) if targets.tolist() == [PLANTED[0]]]
    split = replace(
        split, histories=[split.histories[row] for row in asked], targets=[split.targets[row] for row in asked]
    )
    assert len(asked) > 20
    assert measure(Remembers(data).fit(split.train), split).values["hr@5"].mean() > 0.9
    for kind in MODELS.values():
        assert measure(kind().fit(split.train, threads=1), split).values["hr@5"].mean() < 0.5, kind.name


def check_search(find: Callable[[TrainingData], object], which: Which) -> None:
    """A search for parameters finds the same, with the same figures, whatever the test part holds."""
    sells = int(np.bincount(shop(users=300).item_numbers).argmax())
    one, other = (find(data) for data in futures(which, planted=(PLANTED[0], sells)))
    assert one == other


def tuned(how: str, data: TrainingData) -> object:
    found = tune("trending", validation_split(data, how=how), trials=5)  # type: ignore[arg-type]
    return [(trial.parameters, trial.value) for trial in (found.defaults, *found.trials)]


@pytest.mark.parametrize(("how", "which"), [("time", held_back), ("last", last)])
def test_tuning_never_touches_the_test_part(how: str, which: Which) -> None:
    check_search(partial(tuned, how), which)


def test_a_search_on_the_test_part_is_caught() -> None:
    def on_the_test_part(data: TrainingData) -> object:
        found = tune("trending", global_time_split(data, at=last_part(data)), trials=5)
        return [(trial.parameters, trial.value) for trial in (found.defaults, *found.trials)]

    with pytest.raises(AssertionError):
        check_search(on_the_test_part, held_back)


def test_parameters_are_chosen_before_what_they_are_measured_on() -> None:
    data = shop(users=300)
    chosen, measured = validation_split(data, how="time"), shop_split(data)
    assert measured is not None
    assert chosen.train.at.max() < chosen.now < measured.now
    bought = {
        (user, int(item), int(at))
        for user, item, at in zip(data.users, data.item_numbers, data.at, strict=True)
        if at >= measured.now
    }
    seen = {(user, int(item), int(at)) for user, item, at in zip(
        chosen.train.users, chosen.train.item_numbers, chosen.train.at, strict=True
    )}  # fmt: skip
    assert bought
    assert not bought & seen


class BetsOnWhatNeverSold(PopularityModel):
    """Shows what nobody has: it would not stand in the catalogue if it did not sell one day."""

    def fit(self, data: TrainingData, *, seed: int = 0, threads: int = 0) -> Self:
        super().fit(data)
        self._shares = (np.bincount(data.item_numbers, minlength=self._items) == 0).astype(np.float32)
        return self


def with_a_late_item(*, released: int) -> TrainingData:
    """Every second purchase of the test part is of an item that nobody bought before."""
    data = shop(users=300)
    late = after(data) & (np.arange(len(data.at)) % 2 == 0)
    moments = np.where(np.arange(len(data.items)) == PLANTED[0], released, data.items.released_at)
    return replace(
        data,
        items=replace(data.items, released_at=moments),
        item_numbers=np.where(late, PLANTED[0], data.item_numbers).astype(np.int32),
    )


def test_an_item_that_came_later_is_neither_asked_for_nor_shown() -> None:
    known, unknown = by_time(with_a_late_item(released=START)), by_time(with_a_late_item(released=-1))
    betting = BetsOnWhatNeverSold().fit(known.train)
    assert measure(betting, known).values["hr@10"].mean() > 0.3  # released before: whoever showed it was right
    found = measure(betting, unknown, lists=True)  # known from its sales alone, and these were still to come
    assert len(unknown.histories) > 20
    assert PLANTED[0] not in np.concatenate(unknown.targets)
    assert PLANTED[0] not in found.listed
    assert found.values["hr@10"].mean() < 0.1


def test_no_blend_learns_from_items_that_came_later() -> None:
    known, unknown = by_time(with_a_late_item(released=START)), by_time(with_a_late_item(released=-1))

    def marking(histories: Sequence[History], *, now: int) -> dict[str, Floats]:
        """What a model says that wants nothing but the late item."""
        said = np.zeros((len(histories), len(known.train.items)), dtype=np.float32)
        said[:, PLANTED[0]] = 1.0
        return {"marking": said}

    assert candidate_pool(marking, known, size=40).features.any()
    assert not candidate_pool(marking, unknown, size=40).features.any()
