"""Reading documents from a cluster: those that were read before and did not change since need no request."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.errors import NotFound
from index.documents import Document, document_from_json

Version = tuple[int, int]  # OpenSearch's number of the last change, and the term it was counted in

KEPT = 20_000  # documents held in memory as objects, about 5 KB each
_AHEAD = 24  # documents read along with the first that is asked for


def version_of(entry: Mapping[str, Any]) -> Version:
    """The version in a hit that was asked for it, or in an entry of `mget`."""
    return entry["_seq_no"], entry["_primary_term"]


class DocumentCache:
    """The documents that were read last, by index and id, each with its version. For many threads."""

    def __init__(self, *, size: int = KEPT) -> None:
        self._size = size
        self._kept: OrderedDict[tuple[str, str], tuple[Version, Document]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, index: str, versions: Mapping[str, Version]) -> dict[str, Document]:
        """The documents that are known in just these versions."""
        found = {}
        with self._lock:
            for id_, version in versions.items():
                known = self._kept.get((index, id_))
                if known is not None and known[0] == version:
                    self._kept.move_to_end((index, id_))
                    found[id_] = known[1]
        return found

    def take(self, index: str, entries: Sequence[Mapping[str, Any]]) -> dict[str, Document]:
        """The documents in the entries of an `mget`, kept for later; those not found are left out."""
        read = {
            entry["_id"]: (version_of(entry), document_from_json(entry["_source"]["document"]))
            for entry in entries
            if entry.get("found")
        }
        with self._lock:
            for id_, known in read.items():
                self._kept[index, id_] = known
                self._kept.move_to_end((index, id_))
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return {id_: document for id_, (_, document) in read.items()}


class Documents:
    """The documents of a result's hits: those known already, the others read together when one is asked for.

    `versions` holds what the search saw, in the order in which documents are likely to be read.
    """

    def __init__(
        self,
        versions: Mapping[str, Version],
        *,
        known: Callable[[Mapping[str, Version]], dict[str, Document]],
        ask: Callable[[Sequence[str]], dict[str, Document]],
    ) -> None:
        self._versions = versions
        self._known = known
        self._ask = ask
        self._found: dict[str, Document] = {}

    def fetch(self, ids: Sequence[str]) -> None:
        """Read these together."""
        new = [id_ for id_ in ids if id_ not in self._found]
        self._found |= self._known({id_: self._versions[id_] for id_ in new if id_ in self._versions})
        self._found |= self._ask([id_ for id_ in new if id_ not in self._found])

    def read(self, id_: str) -> Document:
        """One of them; raises NotFound when it was deleted since the search."""
        if id_ not in self._found:
            unread = [other for other in self._versions if other not in self._found]
            self.fetch([id_, *(other for other in unread[:_AHEAD] if other != id_)])
        if id_ not in self._found:
            raise NotFound(f"the document {id_} was deleted a moment ago", id=id_)
        return self._found[id_]
