"""The database: one engine, read and write transactions, and the schema's migrations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, SQLModel

import core.tables  # noqa: F401  (registers the tables)
from core.errors import Unavailable

metadata: MetaData = SQLModel.metadata


class Database:
    """One database and its connections. `read()` and `write()` are the two ways in.

    On SQLite: WAL, foreign keys on, and a write transaction opens with BEGIN IMMEDIATE so that two writers wait
    for each other instead of failing in the middle.
    """

    def __init__(self, url: str, *, pool_size: int = 10, echo: bool = False) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
            self.engine = create_engine(url, echo=echo, connect_args={"timeout": 30, "check_same_thread": False})
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            self.engine = create_engine(
                url,
                echo=echo,
                pool_size=pool_size,
                pool_pre_ping=True,
                connect_args={"options": "-c timezone=utc"},
            )

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; what it did is rolled back at the end, what it read can be used afterwards."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose transaction commits when the block ends well and rolls back when it does not."""
        with Session(self.engine.execution_options(merx_write=True)) as session, session.begin():
            yield session

    def migrate(self) -> None:
        """Bring the schema to the newest revision; does nothing when it is there already."""
        try:
            command.upgrade(self._alembic(), "head")
        except OperationalError as error:
            raise Unavailable(f"the database does not answer: {_reason(error)}") from error

    def is_current(self) -> bool:
        """Whether the schema is at the newest revision."""
        head = ScriptDirectory.from_config(self._alembic()).get_current_head()
        return self.revision() == head

    def revision(self) -> str | None:
        """The schema revision the database is at; None for an empty one."""
        try:
            with self.engine.connect() as connection:
                if not self.engine.dialect.has_table(connection, "alembic_version"):
                    return None
                found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
                return found
        except OperationalError as error:
            raise Unavailable(f"the database does not answer: {_reason(error)}") from error

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    def _alembic(self) -> Config:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.attributes["engine"] = self.engine
        return config


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not open transactions of its own
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    writing = connection.get_execution_options().get("merx_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _reason(error: OperationalError) -> str:
    return str(error.orig).strip().splitlines()[0]


def engine_of(session: Session) -> Engine:
    """The engine behind a session, for columnar work that needs the driver."""
    return session.get_bind().engine
