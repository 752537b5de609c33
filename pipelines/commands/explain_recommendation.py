"""`merx explain-recommendation`: why a product is, or was, recommended to a shopper."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from core.behaviour import history
from core.errors import InvalidInput, Unavailable
from pipelines.console import print_json, print_table
from pipelines.house import open_house
from ranking.replay import Replay, replay, replay_to_json
from ranking.serving import PAST, load_version
from recsys.versions import KIND


def explain_recommendation(
    shopper: Annotated[str, typer.Argument(help="a shopper's key")],
    product: Annotated[str, typer.Argument(help="a product's id")],
    model: Annotated[str, typer.Option(help="a version of the models; without it the one that serves")] = "",
    at: Annotated[str, typer.Option(help="a moment, as the answer said it; without it now")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Work out a recommendation again: the score, what each generator and each product of the past brings."""
    with open_house() as house:
        version = house.artifacts.get(KIND, model) if model else house.artifacts.live(KIND)
        if version is None:
            raise Unavailable("there are no models yet: run `merx train`")
        moment = _moment(at) if at else house.clock()
        with house.database.read() as session:
            past = history(session, shopper, limit=PAST, until=moment)
        deeds = [(item.product, item.kind, item.at) for item in past]
        found = replay(load_version(version), deeds, product, now=int(moment.timestamp()))
    if as_json:
        print_json(replay_to_json(found) | {"shopper": shopper, "at": moment.isoformat()})
    else:
        _show(found)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"{text!r} is no moment: write it like 2026-01-31T12:00:00Z") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _show(found: Replay) -> None:
    out = Console(highlight=False)
    out.print(f"{found.title} ({found.product}), by {found.model}", markup=False)
    out.print(f"  {found.saying}", markup=False)
    out.print(f"  place {found.place:,} by score, from {found.known:,} deeds of the shopper", markup=False)
    parts = {name: {"brings": value} for name, value in found.parts.items()}
    print_table("generators", {**parts, "together": {"brings": found.score}})
    sources = {f"{source.title} ({source.product})": {"brings": source.share} for source in found.sources}
    rows = {**sources, "for anyone": {"brings": found.base}, "together": {"brings": found.score}}
    print_table("products of the past", rows)
