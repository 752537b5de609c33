"""The index as a consumer of the outbox: events become changes of the live generation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.artifacts import Artifacts
from core.clock import Clock
from core.database import Database
from core.errors import Unavailable
from core.outbox import Message
from core.relay import deliver
from index.build import changes_for, load_encoder
from index.engine import SearchEngine
from index.pictures import PictureIndex

# The kinds of events after which a product has the pictures it had: their files need not be read again.
_SHOWS_THE_SAME = frozenset(("price-changed", "stock-changed", "reviewed"))


class IndexConsumer:
    """Brings changed products into the live generation; `changed` counts documents.

    An event says that a product changed, not how: the change is made from the product as the core has it now, so
    several events of one product are one change, and a repeat or a late event does no harm.
    """

    name = "index"
    size = 500

    def __init__(
        self,
        engine: SearchEngine,
        *,
        database: Database,
        artifacts: Artifacts,
        pictures: PictureIndex | None = None,
    ) -> None:
        self.changed = 0
        self._pictures = pictures
        self._engine = engine
        self._database = database
        self._artifacts = artifacts

    def handle(self, events: Sequence[Message]) -> None:
        """Raises Unavailable when the engine does not answer or has no live generation."""
        generation = self._engine.live()
        if generation is None:
            raise Unavailable("there is no search index yet: run `merx index build`")
        names = list(dict.fromkeys(event.aggregate_id for event in events))
        encoder = load_encoder(generation, artifacts=self._artifacts)
        changes = changes_for(names, engine=self._engine, database=self._database, encoder=encoder)
        self.changed += self._engine.apply(changes, generation=generation.name)
        if self._pictures is not None:  # last: a picture takes longer than a price, and is waited for by fewer
            shown = dict.fromkeys(event.aggregate_id for event in events if event.kind not in _SHOWS_THE_SAME)
            self._pictures.bring(list(shown))


@dataclass(frozen=True, slots=True)
class RelayReport:
    """How many events were delivered, how many failed for now, and how many documents changed."""

    delivered: int
    failed: int
    changed: int


def relay_once(
    engine: SearchEngine,
    *,
    database: Database,
    artifacts: Artifacts,
    clock: Clock,
    limit: int = 500,
    pictures: PictureIndex | None = None,
) -> RelayReport:
    """Deliver up to `limit` due events to the index; raises Unavailable as `IndexConsumer.handle` does."""
    consumer = IndexConsumer(engine, database=database, artifacts=artifacts, pictures=pictures)
    done = deliver(consumer, database=database, clock=clock, limit=limit)
    return RelayReport(done.delivered, done.failed, consumer.changed)
