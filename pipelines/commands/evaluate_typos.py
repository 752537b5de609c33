"""`merx evaluate typos`: what one wrong letter costs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from index.sources import read_documents
from ingest.recognise import recognise
from pipelines.console import job, print_json, print_table, progress
from pipelines.evaluating import catalogue_searcher, temporary_home
from pipelines.house import open_house
from ranking.evaluate_typos import evaluate_typos


def typos(
    products: Annotated[Path, typer.Option(help="the catalogue")],
    kind: Annotated[str, typer.Option("--format", help="esci, icecat or jsonl; guessed when left out")] = "",
    engine: Annotated[str, typer.Option(help="embedded or opensearch")] = "embedded",
    sample: Annotated[int, typer.Option(min=4, max=100_000, help="how many mistakes are made")] = 5000,
    seed: Annotated[int, typer.Option(help="draws the sample")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Misspell a word of title queries: the product in the first ten, of those that the right spelling finds."""
    chosen = kind or recognise(products)
    with (
        job("evaluate typos") as done,
        temporary_home(engine=engine) as settings,
        catalogue_searcher(products, kind=chosen, settings=settings) as searcher,
    ):
        with open_house(settings) as house, house.database.read() as session:
            documents = read_documents(session)
        with progress() as report:
            result = evaluate_typos(
                searcher,
                documents,
                sample=sample,
                seed=seed,
                progress=lambda ready, of: report("queries", ready, of),
            )
        done(f"{result['queries']:,} queries on {engine}")
    if as_json:
        print_json(result)
    else:
        print_table("typos", {products.parent.name or products.name: result})
