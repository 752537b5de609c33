"""`merx audit`: is the log of staff and money actions whole, and what does it say?"""

from __future__ import annotations

import json
import re
import sys
from typing import Annotated

import typer

from core import audit
from core.errors import BrokenArtifact, InvalidInput
from pipelines.console import job
from pipelines.house import open_house

app = typer.Typer(help="The log of staff and money actions.", no_args_is_help=True)


@app.command()
def verify(
    expect: Annotated[str, typer.Option(help="a head hash noted before: it must still be in the log")] = "",
) -> None:
    """Recompute the whole chain; ends with 1 and the name of the first entry that is not as it was written."""
    if expect and not re.fullmatch(r"[0-9a-f]{64}", expect):
        raise InvalidInput("--expect is a hash of 64 hexadecimal digits, as `merx audit verify` prints it")
    with open_house() as house, job("audit verify") as done, house.database.read() as session:
        verdict = audit.verify(session, expect=expect or None)
        if verdict.fault:
            raise BrokenArtifact(f"the audit log is broken: {audit.described(verdict)}")
        done(audit.described(verdict))


@app.command()
def show(limit: Annotated[int, typer.Option(min=1, max=100_000)] = 20) -> None:
    """Print the newest entries as JSON lines, the newest first."""
    with open_house() as house, house.database.read() as session:
        for entry in audit.entries(session, limit=limit):
            line = {
                "number": entry.number,
                "at": entry.at.isoformat(),
                "actor": entry.actor,
                "action": entry.action,
                "subject": entry.subject,
                "detail": entry.detail,
                "hash": entry.hash,
            }
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
