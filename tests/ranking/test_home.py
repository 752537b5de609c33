"""A home page: themed rows, nothing twice, new goods, what is due, and the first click counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest

from analysis.encoder import LsaEncoder
from core.artifacts import Artifacts
from core.errors import InvalidInput
from index.documents import Document, encoder_text
from index.embedded import EmbeddedEngine
from index.engine import Put
from index.query import AnyOf, Between
from ranking.blend import BlendRecommender
from ranking.boosts import parse_boosts
from ranking.explore import Draw
from ranking.home import Themed, Visitor, home
from ranking.serving import Served
from ranking.shelf import Shelf
from recsys.charts import Charts
from recsys.data import TrainingData
from recsys.repeat import RepeatModel
from tests.recsys.shops import DAY, DEPARTMENTS, shop

NEW = [f"new-{department}" for department in DEPARTMENTS]


@cache
def data() -> TrainingData:
    """The small shop with twice the goods; items 60 to 75 came in the last month, and candles rise."""
    whole = shop(users=200, items=80, cold=4)
    released = np.where(np.arange(80) >= 60, whole.now - 10 * DAY, whole.now - 300 * DAY)
    late = np.flatnonzero(whole.at > whole.now - 7 * DAY)[:30]
    items = whole.item_numbers.copy()
    items[late] = np.tile([2, 6, 10], 10)[: len(late)]
    return replace(whole, items=replace(whole.items, released_at=released), item_numbers=items)


@cache
def served() -> Served:
    items = data().items
    blend = BlendRecommender().fit(data(), threads=1)
    numbers = {product: number for number, product in enumerate(items.ids)}
    return Served("test", {}, items, numbers, blend, Charts.fit(data()), RepeatModel().fit(data()))


def documents() -> list[Document]:
    items = data().items
    return [
        Document(
            id=items.ids[number],
            title=items.titles[number],
            brand=items.brands[number],
            category=items.categories[number],
            price_minor=1000 + number,
            currency="GBP",
            stock=0 if number in (12, 13) else 5,
            released_at=int(items.released_at[number]),
        )
        for number in range(len(items))
    ]


def newcomers() -> list[Document]:
    """One product of each department that came after the training."""
    return [
        Document(
            id=f"new-{name}",
            title=f"{name} number 999",
            brand="brand 1",
            category=("home", name),
            price_minor=1,
            currency="GBP",
            stock=5,
        )
        for name in DEPARTMENTS
    ]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngine]:
    old, new = documents(), newcomers()
    encoder = LsaEncoder.fit([encoder_text(document) for document in old], dimensions=16)
    made = EmbeddedEngine(Artifacts(tmp_path_factory.mktemp("home")))
    made.publish(made.build(old, vectors=encoder.encode([encoder_text(each) for each in old]), about={}).name)
    vectors = encoder.encode([encoder_text(each) for each in new])
    made.apply([Put(document, vector) for document, vector in zip(new, vectors, strict=True)])
    yield made
    made.close()


@pytest.fixture
def shelf(engine: EmbeddedEngine) -> Shelf:
    return Shelf(engine)


def did(kind: str, *products: str, days_ago: float = 3.0) -> list[tuple[str, str, datetime]]:
    """A past of one kind, an hour between two deeds."""
    first = datetime.fromtimestamp(data().now, UTC) - timedelta(days=days_ago)
    return [(product, kind, first + timedelta(hours=hour)) for hour, product in enumerate(products)]


def page(shelf: Shelf, past: Sequence[tuple[str, str, datetime]] = (), **more: Any) -> dict[str, Themed]:
    visitor = Visitor(past, more.pop("country", ""), more.pop("hidden", ()))
    rows = home(served(), shelf, visitor, now=data().now, **{"size": 6, **more})
    assert len({row.id for row in rows}) == len(rows)
    return {row.id: row for row in rows}


def ids(row: Themed) -> list[str]:
    return [item.item_id for item in row.items]


def department(product: str) -> str:
    return product.removeprefix("new-") if product in NEW else DEPARTMENTS[int(product[1:]) % 4]


LAMPS = [*did("purchase", "p0", "p4", "p8", days_ago=40), *did("view", "p24", "p16", "p20")]


def test_rows_have_themes_and_nothing_stands_there_twice(shelf: Shelf) -> None:
    found = page(shelf, LAMPS)
    assert next(iter(found)) == "for-you"
    assert list(found)[-1] == "recently-viewed"
    assert {"because-bought", "because-viewed", "category-1"} <= set(found)
    shown = [product for row in found.values() for product in ids(row)]
    assert len(shown) == len(set(shown))
    recommended = [
        product for row in found.values() if row.id not in ("recently-viewed", "buy-again") for product in ids(row)
    ]
    assert not {"p0", "p4", "p8", "p16", "p20", "p24"} & set(recommended)
    assert not {"p12", "p13"} & set(shown)  # sold out
    for row in found.values():
        assert 3 <= len(row.items) <= 6
        for item in row.items:
            assert item.text
            assert sum(item.parts.values()) == pytest.approx(item.score, rel=1e-5)


def test_rows_name_what_they_are_about(shelf: Shelf) -> None:
    found = page(shelf, LAMPS)
    assert (found["because-bought"].about, found["because-bought"].named) == ("p8", "lamps number 8")
    assert found["because-viewed"].about == "p20"
    assert found["category-1"].named in ("lamps", "home")


def test_rows_that_rest_on_more_of_the_past_come_first(shelf: Shelf) -> None:
    rows = list(page(shelf, LAMPS).values())[:-1]
    assert [row.ground for row in rows] == sorted((row.ground for row in rows), reverse=True)


def test_recently_viewed_is_what_was_looked_at_last(shelf: Shelf) -> None:
    past = [*did("purchase", "p0"), *did("view", "p16", "p20", "p24", "p0", "p20", days_ago=1)]
    assert ids(page(shelf, past)["recently-viewed"]) == ["p20", "p24", "p16"]


def test_a_stranger_sees_what_rises_and_sells_in_all_departments(shelf: Shelf) -> None:
    found = page(shelf, size=8)
    assert next(iter(found)) == "popular"
    assert "recently-viewed" not in found
    assert {"p2", "p6", "p10"} <= {product for row in found.values() for product in ids(row)}
    assert len({department(product) for product in ids(found["popular"])}) >= 3


@pytest.mark.parametrize("first", ["p1", "p3"])
def test_the_first_click_changes_the_page_towards_it(shelf: Shelf, first: str) -> None:
    before = page(shelf, size=8)["popular"]
    after = page(shelf, did("view", first), size=8)["for-you"]
    assert ids(after) != ids(before)

    def share(row: Themed) -> float:
        return sum(department(product) == department(first) for product in ids(row)) / len(row.items)

    assert share(after) > max(share(before), 0.4)


def test_what_was_bought_again_and_again_is_offered_when_it_is_due(shelf: Shelf) -> None:
    past = [deed for ago in (90, 60, 30) for deed in did("purchase", "p0", "p4", "p1", days_ago=ago)]
    found = page(shelf, past)
    assert set(ids(found["buy-again"])) == {"p0", "p4", "p1"}
    assert all(item.kind == "repeat" for item in found["buy-again"].items)
    hidden = page(shelf, past, hidden=["p4"], size=2)
    assert "p4" not in ids(hidden["buy-again"])


def test_new_goods_of_liked_brands_have_a_row(shelf: Shelf) -> None:
    found = page(shelf, did("purchase", "p1", "p4", "p7"))  # all of brand 1
    new = found["new-for-you"]
    assert new.title == "new-brands"
    for item in new.items:
        number = int(item.item_id[1:])
        assert number >= 60
        assert number % 3 == 1
        assert item.text == "New from brand 1"


def test_a_product_of_today_is_recommended_by_its_content_at_once(shelf: Shelf) -> None:
    found = page(shelf, LAMPS, size=8, newcomers=NEW)
    assert "new-lamps" in ids(found["for-you"])
    item = next(item for item in found["for-you"].items if item.item_id == "new-lamps")
    assert item.because[0] in {"p0", "p4", "p8", "p16", "p20", "p24"}
    assert item.text.startswith("New, and like lamps")
    assert sum(product in NEW for product in ids(found["for-you"])) == 1  # one place in eight
    assert "new-lamps" not in ids(page(shelf, LAMPS, size=8)["for-you"])


def test_a_past_of_new_products_alone_is_a_past(shelf: Shelf) -> None:
    found = page(shelf, did("view", "new-mugs"), newcomers=NEW)
    assert next(iter(found)) == "for-you"
    assert {department(product) for product in ids(found["for-you"])} == {"mugs"}
    assert "new-mugs" not in ids(found["for-you"])


def test_hidden_products_are_nowhere(shelf: Shelf) -> None:
    shown = {product for row in page(shelf, LAMPS).values() for product in ids(row)}
    hidden = sorted(shown)[::2]
    left = {product for row in page(shelf, LAMPS, hidden=hidden).values() for product in ids(row)}
    assert not left & set(hidden)


def test_a_filter_holds_in_every_row(engine: EmbeddedEngine) -> None:
    mugs = Shelf(engine, where=AnyOf("category", ("home > mugs",)))
    cheap = Shelf(engine, where=Between("price", None, 1030))
    for past in ([], LAMPS, did("view", "new-lamps")):
        for row in page(mugs, past, newcomers=NEW).values():
            assert {department(product) for product in ids(row)} == {"mugs"}
        for row in page(cheap, past).values():
            assert all(product in NEW or int(product[1:]) <= 30 for product in ids(row))


def test_a_boost_lifts_and_says_so(shelf: Shelf) -> None:
    plain = page(shelf, LAMPS, size=10)["for-you"]
    boosted = page(shelf, LAMPS, size=10, boosts=parse_boosts(["category:home > mugs^10"]))["for-you"]

    def mugs(row: Themed) -> int:
        return sum(department(product) == "mugs" for product in ids(row))

    assert mugs(boosted) > mugs(plain)
    for item in boosted.items:
        assert ("boost" in item.parts) == (department(item.item_id) == "mugs")
        assert sum(item.parts.values()) == pytest.approx(item.score, rel=1e-5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "^",
        "brand:^2",
        "brand:x",
        "brand:x^0",
        "brand:x^11",
        "brand:x^nan",
        "new:x^2",
        "colour:red^2",
        "category^2",
    ],
)
def test_a_senseless_boost_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_boosts([text])


def test_the_share_that_is_drawn_is_drawn_again_from_its_seed(shelf: Shelf) -> None:
    def drawn(seed: str, share: float = 0.3) -> Themed:
        return page(shelf, LAMPS, draw=Draw(share, seed))["for-you"]

    assert ids(drawn("one")) == ids(drawn("one"))
    assert len({tuple(ids(drawn(str(seed)))) for seed in range(10)}) > 1
    chances = {round(item.propensity, 4) for seed in range(10) for item in drawn(str(seed)).items}
    assert 0.7 in chances
    assert len(chances) == 2
    assert all(item.propensity == 1.0 for item in page(shelf, LAMPS)["for-you"].items)


def test_a_version_from_before_charts_still_makes_a_page(shelf: Shelf) -> None:
    old = replace(served(), charts=None, repeat=None)
    rows = home(old, shelf, Visitor(LAMPS), now=data().now, size=6)
    assert rows[0].id == "for-you"
    assert home(old, shelf, Visitor(), now=data().now, size=6)[0].id == "popular"


@pytest.mark.parametrize("size", [0, 201])
def test_a_senseless_size_is_refused(shelf: Shelf, size: int) -> None:
    with pytest.raises(InvalidInput):
        page(shelf, size=size)
