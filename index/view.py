"""A generation of the embedded engine as it stands at one moment: what a search runs on, from start to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from index.changes import Outcome, State, fold, vector_digest
from index.columns import Columns, Mask, Numbers
from index.documents import Document
from index.engine import FUSION, Candidates, Change, Generation, Hits, Result
from index.lexical import LexicalWeights, Plan, plan
from index.nearest import VectorRows, Vectors
from index.query import Filter, Query, Says
from index.store import DocumentStore
from index.words import Words

Ordinals = npt.NDArray[np.int64]

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

    `vectors` are those of the build (of 0 dimensions for none), then those of the documents put since. `end` is
    the byte of the journal this view has come to.
    """

    generation: Generation
    columns: Columns
    store: DocumentStore
    words: Words
    vectors: VectorRows
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
            vectors=VectorRows.of(vectors),
            weights=weights,
        )

    @property
    def dimensions(self) -> int:
        """The length of the vectors; 0 where the generation has none."""
        return self.vectors.dimensions

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
        columns, vectors = self.columns, self.vectors
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
            vectors = vectors.appended(np.stack([none if put.vector is None else put.vector for put in puts]))
        return replace(self, columns=columns, vectors=vectors, end=end)

    def search(self, query: Query) -> Result:
        """Carry out a checked query."""
        columns = self.columns
        wanted = plan(query.text, weights=self.weights) if query.text else None
        lexical, cosine = np.zeros(len(columns)), np.zeros(len(columns))
        matching = columns.alive & self._candidates(query, wanted, lexical, cosine)
        if query.where is not None:
            matching &= self._mask(query.where)
        ticked = {name: self._mask(clause) for name, clause in query.refinements.items()}
        facets = {
            facet.field: columns.count(facet, _all(matching, ticked, but=facet.field)) for facet in query.facets
        }
        stats = {name: columns.stats(name, _all(matching, ticked, but=name)) for name in query.stats}
        rows = np.flatnonzero(_all(matching, ticked))
        highest = float(lexical[rows].max()) if len(rows) else 0.0
        if query.sort == "relevance":
            keys = -(lexical[rows] / (highest or 1.0) + FUSION * cosine[rows])
        else:
            name, sign = _SORTS[query.sort]
            keys = sign * columns.numbers[name][rows]
        stocked = columns.numbers["stock"][rows] > 0 if query.in_stock_first else None
        page = columns.top(rows, keys, size=query.offset + query.limit, before=stocked)[query.offset :]
        parts: list[dict[str, float]] = []
        if query.parts and wanted and len(page):
            parts = self.words.parts(wanted, page, matches=int(np.count_nonzero(lexical)))
        return Result(
            hits=Hits(self._columns(page, lexical, cosine), read=self._read, parts=parts),
            total=len(rows),
            facets=facets,
            generation=self.generation.name,
            max_lexical=highest,
            vectors=self._vectors,
            stats={name: found for name, found in stats.items() if found},
        )

    def complete(self, prefix: str, *, size: int) -> list[tuple[str, int]]:
        """Words of titles that start with `prefix`, the most frequent first."""
        dead = np.flatnonzero(~self.columns.alive).tolist()
        return self.words.complete(prefix, size=size, without=dead)

    def _columns(self, page: Ordinals, lexical: Numbers, cosine: Numbers) -> Candidates:
        numbers = self.columns.numbers
        return Candidates(
            ids=[self.columns.ids[ordinal] for ordinal in page.tolist()],
            lexical=lexical[page],
            vector=cosine[page],
            popularity=numbers["popularity"][page],
            rating=numbers["rating"][page],
            rating_count=numbers["rating_count"][page],
            in_stock=numbers["stock"][page] > 0,
        )

    def _read(self, id_: str) -> Document:
        return self.store.get(self.columns.ordinals[id_])

    def _vectors(self, ids: Sequence[str]) -> Vectors:
        return self.vectors.take([self.columns.ordinals[id_] for id_ in ids])

    def _mask(self, clause: Filter) -> Mask:
        return self.columns.mask(clause, saying=self._saying)

    def _saying(self, clause: Says) -> Mask:
        found: Mask = np.zeros(len(self.columns), dtype=bool)
        rows = self.words.saying(clause.field, clause.tokens)
        found[rows[rows < len(found)]] = True
        return found

    def _candidates(self, query: Query, wanted: Plan | None, lexical: Numbers, cosine: Numbers) -> Mask:
        """What text and vectors find; fills in the scores."""
        if not (wanted or query.vector is not None or query.among is not None):
            return np.ones(len(self.columns), dtype=bool)
        found: Mask = np.zeros(len(self.columns), dtype=bool)
        if wanted:
            rows, scores = self.words.search(wanted)
            known = rows < len(found)  # the text may be ahead of the journal, never behind it
            found[rows[known]] = True
            lexical[rows[known]] = scores[known]
        if query.among is not None:
            near = {self.columns.ordinals.get(id_): value for id_, value in query.among.items()}
            near.pop(None, None)
            rows = np.array(list(near), dtype=np.int64)
            among: Mask = np.zeros(len(found), dtype=bool)
            among[rows] = True
            cosine[rows] = list(near.values())
            found = found & among if wanted else among
        elif query.vector is not None and self.dimensions:
            rows, cosines = self._nearest(query.vector, size=query.vector_size, floor=query.vector_floor)
            found[rows] = True
            cosine[rows] = cosines
        return found

    def _nearest(self, vector: Vectors, *, size: int, floor: float) -> tuple[Ordinals, Vectors]:
        if vector.shape != (self.dimensions,):
            raise InvalidInput(f"the query's vector has shape {vector.shape}, not ({self.dimensions},)")
        rows, cosine = self.vectors.nearest(vector, size=size, floor=floor, alive=self.columns.alive)
        kept = self.columns.top(rows, -cosine.astype(np.float64), size=size)
        return kept, cosine[np.searchsorted(rows, kept)]

    def _state(self, id_: str) -> State | None:
        ordinal = self.columns.ordinals.get(id_)
        if ordinal is None:
            return None
        return State(self.store.get(ordinal), vector_digest(self.vectors.take([ordinal])[0]))


def _all(matching: Mask, ticked: dict[str, Mask], *, but: str | None = None) -> Mask:
    for name, mask in ticked.items():
        if name != but:
            matching = matching & mask
    return matching
