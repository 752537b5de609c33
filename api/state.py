"""What the API serves from: the engine with the live generation's encoder, and the live models.

Both are swapped when their pointers move, without a restart; a request keeps what it began with.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from analysis.synonyms import Synonyms
from api.exposures import Exposures
from api.hot import HotProducts
from api.newcomers import Newcomers
from api.streams import Streams
from api.suggesting import Suggesting
from api.synonyms import LiveSynonyms
from core.artifacts import Artifacts
from core.charges import load_charges
from core.clock import Clock, system_clock
from core.database import open_database
from core.errors import MerxError, Unavailable
from core.following import Tail
from core.letters import Letters
from core.logs import get_logger
from core.passwords import Passwords
from core.providers.opening import open_providers
from core.senders import open_sender
from core.settings import Settings
from core.tokens import Tokens
from index.engine import SearchEngine
from index.factory import open_engine
from index.pictures import PictureIndex, folder_of
from ranking.opening import open_searcher
from ranking.picture_search import PictureSearcher
from ranking.search import Searcher
from ranking.serving import Served, load_live, models_stamp

log = get_logger("api")


@dataclass(frozen=True, slots=True)
class _Models:
    stamp: int
    served: Served | None
    lack: str = "there are no models yet: run `merx train`"  # why `served` is None


class Shop:
    """One shop, open for requests. Safe to share between threads."""

    def __init__(
        self, settings: Settings, *, clock: Clock = system_clock, engine: SearchEngine | None = None
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.database = open_database(settings)
        self.tokens = Tokens(settings.secret, access_minutes=settings.access_minutes)
        self.passwords = Passwords()
        self.letters = Letters(open_sender(settings.sender), self.tokens, settings.public_url)
        self.artifacts = Artifacts(settings.artifacts)
        self.engine = engine or open_engine(settings)
        self.tail = Tail(self.database)
        self.products = HotProducts(self.database, self.tail)
        self.streams = Streams(self.tail)
        self.newcomers = Newcomers()
        self.exposures = Exposures(self.database)
        self.charges = load_charges(settings)
        self.providers = open_providers(settings, clock=clock)
        self._looks = PictureIndex(settings, artifacts=self.artifacts, database=self.database)
        self.suggesting = Suggesting(self.artifacts, self.database, self.engine)
        self.synonyms = LiveSynonyms(self.database, own=settings.synonyms)
        self._lock = threading.Lock()
        self._searcher: Searcher | None = None
        self._searched: tuple[str, Synonyms] | None = None  # the generation and synonyms `_searcher` is for
        self._models: _Models | None = None

    @property
    def pictures(self) -> Path:
        """The folder of the shop's own pictures."""
        return folder_of(self.settings)

    def searcher(self) -> Searcher:
        """A searcher for the live generation; raises Unavailable before the first publish."""
        generation = self.engine.live()
        if generation is None:
            raise Unavailable("there is no search index yet: run `merx index build`")
        synonyms = self.synonyms.current()
        with self._lock:
            if self._searcher is None or self._searched != (generation.name, synonyms):
                self._searcher = open_searcher(
                    self.engine, generation, artifacts=self.artifacts, synonyms=synonyms
                )
                self._searched = generation.name, synonyms
            return self._searcher

    def picture_searcher(self) -> PictureSearcher:
        """Search by picture; raises Unavailable before the first build with pictures."""
        return PictureSearcher(self.searcher(), self._looks.live())

    def models(self) -> Served:
        """The live models; raises Unavailable before the first promotion.

        A version that turns out to be broken is logged, and the one already loaded goes on serving.
        """
        stamp = models_stamp(self.artifacts)
        with self._lock:
            held = self._models
            if held is None or held.stamp != stamp:
                held = self._models = self._load_models(stamp, held)
        if held.served is None:
            raise Unavailable(held.lack)
        return held.served

    def close(self) -> None:
        """Give back files and connections."""
        self.streams.close()
        self.tail.close()
        self.exposures.close()
        self.engine.close()
        self.database.close()

    def _load_models(self, stamp: int, held: _Models | None) -> _Models:
        try:
            return _Models(stamp, load_live(self.artifacts))
        except MerxError as error:
            log.error("the live models cannot be loaded", detail=error.message)
            served = held.served if held is not None else None
            return _Models(stamp, served, f"{error.message}: run `merx train`, or `merx rollback`")
