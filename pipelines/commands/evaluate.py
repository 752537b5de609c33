"""`merx evaluate`: search on judgments, recommendations on sequences, and the shop on its own snapshot."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from core.errors import NotFound
from core.settings import Settings, load_settings
from index.build import load_encoder
from ingest.importer import run_import
from ingest.recognise import recognise
from pipelines.commands.evaluate_pictures import pictures
from pipelines.commands.index import build_index
from pipelines.console import job, print_json, print_table, progress
from pipelines.house import open_house
from ranking.evaluate_recs import evaluate_sequences, evaluate_snapshot
from ranking.evaluate_search import evaluate_search
from ranking.judgments import read_judgments
from ranking.search import Searcher

app = typer.Typer(help="Measures, each in a home of its own.", no_args_is_help=True)
app.command()(pictures)

AsJson = Annotated[bool, typer.Option("--json", help="print one JSON object")]


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
        encoder = load_encoder(generation, artifacts=house.artifacts)
        try:
            yield Searcher(engine, encoder=encoder)
        finally:
            engine.drop()


@app.command()
def search(
    products: Annotated[Path, typer.Option(help="the catalogue")],
    judgments: Annotated[Path, typer.Option(help="CSV: query, product_id, grade")],
    kind: Annotated[str, typer.Option("--format", help="esci, icecat or jsonl; guessed when left out")] = "",
    engine: Annotated[str, typer.Option(help="embedded or opensearch")] = "embedded",
    folds: Annotated[int, typer.Option(min=0, max=20, help="choose the weight of meaning by folds")] = 0,
    as_json: AsJson = False,
) -> None:
    """Run judged queries against a whole catalogue: nDCG@10 and its like, and the time of a page."""
    judged = read_judgments(judgments)
    chosen = kind or recognise(products)
    with (
        job("evaluate search") as done,
        temporary_home(engine=engine) as settings,
        catalogue_searcher(products, kind=chosen, settings=settings) as searcher,
    ):
        with progress() as report:
            result = evaluate_search(
                searcher, judged, folds=folds, progress=lambda ready, of: report("queries", ready, of)
            )
        done(f"{len(judged)} queries on {engine}")
    show("search", {products.parent.name or products.name: result}, as_json=as_json, flat=result)


@app.command()
def recs(
    sequences: Annotated[Path, typer.Option(help="a line a user: user, then items oldest first")],
    attributes: Annotated[Path | None, typer.Option(help="JSON: item -> brand and category ids")] = None,
    titles: Annotated[Path | None, typer.Option(help="CSV: item_id, ..., title")] = None,
    as_json: AsJson = False,
) -> None:
    """Leave-last-out over all items, for every model and the blend that is served."""
    with job("evaluate recs") as done, progress() as report:
        result = evaluate_sequences(
            sequences,
            attributes=attributes,
            titles=titles,
            threads=load_settings().threads,
            progress=report,
        )
        done(f"{len(result)} models")
    show("recommendations", result, as_json=as_json)


@app.command()
def shop(as_json: AsJson = False) -> None:
    """Every model and the blend on the shop's newest snapshot, split at one point in time."""
    with open_house() as house, job("evaluate shop") as done, progress() as report:
        snapshots = house.artifacts.versions("snapshots")
        if not snapshots:
            raise NotFound("there is no snapshot yet: run `merx snapshot`")
        result = evaluate_snapshot(snapshots[-1], threads=house.settings.threads, progress=report)
        done(f"{len(result)} models on snapshot {snapshots[-1].name}")
    show("shop", result, as_json=as_json)


def show(
    title: str,
    rows: Mapping[str, Mapping[str, object]],
    *,
    as_json: bool,
    flat: Mapping[str, object] | None = None,
) -> None:
    """Print a result as one JSON object (`flat` where there is only one row) or as a table."""
    if as_json:
        print_json(flat if flat is not None else rows)
    else:
        print_table(title, rows)
