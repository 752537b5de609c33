"""`merx evaluate`: search on judgments, recommendations on sequences, and the shop on its own snapshot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.errors import NotFound
from core.settings import load_settings
from pipelines.commands.evaluate_parity import parity
from pipelines.commands.evaluate_pictures import pictures
from pipelines.commands.evaluate_search import search
from pipelines.commands.evaluate_typos import typos
from pipelines.console import job, print_json, progress
from pipelines.house import open_house
from pipelines.model_tables import print_models
from ranking.blend import Holdout
from ranking.evaluate_recs import evaluate_sequences, evaluate_snapshot
from recsys.evaluation.table import Table
from recsys.parameters import read_parameters

app = typer.Typer(help="Measures, each in a home of its own.", no_args_is_help=True)
app.command()(parity)
app.command()(search)
app.command()(pictures)
app.command()(typos)

Parameters = Annotated[Path | None, typer.Option(help="TOML, as `merx tune --out` writes it")]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON object")]


@app.command()
def recs(
    sequences: Annotated[Path, typer.Option(help="a line a user: user, then items oldest first")],
    attributes: Annotated[Path | None, typer.Option(help="JSON: item -> brand and category ids")] = None,
    titles: Annotated[Path | None, typer.Option(help="CSV: item_id, ..., title")] = None,
    parameters: Parameters = None,
    as_json: AsJson = False,
) -> None:
    """Leave-last-out over all items, for every model and the blend that is served."""
    tuned = read_parameters(parameters) if parameters else {}
    with job("evaluate recs") as done, progress() as report:
        result = evaluate_sequences(
            sequences,
            attributes=attributes,
            titles=titles,
            parameters=tuned,
            threads=load_settings().threads,
            progress=report,
        )
        done(f"{len(result)} models")
    _show_models("recommendations", result, as_json=as_json)


@app.command()
def shop(
    split: Annotated[
        Holdout, typer.Option(help="by time, or by each shopper's last item (which flatters)")
    ] = "time",
    parameters: Parameters = None,
    as_json: AsJson = False,
) -> None:
    """Every model and the blend on the shop's newest snapshot, split at one point in time."""
    tuned = read_parameters(parameters) if parameters else {}
    with open_house() as house, job("evaluate shop") as done, progress() as report:
        snapshots = house.artifacts.versions("snapshots")
        if not snapshots:
            raise NotFound("there is no snapshot yet: run `merx snapshot`")
        result = evaluate_snapshot(
            snapshots[-1], how=split, parameters=tuned, threads=house.settings.threads, progress=report
        )
        done(f"{len(result)} models on snapshot {snapshots[-1].name}")
    _show_models("shop", result, as_json=as_json)


def _show_models(title: str, table: Table, *, as_json: bool) -> None:
    if as_json:
        print_json(table)
    else:
        print_models(title, table)
