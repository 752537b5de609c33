"""How alike items are: each kind of likeness by itself, and the nearest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from recsys.data import Items
from recsys.features import Likeness, condensed, describe, price_features
from tests.recsys.shops import shop

KINDS = ("words", "topics", "labels", "descriptions", "price", "looks")
Table = npt.NDArray[np.float32]


def likeness(items: Items, kind: str) -> Table:
    weights = {name: float(name == kind) for name in KINDS}
    return table(describe(items, weights=weights, dimensions=16, seed=0))


def table(alike: Likeness) -> Table:
    found: Table = (alike.sparse @ alike.sparse.T).toarray() + alike.dense @ alike.dense.T
    return found


@pytest.mark.parametrize("kind", ["words", "topics", "labels"])
def test_what_is_of_one_department_is_more_alike(kind: str) -> None:
    found = likeness(shop().items, kind)
    assert found[0, 4] > found[0, 1] + 0.1
    assert 0.9 < found[0, 0] <= 1.0001


def test_prices_are_alike_by_their_ratio_and_an_unknown_price_is_like_none() -> None:
    prices = np.array([1000, 1100, 2000, 100_000, -1, 0], dtype=np.int64)
    features = price_features(prices)
    found = features @ features.T
    assert found[0, 0] == pytest.approx(1.0)
    assert found[0, 1] > 0.9
    assert found[0, 1] > found[0, 2] > found[0, 3]
    assert not found[4:].any()
    assert price_features(np.array([500, 500], dtype=np.int64)).shape[1] == 0


def test_descriptions_count_where_there_are_some() -> None:
    items = shop(items=4, cold=0).items
    told = replace(items, descriptions=["hand blown glass", "cast iron", "hand blown glass vase", ""])
    found = likeness(told, "descriptions")
    assert found[0, 2] > 0.5
    assert found[0, 1] == found[0, 3] == 0
    assert not likeness(items, "descriptions").any()


def test_looks_keep_the_order_of_their_cosines_in_fewer_dimensions() -> None:
    draw = np.random.default_rng(0)
    looks = (draw.standard_normal((60, 6)) @ draw.standard_normal((6, 200))).astype(np.float32)
    looks /= np.linalg.norm(looks, axis=1, keepdims=True)
    looks[7] = 0.0
    small = condensed(looks, seed=0)
    assert small.shape == (60, 32)
    assert not small[7].any()
    np.testing.assert_allclose(small @ small.T, looks @ looks.T, atol=0.02)
    items = replace(shop(items=60).items, looks=looks)
    np.testing.assert_allclose(likeness(items, "looks"), looks @ looks.T, atol=0.02)


def test_neighbours_are_the_largest_of_each_row_without_the_item_itself() -> None:
    items = shop().items
    alike = describe(items, weights=dict.fromkeys(KINDS, 0.2), dimensions=16, seed=0)
    found = alike.neighbours(keep=5).toarray()
    whole = table(alike)
    np.fill_diagonal(whole, 0.0)
    assert ((found > 0).sum(axis=1) == 5).all()
    for row in range(len(whole)):
        assert found[row][found[row] > 0].min() >= np.sort(whole[row])[-5] - 1e-6


def test_an_index_finds_nearly_the_same_neighbours() -> None:
    draw = np.random.default_rng(0)
    nouns, kinds = [f"noun{number}" for number in range(40)], [f"kind{number}" for number in range(25)]
    texts = [
        f"{kinds[draw.integers(25)]} {nouns[draw.integers(40)]} {nouns[draw.integers(40)]}" for _ in range(800)
    ]
    items = replace(shop(items=800).items, texts=texts)
    alike = describe(items, weights=dict.fromkeys(KINDS, 0.3) | {"price": 0.0}, dimensions=32, seed=0)
    exact = alike.neighbours(keep=10).toarray()
    found = alike.neighbours(keep=10, exact_up_to=100).toarray()
    assert not np.diagonal(found).any()
    assert found.sum() > 0.9 * exact.sum()  # how alike what is found is, of how alike it could be
    both = (found > 0) & (exact > 0)
    np.testing.assert_allclose(found[both], exact[both], rtol=1e-4)
