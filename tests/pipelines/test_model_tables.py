"""Tables of measured models fit a terminal of 100 columns, whole lines each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.model_tables import print_models
from recsys.evaluation.metrics import measure_all
from recsys.evaluation.splits import global_time_split, last_part
from recsys.evaluation.table import Measurer
from recsys.item_item import ItemItemModel
from recsys.models import MODELS
from recsys.popularity import PopularityModel
from tests.recsys.shops import DAY, history, shop


@pytest.mark.parametrize("timed", [True, False], ids=["a shop", "sequences"])
def test_a_hundred_columns_hold_every_table(
    timed: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = shop(users=1500)
    at = last_part(data, share=0.2)
    kept = np.ones(len(data.at), dtype=np.bool_)
    kept[(data.item_numbers == 5) & (data.at < at - 3 * DAY)] = False  # first sold just before the split
    released = np.where(np.arange(len(data.items)) == 5, -1, data.items.released_at)
    items = replace(data.items, released_at=released, prices=np.arange(len(data.items), dtype=np.int64))
    columns = ("users", "item_numbers", "at", "weights", "baskets")
    data = replace(data, items=items, **{name: getattr(data, name)[kept] for name in columns})
    split = global_time_split(data, at=at)
    heavy = history(*range(12))
    split = replace(split, histories=[*split.histories, heavy], targets=[*split.targets, np.array([20])])
    assert max(map(len, MODELS)) <= len("cooccurrence"), "a longer name needs another table"
    models = [PopularityModel().fit(split.train), ItemItemModel().fit(split.train)]
    found = measure_all(
        lambda asked: {model.name: model.scores(asked, now=split.now) for model in models}, split, lists=True
    )
    table = Measurer(split, timed=timed).table(found, served="item_item")
    monkeypatch.setenv("COLUMNS", "100")
    rows_of = {"item_item": "item_item", "popularity": "cooccurrence"}  # the longest name
    print_models("shop", {rows_of[name]: {**row, "fit_s": 123.456} for name, row in table.items()})
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    rows = [line for line in lines if line.startswith("│ item_item")]
    assert len(rows) == 3
    assert rows[1].count("±") == 5
    assert sum(line.startswith("│") for line in lines) == 6  # no cell is broken into two lines
    told = " ".join(lines)
    assert all(head in told for head in ("blend ahead by", "gini", "price calibration", "category calibration"))
