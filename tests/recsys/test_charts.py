"""Charts: what rises is not what sells most, one shopper is one shopper, and files come back as they were."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import gamma

from core.errors import BrokenArtifact
from recsys.charts import ALWAYS, SHOP, Charts, in_category, in_country, risen
from recsys.data import TrainingData
from tests.recsys.shops import DAY, START, shop

EVERGREEN, RISER, FALLER, LUCKY = 0, 4, 1, 2


def sales(*, days: int = 60) -> TrainingData:
    """Item 0 always sells best, item 4 has come up in the last week, item 1 has gone down, 2 was lucky once."""
    draw = np.random.default_rng(3)
    rows: list[tuple[int, int, int, int]] = []
    for day in range(days):
        late = day >= days - 7
        a_day = {EVERGREEN: 12, RISER: 6 if late else 1, FALLER: 1 if late else 6, 8: 2}
        for item, mean in a_day.items():
            rows += [(-1, START + day * DAY + 60, item, day % 2) for _ in range(draw.poisson(mean))]
    rows.append((-1, START + (days - 1) * DAY + 60, LUCKY, 0))
    table = np.array(sorted(rows, key=lambda row: row[:2]), dtype=np.int64)
    blank = shop(users=1)
    return replace(
        blank,
        users=table[:, 0].astype(np.int32),
        at=table[:, 1],
        item_numbers=table[:, 2].astype(np.int32),
        weights=np.ones(len(table), dtype=np.float32),
        baskets=np.full(len(table), -1, dtype=np.int32),
        now=START + days * DAY,
        countries=table[:, 3].astype(np.int32),
        country_names=["DE", "GB"],
    )


def test_what_rises_is_not_what_sells_most() -> None:
    charts = Charts.fit(sales())
    assert charts.most(days=7).items[0] == EVERGREEN
    assert charts.most(days=ALWAYS).items[0] == EVERGREEN
    assert charts.risen(days=7).items.tolist() == [RISER]
    assert charts.risen(days=7).scores[0] > 1  # more than doubled, to all that is known
    assert len(charts.risen(SHOP, days=ALWAYS).items) == 0


def test_categories_and_countries_have_charts_of_their_own() -> None:
    charts = Charts.fit(sales())
    lamps = in_category(("home", "lamps"))
    assert charts.most(lamps).items[0] == EVERGREEN
    assert set(charts.most(lamps).items.tolist()) == {EVERGREEN, RISER, 8}
    assert charts.risen(lamps, days=7).items.tolist() == [RISER]
    assert EVERGREEN not in charts.most(in_category(("home", "mugs"))).items
    assert charts.most(in_country("GB")).items[0] == EVERGREEN
    both = sum(charts.most(in_country(name)).scores[0] for name in ("DE", "GB"))
    assert both == charts.most().scores[0]
    assert len(charts.most(in_country("FR")).items) == 0


def test_the_bound_is_that_of_the_posterior() -> None:
    now, before = np.array([30.0, 10.0, 1.0]), np.array([10.0, 10.0, 21.0])
    exact = gamma.ppf(0.05, 5 + 30, scale=1 / (5 + 10))
    assert risen(now, before).tolist() == pytest.approx([np.log2(exact), 0.0, 0.0], abs=1e-5)
    assert risen(now * 100, before * 100)[0] > risen(now, before)[0]  # the same ratio, better known
    assert risen(now * 3, before).tolist() == pytest.approx(risen(now * 3, before * 3).tolist())


def test_one_shopper_is_counted_once() -> None:
    data = shop(users=2)
    keen = replace(
        data,
        users=np.zeros(50, dtype=np.int32),
        item_numbers=np.full(50, 3, dtype=np.int32),
        at=np.full(50, data.now),
        weights=np.r_[np.full(49, 0.1), 1.0].astype(np.float32),
        baskets=np.full(50, -1, dtype=np.int32),
    )
    assert Charts.fit(keen).sold[3] == 1.0


def test_data_too_short_to_compare_say_nothing_of_rises() -> None:
    charts = Charts.fit(sales(days=10))
    assert len(charts.risen(days=7).items) == 0
    assert len(charts.most(days=7).items) > 0


def test_charts_come_back_as_they_were(tmp_path: Path) -> None:
    charts = Charts.fit(sales())
    charts.save(tmp_path / "a")
    again = Charts.load(tmp_path / "a")
    again.save(tmp_path / "b")
    for name in ("arrays.npz", "model.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert again.risen(in_category(("home",)), days=7).items.tolist() == [RISER]
    whole = (tmp_path / "a" / "arrays.npz").read_bytes()
    (tmp_path / "a" / "arrays.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BrokenArtifact):
        Charts.load(tmp_path / "a")


def test_a_shop_that_sold_nothing_has_empty_charts(tmp_path: Path) -> None:
    blank = shop(users=0)
    nothing = replace(
        blank,
        users=blank.users[:0],
        item_numbers=blank.item_numbers[:0],
        at=blank.at[:0],
        weights=blank.weights[:0],
        baskets=blank.baskets[:0],
        now=0,
    )
    Charts.fit(nothing).save(tmp_path)
    assert len(Charts.load(tmp_path).most().items) == 0
