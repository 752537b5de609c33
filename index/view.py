"""A generation of the embedded engine as it stands at one moment: what a search runs on, from start to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from index.changes import Outcome, State, fold, vector_digest
from index.columns import Columns, Mask, Numbers
from index.documents import Document
from index.engine import FUSION, Change, Generation, Hit, Result
from index.lexical import LexicalWeights, Plan, plan
from index.query import Query
from index.store import DocumentStore
from index.words import Words

Ordinals = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]

_SORTS = {
    "price": ("price", 1.0),
    "-price": ("price", -1.0),
    "-popularity": ("popularity", -1.0),
    "-rating": ("rating_bayes", -1.0),
    "-released_at": ("released_at", -1.0),
    "-discount": ("discount", -1.0),
}


@dataclass(frozen=True)
class View:
    """Nothing in it changes; `advanced` gives the view after more of the journal.

    `vectors` are those of the build, shape [documents, dimensions] (dimensions 0 for none), `later` those of the
    documents put since then. `end` is the byte of the journal this view has come to.
    """

    generation: Generation
    columns: Columns
    store: DocumentStore
    words: Words
    vectors: Vectors
    later: Vectors
    weights: LexicalWeights
    end: int = 0

    @classmethod
    def open(cls, folder: Path, *, generation: Generation, weights: LexicalWeights) -> View:
        """The view right after the build; raises OSError, ValueError or KeyError for broken files."""
        vectors = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
        return cls(
            generation=generation,
            columns=Columns.load(folder),
            store=DocumentStore(folder),
            words=Words(folder / "words"),
            vectors=vectors,
            later=np.zeros((0, vectors.shape[1]), dtype=np.float32),
            weights=weights,
        )

    @property
    def dimensions(self) -> int:
        """The length of the vectors; 0 where the generation has none."""
        return int(self.vectors.shape[1])

    def document(self, id_: str) -> Document | None:
        """A document by id; None where there is none."""
        ordinal = self.columns.ordinals.get(id_)
        return None if ordinal is None else self.store.get(ordinal)

    def fold(self, changes: Sequence[Change]) -> dict[str, Outcome]:
        """What a batch of checked changes would do here."""
        return fold(changes, current=self._state)

    def advanced(self, outcomes: dict[str, Outcome], *, end: int) -> View:
        """The view after a batch whose journal line ends at byte `end`. `words` is the caller's to renew."""
        puts = [outcome for outcome in outcomes.values() if outcome.put and outcome.document]
        gone = [self.columns.ordinals[id_] for id_, outcome in outcomes.items() if outcome.document is None]
        patched = {
            self.columns.ordinals[id_]: outcome.document
            for id_, outcome in outcomes.items()
            if outcome.document and not outcome.put
        }
        columns, later = self.columns, self.later
        self.store.lay(patched)
        if patched:
            columns = columns.replaced(patched)
        if gone:
            columns = columns.buried(gone)
        if puts:
            documents = [outcome.document for outcome in puts if outcome.document]
            self.store.lay({len(columns) + place: document for place, document in enumerate(documents)})
            columns = columns.appended(documents)
            none = np.zeros(self.dimensions, dtype=np.float32)
            later = np.concatenate([later, [none if put.vector is None else put.vector for put in puts]])
        return replace(self, columns=columns, later=later, end=end)

    def search(self, query: Query) -> Result:
        """Carry out a checked query."""
        columns = self.columns
        wanted = plan(query.text, weights=self.weights) if query.text else None
        lexical, cosine = np.zeros(len(columns)), np.zeros(len(columns))
        matching = columns.alive
        if wanted or query.vector is not None:
            matching = matching & self._candidates(query, wanted, lexical, cosine)
        if query.where is not None:
            matching = matching & columns.mask(query.where)
        ticked = {name: columns.mask(clause) for name, clause in query.refinements.items()}
        facets = {
            facet.field: columns.count(facet.field, _all(matching, ticked, but=facet.field), size=facet.size)
            for facet in query.facets
        }
        rows = np.flatnonzero(_all(matching, ticked))
        highest = float(lexical[rows].max()) if len(rows) else 0.0
        if query.sort == "relevance":
            keys = -(lexical[rows] / (highest or 1.0) + FUSION * cosine[rows])
        else:
            name, sign = _SORTS[query.sort]
            keys = sign * columns.numbers[name][rows]
        page = columns.top(rows, keys, size=query.offset + query.limit)[query.offset :]
        parts: list[dict[str, float]] = [{}] * len(page)
        if query.parts and wanted and len(page):
            parts = self.words.parts(wanted, page, matches=int(np.count_nonzero(lexical)))
        hits = [
            self._hit(ordinal, float(lexical[ordinal]), float(cosine[ordinal]), share)
            for ordinal, share in zip(page.tolist(), parts, strict=True)
        ]
        return Result(hits, len(rows), facets, self.generation.name, highest)

    def complete(self, prefix: str, *, size: int) -> list[tuple[str, int]]:
        """Words of titles that start with `prefix`, the most frequent first."""
        dead = np.flatnonzero(~self.columns.alive).tolist()
        return self.words.complete(prefix, size=size, without=dead)

    def _hit(self, ordinal: int, lexical: float, cosine: float, parts: dict[str, float]) -> Hit:
        numbers = self.columns.numbers
        rating = float(numbers["rating"][ordinal])
        return Hit(
            id=self.columns.ids[ordinal],
            lexical=lexical,
            vector=cosine,
            popularity=float(numbers["popularity"][ordinal]),
            rating=None if rating != rating else rating,
            rating_count=int(numbers["rating_count"][ordinal]),
            in_stock=bool(numbers["stock"][ordinal] > 0),
            read=partial(self.store.get, ordinal),
            parts=parts,
        )

    def _candidates(self, query: Query, wanted: Plan | None, lexical: Numbers, cosine: Numbers) -> Mask:
        found: Mask = np.zeros(len(self.columns), dtype=bool)
        if wanted:
            rows, scores = self.words.search(wanted)
            known = rows < len(found)  # the text may be ahead of the journal, never behind it
            found[rows[known]] = True
            lexical[rows[known]] = scores[known]
        if query.vector is not None and self.dimensions:
            if query.vector.shape != (self.dimensions,):
                raise InvalidInput(f"the query's vector has shape {query.vector.shape}, not ({self.dimensions},)")
            # One pass over the rows without BLAS: exact, and its threads would wait for each other under load.
            every = np.concatenate(
                [np.einsum("ij,j->i", part, query.vector) for part in (self.vectors, self.later)]
            )
            rows = np.flatnonzero((every >= query.vector_floor) & self.columns.alive)
            rows = self.columns.top(rows, -every[rows].astype(np.float64), size=query.vector_size)
            found[rows] = True
            cosine[rows] = every[rows]
        return found

    def _state(self, id_: str) -> State | None:
        ordinal = self.columns.ordinals.get(id_)
        if ordinal is None:
            return None
        built = len(self.vectors)
        vector = self.vectors[ordinal] if ordinal < built else self.later[ordinal - built]
        return State(self.store.get(ordinal), vector_digest(vector))


def _all(matching: Mask, ticked: dict[str, Mask], *, but: str | None = None) -> Mask:
    for name, mask in ticked.items():
        if name != but:
            matching = matching & mask
    return matching
