"""`merx outbox`: what waits for whom, what could not be delivered, and sending it again."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Annotated

import typer

from core import outbox_delivery as delivery
from core.errors import InvalidInput
from pipelines.console import job
from pipelines.house import open_house

app = typer.Typer(help="Events on their way to their consumers.", no_args_is_help=True)


@app.command()
def status() -> None:
    """Print how each consumer stands, as JSON lines; nothing where everything was delivered."""
    with open_house() as house, house.database.read() as session:
        _print(delivery.backlog(session, now=house.clock()))


@app.command()
def dead(limit: Annotated[int, typer.Option(min=1, max=100_000)] = 20) -> None:
    """Print the dead letters as JSON lines, the newest first."""
    with open_house() as house, house.database.read() as session:
        _print(delivery.dead_letters(session, limit=limit))


@app.command()
def resend(
    key: Annotated[str, typer.Argument(help="a dead letter, as `merx outbox dead` shows it")] = "",
    all_: Annotated[bool, typer.Option("--all", help="every dead letter")] = False,
) -> None:
    """Give dead letters all their attempts again."""
    if bool(key) == all_:
        raise InvalidInput("name one dead letter, or say --all")
    with open_house() as house, job("outbox resend") as done, house.database.write() as session:
        count = delivery.resend(session, key=key or None, actor="system", at=house.clock())
        done(f"{count:,} will be sent again")


def _print(rows: list[delivery.Backlog] | list[delivery.DeadLetter]) -> None:
    for row in rows:
        line = dataclasses.asdict(row)
        sys.stdout.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
