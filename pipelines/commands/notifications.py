"""`merx notifications`: what users were told, and delivering what waits."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Annotated

import typer

from core.senders import message_log
from pipelines.console import job
from pipelines.house import open_house
from pipelines.notifying import deliver_now

app = typer.Typer(help="Messages to users, and webhooks.", invoke_without_command=True)


@app.callback()
def show(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="how many, the newest first")] = 10,
) -> None:
    """Print the newest messages to users as JSON lines; what they say and to whom, not in production."""
    if context.invoked_subcommand is not None:
        return
    with open_house() as house, house.database.read() as session:
        # Messages are for their receivers: in production nobody else reads them.
        opened = house.settings.mode != "production"
        for logged, said in message_log(session, limit=limit, opened=opened):
            line = {**dataclasses.asdict(logged), **said}
            sys.stdout.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")


@app.command()
def deliver() -> None:
    """Deliver the messages and webhooks that are due, once; `merx relay` does so all the time."""
    with open_house() as house, job("notifications deliver") as done:
        brought = deliver_now(house)
        told = f"{brought.messages:,} messages and {brought.webhooks:,} webhooks"
        done(f"{told} delivered, {brought.failed:,} not taken")
