"""Hot products: documents as the core has them now, kept in this process for as long as nothing changes.

What a shopper pays is never read from here: checkout reads the tables.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from core.database import Database
from core.following import Tail, Told
from index.documents import Document
from index.sources import read_documents

ENTRIES = 4096
MAX_AGE = 5.0  # seconds: the belt, should the news be late


@dataclass(slots=True)
class _Load:
    """A read in progress; `current` until news of its product comes."""

    answer: Future[Document | None] = field(default_factory=Future)
    current: bool = True


class HotProducts:
    """The ENTRIES products that were asked for last, by public id. Safe to share between threads.

    Those who ask for the same product at once share one read. A read that news of its product overtook is given to
    those who were waiting for it, who asked before the news came, and then forgotten.
    """

    def __init__(self, database: Database, tail: Tail, *, now: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._tail = tail
        self._now = now
        self._turn = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, Document]] = OrderedDict()
        self._loads: dict[str, _Load] = {}
        tail.always(self._heard)

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, product: str) -> Document | None:
        """The product, or None where there is no such product or it is not published."""
        self._tail.wake()  # before the read: what changes after it will be heard of
        with self._turn:
            kept = self._kept.get(product)
            if kept is not None and self._now() - kept[0] < MAX_AGE:
                self._kept.move_to_end(product)
                return kept[1]
            load = self._loads.get(product)
            mine = load is None
            if load is None:
                load = self._loads[product] = _Load()
        if mine:
            self._read(product, load)
        return load.answer.result()

    def _read(self, product: str, load: _Load) -> None:
        started = self._now()
        try:
            with self._database.read() as session:
                found = next(iter(read_documents(session, only=[product])), None)
        except BaseException as error:
            self._end(product, load)
            load.answer.set_exception(error)
            raise
        with self._turn:
            if load.current and found is not None:
                self._kept[product] = (started, found)
                self._kept.move_to_end(product)
                while len(self._kept) > ENTRIES:
                    self._kept.popitem(last=False)
            elif load.current:
                self._kept.pop(product, None)
        self._end(product, load)
        load.answer.set_result(found)

    def _end(self, product: str, load: _Load) -> None:
        with self._turn:
            if self._loads.get(product) is load:
                del self._loads[product]

    def _heard(self, news: Sequence[Told]) -> None:
        with self._turn:
            for told in news:
                aggregate, product = told.subject
                if aggregate != "product":
                    continue
                self._kept.pop(product, None)
                load = self._loads.pop(product, None)
                if load is not None:
                    load.current = False
