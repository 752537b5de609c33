"""The products that came after the models that serve were trained."""

from __future__ import annotations

import threading

from sqlmodel import Session

from core.catalogue import names_after
from ranking.serving import Served

MOST = 2000  # the newest ones that are kept
_OVERLAP = 200  # rows read again: on PostgreSQL a row can appear below one that was there before


class Newcomers:
    """Known anew whenever asked, from the few rows that came since. Safe to share between threads."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._version = ""
        self._last = 0
        self._unknown: dict[str, None] = {}

    def of(self, served: Served, session: Session) -> list[str]:
        """The public ids of up to MOST products that the models do not know, the newest last."""
        with self._turn:
            if self._version != served.version:
                self._version, self._last, self._unknown = served.version, 0, {}
            for row, name in names_after(session, max(0, self._last - _OVERLAP)):
                self._last = max(self._last, row)
                if name not in served.numbers:
                    self._unknown[name] = None
            while len(self._unknown) > MOST:
                del self._unknown[next(iter(self._unknown))]
            return list(self._unknown)
