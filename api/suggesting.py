"""What suggestions are made of beside the index: the nightly list that serves, and the tastes of who is typing."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from core.artifacts import Artifacts
from core.behaviour import history
from core.database import Database
from core.errors import MerxError
from core.logs import get_logger
from index.engine import SearchEngine
from ranking.suggest_entries import SUGGESTIONS, read_entries
from ranking.suggest_match import SuggestionIndex
from ranking.suggest_taste import NOBODY, Taste, taste_of

PAST = 50  # the newest things a shopper did that count
FRESH = 10.0  # seconds a taste is kept: somebody who types asks again with every letter
MOST_TASTES = 1000

log = get_logger("api")


class Suggesting:
    """The list is swapped when its pointer moves, without a restart. Safe to share between threads."""

    def __init__(self, artifacts: Artifacts, database: Database, engine: SearchEngine) -> None:
        self._artifacts = artifacts
        self._database = database
        self._engine = engine
        self._lock = threading.Lock()
        self._stamp = 0
        self._index: SuggestionIndex | None = None
        self._tastes: OrderedDict[str, tuple[float, Taste]] = OrderedDict()

    def index(self) -> SuggestionIndex | None:
        """The list that serves; None before the first. A broken one is logged, and the one of before goes on."""
        stamp = self._artifacts.pointer_stamp(SUGGESTIONS)
        if stamp != self._stamp:
            with self._lock:
                if stamp != self._stamp:
                    self._index, self._stamp = self._loaded(), stamp
        return self._index

    def taste(self, shopper: str) -> Taste:
        """The taste of a shopper by their key, a few seconds old at most; that of nobody where none is known."""
        now = time.monotonic()
        with self._lock:
            known = self._tastes.get(shopper)
        if known is not None and now - known[0] < FRESH:
            return known[1]
        with self._database.read() as session:
            names = [past.product for past in history(session, shopper, limit=PAST)]
        live = self._engine.get(list(dict.fromkeys(names))) if names else {}
        past = [live[name] for name in names if name in live]
        taste = taste_of(past) if past else NOBODY
        with self._lock:
            self._tastes[shopper] = (now, taste)
            self._tastes.move_to_end(shopper)
            while len(self._tastes) > MOST_TASTES:
                self._tastes.popitem(last=False)
        return taste

    def _loaded(self) -> SuggestionIndex | None:
        try:
            version = self._artifacts.live(SUGGESTIONS)
            return None if version is None else SuggestionIndex(read_entries(version))
        except MerxError as error:
            log.error("the list of suggestions cannot be loaded", detail=error.message)
            return self._index
