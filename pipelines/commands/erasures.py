"""`merx erasures`: users who were erased, and what batch outputs still know of them."""

from __future__ import annotations

import typer

from core import erasure
from pipelines.console import console, job, progress
from pipelines.erasing import finish_erasures
from pipelines.house import House, open_house

app = typer.Typer(help="Users who were erased.", invoke_without_command=True)


@app.callback()
def list_(context: typer.Context) -> None:
    """Show the erasures, open ones first: batch outputs still hold what those users did."""
    if context.invoked_subcommand is not None:
        return
    with open_house() as house, house.database.read() as session:
        for one in erasure.erasures(session):
            done = f"finished {one.finished_at:%Y-%m-%d %H:%M}" if one.finished_at else "open"
            typer.echo(f"{one.id}  user {one.user}  erased {one.erased_at:%Y-%m-%d %H:%M}  {done}")


@app.command()
def finish() -> None:
    """Write snapshots anew without erased users, train models on them, and delete the versions that held them."""
    with open_house() as house:
        if not finish_now(house):
            console.print("[bold]erasures finish[/bold]: nothing to do")


def finish_now(house: House) -> bool:
    """Finish what is open, with progress and one line at the end; False where nothing was."""
    with house.database.read() as session:
        if not erasure.unfinished(session):
            return False
    with job("erasures finish") as done:
        with progress() as report:
            finished = finish_erasures(house, progress=report)
        done(str(finished))
    return True
