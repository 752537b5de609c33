"""What was shown, written behind the answers: nobody waits for it."""

from __future__ import annotations

import threading
from collections import deque

from core.database import Database
from core.errors import MerxError
from core.logs import get_logger
from core.shown import Shown, record_shown

INTERVAL = 0.5  # seconds that answers are gathered for one transaction
MOST = 10_000  # answers that wait; the oldest are given up

log = get_logger("exposures")


class Exposures:
    """Answers wait here until a thread writes them, many at once. What the process loses in a crash is lost."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = threading.Condition()
        self._waiting: deque[Shown] = deque(maxlen=MOST)
        self._closed = False
        self._thread: threading.Thread | None = None

    def note(self, answer: Shown) -> None:
        """Record an answer soon."""
        with self._turn:
            self._waiting.append(answer)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="exposures", daemon=True)
                self._thread.start()

    def flush(self) -> int:
        """Write all that waits, now; returns how many answers were written."""
        with self._turn:
            answers = list(self._waiting)
            self._waiting.clear()
        if not answers:
            return 0
        try:
            return self._database.transact(lambda session: record_shown(session, answers))
        except MerxError as error:
            log.warning("what was shown could not be recorded", answers=len(answers), detail=error.message)
            return 0

    def close(self) -> None:
        """Write what waits, and stop."""
        with self._turn:
            self._closed = True
            self._turn.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=10)
        self.flush()

    def _run(self) -> None:
        while not self._closed:
            with self._turn:
                self._turn.wait_for(lambda: self._closed, timeout=INTERVAL)
            self.flush()
