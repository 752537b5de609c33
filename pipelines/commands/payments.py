"""`merx payments`: what became of payments and refunds of which nobody has told the shop."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from core.errors import Unavailable
from core.providers.opening import open_providers
from core.reconcile import PATIENCE, reconcile
from core.settlement import Settlement
from pipelines.console import console, job, progress
from pipelines.house import open_house

app = typer.Typer(help="Payments and refunds, as the providers have them.", no_args_is_help=True)


@app.callback()
def payments() -> None:
    """Payments and refunds, as the providers have them."""


@app.command("reconcile")
def reconcile_(
    older_than: Annotated[
        float, typer.Option(min=0, help="minutes that a notification is given to come by itself")
    ] = PATIENCE.total_seconds() / 60,
) -> None:
    """Ask the providers about every payment and refund whose end is not known, and finish what they finished.

    `merx relay` and `merx serve` do so every ten minutes. Exits with 1 when a provider could not be asked.
    """
    with open_house() as house, job("payments reconcile") as done:
        settlement = Settlement(house.database, house.clock, open_providers(house.settings, clock=house.clock))
        with progress() as report:
            found = reconcile(
                settlement,
                patience=timedelta(minutes=older_than),
                progress=lambda asked: report("asked", asked, 0),
            )
        for name, reason in sorted(found.failed.items()):
            console.print(f"{name}: {reason}", style="yellow", markup=False, soft_wrap=True)
        asked = f"{found.payments:,} payments and {found.refunds:,} refunds asked about"
        summary = f"{asked}, {found.finished:,} finished"
        if found.failed:
            raise Unavailable(f"{summary}, {len(found.failed):,} could not be asked about")
        done(summary)
