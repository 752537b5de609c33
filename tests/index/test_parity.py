"""The engines find the same documents and score them alike, so that a shop can change from one to the other."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import pytest

from core.artifacts import Artifacts
from index.documents import Document
from index.embedded import EmbeddedEngine
from index.engine import Result, SearchEngine
from index.opensearch import OpenSearchEngine
from index.query import Query, Text
from tests.index.conftest import words
from tests.index.shop import catalogue

QUERIES = ("red lamp", "hanging heart", "acme kettle", "deep green travel mug", "camping", "红色台灯", "house")


def assert_alike(one: Result, other: Result) -> None:
    """Same matches, nearly the same scores once normalised, and the same first ten but for near ties."""
    assert one.total == other.total
    assert len(one.hits) == one.total
    share = {hit.id: hit.lexical / one.max_lexical for hit in one.hits}
    against = {hit.id: hit.lexical / other.max_lexical for hit in other.hits}
    assert share.keys() == against.keys()
    for id_, value in share.items():
        assert value == pytest.approx(against[id_], abs=0.01), id_
    for place, hit in enumerate(other.hits[:10]):
        assert share[hit.id] == pytest.approx(share[one.hits[place].id], abs=0.02)


def both(documents: Sequence[Document], url: str, folder: Path, name: str) -> tuple[SearchEngine, SearchEngine]:
    engines = (
        EmbeddedEngine(Artifacts(folder)),
        OpenSearchEngine(url, artifacts=Artifacts(folder), index_name=name, timeout=60),
    )
    for engine in engines:
        engine.publish(engine.build(documents, vectors=None, about={}).name)
    return engines


@pytest.mark.opensearch
def test_the_small_catalogue(opensearch_url: str, tmp_path: Path) -> None:
    embedded, cluster = both(catalogue(size=400), opensearch_url, tmp_path, "parity-small")
    for text in QUERIES:
        query = Query(text=words(text, minimum=1), limit=1000)
        assert_alike(embedded.search(query), cluster.search(query))
    unfinished = Query(text=Text(("red", "la"), prefix=True, minimum=1), limit=1000)
    assert_alike(embedded.search(unfinished), cluster.search(unfinished))


@pytest.mark.data
@pytest.mark.opensearch
def test_real_products_and_queries(opensearch_url: str, shared_data: Path, tmp_path: Path) -> None:
    with gzip.open(shared_data / "search" / "esci" / "products.jsonl.gz", "rt", encoding="utf-8") as lines:
        products = [json.loads(line) for line in islice(lines, 2000)]
    documents = [
        Document(
            id=product["asin"],
            title=product["title"],
            brand=product["brand"] or "",
            category=tuple(product["category"]),
            description=f"{product['bullet_points'] or ''} {product['description'] or ''}",
        )
        for product in products
    ]
    with (shared_data / "search" / "esci" / "judgments.csv").open(encoding="utf-8") as rows:
        texts = list(dict.fromkeys(row["query"] for row in csv.DictReader(rows)))[:12]
    embedded, cluster = both(documents, opensearch_url, tmp_path, "parity-real")
    found = 0
    for text in texts:
        query = Query(text=words(text, minimum=1), limit=10_000)
        one = embedded.search(query)
        assert_alike(one, cluster.search(query))
        found += one.total
    assert found > 2_000
