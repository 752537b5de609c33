"""A home that is gone afterwards, and a catalogue indexed in it: what measures are taken on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.settings import Settings, load_settings
from ingest.importer import run_import
from pipelines.commands.index import build_index
from pipelines.console import progress
from pipelines.house import open_house
from ranking.opening import open_searcher
from ranking.search import Searcher


@contextmanager
def temporary_home(**settings: object) -> Iterator[Settings]:
    """Settings for a home that is gone afterwards: SQLite, and an index name of its own."""
    with tempfile.TemporaryDirectory(prefix="merx-evaluate-") as folder:
        name = Path(folder).name.lower().replace("_", "-")
        yield load_settings(home=Path(folder), database_url="", index_name=name, **settings)


@contextmanager
def catalogue_searcher(products: Path, *, kind: str, settings: Settings) -> Iterator[Searcher]:
    """A searcher over one product file, imported and indexed by the same jobs that a shop runs."""
    with open_house(settings) as house, house.engine() as engine:
        with progress() as report:
            run_import(
                kind, [products], database=house.database, home=house.home, clock=house.clock, progress=report
            )
        generation = build_index(house, engine, publish=True)
        try:
            yield open_searcher(engine, generation, artifacts=house.artifacts)
        finally:
            engine.drop()
