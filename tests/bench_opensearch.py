"""What a search page costs on OpenSearch beyond the bare request to the engine.

`make bench` runs it on the sample shop (MERX_HOME names another home); a catalogue and judged queries can be
given:

    python -m tests.bench_opensearch --products FILE --judgments FILE [--version 2.19.1]

`bare` is what the searcher sends, sent again by the same client and nothing else; `page` is a whole page:
understanding, vectors, the request, fusing, scoring, highlighting. Both are taken in turn, so that what disturbs
one disturbs the other too. Times are printed, never asserted.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from opensearchpy import OpenSearch

from core.settings import load_settings
from index.opensearch import OpenSearchEngine
from index.query import Query
from ingest.recognise import recognise
from pipelines.commands.index import build_index
from pipelines.console import print_table
from pipelines.evaluating import catalogue_searcher, temporary_home
from pipelines.house import open_house
from ranking.judgments import read_judgments
from ranking.opening import open_searcher
from ranking.search import Searcher, SearchRequest

ROUNDS = 400


@contextmanager
def server(version: str) -> Iterator[str]:
    """The URL of MERX_TEST_OPENSEARCH_URL, or of a server of our own."""
    given = os.environ.get("MERX_TEST_OPENSEARCH_URL")
    if given:
        yield given
        return
    command = [
        sys.executable,
        "-m",
        "tests.services.opensearch",
        "--version",
        version,
        "--owner",
        str(os.getpid()),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if not url:
            print(f"no OpenSearch {version} here: nothing was measured on it", file=sys.stderr)
            raise SystemExit(0)  # the measurements after this one need none
        yield url
        process.terminate()


@contextmanager
def home_searcher(url: str) -> Iterator[Searcher]:
    """A searcher over the products of the home, indexed on OpenSearch for as long as it takes."""
    name = f"bench-{secrets.token_hex(4)}"
    settings = load_settings(engine="opensearch", opensearch_url=url, index_name=name)
    with open_house(settings) as house, house.engine() as engine:
        generation = build_index(house, engine, publish=True)
        try:
            yield open_searcher(engine, generation, artifacts=house.artifacts)
        finally:
            engine.drop()


def sent_bodies(searcher: Searcher, client: OpenSearch, query: str) -> list[tuple[str, dict[str, Any]]]:
    """The requests to the engine that a page needs once its documents are known."""
    searcher.search(SearchRequest(query))
    sent = []
    perform = client.transport.perform_request

    def noted(method: str, path: str, **more: Any) -> Any:
        if not path.endswith("_alias"):
            sent.append((path, {"method": method, **more}))
        return perform(method, path, **more)

    with patch.object(client.transport, "perform_request", noted):
        searcher.search(SearchRequest(query))
    return sent


def measured(searcher: Searcher, queries: Sequence[str]) -> dict[str, dict[str, object]]:
    """Milliseconds of the bare requests and of pages, and of what the second cost more than the first."""
    engine = searcher.engine
    assert isinstance(engine, OpenSearchEngine)
    client = engine._client
    bodies = {query: sent_bodies(searcher, client, query) for query in queries}
    bare, page = np.zeros(ROUNDS), np.zeros(ROUNDS)
    for turn in range(-len(queries), ROUNDS):
        query = queries[turn % len(queries)]
        started = time.perf_counter()
        for path, request in bodies[query]:
            client.transport.perform_request(url=path, **request)
        between = time.perf_counter()
        searcher.search(SearchRequest(query))
        ended = time.perf_counter()
        if turn >= 0:
            bare[turn], page[turn] = (between - started) * 1000, (ended - between) * 1000
    requests = sum(map(len, bodies.values())) / len(bodies)
    return {
        "bare": {"requests": requests, **_percentiles(bare)},
        "page": {"requests": requests, **_percentiles(page)},
        "added": {"requests": 0, **_percentiles(page - bare)},
    }


def _percentiles(times: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, object]:
    return {"p50 ms": float(np.median(times)), "p99 ms": float(np.percentile(times, 99))}


def main() -> None:
    """Print a table of times."""
    parser = argparse.ArgumentParser(description="A search page on OpenSearch against the bare request.")
    parser.add_argument("--products", type=Path)
    parser.add_argument("--judgments", type=Path)
    parser.add_argument("--version", default="3.8.0")
    given = parser.parse_args()
    with server(given.version) as url:
        if given.products is None:
            with home_searcher(url) as searcher:
                hits = searcher.engine.search(Query(sort="-popularity", limit=50)).hits
                queries = [" ".join(hit.document.title.split()[-2:]) for hit in hits]
                report(searcher, queries)
            return
        with (
            temporary_home(engine="opensearch", opensearch_url=url) as settings,
            catalogue_searcher(given.products, kind=recognise(given.products), settings=settings) as searcher,
        ):
            report(searcher, list(read_judgments(given.judgments)))


def report(searcher: Searcher, queries: Sequence[str]) -> None:
    """Measure and print."""
    rows = measured(searcher, queries)
    generation = searcher.engine.live()
    print_table(f"{generation.documents if generation else 0:,} products, a page on OpenSearch", rows)


if __name__ == "__main__":
    main()
