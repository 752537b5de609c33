"""The synonyms that the search of a running shop knows: looked at again every few seconds."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from analysis.synonyms import Synonyms, load_synonyms
from core.database import Database
from core.errors import InvalidInput, MerxError
from core.logs import get_logger
from core.synonyms import synonyms

EVERY = 2.0  # seconds between two looks

log = get_logger("synonyms")


class LiveSynonyms:
    """Those that come with Merx, those of the shop's own file, and those of the back office. Thread-safe."""

    def __init__(self, database: Database, *, own: Path | None) -> None:
        self._database = database
        self._own = own
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._held: tuple[object, Synonyms] | None = None

    def current(self) -> Synonyms:
        """The synonyms: the same object as long as nothing changed.

        Raises InvalidInput for a file that is wrong from the start; one that goes wrong later is logged, and what
        was read before goes on serving. So it does while the database does not answer.
        """
        with self._lock:
            if self._held is None or time.monotonic() - self._looked_at >= EVERY:
                self._looked_at = time.monotonic()
                try:
                    self._look()
                except MerxError as error:
                    if self._held is None:
                        raise
                    log.error("the synonyms cannot be read", detail=error.message)
            assert self._held is not None, "it was looked at"
            return self._held[1]

    def forget(self) -> None:
        """Look again when next asked."""
        with self._lock:
            self._looked_at = float("-inf")

    def _look(self) -> None:
        with self._database.read() as session:
            edited = {one.id: one.rule for one in synonyms(session)}
        stamp = (edited, self._stamp())
        if self._held is None or self._held[0] != stamp:
            self._held = stamp, load_synonyms(own=self._own, edited=edited)

    def _stamp(self) -> tuple[int, int] | None:
        if self._own is None:
            return None
        try:
            found = self._own.stat()
        except OSError as error:
            raise InvalidInput(f"the synonyms in {self._own.name} cannot be read: {error.strerror}") from error
        return found.st_mtime_ns, found.st_size
