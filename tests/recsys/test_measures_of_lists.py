"""Calibration against Steck's formula, segments and ages, and the rows that bring everything together."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from recsys.data import Floats, Items
from recsys.evaluation.baselines import AfterLast, Latest
from recsys.evaluation.calibration import (
    SMOOTHING,
    category_shares,
    divergence,
    price_bands,
    wanted_shares,
)
from recsys.evaluation.metrics import Measured, measure_all
from recsys.evaluation.segments import HEAVY_FROM, NEW_DAYS, RARE_BELOW, new_items, rare_items, shopper_segments
from recsys.evaluation.splits import Split, global_time_split, last_part
from recsys.evaluation.table import Measurer, Table
from recsys.item_item import ItemItemModel
from recsys.popularity import PopularityModel
from tests.recsys.shops import DAY, history, shop


def priced(*prices: int) -> Items:
    items = shop(items=max(8, len(prices))).items
    return replace(items, prices=np.array([*prices, *[-1] * (len(items) - len(prices))], dtype=np.int64))


def test_calibration_is_stecks_divergence() -> None:
    items = shop(items=8, cold=1).items
    groups = category_shares(items)
    assert groups is not None
    past = history(0, 4, 1)  # two lamps, a mug
    listed = np.array([[4, 0, 5], [2, 3, -1], [-1, -1, -1]], dtype=np.int32)
    found = divergence(listed, wanted_shares([past] * 3, groups), groups)

    def expected(shares: list[float]) -> float:
        wanted = [1 / 2, 1 / 3, 1 / 6]  # home, lamps, mugs: half of each item is its root
        return sum(
            p * math.log(p / ((1 - SMOOTHING) * q + SMOOTHING * p)) for p, q in zip(wanted, shares, strict=True)
        )

    assert found[0] == pytest.approx(0.0, abs=1e-9)
    assert found[1] == pytest.approx(expected([1 / 2, 0, 0]))
    assert found[2] == pytest.approx(math.log(1 / SMOOTHING))  # showing nothing is no way to look calibrated


def test_a_shopper_of_whom_nothing_is_known_is_not_calibrated_for() -> None:
    groups = price_bands(priced(100, 200, 300, 400, 500, -1))
    assert groups is not None
    found = divergence(np.zeros((2, 1), dtype=np.int32), wanted_shares([history(), history(5)], groups), groups)
    assert np.isnan(found).all()


def test_price_bands_hold_equally_many_items() -> None:
    bands = price_bands(priced(*range(100, 1100, 10), -1))
    assert bands is not None
    assert np.asarray(bands.sum(axis=0)).ravel().tolist() == [20, 20, 20, 20, 20]
    assert bands[100].nnz == 0
    assert price_bands(priced(5, 5, 5)) is None
    assert price_bands(priced(-1, -1)) is None


def test_shoppers_are_cold_light_or_heavy() -> None:
    pasts = [history(), history(3), history(*[3] * 20), history(*range(HEAVY_FROM))]
    found = shopper_segments(Split(shop(), pasts, [np.array([1])] * 4, 0))
    assert {name: np.flatnonzero(cases).tolist() for name, cases in found.items()} == {
        "cold": [0],
        "light": [1, 2],
        "heavy": [3],
    }


def test_an_item_is_new_by_its_release_or_its_first_sale() -> None:
    data = shop()
    released = np.full(len(data.items), -1, dtype=np.int64)
    now = int(data.at.max()) + 2 * NEW_DAYS * DAY
    released[39] = now - DAY  # nobody has bought it
    released[0] = now - DAY  # imported anew, but sold for long
    items = replace(data.items, released_at=released)
    split = Split(replace(data, items=items), [history()], [np.array([0])], now)
    assert np.flatnonzero(new_items(split)).tolist() == [37, 38, 39]
    later = replace(split, now=now + NEW_DAYS * DAY)
    assert np.flatnonzero(new_items(later)).tolist() == [37, 38]  # of these nothing is known


def test_baselines_say_what_anyone_could() -> None:
    data = shop()
    latest, after = Latest().fit(data), AfterLast().fit(data)
    scores = latest.scores([history()], now=data.now)[0]
    assert scores[data.item_numbers[data.at.argmax()]] == 1.0
    assert (scores[37:] == 0).all()
    last = 5
    same = data.users[1:] == data.users[:-1]
    followed = data.item_numbers[1:][same & (data.item_numbers[:-1] == last) & (data.users[1:] >= 0)]
    said: Floats = after.scores([history(1, last), history()], now=data.now)
    assert said[0].tolist() == np.bincount(followed, minlength=len(data.items)).tolist()
    assert not said[1].any()


@pytest.fixture(scope="module")
def measured() -> tuple[Split, dict[str, Measured], Table]:
    data = shop(users=1500)
    data = replace(data, items=replace(data.items, prices=np.arange(len(data.items), dtype=np.int64)))
    split = global_time_split(data, at=last_part(data, share=0.2))
    models = [PopularityModel().fit(split.train), ItemItemModel().fit(split.train)]
    found = measure_all(
        lambda asked: {model.name: model.scores(asked, now=split.now) for model in models}, split, lists=True
    )
    return split, found, Measurer(split, timed=True).table(found, served="item_item")


def test_every_measure_has_its_interval(measured: tuple[Split, dict[str, Measured], Table]) -> None:
    _, _, table = measured
    for row in table.values():
        for name in ("hr@10", "ndcg@10", "mrr", "coverage", "gini", "novelty", "price_calibration",
                     "category_calibration"):  # fmt: skip
            low, high = row[f"{name}_interval"]
            assert low <= row[name] <= high, name
        for part in row["segments"].values():
            assert part["ndcg@10_interval"][0] <= part["ndcg@10"] <= part["ndcg@10_interval"][1]
    assert table["item_item"]["gini"] < table["popularity"]["gini"]
    assert table["item_item"]["category_calibration"] < table["popularity"]["category_calibration"]
    assert table["item_item"]["coverage"] > table["popularity"]["coverage"]
    assert table["item_item"]["novelty"] > table["popularity"]["novelty"]


def test_segments_and_ages_are_parts_of_the_whole(
    measured: tuple[Split, dict[str, Measured], Table],
) -> None:
    split, found, table = measured
    row = table["item_item"]
    parts = row["segments"]
    assert parts["cold"]["cases"] == row["cold_cases"]
    assert parts["light"]["cases"] + parts.get("heavy", {"cases": 0})["cases"] == row["cases"]
    assert "new_items" not in parts  # everything this shop sells was there from the start
    sums = [parts[name]["cases"] * parts[name]["hr@10"] for name in ("light", "heavy") if name in parts]
    assert sum(sums) / row["cases"] == pytest.approx(row["hr@10"], abs=1e-4)
    warm = ~split.cold
    assert row["ndcg@10"] == pytest.approx(found["item_item"].values["ndcg@10"][warm].mean(), abs=1e-5)


def test_the_served_row_says_by_how_much_it_is_ahead(
    measured: tuple[Split, dict[str, Measured], Table],
) -> None:
    split, found, table = measured
    assert "ndcg@10_ahead" not in table["item_item"]
    ahead = table["popularity"]["ndcg@10_ahead"]
    assert ahead == pytest.approx(table["item_item"]["ndcg@10"] - table["popularity"]["ndcg@10"], abs=2e-5)
    low, high = table["popularity"]["ndcg@10_ahead_interval"]
    assert 0 < low < ahead < high
    warm = ~split.cold
    apart = found["item_item"].values["ndcg@10"][warm] - found["popularity"].values["ndcg@10"][warm]
    assert (high - low) / 2 == pytest.approx(1.96 * apart.std() / math.sqrt(len(apart)), rel=0.15)


def test_sequences_have_no_ages(measured: tuple[Split, dict[str, Measured], Table]) -> None:
    split, found, _ = measured
    row = Measurer(split, timed=False).table(found, served="item_item")["popularity"]
    assert not {"new_items", "established_items"} & set(row["segments"])
    assert {"rare_items", "common_items"} & set(row["segments"])


def test_an_item_is_rare_by_what_was_trained_on() -> None:
    data = shop()
    split = Split(data, [history()], [np.array([0])], data.now)
    counts = np.bincount(data.item_numbers, minlength=len(data.items))
    assert np.flatnonzero(rare_items(split)).tolist() == np.flatnonzero(counts < RARE_BELOW).tolist()
    assert {37, 38, 39} <= set(np.flatnonzero(rare_items(split)).tolist())
