"""The relay: outbox events become changes of the live generation, at least once and harmlessly often."""

from __future__ import annotations

from dataclasses import dataclass

from core import outbox
from core.artifacts import Artifacts
from core.clock import Clock
from core.database import Database
from core.errors import MerxError, Unavailable
from index.build import changes_for, load_encoder
from index.engine import SearchEngine


@dataclass(frozen=True, slots=True)
class RelayReport:
    """How many events were delivered, how many failed for now, and how many documents changed."""

    delivered: int
    failed: int
    changed: int


def relay_once(
    engine: SearchEngine, *, database: Database, artifacts: Artifacts, clock: Clock, limit: int = 500
) -> RelayReport:
    """Deliver up to `limit` due events; several events of one product are one change.

    An event says that a product changed, not how: the change is made from the product as the core has it now, so a
    repeat or a late event does no harm. When the batch fails, its products are tried one by one, so that one that
    cannot be indexed holds up no other; what fails waits longer each time. Raises Unavailable when the engine does
    not answer or has no live generation: then nothing is counted against the events.
    """
    with database.read() as session:
        events = outbox.due(session, consumer="index", now=clock(), limit=limit)
        by_product: dict[str, list[int]] = {}
        others = []
        for event in events:
            if event.aggregate == "product":
                by_product.setdefault(event.aggregate_id, []).append(event.id or 0)
            else:
                others.append(event.id or 0)
    if not events:
        return RelayReport(0, 0, 0)
    generation = engine.live()
    if generation is None:
        raise Unavailable("there is no search index yet: run `merx index build`")
    encoder = load_encoder(generation, artifacts=artifacts)

    def apply(names: list[str]) -> int:
        return engine.apply(
            changes_for(names, engine=engine, database=database, encoder=encoder), generation=generation.name
        )

    changed = 0
    broken: dict[str, str] = {}
    try:
        changed = apply(list(by_product))
    except Unavailable:
        raise
    except MerxError:
        for name in by_product:
            try:
                changed += apply([name])
            except Unavailable:
                raise
            except MerxError as error:
                broken[name] = error.message
    done = [id_ for name, ids in by_product.items() if name not in broken for id_ in ids] + others
    with database.write() as session:
        outbox.delivered(session, done)
        for name, reason in broken.items():
            outbox.failed(session, by_product[name], reason=reason, now=clock())
    return RelayReport(len(done), sum(len(by_product[name]) for name in broken), changed)
