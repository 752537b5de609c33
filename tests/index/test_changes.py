"""What every engine promises of documents: kept whole, changed in order, visible at once."""

from __future__ import annotations

import dataclasses
import threading

import numpy as np
import pytest

from analysis.text import analyser
from core.errors import InvalidInput, NotFound
from index.documents import Document, VariantDocument
from index.engine import Delete, Patch, Put
from index.query import AnyOf, Between, Facet, Query, Sort
from tests.index import shop as plain
from tests.index.conftest import Shop, ids, words

SORTS: list[Sort] = ["price", "-price", "-popularity", "-rating", "-released_at", "-discount"]


def test_documents_come_back_as_they_went_in(shop: Shop) -> None:
    found = shop.engine.get([document.id for document in shop.documents] + ["nobody"])
    assert found == {document.id: document for document in shop.documents}
    assert {hit.document.id: hit.document for hit in shop.engine.search(Query(limit=500)).hits} == found


def test_the_most_frequent_words_complete_a_prefix(shop: Shop) -> None:
    def expected(prefix: str) -> list[tuple[str, int]]:
        tally: dict[str, int] = {}
        for document in shop.documents:
            for token in set(analyser().tokens(f"{document.title} {document.title_zh}")):
                if token.startswith(prefix):
                    tally[token] = tally.get(token, 0) + 1
        return sorted(tally.items(), key=lambda pair: (-pair[1], pair[0]))

    for prefix in ("h", "la", "lamp", "复", "zz"):
        assert shop.engine.complete(prefix) == expected(prefix)[:10]
    assert shop.engine.complete("H", size=1) == expected("h")[:1]
    shop.engine.apply([Delete(shop.documents[0].id)])
    shop.documents.pop(0)
    assert shop.engine.complete("h") == expected("h")[:10]


def test_a_patch_changes_what_is_shown_filtered_and_sorted(shop: Shop) -> None:
    target = next(document for document in shop.documents if document.price_minor and document.stock == 0)
    variant = VariantDocument("v", "S", 123, "GBP", 4, {"size": "L"}, 900)
    patch = Patch(
        target.id,
        {
            "price_minor": 123,
            "list_price_minor": 246,
            "stock": 4,
            "rating": 5.0,
            "rating_count": 9,
            "rating_bayes": 4.4,
            "popularity": 77.5,
            "variants": (variant,),
        },
    )
    assert shop.engine.apply([patch]) == 1
    expected = dataclasses.replace(target, **patch.fields)
    assert shop.engine.get([target.id]) == {target.id: expected}
    shop.documents[shop.documents.index(target)] = expected
    for where in (
        Between("price", 123, 123),
        Between("discount", 0.5, 0.5),
        Between("rating", 5, 5),
        Between("rating_count", 9),
        Between("rating_bayes", 4.4, 4.4),
        Between("popularity", 77),
        Between("stock", 4, 4),
    ):
        assert ids(shop.engine, Query(where=where)) == [target.id]
    for sort in SORTS:
        assert ids(shop.engine, Query(sort=sort, limit=500)) == plain.ordered(shop.documents, sort)
    facet = shop.engine.search(Query(facets=(Facet("in_stock"),))).facets["in_stock"]
    assert list(facet) == plain.counts(shop.documents, "in_stock", size=2)
    assert shop.engine.apply([patch]) == 0, "what is so already does not change"
    assert shop.engine.apply([Patch(target.id, {"price_minor": None, "rating_bayes": None})]) == 1
    emptied = dataclasses.replace(expected, price_minor=None, rating_bayes=None)
    shop.documents[shop.documents.index(expected)] = emptied
    for sort in SORTS:
        assert ids(shop.engine, Query(sort=sort, limit=500)) == plain.ordered(shop.documents, sort)


def test_a_put_adds_and_replaces(shop: Shop) -> None:
    old = shop.documents[4]
    replaced = dataclasses.replace(
        old, title="Quixotic weathervane", brand="Newcomer", attributes={"colour": "gold"}
    )
    added = Document(id="zz-new", title="Quixotic lighthouse", brand="Newcomer", price_minor=5, stock=1)
    turned = -plain.vectors([old])[0]
    assert shop.engine.apply([Put(replaced, turned), Put(added)]) == 2
    assert set(ids(shop.engine, Query(text=words("quixotic")))) == {old.id, "zz-new"}
    assert ids(shop.engine, Query(where=AnyOf("brand", ("Newcomer",)))) == [old.id, "zz-new"]
    assert ids(shop.engine, Query(where=AnyOf("attributes.colour", ("gold",)))) == [old.id]
    assert shop.engine.search(Query()).total == len(shop.documents) + 1
    stale = [hit.document.id for hit in shop.engine.search(Query(text=words(old.title), limit=500)).hits]
    assert old.id not in stale
    assert ids(shop.engine, Query(vector=turned, vector_size=1)) == [old.id]
    assert shop.engine.get([old.id, "zz-new"]) == {old.id: replaced, "zz-new": added}
    assert shop.engine.complete("quix") == [("quixot", 2)]
    facet = dict(shop.engine.search(Query(facets=(Facet("brand"),))).facets["brand"])
    assert facet["Newcomer"] == 2
    assert shop.engine.apply([Put(replaced, turned), Put(added)]) == 0


def test_a_delete_takes_out(shop: Shop) -> None:
    gone = shop.documents[0]
    assert shop.engine.apply([Delete(gone.id), Delete("never-there")]) == 1
    assert shop.engine.get([gone.id]) == {}
    assert shop.engine.search(Query()).total == len(shop.documents) - 1
    assert gone.id not in ids(shop.engine, Query(text=words(gone.title, minimum=1), limit=500))
    assert gone.id not in ids(shop.engine, Query(vector=plain.vectors([gone])[0], limit=500))
    assert gone.id not in ids(shop.engine, Query(sort="price", limit=500))
    assert shop.engine.apply([Delete(gone.id)]) == 0
    assert shop.engine.apply([Put(gone)]) == 1
    assert shop.engine.get([gone.id]) == {gone.id: gone}


def test_changes_happen_in_their_order(shop: Shop) -> None:
    target = shop.documents[2]
    fresh = Document(id="fresh", title="Orrery", price_minor=1, stock=1)
    assert (
        shop.engine.apply(
            [
                Put(fresh),
                Patch("fresh", {"stock": 8}),
                Delete(target.id),
                Patch(target.id, {"stock": 9}),
                Put(dataclasses.replace(target, title="Astrolabe")),
                Patch(target.id, {"price_minor": 77}),
                Put(Document(id="fleeting", title="Sandcastle")),
                Delete("fleeting"),
            ]
        )
        == 2
    )
    found = shop.engine.get([target.id, "fresh", "fleeting"])
    assert found["fresh"].stock == 8
    assert found[target.id] == dataclasses.replace(target, title="Astrolabe", price_minor=77)
    assert "fleeting" not in found
    assert ids(shop.engine, Query(text=words("sandcastle"))) == []


def test_a_patch_for_what_is_not_there_is_ignored(shop: Shop) -> None:
    assert shop.engine.apply([Patch("nobody", {"stock": 3})]) == 0
    assert shop.engine.search(Query()).total == len(shop.documents)
    assert shop.engine.apply([]) == 0


@pytest.mark.parametrize(
    "change",
    [
        Patch("p0001", {"title": "Hijacked"}),
        Patch("p0001", {"stock": -1}),
        Patch("p0001", {"price_minor": "cheap"}),
        Patch("p0001", {"popularity": float("nan")}),
        Patch("p0001", {"variants": [{"id": "v"}]}),
        Put(Document(id="", title="nameless")),
        Put(Document(id="new", title="Sundial"), np.ones(3, dtype=np.float32)),
    ],
    ids=repr,
)
def test_a_wrong_change_changes_nothing(served: Shop, change: Patch | Put) -> None:
    with pytest.raises(InvalidInput):
        served.engine.apply([Delete("p0000"), change])
    assert served.engine.get(["p0000", "p0001", "new"]) == {d.id: d for d in served.documents[:2]}


def test_changes_go_to_the_generation_that_was_named(shop: Shop) -> None:
    fresh = shop.engine.build(shop.documents, vectors=None, about={})
    before = shop.documents[0]
    shop.engine.apply(
        [Patch(before.id, {"popularity": 50.0}), Put(Document(id="new", title="Sundial"))], generation=fresh.name
    )
    assert shop.engine.get([before.id, "new"]) == {before.id: before}
    shop.engine.publish(fresh.name)
    assert shop.engine.get([before.id])[before.id].popularity == 50.0
    assert ids(shop.engine, Query(text=words("sundial"))) == ["new"]
    shop.engine.rollback()
    assert ids(shop.engine, Query(text=words("sundial"))) == []
    with pytest.raises(NotFound):
        shop.engine.apply([Delete("p0001")], generation="20200101t000000-abcdef")


def test_changes_from_many_threads_are_all_kept(shop: Shop) -> None:
    faults: list[BaseException] = []

    def change(worker: int) -> None:
        try:
            for turn in range(4):
                shop.engine.apply(
                    [
                        Patch(f"p{worker:04d}", {"stock": 100 + turn}),
                        Put(Document(id=f"w{worker}-{turn}", title=f"Gizmo {worker}", stock=1)),
                    ]
                )
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=change, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    found = shop.engine.search(Query(text=words("gizmo"), limit=100))
    assert {hit.document.id for hit in found.hits} == {f"w{w}-{t}" for w in range(4) for t in range(4)}
    assert {d.stock for d in shop.engine.get([f"p{worker:04d}" for worker in range(4)]).values()} == {103}
