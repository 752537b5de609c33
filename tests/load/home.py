"""How fast a home page and the rows around products are made in process, on a made-up shop of 100,000 products.

    nice .venv/bin/python -m tests.load.home [PRODUCTS] [INTERACTIONS]

Prints milliseconds; nothing is asserted: machines differ. Models have equal weights, so that each one is asked.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from analysis.encoder import LsaEncoder
from core.artifacts import Artifacts
from index.documents import Document, encoder_text
from index.embedded import EmbeddedEngine
from pipelines.console import print_table
from ranking.blend import BlendRecommender
from ranking.home import Visitor, home
from ranking.mixing import mix
from ranking.precomputed import Lists
from ranking.serving import Happening, Served
from ranking.shelf import Shelf
from ranking.widgets import bought_together, similar
from recsys.charts import Charts
from recsys.data import TrainingData
from recsys.repeat import RepeatModel
from tests.load.crowd import crowd

ROUNDS = 300


def world(folder: Path, *, items: int, interactions: int) -> tuple[TrainingData, Served, EmbeddedEngine]:
    """The models and the index of a shop. The lists around items are drawn: looking them up is what is timed."""
    data = crowd(users=interactions // 20, items=items, interactions=interactions)
    blend = BlendRecommender().fit_models(data, threads=2)
    numbers = {product: number for number, product in enumerate(data.items.ids)}
    draw = np.random.default_rng(0)
    parts = draw.random((items, 60, 3), dtype=np.float32)
    lists = Lists(
        ("content", "item_item", "als"),
        draw.integers(items, size=(items, 60), dtype=np.int32),
        parts.sum(axis=2),
        parts,
        np.full(items, 60, dtype=np.int32),
    )
    named = {"similar": lists, "bought-together": lists}
    served = Served("load", {}, data.items, numbers, blend, Charts.fit(data), RepeatModel().fit(data), named)
    documents = [
        Document(
            id=product,
            title=data.items.titles[number],
            brand=data.items.brands[number],
            category=tuple(data.items.categories[number]),
            price_minor=1000 + number % 5000,
            currency="GBP",
            stock=int(number % 20 > 0),
        )
        for number, product in enumerate(data.items.ids)
    ]
    texts = [encoder_text(document) for document in documents]
    engine = EmbeddedEngine(Artifacts(folder))
    vectors = LsaEncoder.fit(texts[:: max(1, items // 10_000)], dimensions=128).encode(texts)
    engine.publish(engine.build(documents, vectors=vectors, about={}).name)
    return data, served, engine


def timed(work: Callable[[Any], object], inputs: Sequence[Any]) -> dict[str, object]:
    """Median and 99th percentile in milliseconds of ROUNDS calls with different inputs, after a few to warm up."""
    for given in inputs[:20]:
        work(given)
    times = []
    for turn in range(ROUNDS):
        started = time.perf_counter()
        work(inputs[(20 + turn) % len(inputs)])
        times.append((time.perf_counter() - started) * 1000)
    return {"calls": ROUNDS, "p50 ms": float(np.median(times)), "p99 ms": float(np.percentile(times, 99))}


def main() -> None:
    """Make the shop and print a table of times."""
    items, interactions = (int(word) for word in (*sys.argv[1:], "100000", "1000000")[:2])
    with tempfile.TemporaryDirectory() as folder:
        data, served, engine = world(Path(folder), items=items, interactions=interactions)
        shelf = Shelf(engine)
        names = [data.items.ids[number] for number in range(0, items, max(1, items // 400))]
        pasts: list[list[Happening]] = []
        for user in range(0, len(data.user_ids), max(1, len(data.user_ids) // 400)):
            past = data.history(user)
            pasts.append(
                [
                    (data.items.ids[item], "purchase", datetime.fromtimestamp(int(at), UTC))
                    for item, at in zip(past.items[-200:], past.at[-200:], strict=True)
                ]
            )
        models = served.blend
        rows = {
            "models alone": timed(
                lambda past: mix(models.models, models.weights, served.history(past), now=data.now), pasts
            ),
            "home, all rows": timed(lambda past: home(served, shelf, Visitor(past), now=data.now, size=12), pasts),
            "similar, listed": timed(lambda name: similar(served, name, sellable=shelf.sellable), names),
            "bought together, listed": timed(
                lambda name: bought_together(served, name, sellable=shelf.sellable), names
            ),
        }
        print_table(f"{items:,} products, {interactions:,} purchases, in process", rows)
        engine.close()


if __name__ == "__main__":
    main()
