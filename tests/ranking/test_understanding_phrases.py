"""Prices, what must not be there, politeness and names: the parts of a query that are no search words."""

from __future__ import annotations

import pytest

from index.query import Between, Filter, Not, Says
from ranking.understanding import Entity, UnderstoodQuery, understand
from tests.ranking.lexicons import small_lexicon


def read(query: str, **options: object) -> UnderstoodQuery:
    return understand(query, encoder=None, lexicon=small_lexicon(), **options)  # type: ignore[arg-type]


def tokens(found: UnderstoodQuery) -> tuple[str, ...]:
    return found.text.tokens if found.text is not None else ()


def without(*words: str) -> Filter:
    return Not(Says("claims", words))


@pytest.mark.parametrize(
    ("query", "low", "high", "left"),
    [
        ("lamp under 50", None, 5000, ("lamp",)),
        ("lamp below €20", None, 2000, ("lamp",)),
        ("less than 1,000 lamp", None, 100_000, ("lamp",)),
        ("lamp cheaper than 9.99", None, 999, ("lamp",)),
        ("lamp up to 30 euros", None, 3000, ("lamp",)),
        ("lamps 50-100", 5000, 10_000, ("lamp",)),
        ("lamps between 10 and 20 euro", 1000, 2000, ("lamp",)),
        ("lamps from €10 to €20 white", 1000, 2000, ("lamp", "white")),
        ("lamp over 100", 10_000, None, ("lamp",)),
        ("under 50", None, 5000, ()),
        ("台灯 200以下", None, 20_000, ("台灯",)),
        ("台灯低于50欧元", None, 5000, ("台灯",)),
        ("五十以下的台灯", None, 5000, ("台灯",)),
        ("100到200欧元的台灯", 10_000, 20_000, ("台灯",)),
    ],
)
def test_a_price_becomes_a_range(query: str, low: int | None, high: int | None, left: tuple[str, ...]) -> None:
    found = read(query)
    assert (found.where, tokens(found)) == (Between("price", low, high), left)
    assert [entity.kind for entity in found.entities if entity.kind == "price"] == ["price"]


@pytest.mark.parametrize(
    ("query", "low", "high"),
    [
        ("耳机 200元以下", None, 20_000),
        ("100到200元的耳机", 10_000, 20_000),
        ("五十元以下耳机", None, 5000),
        ("两千三百块以内", None, 230_000),
        ("耳機 不超過一百元", None, 10_000),
        ("一万元以上的耳机", 1_000_000, None),
        ("1万以下的耳机", None, 1_000_000),
        ("1.5万元以内的耳机", None, 1_500_000),
        ("3千到5千元的耳机", 300_000, 500_000),
    ],
)
def test_prices_in_chinese(query: str, low: int | None, high: int | None) -> None:
    assert read(query, currency="CNY").where == Between("price", low, high)


def test_minor_units_are_those_of_the_currency() -> None:
    assert read("lamp under 5000", currency="JPY").where == Between("price", None, 5000)


@pytest.mark.parametrize(
    "query",
    [
        *("dumbbells under 5 kg", "storage under bed", "toys under 5 years", "puzzle over 1000 piece"),
        *("vitamins for women over 50", "bottle under 2 l", "size 50-100", "toys 3-6", "555-0100", "50-100"),
        *("lamp under 50%", "3 in 1", "iphone 12", "lamp 50-100 mm", "200克以下", "5岁以下"),
    ],
)
def test_numbers_that_are_no_price(query: str) -> None:
    assert read(query).where is None


def test_foreign_money_is_no_filter() -> None:
    found = read("lamp under £20")
    assert (found.where, tokens(found)) == (None, ("lamp",))
    assert tokens(read("under £20")) != ()


def test_a_catalogue_without_prices_is_not_cut_down() -> None:
    assert read("lamp under 20", currency="").where is None


@pytest.mark.parametrize(
    ("query", "denied", "left"),
    [
        ("running shoes without laces", [("lace",)], ("run", "shoe")),
        ("running shoes w/o laces", [("lace",)], ("run", "shoe")),
        ("lamp no dimmer", [("dimmer",)], ("lamp",)),
        ("lamp without a dimmer for desk", [("dimmer",)], ("lamp", "desk")),
        ("headphones without microphone or cable", [("microphon",), ("cabl",)], ("headphon",)),
        ("不含糖的饼干", [("糖",)], ("饼干",)),
        ("不要红色的台灯", [("红色",)], ("台灯",)),
        ("沒有鞋帶的運動鞋", [("鞋带",)], ("运动", "运动鞋")),
    ],
)
def test_what_must_not_be_there_is_no_search_word(
    query: str, denied: list[tuple[str, ...]], left: tuple[str, ...]
) -> None:
    found = read(query)
    assert tokens(found) == left
    clauses = [found.where] if isinstance(found.where, Not) else list(found.where.clauses)  # type: ignore[union-attr]
    assert clauses == [without(*group) for group in denied]
    assert found.without == tuple(token for group in denied for token in group)


@pytest.mark.parametrize(
    "query",
    ["no show socks", "sugar free biscuits", "without laces", "no", "chanel no 5", "无线耳机", "无糖饼干", "没有"],
)
def test_names_and_whole_queries_are_not_taken_apart(query: str) -> None:
    found = read(query)
    assert found.where is None
    assert tokens(found) != ()


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("where can I buy a desk lamp?", ("desk", "lamp")),
        ("i need a lamp please", ("lamp",)),
        ("show me running shoes", ("run", "shoe")),
        ("我想买台灯", ("台灯",)),
        ("有没有台灯？", ("台灯",)),
        ("請問哪裡有檯燈賣嗎", ("台灯", "卖")),
        ("i need a", ("i", "need")),
        ("looking for alaska", ("look", "alaska")),
        ("the", ("the",)),
        ("有没有", ("没有", "有没有")),
    ],
)
def test_politeness_is_dropped_when_something_else_is_left(query: str, left: tuple[str, ...]) -> None:
    assert tokens(read(query)) == left


def test_names_of_the_catalogue_are_entities() -> None:
    assert set(read("red sonny desk lamps size 42").entities) == {
        Entity("colour", "Red", "red"),
        Entity("brand", "Sony", "sonny"),
        Entity("category", "Goods > Desk Lamps", "desk lamps"),
        Entity("size", "42", "size 42"),
    }


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("4006381333931", "4006381333931"),
        ("4 006381 333931", "4006381333931"),
        ("kx-99", "KX99"),
        ("KX99", "KX99"),
        ("desk lamp", None),
        ("iphone 12", None),
        ("9", None),
        ("x" * 70 + "1", None),
    ],
)
def test_a_query_may_be_a_code(query: str, code: str | None) -> None:
    assert read(query).code == code


def test_what_is_too_long_for_a_word_cannot_be_denied() -> None:
    found = read("耳机不要" + "a" * 70)
    assert (found.where, found.without) == (None, ())
