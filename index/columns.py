"""The columns of a generation: what its documents are filtered, counted and sorted by, addressed by ordinal.

A filter is a boolean mask over all ordinals, a facet a count of codes under a mask, a sort a numpy sort. So all
of them are exact over the whole matching set. A `Columns` never changes: `replaced` and `appended` give a new one
that shares the arrays that stayed the same, so a search under way keeps what it began with.
"""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from index.documents import Document
from index.engine import Stats
from index.fields import BREAKS, any_case, keyword_values, numeric_values
from index.query import NUMERIC_FIELDS, AllOf, AnyOf, Between, Facet, Filter, Not, Says

Mask = npt.NDArray[np.bool_]
Ordinals = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


class Keyword:
    """A keyword field: `values[codes[i]]` belongs to the document `rows[i]`; a document may have several."""

    def __init__(self, rows: npt.NDArray[np.int32], codes: npt.NDArray[np.int32], values: list[str]) -> None:
        self.rows = rows
        self.codes = codes
        self.values = values  # only ever grows, so it is shared with the columns made from these
        self._positions: dict[str, int] | None = None

    def code(self, value: str) -> int | None:
        """The code of a value; None for one that no document has."""
        if self._positions is None or len(self._positions) != len(self.values):
            self._positions = {known: code for code, known in enumerate(self.values)}
        return self._positions.get(value)

    def mask(self, wanted: Iterable[str], *, size: int) -> Mask:
        """The documents that have at least one of the values."""
        codes = [code for code in map(self.code, wanted) if code is not None]
        found: Mask = np.zeros(size, dtype=bool)
        if codes:
            chosen = self.codes == codes[0] if len(codes) == 1 else np.isin(self.codes, codes)
            found[self.rows[chosen]] = True
        return found

    def count(self, matching: Mask, *, size: int, search: str = "") -> list[tuple[str, int]]:
        """The most frequent values among the matching documents (with a word that begins so), ties by value."""
        counts = np.bincount(self.codes[matching[self.rows]], minlength=len(self.values))
        present = np.flatnonzero(counts)
        if search:
            begins = word_beginning(search)
            present = np.array([code for code in present if begins.search(self.values[code])], dtype=np.intp)
        if len(present) > 4 * size:
            least = np.partition(counts[present], -size)[-size]
            present = present[counts[present] >= least]
        pairs = [(self.values[code], int(counts[code])) for code in present]
        return heapq.nsmallest(size, pairs, key=lambda pair: (-pair[1], pair[0]))

    def appended(self, additions: Sequence[tuple[int, str]]) -> Keyword:
        """This field with (row, value) pairs added."""
        codes = []
        for _, value in additions:
            code = self.code(value)
            if code is None:
                code = len(self.values)
                self.values.append(value)
                assert self._positions is not None
                self._positions[value] = code
            codes.append(code)
        rows = np.array([row for row, _ in additions], dtype=np.int32)
        grown = Keyword(
            np.concatenate([self.rows, rows]),
            np.concatenate([self.codes, np.array(codes, dtype=np.int32)]),
            self.values,
        )
        grown._positions = self._positions
        return grown


@dataclass(frozen=True)
class Columns:
    """`ids` by ordinal, `alive` (false for a replaced or deleted one), `rank` (the place of the id in order)."""

    ids: list[str]
    alive: Mask
    rank: Numbers
    numbers: Mapping[str, Numbers]
    keywords: Mapping[str, Keyword]
    ordinals: Mapping[str, int] = field(repr=False)

    def __len__(self) -> int:
        return len(self.alive)

    def mask(self, clause: Filter, *, saying: Callable[[Says], Mask]) -> Mask:
        """The ordinals a filter lets through; `saying` knows the text."""
        if isinstance(clause, AnyOf):
            return self._any_of(clause)
        if isinstance(clause, Says):
            return saying(clause)
        if isinstance(clause, Between):
            numbers = self.numbers[clause.field]
            found: Mask = ~np.isnan(numbers)
            if clause.low is not None:
                found &= numbers >= clause.low
            if clause.high is not None:
                found &= numbers <= clause.high
            return found
        if isinstance(clause, Not):
            return ~self.mask(clause.clause, saying=saying)
        both = isinstance(clause, AllOf)
        found = np.full(len(self), both)
        for part in clause.clauses:
            mask = self.mask(part, saying=saying)
            found = found & mask if both else found | mask
        return found

    def count(self, facet: Facet, matching: Mask) -> list[tuple[str, int]]:
        """The facet counts of a keyword field over the matching documents."""
        if facet.field == "in_stock":
            stocked = int(np.count_nonzero(matching & (self.numbers["stock"] > 0)))
            pairs = [("true", stocked), ("false", int(np.count_nonzero(matching)) - stocked)]
            kept = (p for p in pairs if p[1] and p[0].startswith(facet.search.lower()))
            return sorted(kept, key=lambda pair: (-pair[1], pair[0]))[: facet.size]
        if facet.field == "id":
            rows = np.flatnonzero(matching)
            if facet.search:
                begins = word_beginning(facet.search)
                rows = np.array([row for row in rows if begins.search(self.ids[row])], dtype=np.intp)
            return [(self.ids[row], 1) for row in self.top(rows, np.zeros(len(rows)), size=facet.size)]
        keyword = self.keywords.get(facet.field)
        return keyword.count(matching, size=facet.size, search=facet.search) if keyword else []

    def stats(self, name: str, matching: Mask) -> Stats | None:
        """The bounds of a numeric field over the matching documents; None where none has a value."""
        found = self.numbers[name][matching]
        found = found[~np.isnan(found)]
        if not len(found):
            return None
        return Stats(float(found.min()), float(found.max()), float(found.mean()), len(found))

    def top(self, matching: Ordinals, keys: Numbers, *, size: int, before: Mask | None = None) -> Ordinals:
        """The `size` matching ordinals with the lowest keys (NaN last), ties by id; `keys` has one per ordinal.

        Those of `before` (one per ordinal too) come before all others.
        """
        if before is not None:
            first = self.top(matching[before], keys[before], size=size)
            rest = self.top(matching[~before], keys[~before], size=size - len(first))
            return np.concatenate([first, rest])
        if 0 < size < len(matching):
            threshold = np.partition(keys, size - 1)[size - 1]
            if not np.isnan(threshold):
                chosen = keys <= threshold
                matching, keys = matching[chosen], keys[chosen]
        order = np.lexsort((self.rank[matching], keys))[:size]
        return matching[order]

    def replaced(self, documents: Mapping[int, Document]) -> Columns:
        """These columns with the numbers of some ordinals taken anew from their documents."""
        numbers = {name: column.copy() for name, column in self.numbers.items()}
        for ordinal, document in documents.items():
            for name, value in numeric_values(document).items():
                numbers[name][ordinal] = np.nan if value is None else value
        return replace(self, numbers=numbers)

    def buried(self, ordinals: Sequence[int]) -> Columns:
        """These columns with some ordinals dead: they match nothing any more."""
        alive = self.alive.copy()
        alive[list(ordinals)] = False
        gone = {self.ids[ordinal] for ordinal in ordinals if self.ordinals.get(self.ids[ordinal]) == ordinal}
        known = {id_: ordinal for id_, ordinal in self.ordinals.items() if id_ not in gone}
        return replace(self, alive=alive, ordinals=known)

    def appended(self, documents: Sequence[Document]) -> Columns:
        """These columns with documents added behind the last ordinal; an id that was there before dies there."""
        first = len(self)
        before = [self.ordinals[document.id] for document in documents if document.id in self.ordinals]
        fresh = columns_of(documents)
        keywords: dict[str, Keyword] = dict(self.keywords)
        for name, added in fresh.keywords.items():
            base = keywords.get(name) or Keyword(np.zeros(0, np.int32), np.zeros(0, np.int32), [])
            pairs = [
                (first + int(row), added.values[code]) for row, code in zip(added.rows, added.codes, strict=True)
            ]
            keywords[name] = base.appended(pairs)
        alive = np.concatenate([self.alive, fresh.alive])
        alive[before] = False
        ids = self.ids + fresh.ids
        return Columns(
            ids=ids,
            alive=alive,
            rank=_ranks(ids) if len(before) < len(documents) else np.concatenate([self.rank, self.rank[before]]),
            numbers={name: np.concatenate([self.numbers[name], fresh.numbers[name]]) for name in NUMERIC_FIELDS},
            keywords=keywords,
            ordinals={**self.ordinals, **{id_: first + row for row, id_ in enumerate(fresh.ids)}},
        )

    def save(self, folder: Path) -> None:
        """Write the columns of a fresh build (nothing dead) into a folder."""
        names = sorted(self.keywords)
        fields = [self.keywords[name] for name in names]
        starts = np.cumsum([0, *(len(field.rows) for field in fields)])
        np.savez(
            folder / "columns.npz",
            rows=np.concatenate([np.zeros(0, np.int32), *(field.rows for field in fields)]),
            codes=np.concatenate([np.zeros(0, np.int32), *(field.codes for field in fields)]),
            starts=starts,
            rank=self.rank,
            numbers=np.stack([self.numbers[name] for name in NUMERIC_FIELDS]),
        )
        words = {"ids": self.ids, "fields": names, "values": [field.values for field in fields]}
        (folder / "columns.json").write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Columns:
        """Read what `save` wrote; raises OSError, ValueError or KeyError for broken files."""
        words = json.loads((folder / "columns.json").read_text(encoding="utf-8"))
        with np.load(folder / "columns.npz", allow_pickle=False) as arrays:
            rows, codes, starts = arrays["rows"], arrays["codes"], arrays["starts"]
            rank, numbers = arrays["rank"], arrays["numbers"]
        keywords = {
            name: Keyword(rows[start:end], codes[start:end], values)
            for name, values, start, end in zip(
                words["fields"], words["values"], starts[:-1], starts[1:], strict=True
            )
        }
        ids = words["ids"]
        return cls(
            ids=ids,
            alive=np.ones(len(ids), dtype=bool),
            rank=rank,
            numbers=dict(zip(NUMERIC_FIELDS, numbers, strict=True)),
            keywords=keywords,
            ordinals={id_: ordinal for ordinal, id_ in enumerate(ids)},
        )

    def _any_of(self, clause: AnyOf) -> Mask:
        if clause.field == "id":
            found: Mask = np.zeros(len(self), dtype=bool)
            found[[self.ordinals[value] for value in clause.values if value in self.ordinals]] = True
            return found
        if clause.field == "in_stock":
            stocked = self.numbers["stock"] > 0
            found = stocked if "true" in clause.values else np.zeros(len(self), dtype=bool)
            return found | ~stocked if "false" in clause.values else found
        keyword = self.keywords.get(clause.field)
        return keyword.mask(clause.values, size=len(self)) if keyword else np.zeros(len(self), dtype=bool)


def word_beginning(search: str) -> re.Pattern[str]:
    """Finds a text of which a word begins with `search`, in whatever case."""
    return re.compile(rf"(?:^|[{BREAKS}]){any_case(search)}")


def columns_of(documents: Iterable[Document]) -> Columns:
    """The columns of documents, whose ordinals are their places in the sequence."""
    builder = ColumnsBuilder()
    for document in documents:
        builder.add(document)
    return builder.build()


class ColumnsBuilder:
    """Takes documents one by one, so that a build need not hold them all."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._numbers: dict[str, list[float]] = {name: [] for name in NUMERIC_FIELDS}
        self._rows: dict[str, list[int]] = {}
        self._codes: dict[str, list[int]] = {}
        self._values: dict[str, dict[str, int]] = {}

    def add(self, document: Document) -> None:
        """Give a document the next ordinal."""
        row = len(self._ids)
        self._ids.append(document.id)
        for name, value in numeric_values(document).items():
            self._numbers[name].append(float("nan") if value is None else value)
        for name, words in keyword_values(document).items():
            if name == "id":  # found through `ordinals`, counted through `ids`
                continue
            codes = self._values.setdefault(name, {})
            for word in words:
                self._rows.setdefault(name, []).append(row)
                self._codes.setdefault(name, []).append(codes.setdefault(word, len(codes)))

    def build(self) -> Columns:
        """The columns of what was added."""
        return Columns(
            ids=self._ids,
            alive=np.ones(len(self._ids), dtype=bool),
            rank=_ranks(self._ids),
            numbers={name: np.array(column, dtype=np.float64) for name, column in self._numbers.items()},
            keywords={
                name: Keyword(
                    np.array(self._rows[name], dtype=np.int32),
                    np.array(self._codes[name], dtype=np.int32),
                    list(values),
                )
                for name, values in self._values.items()
            },
            ordinals={id_: ordinal for ordinal, id_ in enumerate(self._ids)},
        )


def _ranks(ids: Sequence[str]) -> Numbers:
    order = sorted(range(len(ids)), key=ids.__getitem__)
    rank = np.empty(len(order), dtype=np.float64)
    rank[order] = np.arange(len(order))
    return rank
