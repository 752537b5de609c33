"""What every engine promises of generations: built aside, published at once, rolled back, pruned."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from core.errors import Conflict, InvalidInput, NotFound, Unavailable
from index.documents import Document
from index.engine import Delete, Put, SearchEngine
from index.query import Facet, Query
from tests.index import shop as plain
from tests.index.conftest import Shop, ids, words


def test_nothing_is_served_before_the_first_publish(engine: SearchEngine) -> None:
    assert engine.live() is None
    assert engine.generations() == []
    for ask in (
        lambda: engine.search(Query()),
        lambda: engine.get(["p0001"]),
        lambda: engine.complete("la"),
        lambda: engine.apply([Delete("p0001")]),
    ):
        with pytest.raises(Unavailable):
            ask()
    built = engine.build(plain.catalogue(size=3), vectors=None, about={})
    with pytest.raises(Unavailable):
        engine.search(Query())
    engine.publish(built.name)
    assert engine.search(Query()).total == 3


def test_a_generation_remembers_what_it_was_built_of(shop: Shop) -> None:
    live = shop.engine.live()
    assert live == shop.generation
    assert live is not None
    assert live.documents == len(shop.documents)
    assert dict(live.about) == {"outbox": 3}
    assert shop.engine.search(Query(limit=1)).generation == live.name


def test_publish_switches_and_rollback_switches_back(shop: Shop) -> None:
    engine = shop.engine
    smaller = engine.build(shop.documents[:5], vectors=None, about={"n": 2})
    assert engine.search(Query()).total == len(shop.documents)
    assert engine.publish(smaller.name) == smaller
    assert engine.search(Query()).total == 5
    assert engine.rollback() == shop.generation
    assert engine.search(Query()).total == len(shop.documents)
    assert engine.live() == shop.generation
    assert [generation.name for generation in engine.generations()] == [shop.generation.name, smaller.name]


def test_a_generation_that_does_not_serve_can_be_searched_by_name(shop: Shop) -> None:
    aside = shop.engine.build(shop.documents[:5], vectors=plain.vectors(shop.documents[:5]), about={})
    found = shop.engine.search(Query(limit=10), generation=aside.name)
    assert (found.total, found.generation) == (5, aside.name)
    assert {hit.document.id for hit in found.hits} == {document.id for document in shop.documents[:5]}
    assert shop.engine.search(Query(limit=1)).total == len(shop.documents)
    with pytest.raises(NotFound):
        shop.engine.search(Query(), generation="never-built")


def test_rollback_without_an_earlier_generation(shop: Shop) -> None:
    with pytest.raises(Conflict):
        shop.engine.rollback()
    assert shop.engine.live() == shop.generation


def test_publishing_what_does_not_exist(shop: Shop) -> None:
    with pytest.raises(NotFound):
        shop.engine.publish("20200101t000000-abcdef")
    assert shop.engine.live() == shop.generation


def test_publishing_twice_keeps_the_way_back(shop: Shop) -> None:
    second = shop.engine.build(shop.documents[:5], vectors=None, about={})
    shop.engine.publish(second.name)
    shop.engine.publish(second.name)
    assert shop.engine.rollback() == shop.generation


def test_prune_keeps_the_live_one_and_the_one_before(shop: Shop) -> None:
    engine = shop.engine
    names = [shop.generation.name]
    for size in (3, 4, 5):
        names.append(engine.build(shop.documents[:size], vectors=None, about={}).name)
    engine.publish(names[1])
    assert engine.prune(keep=1) == [names[2]]
    assert [generation.name for generation in engine.generations()] == [names[0], names[1], names[3]]
    assert engine.search(Query()).total == 3
    engine.rollback()
    assert engine.search(Query()).total == len(shop.documents)


def test_an_interrupted_build_leaves_nothing(shop: Shop) -> None:
    def broken() -> Iterator[Document]:
        yield from plain.catalogue(size=30)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shop.engine.build(broken(), vectors=None, about={})
    assert shop.engine.generations() == [shop.generation]
    assert shop.engine.search(Query()).total == len(shop.documents)


def test_a_repeated_id_stops_the_build(shop: Shop) -> None:
    with pytest.raises(InvalidInput, match="p0001"):
        shop.engine.build([*shop.documents[:3], shop.documents[1]], vectors=None, about={})
    assert shop.engine.generations() == [shop.generation]


@pytest.mark.parametrize("id_", ["", "x" * 600])
def test_an_id_that_cannot_be_kept_stops_the_build(shop: Shop, id_: str) -> None:
    with pytest.raises(InvalidInput):
        shop.engine.build([Document(id=id_, title="lamp")], vectors=None, about={})
    assert shop.engine.generations() == [shop.generation]


def test_vectors_that_do_not_fit_stop_the_build(shop: Shop) -> None:
    with pytest.raises(InvalidInput):
        shop.engine.build(shop.documents, vectors=plain.vectors(shop.documents[:4]), about={})
    assert shop.engine.generations() == [shop.generation]


def test_a_catalogue_without_products(engine: SearchEngine) -> None:
    engine.publish(engine.build([], vectors=None, about={}).name)
    found = engine.search(Query(text=words("lamp"), facets=(Facet("brand"),)))
    assert (found.total, list(found.hits), list(found.facets["brand"])) == (0, [], [])
    assert engine.complete("l") == []
    engine.apply([Put(Document(id="first", title="A lamp"))])
    assert ids(engine, Query(text=words("lamp"))) == ["first"]


def test_searching_while_a_generation_is_built_and_published(shop: Shop) -> None:
    engine, wrong, stop = shop.engine, [], threading.Event()
    sizes = {len(shop.documents), 40}

    def ask() -> None:
        while not stop.is_set():
            found = engine.search(Query(limit=200))
            if found.total not in sizes or len(found.hits) != found.total:
                wrong.append((found.total, len(found.hits)))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        fresh = engine.build(shop.documents[:40], vectors=None, about={})
        for _ in range(5):
            engine.publish(fresh.name)
            engine.rollback()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_a_dropped_index_leaves_nothing(shop: Shop) -> None:
    shop.engine.drop()
    assert shop.engine.generations() == []
    assert shop.engine.live() is None
    with pytest.raises(Unavailable):
        shop.engine.search(Query())
