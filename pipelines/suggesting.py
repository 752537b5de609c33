"""The nightly list of suggestions: from the shop's own searches and its catalogue to a version that serves."""

from __future__ import annotations

import polars as pl

from core import extracts
from core.artifacts import Version
from core.errors import Unavailable
from core.loading import Progress, no_progress
from index.engine import SearchEngine
from index.sources import read_documents
from pipelines.house import House
from ranking.opening import open_searcher
from ranking.suggest_build import catalogue_entries, merged, popular_queries, query_entries
from ranking.suggest_entries import SUGGESTIONS, write_entries


def build_suggestions(house: House, engine: SearchEngine, *, progress: Progress = no_progress) -> Version:
    """Make the list anew on the live generation and let it serve; returns its version.

    Raises Unavailable before the first publish. Interrupted at any point the list of before serves.
    """
    generation = engine.live()
    if generation is None:
        raise Unavailable("there is no search index yet: run `merx index build`")
    with house.database.read() as session:
        searches = extracts.searches(session).cast({"at": pl.Datetime("us", "UTC")})
        documents = read_documents(session)
    progress("read searches", searches.height, searches.height)
    popular = popular_queries(searches, shoppers=house.settings.suggest_shoppers)
    searcher = open_searcher(engine, generation, artifacts=house.artifacts)
    queries = query_entries(
        popular, searcher=searcher, progress=lambda done, total: progress("try queries", done, total)
    )
    entries = merged([*queries, *catalogue_entries(documents)])
    about = {
        "created_at": house.clock().isoformat(),
        "generation": generation.name,
        "shoppers": house.settings.suggest_shoppers,
        "searched": len(queries),
    }
    version = write_entries(entries, house.artifacts, about=about)
    house.artifacts.prune(SUGGESTIONS, keep=2)
    return version
