"""`merx import` and `merx snapshot`: data in, and a picture of it out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ingest.importer import FORMATS, run_import
from ingest.snapshot import write_snapshot
from pipelines.commands.erasures import finish_now
from pipelines.console import console, job, progress
from pipelines.erasing import writing
from pipelines.house import open_house


def import_(
    kind: Annotated[str, typer.Argument(metavar="FORMAT", help=f"one of: {', '.join(FORMATS)}")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="the files, in any order")],
) -> None:
    """Load feed files into the core. What cannot be loaded goes to a rejects file with its reason."""
    with open_house() as house, job("import") as done:
        with progress() as report:
            result = run_import(
                kind, files, database=house.database, home=house.home, clock=house.clock, progress=report
            )
        done(str(result))
        for reason, count in sorted(result.reasons.items(), key=lambda item: -item[1]):
            console.print(f"  rejected {count:>9,}  {reason}", markup=False)
        if result.rejects is not None:
            console.print(f"  the rejected lines: {result.rejects}", markup=False, soft_wrap=True)


def snapshot() -> None:
    """Write a dated, validated, immutable, pseudonymous Parquet snapshot of the shop; finish erasures first."""
    with open_house() as house, job("snapshot") as done:
        finish_now(house)
        with progress() as report, writing(house):
            version = write_snapshot(house.database, house.artifacts, clock=house.clock, progress=report)
        rows = version.about["rows"]
        done(f"{version.name}:")
        done(", ".join(f"{count:,} {name}" for name, count in rows.items()))
