"""What a person sees of a job: progress while it runs, one line when it is done, JSON where it was asked for."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

# Progress and summaries go to standard error: standard output is for what another program may read.
console = Console(stderr=True, highlight=False)

# What a table shows, in this order.
MEASURES = ("queries", "ndcg@10", "condensed_ndcg@10", "judged@10", "recall@100", "rr@10", "p50_ms", "p99_ms")

Report = Callable[[str, int, int], None]


@contextmanager
def progress() -> Iterator[Report]:
    """A function `(stage, done, total)` that keeps a progress bar for each stage; total 0 is "not known"."""
    bars = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    tasks: dict[str, int] = {}
    with bars:

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total or None)
            bars.update(tasks[stage], completed=done, total=total or None)  # type: ignore[arg-type]

        yield report


@contextmanager
def job(name: str) -> Iterator[Callable[[str], None]]:
    """Time a job; what is said through the function given becomes its one-line summary."""
    started = time.perf_counter()
    said: list[str] = []
    yield said.append
    console.print(f"[bold]{name}[/bold]: {' '.join(said) or 'done'} ({time.perf_counter() - started:.1f} s)")


def print_json(value: Mapping[str, object]) -> None:
    """Print one JSON object on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def print_table(
    title: str, rows: Mapping[str, Mapping[str, object]], *, columns: Sequence[str] | None = None
) -> None:
    """Print a table on standard output: one row a name, one column a measure of MEASURES that some row has.

    The whole of it is in the JSON; this is what fits a terminal. Without any of MEASURES all columns are shown,
    with `columns` just these.
    """
    known = list(dict.fromkeys(column for row in rows.values() for column in row))
    columns = columns or [column for column in MEASURES if column in known] or known
    table = Table("", *columns, title=title, title_justify="left")
    for name, row in rows.items():
        table.add_row(name, *(_cell(row.get(column)) for column in columns))
    Console(highlight=False).print(table)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4f}" if abs(value) < 10 else f"{value:.1f}"
    if isinstance(value, list):
        return " to ".join(_cell(item) for item in value)
    return "" if value is None else str(value)
