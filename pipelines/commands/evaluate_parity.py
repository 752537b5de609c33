"""`merx evaluate parity`: whether both engines show the same first pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ingest.recognise import recognise
from pipelines.console import job, print_json, print_table, progress
from pipelines.evaluating import catalogue_searcher, temporary_home
from ranking.judgments import read_judgments
from ranking.parity import evaluate_parity


def parity(
    products: Annotated[Path, typer.Option(help="the catalogue")],
    judgments: Annotated[Path, typer.Option(help="CSV: query, product_id, grade; only the queries count")],
    kind: Annotated[str, typer.Option("--format", help="esci, icecat or jsonl; guessed when left out")] = "",
    opensearch: Annotated[str, typer.Option(help="address of OpenSearch; else MERX_OPENSEARCH_URL")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """The first pages of the two engines for judged queries: extrapolated RBO, and the worst."""
    queries = list(read_judgments(judgments))
    chosen = kind or recognise(products)
    address = {"opensearch_url": opensearch} if opensearch else {}
    with (
        job("evaluate parity") as done,
        temporary_home(engine="embedded") as here,
        temporary_home(engine="opensearch", **address) as there,
        catalogue_searcher(products, kind=chosen, settings=here) as embedded,
        catalogue_searcher(products, kind=chosen, settings=there) as cluster,
    ):
        with progress() as report:
            result = evaluate_parity(
                embedded, cluster, queries, progress=lambda ready, of: report("queries", ready, of)
            )
        done(f"{len(queries)} queries on both engines")
    if as_json:
        print_json(result)
        return
    worst = result.pop("worst")
    print_table("parity", {products.parent.name or products.name: result})
    print_table("least alike", {query: {"rbo_ext@10": value} for query, value in worst.items()})
