"""`merx suggestions`: what the search box offers while somebody types."""

from __future__ import annotations

import typer

from index.engine import SearchEngine
from pipelines.console import job, progress
from pipelines.house import House, open_house
from pipelines.suggesting import build_suggestions

app = typer.Typer(help="Suggestions as you type.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Suggestions as you type."""


@app.command()
def build() -> None:
    """Make the list of suggestions anew from the shop's searches, as `merx index build` does at its end."""
    with open_house() as house, house.engine() as engine:
        renew_suggestions(house, engine)


def renew_suggestions(house: House, engine: SearchEngine) -> None:
    """Make the list, with progress and one line at the end."""
    with job("suggestions") as done:
        with progress() as report:
            version = build_suggestions(house, engine, progress=report)
        about = version.about
        done(f"{version.name}: {about['entries']:,} to suggest, {about['searched']:,} of them searched for")
