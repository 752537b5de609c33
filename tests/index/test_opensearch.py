"""OpenSearch beyond the contract: what stands on the cluster, and what happens when it does not answer."""

from __future__ import annotations

import dataclasses
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import OpenSearch

from core.artifacts import Artifacts
from core.clock import frozen_clock
from core.errors import BadSettings, Conflict, NotFound, Unavailable
from index.documents import Document
from index.engine import Change, Delete, Patch, Put, SearchEngine
from index.opensearch import OpenSearchEngine
from index.opensearch_cluster import LEFTOVER
from index.query import Between, Query
from tests.index.conftest import ids, words
from tests.index.shop import catalogue, vectors


@pytest.fixture(
    params=[pytest.param(name, marks=pytest.mark.opensearch) for name in ("opensearch", "opensearch-knn")]
)
def url(request: pytest.FixtureRequest) -> str:
    """Each cluster in turn."""
    fixture = {"opensearch": "opensearch_url", "opensearch-knn": "opensearch_knn_url"}[request.param]
    address: str = request.getfixturevalue(fixture)
    return address


@pytest.fixture
def client(url: str) -> Iterator[OpenSearch]:
    """A plain client, as another tool would use."""
    with OpenSearch(hosts=[url], timeout=60) as opened:
        yield opened


@pytest.fixture
def name(client: OpenSearch, tmp_path: Path) -> Iterator[str]:
    """An index name that no other test uses."""
    made = f"own-{abs(hash(tmp_path)):x}"
    yield made
    client.indices.delete(index=f"{made}-*")


def opened(url: str, name: str, folder: Path, **more: Any) -> OpenSearchEngine:
    return OpenSearchEngine(url, artifacts=Artifacts(folder), index_name=name, timeout=60, **more)


def build(engine: SearchEngine, documents: list[Document]) -> str:
    return engine.build(documents, vectors=vectors(documents), about={}).name


def test_an_alias_leads_other_tools_to_the_live_generation(
    url: str, name: str, client: OpenSearch, tmp_path: Path
) -> None:
    engine = opened(url, name, tmp_path)
    first = build(engine, catalogue(size=9))
    assert not client.indices.exists_alias(name=name)
    engine.publish(first)
    second = build(engine, catalogue(size=5))
    engine.publish(second)
    assert list(client.indices.get_alias(name=name)) == [f"{name}-{second}"]
    assert list(client.indices.get_alias(name=f"{name}-previous")) == [f"{name}-{first}"]
    assert client.count(index=name)["count"] == 5
    engine.rollback()
    assert list(client.indices.get_alias(name=name)) == [f"{name}-{first}"]
    assert list(client.indices.get_alias(name=f"{name}-previous")) == [f"{name}-{second}"]
    plain = {"query": {"match": {"plain.category": "LAMPS"}}}
    expected = {document.id for document in catalogue(size=9) if "Lamps" in document.category}
    assert {hit["_id"] for hit in client.search(index=name, body=plain)["hits"]["hits"]} == expected != set()


def test_vectors_stand_where_the_cluster_can_search_them(
    url: str, name: str, client: OpenSearch, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    engine = opened(url, name, tmp_path)
    engine.publish(build(engine, catalogue()))
    fields = next(iter(client.indices.get_mapping(index=name).values()))["mappings"]["properties"]
    with_knn = "opensearch-knn" in request.node.callspec.id
    assert (fields.get("vector", {}).get("type") == "knn_vector") is with_knn
    assert (tmp_path / "index-vectors").exists()
    vector = vectors(catalogue()[:1])[0]
    assert ids(engine, Query(vector=vector, vector_size=1, vector_floor=0.99, limit=1)) == ["p0000"]


def test_engines_see_what_the_other_does(url: str, name: str, tmp_path: Path) -> None:
    one, other = opened(url, name, tmp_path), opened(url, name, tmp_path)
    documents = catalogue()
    one.publish(build(one, documents))
    turned = -vectors(documents[:1])[0]
    assert one.apply([Put(dataclasses.replace(documents[0], title="Orrery"), turned), Delete("p0004")]) == 2
    assert ids(other, Query(text=words("orrery"))) == ["p0000"]
    assert ids(other, Query(vector=turned, vector_size=1)) == ["p0000"]
    assert "p0004" not in ids(other, Query(vector=vectors(documents)[4], limit=500))
    assert other.apply([Put(dataclasses.replace(documents[1], title="Sundial"), turned)]) == 1
    assert set(ids(one, Query(vector=turned, vector_size=2))) == {"p0000", "p0001"}
    other.publish(build(other, documents[:3]))
    deadline = time.monotonic() + 5
    while one.search(Query()).total != 3:
        assert time.monotonic() < deadline, "the other engine's publish was not noticed"


def test_a_rival_between_reading_and_writing_loses_nothing(
    url: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, rival = opened(url, name, tmp_path), opened(url, name, tmp_path)
    engine.publish(build(engine, catalogue(size=9)))
    write = engine._write
    rivals: Iterator[Change] = iter([Patch("p0001", {"list_price_minor": 4000}), Delete("p0002")])

    def after_the_rival(*arguments: Any, **more: Any) -> bool:
        change = next(rivals, None)
        if change is not None:
            assert rival.apply([change]) == 1
        return write(*arguments, **more)

    monkeypatch.setattr(engine, "_write", after_the_rival)
    changes = [Patch("p0001", {"price_minor": 1000}), Patch("p0002", {"stock": 44}), Patch("p0003", {"stock": 55})]
    assert engine.apply(changes) == 3
    found = engine.get(["p0001", "p0002", "p0003"])
    assert (found["p0001"].price_minor, found["p0001"].list_price_minor) == (1000, 4000)
    assert ids(engine, Query(where=Between("discount", 0.75, 0.75))) == ["p0001"]
    assert "p0002" not in found
    assert found["p0003"].stock == 55


def test_rivals_without_end_are_a_conflict(
    url: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = opened(url, name, tmp_path)
    engine.publish(build(engine, catalogue(size=3)))
    monkeypatch.setattr(engine, "_write", lambda *_, **__: False)
    with pytest.raises(Conflict):
        engine.apply([Patch("p0001", {"stock": 99})])


def test_a_half_built_index_never_serves_and_is_swept_when_old(
    url: str, name: str, client: OpenSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    engine = opened(url, name, tmp_path, clock=frozen_clock(now))
    live = build(engine, catalogue(size=9))
    engine.publish(live)

    def killed(*_: object, **__: object) -> None:
        raise ConnectionAbortedError

    with monkeypatch.context() as patched:  # a killed process cannot clean up after itself
        patched.setattr(engine._cluster, "delete", lambda _name: None)
        patched.setattr(engine, "_send", killed)
        with pytest.raises(ConnectionAbortedError):
            build(engine, catalogue(size=5))
    indexes = set(client.indices.get(index=f"{name}-*"))
    (half,) = indexes - {f"{name}-{live}"}
    assert [generation.name for generation in engine.generations()] == [live]
    with pytest.raises(NotFound):
        engine.publish(half.removeprefix(f"{name}-"))
    assert engine.search(Query()).total == 9

    young = opened(url, name, tmp_path, clock=frozen_clock(now + LEFTOVER - timedelta(minutes=1)))
    build(young, catalogue(size=2))
    assert half in client.indices.get(index=f"{name}-*"), "somebody may still be building it"
    late = opened(url, name, tmp_path, clock=frozen_clock(now + LEFTOVER + timedelta(minutes=1)))
    build(late, catalogue(size=2))
    assert half not in client.indices.get(index=f"{name}-*")
    assert late.search(Query()).total == 9


def test_an_index_deleted_behind_our_back(url: str, name: str, client: OpenSearch, tmp_path: Path) -> None:
    engine = opened(url, name, tmp_path)
    engine.publish(build(engine, catalogue(size=3)))
    assert engine.search(Query()).total == 3
    client.indices.delete(index=f"{name}-*")
    with pytest.raises(Unavailable, match="merx index build"):
        engine.search(Query())
    build(engine, catalogue(size=2))  # leaves something for the fixture to delete


def test_a_document_deleted_before_it_is_read(url: str, name: str, tmp_path: Path) -> None:
    engine = opened(url, name, tmp_path)
    engine.publish(build(engine, catalogue(size=40)))
    first, *others = engine.search(Query(limit=40)).hits
    engine.apply([Delete(first.id)])
    with pytest.raises(NotFound, match=first.id):
        _ = first.document
    assert [hit.document for hit in others] == catalogue(size=40)[1:]


def test_a_cluster_that_is_not_there(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    engine = OpenSearchEngine(f"http://user:hidden@127.0.0.1:{port}", artifacts=Artifacts(tmp_path))
    for ask in (
        lambda: engine.build(catalogue(size=2), vectors=None, about={}),
        lambda: engine.publish("x"),
        engine.rollback,
        engine.generations,
        engine.live,
        lambda: engine.prune(keep=2),
        lambda: engine.apply([Delete("p0001")]),
        lambda: engine.search(Query()),
        lambda: engine.get(["p0001"]),
        lambda: engine.complete("l"),
    ):
        with pytest.raises(
            Unavailable, match=rf"http://127.0.0.1:{port} does not answer.*MERX_OPENSEARCH_URL"
        ) as said:
            ask()
        assert "hidden" not in said.value.message


def test_a_cluster_that_never_answers(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        engine = OpenSearchEngine(f"http://127.0.0.1:{port}", artifacts=Artifacts(tmp_path), timeout=0.2)
        start = time.monotonic()
        with pytest.raises(Unavailable, match=f"127.0.0.1:{port} does not answer"):
            engine.search(Query())
        assert time.monotonic() - start < 5


def test_an_address_without_a_host(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="MERX_OPENSEARCH_URL"):
        OpenSearchEngine("http://", artifacts=Artifacts(tmp_path))
