"""The database: one engine, read and write transactions, and the schema's migrations."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session, SQLModel

import core.tables  # noqa: F401  (registers the tables)
from core.errors import BadSettings, Unavailable
from core.settings import Settings
from core.vault import Vault

T = TypeVar("T")

# PostgreSQL: serialization_failure, deadlock_detected. The transaction did nothing and may be run again.
RETRIED = ("40001", "40P01")
ATTEMPTS = 5

metadata: MetaData = SQLModel.metadata


class Database:
    """One database, its connections, and the keys its personal data is sealed under.

    `read()` and `write()` are the two ways in, and `transact` for work that may meet others on the same rows.
    On SQLite: WAL, foreign keys on, and a write transaction opens with BEGIN IMMEDIATE so that two writers wait
    for each other instead of failing in the middle. Writers of one process wait in a queue of its own: SQLite
    would let them ask again and again.
    """

    def __init__(self, url: str, *, vault: Vault | None = None, pool_size: int = 10, echo: bool = False) -> None:
        self.url = url
        self.vault = vault
        self._writing = threading.Lock()
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
            self.engine = create_engine(
                url,
                echo=echo,
                hide_parameters=True,  # an error that is logged must not tell what was written
                pool_size=pool_size,
                connect_args={"timeout": 30, "check_same_thread": False},
            )
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            self.engine = create_engine(
                url,
                echo=echo,
                hide_parameters=True,
                pool_size=pool_size,
                pool_pre_ping=True,
                connect_args={"options": "-c timezone=utc"},
            )

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; what it did is rolled back at the end, what it read can be used afterwards."""
        with Session(self.engine, info={"vault": self.vault}) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose transaction commits when the block ends well and rolls back when it does not."""
        engine = self.engine.execution_options(merx_write=True)
        turn = self._writing if self.is_sqlite else nullcontext()
        with turn, Session(engine, info={"vault": self.vault}) as session, session.begin():
            yield session

    def transact(self, work: Callable[[Session], T]) -> T:
        """What `work` returns, committed. After a deadlock or a serialisation failure it is run again as a whole.

        Raises Unavailable when that happened ATTEMPTS times.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.write() as session:
                    return work(session)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in RETRIED:
                    raise
                if attempt == ATTEMPTS:
                    raise Unavailable("too many others change the same things at once: try again") from error
                time.sleep(random.uniform(0, 0.01 * 2**attempt))
        raise AssertionError("unreachable")

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

    def purge(self) -> None:
        """Take what was deleted off the disk. On SQLite: the file is rebuilt, the write-ahead log emptied.

        `secure_delete` overwrites what is deleted, but pages that were split and joined may hold copies of rows
        that moved. Writers wait meanwhile. PostgreSQL reuses the space in its own time: nothing is done there.
        Raises Unavailable when readers do not let go of the log.
        """
        if not self.is_sqlite:
            return
        with self._writing, self.engine.connect() as connection:
            bare: Any = connection.connection.driver_connection
            bare.execute("VACUUM")
            busy, *_ = bare.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise Unavailable("the database's log is being read all the time: try again when there is less to do")

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    def _alembic(self) -> Config:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.attributes["engine"] = self.engine
        config.attributes["vault"] = self.vault
        return config


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not open transactions of its own
    # FULL: a shopper who was told "ordered" has ordered, whatever happens to the power.
    # secure_delete: what is deleted is overwritten, whether or not this SQLite was built to do so.
    settled = ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", "cache_size=-65536", "secure_delete=ON")
    for pragma in settled:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    writing = connection.get_execution_options().get("merx_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _reason(error: OperationalError) -> str:
    return str(error.orig).strip().splitlines()[0]


def engine_of(session: Session) -> Engine:
    """The engine behind a session, for columnar work that needs the driver."""
    return session.get_bind().engine


def open_database(settings: Settings, *, pool_size: int = 10) -> Database:
    """The database that the settings name, with the keys they name."""
    return Database(settings.url, vault=settings.vault, pool_size=pool_size)


def vault_of(session: Session) -> Vault:
    """The keys of the session's database; raises BadSettings where it was opened without."""
    vault: Vault | None = session.info.get("vault")
    if vault is None:
        raise BadSettings("this database was opened without keys for personal data")
    return vault
