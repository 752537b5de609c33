"""What every engine promises of facets that are searched, the bounds of numbers, and goods in stock first."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from index.documents import Document
from index.engine import FUSION, Hit, SearchEngine
from index.query import AllOf, AnyOf, Between, Facet, Filter, Query, Sort
from tests.index import shop as plain
from tests.index.conftest import Shop, ids, words

TICKED: dict[str, Filter] = {
    "brand": AnyOf("brand", ("Acme", "Borealis")),
    "price": Between("price", 499, 1500),
    "popularity": Between("popularity", 0.5),
}


@pytest.mark.parametrize(
    ("name", "search"),
    [
        ("brand", "č"),
        ("brand", "SONS"),
        ("brand", "& s"),
        ("brand", "apek"),
        ("category", "l"),
        ("category", "lan"),
        ("seller", "o"),
        ("attributes.colour", "GREEN"),
        ("attributes.colour", "gree"),
        ("attributes.colour", "re"),
        ("attributes.width cm", "2"),
        ("attributes.nobody has this", "x"),
        ("code", "sku11"),
        ("id", "P000"),
        ("in_stock", "TR"),
        ("in_stock", "x"),
    ],
)
def test_a_searched_facet_counts_values_of_which_a_word_begins_so(served: Shop, name: str, search: str) -> None:
    where = AnyOf("seller", ("north",))
    matching = [document for document in served.documents if plain.matches(document, where)]
    begins = re.compile(rf"(?<!\w){re.escape(search)}", re.IGNORECASE)
    expected = [pair for pair in plain.counts(matching, name, size=10_000) if begins.search(pair[0])]
    for size in (2, 20):
        found = served.engine.search(Query(where=where, facets=(Facet(name, size, search),))).facets
        assert {field: list(pairs) for field, pairs in found.items()} == {name: expected[:size]}


VALUES = (
    "a(b)c.d",
    "x[y]>z <w",
    'say "when" #1',
    "back\\slash ~tilde",
    "Ünïcode Œuvre",
    "蓝牙耳机 Pro",
    "K\u212a@home",
)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("a(", [0]),
        ("B)C.", [0]),
        ("b.*", []),
        ("Y]>", [1]),
        ("<w", [1]),
        ('"when', [2]),
        ("#", [2]),
        ("SLASH", [3]),
        ("~", [3]),
        ("ünï", [4]),
        ("œ", [4]),
        ("uvre", []),
        ("耳", [5]),
        ("pro", [5]),
        ("home", [6]),
        ("&", []),
        ("[a-z]", []),
        ("\\", []),
    ],
)
def test_a_search_among_values_is_taken_literally(awkward: SearchEngine, search: str, found: list[int]) -> None:
    asked = (Facet("brand", 20, search), Facet("attributes.a[b]>c", 20, search))
    facets = awkward.search(Query(facets=asked)).facets
    expected = sorted((VALUES[place], 1) for place in found)
    assert list(facets["brand"]) == list(facets["attributes.a[b]>c"]) == expected


@pytest.fixture(scope="module")
def awkward(served: Shop) -> SearchEngine:
    """The engine with another generation, of values full of signs."""
    documents = [
        Document(id=str(place), title="thing", brand=value, attributes={"a[b]>c": value})
        for place, value in enumerate(VALUES)
    ]
    served.engine.publish(served.engine.build(documents, vectors=None, about={}).name)
    return served.engine


def bounds(documents: Sequence[Document], name: str) -> tuple[float, float, float, int]:
    values = [value for value in (plain.number(document, name) for document in documents) if value is not None]
    return min(values), max(values), sum(values) / len(values), len(values)


def test_the_bounds_of_a_number_leave_out_its_own_refinement(shop: Shop) -> None:
    where = AnyOf("category", ("Home",))
    asked = ("price", "popularity", "rating", "stock", "released_at", "discount")
    found = shop.engine.search(Query(where=where, refinements=TICKED, stats=asked, limit=3)).stats
    assert set(found) == set(asked)
    for name, said in found.items():
        others = AllOf((where, *(clause for field, clause in TICKED.items() if field != name)))
        low, high, mean, count = bounds([d for d in shop.documents if plain.matches(d, others)], name)
        assert (said.low, said.high, said.count) == (low, high, count), name
        assert said.mean == pytest.approx(mean)
    nothing = shop.engine.search(Query(where=AnyOf("brand", ("nobody",)), stats=asked))
    assert nothing.stats == {}
    unrated = shop.engine.search(Query(where=Between("rating_bayes", None, 0), stats=("rating", "rating_bayes")))
    assert unrated.stats == {}


@pytest.mark.parametrize("sort", ["price", "-popularity", "-rating", "-released_at"])
def test_what_is_in_stock_can_come_first_in_any_order(shop: Shop, sort: Sort) -> None:
    stocked = [document for document in shop.documents if document.in_stock]
    others = [document for document in shop.documents if not document.in_stock]
    expected = plain.ordered(stocked, sort) + plain.ordered(others, sort)
    assert ids(shop.engine, Query(sort=sort, in_stock_first=True, limit=500)) == expected
    assert ids(shop.engine, Query(sort=sort, in_stock_first=True, offset=50, limit=30)) == expected[50:80]


def test_what_is_in_stock_can_come_first_in_the_order_of_words_and_vectors(shop: Shop) -> None:
    vector = plain.vectors(shop.documents[11:12])[0]
    for query in (
        Query(text=words("red lamp", minimum=1), limit=500),
        Query(text=words("heart"), vector=vector, vector_size=40, limit=500),
    ):
        plainly = shop.engine.search(query)
        result = shop.engine.search(_stocked_first(query))
        assert result.max_lexical == pytest.approx(plainly.max_lexical)
        assert result.total == plainly.total > 20

        def key(hit: Hit, highest: float = result.max_lexical) -> tuple[bool, float, str]:
            return not hit.in_stock, -round(hit.lexical / highest + FUSION * hit.vector, 4), hit.id

        found = [(key(hit)[:2]) for hit in result.hits]
        assert found == sorted(found)
        assert {hit.id for hit in result.hits} == {hit.id for hit in plainly.hits}
        whole = [hit.id for hit in result.hits]
        for offset in (0, 7, len(whole) - 3):
            assert ids(shop.engine, _stocked_first(query, offset=offset, limit=7)) == whole[offset : offset + 7]


def _stocked_first(query: Query, *, offset: int = 0, limit: int = 500) -> Query:
    return Query(
        text=query.text,
        vector=query.vector,
        vector_size=query.vector_size,
        in_stock_first=True,
        offset=offset,
        limit=limit,
    )
