"""Prices and stock change two hundred times a second while shoppers search and the index is built anew.

    python -m tests.load.live_index [--products 50000] [--seconds 20] [--opensearch URL]

Every build has a brand of its own, so an answer of two generations would show. Figures are
printed, never asserted.
"""

from __future__ import annotations

import argparse
import random
import secrets
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from analysis.text import analyser
from core.artifacts import Artifacts
from index.embedded import EmbeddedEngine
from index.engine import Patch, SearchEngine
from index.opensearch import OpenSearchEngine
from index.query import Between, Facet, Query, Text
from pipelines.console import print_table
from tests.index.shop import catalogue, vectors

RATE = 200  # updates a second
PACE = 0.2  # seconds that a relay lets pass between two looks
_WORDS = ("red lamp", "steel kettle", "hanging heart", "blue tent", "vintage mug", "travel ball")


@dataclass
class Seen:
    """What happened: milliseconds of searches and until an update was visible, and whatever must not happen."""

    searches: list[float] = field(default_factory=list)
    visible: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)
    rollback: float = 0.0


class Market:
    """An engine, what it holds, and threads that search it and change it until they are told to stop."""

    def __init__(self, engine: SearchEngine, *, size: int) -> None:
        self.engine = engine
        self.documents = catalogue(size=size)
        self.matrix = vectors(self.documents)
        self.latest: dict[str, int] = {}  # the stock that each changed document has to have
        self._stop = threading.Event()
        self._again = threading.Event()
        self._brands: dict[str, str] = {}

    def build(self) -> str:
        """A new generation, not published yet."""
        brand = f"Build {secrets.token_hex(4)}"
        documents = (replace(document, brand=brand) for document in self.documents)
        name = self.engine.build(documents, vectors=self.matrix, about={}).name
        self._brands[name] = brand
        return name

    def rebuild(self) -> None:
        """Build, publish, and have brought again what changed since: what it began with was older."""
        self.engine.publish(self.build())
        self._again.set()

    def run(self, *, seconds: float, updates: bool, rebuild: bool = False, readers: int = 2) -> Seen:
        """Search for so long at least, with or without updates; `rebuild` goes to a new build and back."""
        seen = Seen()
        self._stop.clear()
        threads = [threading.Thread(target=self._search, args=(seen, number)) for number in range(readers)]
        if updates:
            threads.append(threading.Thread(target=self._update, args=(seen,)))
        for thread in threads:
            thread.start()
        started = time.monotonic()
        try:
            if rebuild:
                self.rebuild()
                time.sleep(max(0.0, seconds - (time.monotonic() - started)))
                seen.rollback = self._roll_back()
            else:
                time.sleep(seconds)
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()
        return seen

    def _roll_back(self) -> float:
        """Seconds until a search tells the earlier generation."""
        started = time.monotonic()
        wanted = self.engine.rollback().name
        while self.engine.search(Query(limit=1)).generation != wanted:
            time.sleep(0.005)
        self._again.set()
        return time.monotonic() - started

    def _search(self, seen: Seen, number: int) -> None:
        dice = random.Random(number)
        while not self._stop.is_set():
            tokens = tuple(analyser().query_tokens(dice.choice(_WORDS)))
            vector = self.matrix[dice.randrange(len(self.matrix))]
            query = Query(text=Text(tokens), vector=vector, facets=(Facet("brand"), Facet("category")), limit=50)
            started = time.perf_counter()
            try:
                result = self.engine.search(query)
                page = [hit.document for hit in result.hits[:10]]
            except Exception as error:  # a load run counts whatever goes wrong
                seen.failed.append(f"search: {error!r}")
                continue
            seen.searches.append((time.perf_counter() - started) * 1000)
            brand = self._brands[result.generation]
            if list(result.facets["brand"]) != [(brand, result.total)] or {each.brand for each in page} != {brand}:
                seen.mixed.append(f"{result.generation}: {result.facets['brand']}")

    def _update(self, seen: Seen) -> None:
        dice = random.Random(9)
        due: list[tuple[float, str]] = []
        begun, made = time.monotonic(), 0
        while not self._stop.is_set() or due:
            if not self._stop.is_set():
                now = time.monotonic()
                while made < (now - begun) * RATE:
                    name = dice.choice(self.documents).id
                    self.latest[name] = 1_000 + made
                    due.append((begun + made / RATE, name))
                    made += 1
            again, names = self._again.is_set(), {name for _, name in due}
            self._again.clear()
            try:
                self.engine.apply(
                    [Patch(id_, {"stock": self.latest[id_]}) for id_ in (self.latest if again else names)]
                )
            except Exception as error:
                seen.failed.append(f"update: {error!r}")
            else:
                shown = time.monotonic()
                seen.visible += [(shown - at) * 1000 for at, _ in due]
                due = []
            self._stop.wait(PACE)
        if self._again.is_set():
            self._bring(self.latest)
            self._again.clear()

    def _bring(self, names: Iterable[str]) -> None:
        self.engine.apply([Patch(name, {"stock": self.latest[name]}) for name in names])

    def missing(self) -> list[str]:
        """Ids whose last change a search does not see."""
        asked = Query(where=Between("stock", 1_000), limit=10_000)
        hits = self.engine.search(asked).hits
        found = {hit.id: hit.document.stock for hit in hits}
        return [name for name, stock in self.latest.items() if found.get(name) != stock]


def measured(engine: SearchEngine, *, size: int, seconds: float) -> dict[str, object]:
    """The figures of one engine."""
    market = Market(engine, size=size)
    market.rebuild()
    engine.publish(market.build())
    market.run(seconds=1, updates=False)
    alone = market.run(seconds=seconds, updates=False)
    updated = market.run(seconds=seconds, updates=True)
    rebuilt = market.run(seconds=seconds, updates=True, rebuild=True)

    def at(values: Sequence[float], share: float) -> float:
        return float(np.percentile(np.asarray(values), share))

    report: dict[str, object] = {"updates/s": len(updated.visible) / seconds}
    report |= {f"visible p{share} ms": at(updated.visible, share) for share in (50, 99)}
    for share in (50, 99):
        before, with_updates = at(alone.searches, share), at(updated.searches, share)
        report |= {f"search p{share} ms": with_updates, f"p{share} with/without": with_updates / before}
    report |= {"failed in rebuild": len(rebuilt.failed), "mixed": len(rebuilt.mixed)}
    report |= {"rollback s": rebuilt.rollback, "missing": len(market.missing())}
    return report


def main() -> None:
    """Print a table of figures."""
    parser = argparse.ArgumentParser(description="The index under updates, searches and a rebuild.")
    parser.add_argument("--products", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--opensearch", default="", help="address; only the embedded engine when left out")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="merx-load-") as folder:
        artifacts = Artifacts(Path(folder))
        name = f"load-{secrets.token_hex(4)}"
        engines: list[SearchEngine] = [EmbeddedEngine(artifacts)]
        if given.opensearch:
            engines.append(OpenSearchEngine(given.opensearch, artifacts=artifacts, index_name=name))
        for engine in engines:
            rows = {engine.name: measured(engine, size=given.products, seconds=given.seconds)}
            print_table(f"{given.products:,} products, {RATE} updates a second", rows)
            engine.drop()
            engine.close()


if __name__ == "__main__":
    main()
