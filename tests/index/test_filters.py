"""What every engine promises of filters, facets, sorts and pages: exact over the whole matching set."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from core.errors import InvalidInput
from index.query import AllOf, AnyOf, Between, Facet, Filter, Not, OneOf, Query, Says, Sort
from tests.index import shop as plain
from tests.index.conftest import Shop, ids, words

SORTS: list[Sort] = ["price", "-price", "-popularity", "-rating", "-released_at", "-discount"]


FILTERS: list[Filter] = [
    AnyOf("brand", ("Acme",)),
    AnyOf("brand", ("Acme", "Čapek & Sons", "nobody")),
    AnyOf("brand", ()),
    AnyOf("id", ("p0003", "p0007", "gone")),
    AnyOf("code", ("SKU17", "SKU90", "SKU-91", "NONE")),
    AnyOf("category", ("Home",)),
    AnyOf("category", ("Home > Lamps > Lanterns", "Sports")),
    AnyOf("seller", ("north",)),
    AnyOf("currency", ("GBP",)),
    AnyOf("in_stock", ("true",)),
    AnyOf("in_stock", ("false",)),
    AnyOf("in_stock", ("true", "false")),
    AnyOf("attributes.colour", ("deep green",)),
    AnyOf("attributes.width cm", ("6", "43.2")),
    AnyOf("attributes.washable", ("false",)),
    AnyOf("attributes.nothing has this", ("x",)),
    Between("price", 499, 999),
    Between("price", None, 998.5),
    Between("price", 1000, None),
    Between("price"),
    Between("discount", 0.2, None),
    Between("rating", 4.0, 4.5),
    Between("rating_count", 2),
    Between("popularity", 0.5, 0.5),
    Between("stock", None, 0),
    Between("released_at", 1_650_000_000),
    Says("title", ("lamp",)),
    Says("description", ("hous", "glass")),
    Says("attributes", ("deep", "green")),
    Says("title", ()),
    Not(Says("category", ("home",))),
    AllOf((Says("title", ("red",)), OneOf((Says("brand", ("acm",)), Between("price", None, 499))))),
    Not(AnyOf("brand", ("Acme",))),
    Not(Between("price", 0, 1000)),
    AllOf(()),
    OneOf(()),
    Not(OneOf(())),
    AllOf((AnyOf("category", ("Home",)), Not(AnyOf("brand", ("Acme",))), Between("price", 0, 1500))),
    OneOf((AnyOf("brand", ("Borealis",)), AllOf((Between("rating", 4.5), AnyOf("in_stock", ("true",)))))),
]


@pytest.mark.parametrize("where", FILTERS, ids=repr)
def test_a_filter_lets_through_what_it_says(served: Shop, where: Filter) -> None:
    expected = sorted(document.id for document in served.documents if plain.matches(document, where))
    found = served.engine.search(Query(where=where, limit=500))
    assert [hit.document.id for hit in found.hits] == expected
    assert found.total == len(expected)


@pytest.mark.parametrize("sort", SORTS)
def test_a_sort_puts_missing_values_last_and_breaks_ties_by_id(served: Shop, sort: Sort) -> None:
    expected = plain.ordered(served.documents, sort)
    assert ids(served.engine, Query(sort=sort, limit=500)) == expected
    pages = [ids(served.engine, Query(sort=sort, offset=at, limit=7)) for at in range(0, 126, 7)]
    assert [id_ for page in pages for id_ in page] == expected


FACETS = (
    "brand",
    "category",
    "seller",
    "attribute",
    "currency",
    "in_stock",
    "id",
    "code",
    "attributes.colour",
    "attributes.width cm",
    "attributes.zz nobody has this",
)


def test_facets_count_the_whole_matching_set(served: Shop) -> None:
    asked = tuple(Facet(name, size=4) for name in FACETS)
    for where in (None, AnyOf("category", ("Home",)), Between("price", 400, 1000), AnyOf("brand", ("nobody",))):
        matching = [d for d in served.documents if where is None or plain.matches(d, where)]
        found = served.engine.search(Query(where=where, facets=asked, limit=1)).facets
        assert {name: list(pairs) for name, pairs in found.items()} == {
            name: plain.counts(matching, name, size=4) for name in FACETS
        }


def test_facets_are_disjunctive(served: Shop) -> None:
    ticked: dict[str, Filter] = {
        "brand": AnyOf("brand", ("Acme",)),
        "attributes.colour": AnyOf("attributes.colour", ("red", "blue")),
        "price": Between("price", 400, 2000),
    }
    where = AnyOf("category", ("Home",))
    asked = tuple(Facet(name) for name in FACETS)
    found = served.engine.search(Query(where=where, refinements=ticked, facets=asked, limit=500))
    for name in FACETS:
        others = AllOf((where, *(clause for field, clause in ticked.items() if field != name)))
        matching = [document for document in served.documents if plain.matches(document, others)]
        assert list(found.facets[name]) == plain.counts(matching, name, size=20), name
    everything = AllOf((where, *ticked.values()))
    expected = sorted(document.id for document in served.documents if plain.matches(document, everything))
    assert [hit.document.id for hit in found.hits] == expected
    assert found.total == len(expected)


def test_facets_count_what_text_and_vector_found(served: Shop) -> None:
    vector = plain.vectors(served.documents[:1])[0]
    query = Query(
        text=words("lamp"),
        vector=vector,
        vector_size=10,
        refinements={"seller": AnyOf("seller", ("north",))},
        facets=(Facet("seller"), Facet("brand")),
        limit=500,
    )
    found = served.engine.search(query)
    unticked = served.engine.search(dataclasses.replace(query, refinements={})).hits
    assert list(found.facets["seller"]) == plain.counts([hit.document for hit in unticked], "seller", size=20)
    assert list(found.facets["brand"]) == plain.counts([hit.document for hit in found.hits], "brand", size=20)


@pytest.mark.parametrize(
    "query",
    [
        Query(where=AnyOf("colour", ("red",))),
        Query(where=AnyOf("price", ("499",))),
        Query(where=AnyOf("attributes.", ("x",))),
        Query(where=Between("brand", 1, 2)),
        Query(where=Not(AllOf((OneOf((AnyOf("nope", ()),)),)))),
        Query(refinements={"x": Between("nope")}),
        Query(facets=(Facet("price"),)),
        Query(facets=(Facet("brand", size=0),)),
        Query(facets=(Facet("brand", search="x" * 101),)),
        Query(where=Says("price", ("1",))),
        Query(stats=("brand",)),
        Query(among={str(number): 0.5 for number in range(10_001)}),
        Query(among={"p0001": 0.5}, vector=np.ones(plain.DIMENSIONS, dtype=np.float32)),
        Query(sort="cheapest"),  # type: ignore[arg-type]
        Query(offset=-1),
        Query(limit=-1),
        Query(offset=9_990, limit=20),
        Query(vector_size=-1),
        Query(vector_size=100_000),
        Query(vector=np.ones(3, dtype=np.float32)),
    ],
    ids=repr,
)
def test_what_no_engine_knows_is_refused(served: Shop, query: Query) -> None:
    with pytest.raises(InvalidInput):
        served.engine.search(query)


def test_pages_of_relevance_fit_together(served: Shop) -> None:
    query = Query(text=words("red lamp", minimum=1), vector=plain.vectors(served.documents[:1])[0])
    whole = ids(served.engine, dataclasses.replace(query, limit=200))
    assert len(whole) > 40
    pages = [ids(served.engine, dataclasses.replace(query, offset=at, limit=9)) for at in range(0, 207, 9)]
    assert [id_ for page in pages for id_ in page] == whole
    assert ids(served.engine, dataclasses.replace(query, offset=9_000)) == []
    nothing = served.engine.search(dataclasses.replace(query, limit=0))
    assert (list(nothing.hits), nothing.total) == ([], len(whole))
