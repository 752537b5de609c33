"""Under updates, searches, a rebuild and a rollback nothing fails, nothing is mixed, and nothing is lost."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from opensearchpy import OpenSearch

from core.artifacts import Artifacts
from index.embedded import EmbeddedEngine
from index.engine import SearchEngine
from index.opensearch import OpenSearchEngine
from tests.load.live_index import Market


@pytest.fixture(params=["embedded", pytest.param("opensearch", marks=pytest.mark.opensearch)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchEngine]:
    """Each engine in turn, empty."""
    artifacts = Artifacts(tmp_path)
    if request.param == "embedded":
        embedded = EmbeddedEngine(artifacts)
        yield embedded
        embedded.close()
        return
    url, name = request.getfixturevalue("opensearch_url"), f"load-{secrets.token_hex(6)}"
    cluster = OpenSearchEngine(url, artifacts=artifacts, index_name=name, timeout=60)
    yield cluster
    cluster.close()
    with OpenSearch(hosts=[url], timeout=60) as client:
        client.indices.delete(index=f"{name}-*")


def stand(engine: SearchEngine, *, size: int, seconds: float) -> None:
    """Two builds, one of them under load, and back again."""
    market = Market(engine, size=size)
    engine.publish(market.build())
    seen = market.run(seconds=seconds, updates=True, rebuild=True)
    assert seen.failed == []
    assert seen.mixed == []
    assert len(seen.searches) > 10
    assert len(seen.visible) > 50
    assert len(market.latest) > 20
    assert market.missing() == []


def test_a_small_shop(engine: SearchEngine) -> None:
    stand(engine, size=400, seconds=2.0)


@pytest.mark.nightly
def test_fifty_thousand_products(engine: SearchEngine) -> None:
    stand(engine, size=50_000, seconds=20.0)
