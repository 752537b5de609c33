"""The rows of a storefront, on the small shop: sellable, unseen, varied, with parts that add up and reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from core.errors import InvalidInput, NotFound
from ranking.blend import BlendRecommender
from ranking.precomputed import compute_lists
from ranking.serving import Served
from ranking.widgets import LARGEST, Row, bought_together, cart, home, recipes, similar
from recsys.data import TrainingData
from tests.recsys.shops import DEPARTMENTS, history, shop


@cache
def data() -> TrainingData:
    whole = shop()
    sellable = whole.items.sellable.copy()
    sellable[[12, 13]] = False
    return replace(whole, items=replace(whole.items, sellable=sellable))


@cache
def served() -> Served:
    items = data().items
    numbers = {product: number for number, product in enumerate(items.ids)}
    return Served("test", {}, items, numbers, BlendRecommender().fit(data(), threads=1))


WIDGETS: dict[str, Callable[..., list[Row]]] = {
    "home": lambda **more: home(served(), history(0, 4), now=data().now, **more),
    "cold home": lambda **more: home(served(), history(), now=data().now, **more),
    "similar": lambda **more: similar(served(), "p8", **more),
    "bought together": lambda **more: bought_together(served(), "p8", **more),
    "cart": lambda **more: cart(served(), ["p0", "p8"], **more),
    "empty cart": lambda **more: cart(served(), [], **more),
}


def ids(rows: list[Row]) -> list[str]:
    return [row.item_id for row in rows]


@pytest.fixture(params=list(WIDGETS))
def widget(request: pytest.FixtureRequest) -> Callable[..., list[Row]]:
    return WIDGETS[request.param]


def test_parts_add_up_to_the_score(widget: Callable[..., list[Row]]) -> None:
    rows = widget(size=8)
    assert len(rows) == len(set(ids(rows))) == 8
    for row in rows:
        assert sum(row.parts.values()) == pytest.approx(row.score)
        assert row.kind in row.parts
        assert all(part > 0 for part in row.parts.values())
        assert row.text
        assert "{" not in row.text


def test_what_cannot_be_sold_is_never_shown(widget: Callable[..., list[Row]]) -> None:
    everything = set(ids(widget(size=100)))
    assert not everything & {"p12", "p13"}
    asked: list[str] = []

    def only_a_few(products: list[str]) -> set[str]:
        asked.extend(products)
        return {product for product in products if product in {"p12", "p16", "p20"}}

    rows = widget(size=2, sellable=only_a_few)  # stock of this moment, not of the snapshot
    assert set(ids(rows)) <= {"p12", "p16", "p20"}
    assert len(rows) == 2
    assert asked


def test_hidden_products_are_left_out(widget: Callable[..., list[Row]]) -> None:
    best = widget(size=1)[0].item_id
    assert best not in ids(widget(size=20, hidden=[best, "not there"]))


def test_what_the_shopper_has_and_the_anchors_are_left_out() -> None:
    assert not {"p0", "p4"} & set(ids(WIDGETS["home"](size=100)))
    assert "p8" not in ids(similar(served(), "p8", size=100))
    assert "p8" not in ids(bought_together(served(), "p8", size=100))
    assert not {"p0", "p8"} & set(ids(WIDGETS["cart"](size=100)))


def test_rows_are_for_the_shopper() -> None:
    lamps = ids(home(served(), history(0, 4, 8), now=data().now, size=4))
    mugs = ids(home(served(), history(1, 5, 9), now=data().now, size=4))
    assert lamps != mugs
    assert int(lamps[0][1:]) % 4 == 0
    assert int(mugs[0][1:]) % 4 == 1


def test_a_cold_shopper_gets_what_sells_and_is_told_so() -> None:
    rows = WIDGETS["cold home"](size=6)
    assert {row.kind for row in rows} <= {"popularity", "trending"}
    assert all(row.because == [] and row.text.startswith("Popular") for row in rows)


def test_reasons_name_items_of_the_history() -> None:
    rows = home(served(), history(0, 4), now=data().now, size=5)
    named = [row for row in rows if row.because]
    assert named
    for row in named:
        assert set(row.because) <= {"p0", "p4"}
        assert data().items.titles[served().numbers[row.because[0]]] in row.text


def test_bought_together_leads_with_baskets_and_fills_up_with_likeness() -> None:
    rows = bought_together(served(), "p8", size=20)
    assert rows[0].kind == "cooccurrence"
    assert len(rows) == 20
    cold = bought_together(served(), "p39", size=4)  # nobody has bought it
    assert len(cold) == 4
    assert {row.kind for row in cold} <= {"content", "taste"}


def test_a_cold_item_has_similar_ones_and_can_be_shown() -> None:
    rows = similar(served(), "p39", size=3)
    assert all(int(row.item_id[1:]) % 4 == 3 for row in rows)
    reached = home(served(), history(3, 7), now=data().now, size=100)
    assert "p39" in ids(reached)


def test_not_all_of_a_row_is_one_category() -> None:
    rows = home(served(), history(0, 4, 8), now=data().now, size=8)
    kinds = Counter(DEPARTMENTS[int(row.item_id[1:]) % 4] for row in rows)
    assert kinds.most_common(1)[0][1] <= 4
    brands = Counter(int(row.item_id[1:]) % 3 for row in rows)
    assert brands.most_common(1)[0][1] <= 3
    only = {f"p{number}" for number in range(8, 36, 4)}
    forced = home(served(), history(0, 4), now=data().now, size=5, sellable=lambda ids: only & set(ids))
    assert len(forced) == 5  # caps give way when there is nothing else


def test_unknown_products() -> None:
    for widget in (similar, bought_together):
        with pytest.raises(NotFound):
            widget(served(), "nothing")
    assert ids(cart(served(), ["nothing", "p8"])) == ids(cart(served(), ["p8"]))


@pytest.mark.parametrize("size", [0, -1, LARGEST + 1])
def test_a_senseless_size_is_refused(widget: Callable[..., list[Row]], size: int) -> None:
    with pytest.raises(InvalidInput):
        widget(size=size)


def test_nothing_to_sell_is_an_empty_row(widget: Callable[..., list[Row]]) -> None:
    assert widget(sellable=lambda _: ()) == []


def test_a_large_cart_counts_its_newest_items() -> None:
    rows = cart(served(), [f"p{number}" for number in range(37)] * 50, size=3)
    assert set(ids(rows)) <= {"p37", "p38", "p39"}
    assert np.isfinite([row.score for row in rows]).all()


def test_a_complement_is_no_twin() -> None:
    """Lamps are nearly the same of themselves; those that share baskets are bought together all the same."""
    rows = bought_together(served(), "p8", size=4)
    together = set(served().blend.models["cooccurrence"].similar(8, size=50).items.tolist())
    for row in rows:
        number = served().numbers[row.item_id]
        assert number % 4 != 0 or number in together


def test_rows_that_were_computed_before_are_those_computed_now() -> None:
    lists = compute_lists(served().blend.models, recipes(data().items))
    listed = replace(served(), lists=lists)
    for name in ("p0", "p8", "p21", "p39"):
        for widget in (similar, bought_together):
            for more in ({}, {"hidden": ["p4", "p16"]}, {"sellable": lambda ids: set(ids) - {"p20", "p4"}}):
                now, before = widget(served(), name, size=5, **more), widget(listed, name, size=5, **more)
                assert ids(before) == ids(now)
                for one, other in zip(before, now, strict=True):
                    assert one.parts == pytest.approx(other.parts, abs=1e-5)
                    assert (one.text, one.because) == (other.text, other.because)
    with pytest.raises(NotFound):
        similar(listed, "nothing")
