"""`merx judgments`: sets of graded judgments, kept under a name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.console import console, job
from pipelines.house import open_house
from ranking.judgment_sets import (
    import_judgments,
    judgment_sets,
    named_judgments,
    workbench_judgments,
    workbench_queries,
)

app = typer.Typer(help="Sets of graded judgments.", no_args_is_help=True)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV: query, product_id, grade")],
    name: Annotated[str, typer.Option(help="what the set is called; `canary` is asked by the gate of the index")],
) -> None:
    """Keep a judgment file under a name; the newest set of a name counts."""
    with open_house() as house, job("judgments import") as done:
        version = import_judgments(file, house.artifacts, name=name, at=house.clock())
        done(f"{name}: {version.about['queries']:,} queries, {version.about['judgments']:,} judgments")


@app.command("list")
def list_() -> None:
    """Show the sets, the newest of each name."""
    with open_house() as house:
        for version in judgment_sets(house.artifacts):
            about = version.about
            told = (
                f"{about['queries']:>7,} queries  {about['judgments']:>9,} judgments  {about['created_at'][:16]}"
            )
            typer.echo(f"{about['name']:<20} {told}")


@app.command()
def export(
    name: Annotated[str, typer.Argument(help="a set, as `merx judgments list` shows it")],
    to_workbench: Annotated[Path, typer.Option(help="the file for OpenSearch's Search Relevance Workbench")],
) -> None:
    """Write the judgment list for OpenSearch's Search Relevance Workbench, and beside it the query set."""
    with open_house() as house, job("judgments export") as done:
        judged = named_judgments(house.artifacts, name)
        queries = to_workbench.with_name(f"{to_workbench.stem}.queries.json")
        _write(to_workbench, workbench_judgments(judged, name=name))
        _write(queries, workbench_queries(judged, name=name))
        done(f"{to_workbench.name} and {queries.name}: {len(judged):,} queries")
    console.print("  curl -X PUT -H 'Content-Type: application/json' --data-binary @FILE URL, with the addresses")
    console.print("  _plugins/_search_relevance/judgments and _plugins/_search_relevance/query_sets", markup=False)


def _write(path: Path, body: dict[str, Any]) -> None:
    path.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
