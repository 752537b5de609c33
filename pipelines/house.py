"""What a job works with: settings, database, artifacts and engine, opened once and closed at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.artifacts import Artifacts
from core.clock import Clock, system_clock
from core.database import Database, open_database
from core.errors import InvalidInput, MerxError
from core.logs import configure_logging, get_logger
from core.settings import Settings, load_settings
from index.engine import SearchEngine
from index.factory import open_engine
from index.pictures import ProductPictures, open_live

log = get_logger("house")


@dataclass(frozen=True, slots=True)
class House:
    """One shop's home."""

    settings: Settings
    database: Database
    artifacts: Artifacts
    clock: Clock

    @property
    def home(self) -> Path:
        """The folder everything of this shop lives in."""
        return self.settings.home

    @contextmanager
    def engine(self) -> Iterator[SearchEngine]:
        """The search engine the settings name, closed at the end."""
        engine = open_engine(self.settings)
        try:
            yield engine
        finally:
            engine.close()

    def product_pictures(self) -> ProductPictures | None:
        """The pictures' vectors that serve now; None where there are none, or none that can be used."""
        try:
            return open_live(self.settings, artifacts=self.artifacts)
        except MerxError as error:
            log.warning("the pictures cannot be looked at", detail=error.message)
            return None


@contextmanager
def open_house(
    settings: Settings | None = None, *, migrate: bool = True, clock: Clock = system_clock
) -> Iterator[House]:
    """Open the home that the settings name; `migrate` brings its database to the newest schema first.

    Raises InvalidInput when the home is not a folder that can be written to.
    """
    chosen = settings or load_settings()
    configure_logging(level=chosen.log_level, style=chosen.log_format)
    try:
        chosen.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"MERX_HOME {chosen.home} cannot be used: {error.strerror}") from error
    database = open_database(chosen)
    try:
        if migrate:
            database.migrate()
        yield House(chosen, database, Artifacts(chosen.artifacts), clock)
    finally:
        database.close()
