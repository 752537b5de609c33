"""The `SearchEngine` protocol: what every engine can do, whichever way it does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, overload, runtime_checkable

import numpy as np
import numpy.typing as npt

from index.documents import Document
from index.query import Query

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Generation:
    """One complete build of an index.

    `about` is what the builder wrote beside it: the encoder's version, the outbox position, the snapshot.
    """

    name: str
    documents: int
    created_at: str
    about: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Hit:
    """A candidate: the id of a document, the raw scores it was found by, and what ranking weighs besides.

    `lexical` is the engine's text score (0.0 where only the vector found it), `vector` the cosine (0.0 where only
    the text found it). `parts` holds named shares of the lexical score when the query asked for them. The document
    itself is read when it is asked for: most candidates never reach a page.
    """

    id: str
    lexical: float
    vector: float
    popularity: float
    rating: float | None
    rating_count: int
    in_stock: bool
    read: Callable[[], Document]
    parts: Mapping[str, float] = field(default_factory=dict)

    @property
    def document(self) -> Document:
        """The document, of the generation that was searched."""
        return self.read()


def _already_there(_ids: Sequence[str]) -> None:
    """What an engine does to prefetch documents that cost nothing to read."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The raw scores of hits as columns, each of shape [hits]; `rating` is NaN where there is none."""

    ids: Sequence[str]
    lexical: Numbers
    vector: Numbers
    popularity: Numbers
    rating: Numbers
    rating_count: Numbers
    in_stock: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)


class Hits(Sequence[Hit]):
    """The hits of candidates, each made when it is asked for."""

    def __init__(
        self,
        candidates: Candidates,
        *,
        read: Callable[[str], Document],
        parts: Sequence[Mapping[str, float]] = (),
    ) -> None:
        self.candidates = candidates
        self._read = read
        self._parts = parts

    def __len__(self) -> int:
        return len(self.candidates)

    @overload
    def __getitem__(self, place: int) -> Hit: ...

    @overload
    def __getitem__(self, place: slice) -> list[Hit]: ...

    def __getitem__(self, place: int | slice) -> Hit | list[Hit]:
        if isinstance(place, slice):
            return [self._at(each) for each in range(*place.indices(len(self)))]
        return self._at(range(len(self))[place])

    def _at(self, place: int) -> Hit:
        all_ = self.candidates
        rating = float(all_.rating[place])
        return Hit(
            id=all_.ids[place],
            lexical=float(all_.lexical[place]),
            vector=float(all_.vector[place]),
            popularity=float(all_.popularity[place]),
            rating=None if rating != rating else rating,
            rating_count=int(all_.rating_count[place]),
            in_stock=bool(all_.in_stock[place]),
            read=partial(self._read, all_.ids[place]),
            parts=self._parts[place] if self._parts else {},
        )


@dataclass(frozen=True, slots=True)
class Stats:
    """The bounds of a numeric field over `count` documents that have a value."""

    low: float
    high: float
    mean: float
    count: int


@dataclass(frozen=True, slots=True)
class Result:
    """Hits in the asked order, the size of the whole matching set, and facet counts by field.

    `max_lexical` is the highest lexical score in the matching set, for normalising. With sort "relevance" the hits
    are in the order of `fused` below.

    `prefetch` reads the documents of the hits with these ids together, for an engine that needs a request for each
    otherwise; call it with the ids of a page before its documents are read. `vectors` are the text vectors of
    documents by id, shape [ids, dimensions] (dimensions 0 where the generation has none); a document without one
    has zeros. `stats` leaves out a field of which no matching document has a value.
    """

    hits: Hits
    total: int
    facets: Mapping[str, Sequence[tuple[str, int]]]
    generation: str
    max_lexical: float
    vectors: Callable[[Sequence[str]], npt.NDArray[np.float32]]
    stats: Mapping[str, Stats] = field(default_factory=dict)
    prefetch: Callable[[Sequence[str]], None] = _already_there


@dataclass(frozen=True, slots=True)
class Put:
    """Add a document or replace it whole. `vector` has shape [dimensions], unit length."""

    document: Document
    vector: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Patch:
    """Change volatile fields of a document (price_minor, list_price_minor, stock, rating, rating_count,
    rating_bayes, popularity, variants). A patch for an id that is not there is ignored."""

    id: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delete:
    """Take a document out. Deleting what is not there is no error."""

    id: str


Change = Put | Patch | Delete

# How an engine orders by relevance: fused = lexical / max_lexical + FUSION * vector.
FUSION = 0.5


@runtime_checkable
class SearchEngine(Protocol):
    """Build a generation beside the one that serves, publish it, roll it back, keep it fresh, search it.

    All methods raise Unavailable when the engine does not answer or has no live generation, and leave the live
    generation as it was.
    """

    @property
    def name(self) -> str:
        """ "embedded" or "opensearch"."""
        ...

    def build(
        self,
        documents: Iterable[Document],
        *,
        vectors: npt.NDArray[np.float32] | None,
        about: Mapping[str, Any],
    ) -> Generation:
        """Write a new generation beside the live one; `vectors` has shape [documents, dimensions] or is None.

        Interrupted at any point it leaves nothing that is served. Raises InvalidInput for a repeated id.
        """
        ...

    def publish(self, name: str) -> Generation:
        """Serve this generation from now on, atomically; the one before is kept for `rollback`."""
        ...

    def rollback(self) -> Generation:
        """Serve the generation before the live one again; raises Conflict where there is none."""
        ...

    def generations(self) -> list[Generation]:
        """All finished generations, oldest first."""
        ...

    def live(self) -> Generation | None:
        """The generation that serves; None before the first publish."""
        ...

    def prune(self, *, keep: int) -> list[str]:
        """Delete old generations beyond `keep`; never the live one or the one before. Returns their names."""
        ...

    def apply(self, changes: Sequence[Change], *, generation: str | None = None) -> int:
        """Apply changes in order to the live (or the named) generation, visible when it returns; idempotent.

        Returns how many documents changed.
        """
        ...

    def search(self, query: Query, *, generation: str | None = None) -> Result:
        """Carry out a typed query on the live (or the named) generation.

        Raises InvalidInput for an unknown field, NotFound for a generation that does not exist.
        """
        ...

    def get(self, ids: Sequence[str]) -> dict[str, Document]:
        """Documents of the live generation by id; unknown ids are left out."""
        ...

    def complete(self, prefix: str, *, size: int = 10) -> list[tuple[str, int]]:
        """Indexed title words (as analysed) that start with `prefix`, the most frequent first, with counts."""
        ...

    def drop(self) -> None:
        """Delete every generation, the live one too: for indexes that were made to be thrown away."""
        ...

    def close(self) -> None:
        """Give back files and connections."""
        ...
