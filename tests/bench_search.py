"""How fast a full search is in process on a large catalogue, on the embedded engine.

    python -m tests.bench_search [--size 50000] [PRODUCTS ...]

PRODUCTS are product files as `merx import` takes them; their products are repeated under other ids until there
are enough. Without any the catalogue is made up. A full search is understanding, retrieval by words and vectors,
facets, scores, highlights, snippets and the page. Times are printed, never asserted: machines differ.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from analysis.encoder import LsaEncoder
from analysis.lexicon_fit import fit_lexicon
from analysis.synonyms import load_synonyms
from core.artifacts import Artifacts
from index.documents import Document, encoder_text, lexicon_entry
from index.embedded import EmbeddedEngine
from index.sources import read_documents
from ingest.importer import run_import
from ingest.recognise import recognise
from pipelines.console import print_table, progress
from pipelines.evaluating import temporary_home
from pipelines.house import open_house
from ranking.search import Searcher, SearchRequest
from tests.index.shop import catalogue

QUERIES = 400


def read(files: Sequence[Path]) -> list[Document]:
    """The documents of product files, imported as a shop imports them."""
    found: list[Document] = []
    for file in files:
        with temporary_home(engine="embedded") as settings, open_house(settings) as house, progress() as report:
            kind = recognise(file)
            run_import(kind, [file], database=house.database, home=house.home, clock=house.clock, progress=report)
            with house.database.read() as session:
                found += read_documents(session)
    return found


def repeated(documents: Sequence[Document], *, size: int) -> list[Document]:
    """So many documents: those there are again and again, under ids and with sales of their own."""
    draw = random.Random(0)
    return [
        replace(document, id=f"{place}-{document.id}", popularity=draw.random())
        for place, document in enumerate(islice(cycle(documents), size))
    ]


def typed(documents: Sequence[Document]) -> list[str]:
    """What shoppers may type: one to four words in a row of titles."""
    draw = random.Random(1)
    found = []
    while len(found) < QUERIES:
        words = draw.choice(documents).title.split()
        first = draw.randrange(max(1, len(words) - 3))
        found.append(" ".join(words[first : first + draw.randint(1, 4)]))
    return found


def main() -> None:
    """Print a table of times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("products", nargs="*", type=Path)
    parser.add_argument("--size", type=int, default=50_000)
    asked = parser.parse_args()
    documents = repeated(read(asked.products) or catalogue(size=2000), size=asked.size)
    texts = [encoder_text(document) for document in documents]
    encoder = LsaEncoder.fit(texts)
    with tempfile.TemporaryDirectory(prefix="merx-bench-") as folder:
        engine = EmbeddedEngine(Artifacts(Path(folder)))
        engine.publish(engine.build(documents, vectors=encoder.encode(texts), about={}).name)
        lexicon = fit_lexicon([lexicon_entry(document) for document in documents])
        searcher = Searcher(engine, encoder=encoder, lexicon=lexicon, synonyms=load_synonyms())
        queries = typed(documents)
        rows = {}
        for name in ("cold", "warm"):
            times = []
            for query in queries:
                started = time.perf_counter()
                searcher.search(SearchRequest(query))
                times.append((time.perf_counter() - started) * 1000)
            p50, p99 = np.percentile(times, [50, 99])
            rows[name] = {"searches": len(times), "p50 ms": float(p50), "p99 ms": float(p99), "worst": max(times)}
        print_table(f"{len(documents):,} products, one at a time", rows)
        engine.close()


if __name__ == "__main__":
    main()
