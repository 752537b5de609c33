"""How fast the shop in the home answers, in process: search pages, suggestions, and rows of recommendations.

`make bench` runs it on the sample shop (MERX_HOME names another home). Times are printed, never asserted: machines
differ.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from api.state import Shop
from core.behaviour import history
from core.settings import load_settings
from core.shoppers import sample_shoppers
from index.query import Query
from pipelines.console import print_table
from ranking import widgets
from ranking.home import Visitor, home
from ranking.search import SearchRequest
from ranking.shelf import Shelf
from ranking.suggest import suggest

ROUNDS = 300


def timed(work: Callable[[str], object], inputs: Sequence[str]) -> dict[str, object]:
    """Median and 99th percentile in milliseconds of ROUNDS calls, after one pass to warm up."""
    for given in inputs:
        work(given)
    times = []
    for turn in range(ROUNDS):
        started = time.perf_counter()
        work(inputs[turn % len(inputs)])
        times.append((time.perf_counter() - started) * 1000)
    return {"calls": ROUNDS, "p50 ms": float(np.median(times)), "p99 ms": float(np.percentile(times, 99))}


def main() -> None:
    """Print a table of times for the shop of the home."""
    shop = Shop(load_settings())
    searcher, served = shop.searcher(), shop.models()
    now = int(shop.clock().timestamp())
    documents = [hit.document for hit in shop.engine.search(Query(sort="-popularity", limit=50)).hits]
    queries = [" ".join(document.title.split()[-2:]) for document in documents]
    ids = [document.id for document in documents if document.id in served.numbers]
    with shop.database.read() as session:
        pasts = {
            shopper.key: [(past.product, past.kind, past.at) for past in history(session, shopper.key)]
            for shopper in sample_shoppers(session)
        }
    shelf = Shelf(shop.engine)
    rows = {
        "search page": timed(lambda query: searcher.search(SearchRequest(query)), queries),
        "suggestions": timed(lambda query: suggest(searcher, query[:4]), queries),
        "home, all rows": timed(lambda key: home(served, shelf, Visitor(pasts[key]), now=now), list(pasts)),
        "similar": timed(lambda name: widgets.similar(served, name, sellable=shelf.sellable), ids),
        "bought together": timed(lambda name: widgets.bought_together(served, name, sellable=shelf.sellable), ids),
    }
    generation = shop.engine.live()
    print_table(f"{generation.documents if generation else 0:,} products, in process", rows)
    shop.close()


if __name__ == "__main__":
    main()
