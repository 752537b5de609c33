"""The engines under test: one fixture, three engines, all real."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from analysis.text import analyser
from core.artifacts import Artifacts
from index.documents import Document
from index.embedded import EmbeddedEngine
from index.engine import Generation, SearchEngine
from index.opensearch import OpenSearchEngine
from index.query import Query, Text
from tests.index.shop import catalogue, vectors


@dataclass
class Shop:
    """An engine with a published generation of the small catalogue."""

    engine: SearchEngine
    documents: list[Document]
    generation: Generation


ENGINES = [
    "embedded",
    pytest.param("opensearch", marks=pytest.mark.opensearch),
    pytest.param("opensearch-knn", marks=pytest.mark.opensearch),
]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchEngine]:
    """Each engine in turn, empty."""
    with _opened(request, tmp_path) as made:
        yield made


@pytest.fixture
def shop(engine: SearchEngine) -> Shop:
    """Each engine in turn, serving the small catalogue with vectors."""
    return _stocked(engine)


@pytest.fixture(scope="module", params=ENGINES)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Like `shop`, for the tests of a module that only read."""
    with _opened(request, tmp_path_factory.mktemp("served")) as made:
        yield _stocked(made)


@contextmanager
def _opened(request: pytest.FixtureRequest, folder: Path) -> Iterator[SearchEngine]:
    artifacts = Artifacts(folder / "artifacts")
    if request.param == "embedded":
        embedded = EmbeddedEngine(artifacts)
        yield embedded
        embedded.close()
        return
    url = request.getfixturevalue("opensearch_knn_url" if request.param == "opensearch-knn" else "opensearch_url")
    name = f"test-{secrets.token_hex(6)}"  # the server is shared, the index is the test's own
    engine = OpenSearchEngine(url, artifacts=artifacts, index_name=name, timeout=60)
    yield engine
    engine.close()
    with OpenSearch(hosts=[url], timeout=60) as client:
        client.indices.delete(index=f"{name}-*")


def _stocked(engine: SearchEngine) -> Shop:
    documents = catalogue()
    generation = engine.build(documents, vectors=vectors(documents), about={"outbox": 3})
    engine.publish(generation.name)
    return Shop(engine, documents, generation)


def ids(engine: SearchEngine, query: Query) -> list[str]:
    """The ids of a query's hits, in order."""
    return [hit.document.id for hit in engine.search(query).hits]


def words(text: str, *, minimum: int = 0) -> Text:
    """A query's text as the one analyser reads it."""
    return Text(tuple(analyser().query_tokens(text)), minimum=minimum)
