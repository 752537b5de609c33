"""Vectors by id: on disk, searched in process, exactly.

The vectors of a build are an artifact; those that came later stand in a journal beside it, which every process
follows. The folder is shared by all processes that search.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.artifacts import Artifacts
from core.errors import BrokenArtifact
from index.changes import vector_from_json, vector_to_json
from index.journal import Journal
from index.nearest import VectorRows
from index.nearest import Vectors as Vectors  # what is kept here


class VectorStore:
    """One artifact of vectors, and the journal of what came later in the folder `changes`, of the same name."""

    def __init__(self, artifacts: Artifacts, *, kind: str, changes: str, name: str) -> None:
        self._artifacts = artifacts
        self._kind = kind
        self._name = name
        self._journal = Journal(artifacts.root / changes / name)
        self._lock = threading.Lock()
        self._state: _State | None = None

    def write(self, ids: Sequence[str], vectors: Vectors, *, about: Mapping[str, Any] | None = None) -> None:
        """Keep the vectors of a build, shape [ids, dimensions]; `about` is what made them."""
        told = {"documents": len(ids), **(about or {})}
        with self._artifacts.create(self._kind, name=self._name, about=told) as folder:
            (folder / "ids.json").write_text(json.dumps(ids, ensure_ascii=False), encoding="utf-8")
            np.save(folder / "vectors.npy", np.ascontiguousarray(vectors, dtype=np.float32))

    def change(self, vectors: Mapping[str, Vectors | None]) -> None:
        """From now on these ids have these vectors, or none."""
        with self._journal.lock():
            self._journal.append({id_: vector_to_json(vector) for id_, vector in vectors.items()})

    def nearest(self, vector: Vectors, *, size: int, floor: float) -> dict[str, float]:
        """The cosine of the `size` nearest ids whose cosine is at least `floor`, ties by id."""
        state = self._current()
        rows, cosine = state.vectors.nearest(vector, size=size, floor=floor, alive=state.alive)
        found = [(state.ids[row], float(value)) for row, value in zip(rows, cosine, strict=True)]
        return dict(sorted(found, key=lambda pair: (-pair[1], pair[0]))[:size])

    def ids(self) -> Iterable[str]:
        """The ids that have a vector now."""
        return self._current().rows.keys()

    def get(self, ids: Iterable[str]) -> dict[str, Vectors]:
        """The vectors of these ids; those without one are left out."""
        state = self._current()
        known = [(id_, state.rows[id_]) for id_ in ids if id_ in state.rows]
        vectors = state.vectors.take([row for _, row in known])
        return {id_: vector for (id_, _), vector in zip(known, vectors, strict=True)}

    def stamp(self) -> int:
        """A number that changes when a vector does."""
        return self._journal.size()

    def delete(self) -> None:
        """Take the vectors off the disk."""
        names = {version.name for version in self._artifacts.versions(self._kind)}
        if self._name in names:
            self._artifacts.delete(self._kind, self._name)
        shutil.rmtree(self._journal.folder, ignore_errors=True)

    def _current(self) -> _State:
        state = self._state
        if state is not None and state.end == self._journal.size():
            return state
        with self._lock:
            state = self._state or self._load()
            entries, end = self._journal.read(state.end)
            for entry in entries:
                state = state.changed({id_: vector_from_json(text) for id_, text in entry.items()}, end=end)
            self._state = state
        return state

    def _load(self) -> _State:
        folder: Path = self._artifacts.get(self._kind, self._name).path
        try:
            ids = json.loads((folder / "ids.json").read_text(encoding="utf-8"))
            built = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise BrokenArtifact(f"the vectors of {self._name} cannot be read: {error}") from error
        rows = {id_: row for row, id_ in enumerate(ids)}
        return _State(ids, rows, VectorRows.of(built), np.ones(len(ids), dtype=bool))


class Shelf(VectorStore):
    """The vectors of the documents of one generation that another engine holds: an OpenSearch without k-NN."""

    def __init__(self, artifacts: Artifacts, *, index_name: str, generation: str) -> None:
        changes = f"index-vector-changes/{index_name}"
        super().__init__(artifacts, kind=f"index-vectors/{index_name}", changes=changes, name=generation)


@dataclass(frozen=True, slots=True)
class _State:
    ids: list[str]
    rows: Mapping[str, int]
    vectors: VectorRows
    alive: npt.NDArray[np.bool_]
    end: int = 0

    def changed(self, vectors: Mapping[str, Vectors | None], *, end: int) -> _State:
        fresh = {id_: vector for id_, vector in vectors.items() if vector is not None}
        start = len(self.ids)
        rows = {id_: row for id_, row in self.rows.items() if id_ not in vectors}
        rows.update((id_, start + place) for place, id_ in enumerate(fresh))
        alive = np.concatenate([self.alive, np.ones(len(fresh), dtype=bool)])
        alive[[self.rows[id_] for id_ in vectors if id_ in self.rows]] = False
        later = self.vectors.appended(np.stack(list(fresh.values()))) if fresh else self.vectors
        return _State([*self.ids, *fresh], rows, later, alive, end)
