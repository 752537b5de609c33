"""The embedded engine: tantivy for the text, numpy columns for everything else, in process and persistent.

Below the artifacts' root:

    index/<name>/<generation>/       one build, never changed: words/ (tantivy), documents, columns, vectors
    index/<name>/live.json           the pointer
    index-changes/<name>/<generation>/
        journal.jsonl                what was applied since the build: the truth
        words/                       tantivy's files with the documents put since the build; can be made again

Every process that reads looks at the pointer and at the journal's size before a search (two `stat` calls) and
comes up to date by itself. A put adds tantivy's document first and the journal's line second, so the text is never
behind the journal; what the journal does not know is not there.
"""

from __future__ import annotations

import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from analysis.text import Analyser, analyser
from core.artifacts import Artifacts, Version
from core.clock import Clock, system_clock
from core.errors import BrokenArtifact, InvalidInput, Unavailable
from index.changes import change_from_json, change_to_json, checked
from index.columns import ColumnsBuilder
from index.documents import Document
from index.engine import Change, Generation, Result
from index.fields import check_id, check_query
from index.journal import Journal
from index.lexical import LexicalWeights, indexed_tokens
from index.query import Query
from index.store import DocumentWriter
from index.view import View
from index.words import Words, add_words, write_words

SCHEMA = 3


class EmbeddedEngine:
    """See `index.engine.SearchEngine`. May be used from many threads and many processes at once."""

    def __init__(
        self,
        artifacts: Artifacts,
        *,
        index_name: str = "products",
        weights: LexicalWeights | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._artifacts = artifacts
        self._kind = f"index/{index_name}"
        self._changes = artifacts.root / "index-changes" / index_name
        self._weights = weights or LexicalWeights()
        self._clock = clock
        self._lock = threading.RLock()
        self._views: dict[str, View] = {}
        self._live: tuple[int, str] = (0, "")  # the pointer's stamp and the generation it named

    @property
    def name(self) -> str:
        return "embedded"

    def build(
        self,
        documents: Iterable[Document],
        *,
        vectors: npt.NDArray[np.float32] | None,
        about: Mapping[str, Any],
    ) -> Generation:
        now = self._clock()
        name = f"{now:%Y%m%dt%H%M%S}-{secrets.token_hex(3)}"
        manifest = {
            "schema": SCHEMA,
            "analyser": Analyser.version,
            "created_at": now.isoformat(),
            "about": dict(about),
        }
        with self._artifacts.create(self._kind, name=name, about=manifest) as folder:
            columns = ColumnsBuilder()
            with DocumentWriter(folder) as store:
                write_words(folder / "words", self._taken(documents, columns, store))
            built = columns.build()
            built.save(folder)
            if vectors is None:
                vectors = np.zeros((len(built), 0), dtype=np.float32)
            if vectors.ndim != 2 or len(vectors) != len(built):
                raise InvalidInput(f"{len(built)} documents cannot have vectors of shape {vectors.shape}")
            np.save(folder / "vectors.npy", np.ascontiguousarray(vectors, dtype=np.float32))
            manifest["documents"] = len(built)
        return _generation(self._artifacts.get(self._kind, name))

    def publish(self, name: str) -> Generation:
        self._view(name)  # a generation that cannot be opened must not go live
        version = self._artifacts.publish(self._kind, name)
        self._live = (0, "")  # the pointer's stamp may not tell two changes within a few milliseconds apart
        return _generation(version)

    def rollback(self) -> Generation:
        version = self._artifacts.rollback(self._kind)
        self._live = (0, "")
        return _generation(version)

    def generations(self) -> list[Generation]:
        return [_generation(version) for version in self._artifacts.versions(self._kind)]

    def live(self) -> Generation | None:
        version = self._artifacts.live(self._kind)
        return _generation(version) if version else None

    def prune(self, *, keep: int) -> list[str]:
        gone = self._artifacts.prune(self._kind, keep=keep)
        for name in gone:
            shutil.rmtree(self._changes / name, ignore_errors=True)
        return gone

    def apply(self, changes: Sequence[Change], *, generation: str | None = None) -> int:
        name = generation or self._live_name()
        batch = checked(changes, dimensions=self._view(name).dimensions)
        journal = Journal(self._changes / name)
        with journal.lock():
            view = self._view(name)
            outcomes = view.fold(batch)
            if not outcomes:
                return 0
            puts = [outcome.document for outcome in outcomes.values() if outcome.put and outcome.document]
            if puts:
                add_words(self._own_words(view, journal), self._entries(puts, first=len(view.columns)))
            journal.append([change_to_json(change) for change in batch])
            self._view(name)
        return len(outcomes)

    def search(self, query: Query, *, generation: str | None = None) -> Result:
        check_query(query)
        return self._view(generation or self._live_name()).search(query)

    def get(self, ids: Sequence[str]) -> dict[str, Document]:
        view = self._view(self._live_name())
        found = {id_: view.document(id_) for id_ in ids}
        return {id_: document for id_, document in found.items() if document is not None}

    def complete(self, prefix: str, *, size: int = 10) -> list[tuple[str, int]]:
        start = analyser().fold(prefix).strip().lower()
        return self._view(self._live_name()).complete(start, size=size)

    def drop(self) -> None:
        self.close()
        for folder in (self._artifacts.root / self._kind, self._changes):
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        with self._lock:
            self._views.clear()
            self._live = (0, "")

    def _taken(
        self, documents: Iterable[Document], columns: ColumnsBuilder, store: DocumentWriter
    ) -> Iterator[tuple[int, dict[str, list[str]]]]:
        seen: set[str] = set()
        for ordinal, document in enumerate(documents):
            check_id(document.id)
            if document.id in seen:
                raise InvalidInput(f"the id {document.id!r} occurs twice", id=document.id)
            seen.add(document.id)
            columns.add(document)
            store.add(document)
            yield ordinal, self._tokens(document)

    def _tokens(self, document: Document) -> dict[str, list[str]]:
        return indexed_tokens(document, analyser=analyser(), weights=self._weights)

    def _entries(self, documents: Iterable[Document], *, first: int) -> Iterator[tuple[int, dict[str, list[str]]]]:
        return ((ordinal, self._tokens(document)) for ordinal, document in enumerate(documents, first))

    def _live_name(self) -> str:
        stamp = self._artifacts.pointer_stamp(self._kind)
        seen, name = self._live
        if stamp != seen:
            version = self._artifacts.live(self._kind)
            name = version.name if version else ""
            self._live = (stamp, name)
        if not name:
            raise Unavailable("no index is published yet: `merx index build` makes one")
        return name

    def _view(self, name: str) -> View:
        """The view of a generation with all that was applied by now."""
        view = self._views.get(name)
        journal = Journal(self._changes / name)
        if view is not None and journal.size() == view.end:
            return view
        with self._lock:
            view = self._views.get(name) or self._opened(name)
            view = self._advanced(view, journal)
            kept = {self._live[1], name}
            self._views = {other: seen for other, seen in self._views.items() if other in kept} | {name: view}
        return view

    def _opened(self, name: str) -> View:
        version = self._artifacts.get(self._kind, name)
        if (version.about.get("schema"), version.about.get("analyser")) != (SCHEMA, Analyser.version):
            raise BrokenArtifact(
                f"the index {name} was made by another version of Merx: build it anew", version=name
            )
        try:
            return View.open(version.path, generation=_generation(version), weights=self._weights)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise BrokenArtifact(f"the index {name} cannot be read: {error}", version=name) from error

    def _advanced(self, view: View, journal: Journal) -> View:
        entries, end = journal.read(view.end)
        put = False
        for entry in entries:
            outcomes = view.fold([change_from_json(plain) for plain in entry])
            put = put or any(outcome.put for outcome in outcomes.values())
            view = view.advanced(outcomes, end=end)
        if not put:
            return view
        try:
            return replace(view, words=Words(self._own_words(view, journal)))
        except ValueError as error:
            raise BrokenArtifact(f"the text of {view.generation.name} cannot be read: {error}") from error

    def _own_words(self, view: View, journal: Journal) -> Path:
        """The generation's text in files that may change, made when first needed (or when it was lost)."""
        path = journal.folder / "words"
        if path.exists():
            return path
        draft = journal.folder / f".making-words-{os.getpid()}-{time.monotonic_ns()}"
        _link_folder(self._artifacts.get(self._kind, view.generation.name).path / "words", draft)
        built = view.vectors.built
        if len(view.columns) > built:
            later = [view.store.get(ordinal) for ordinal in range(built, len(view.columns))]
            add_words(draft, self._entries(later, first=built))
        try:
            os.replace(draft, path)
        except OSError:  # another process was faster
            shutil.rmtree(draft)
        return path


def _link_folder(source: Path, target: Path) -> None:
    """Copy tantivy's files: segments are written once, so a second name for them will do."""
    target.mkdir(parents=True)
    for path in source.iterdir():
        if path.name.endswith(".lock"):
            continue
        if path.name.endswith(".json"):
            shutil.copyfile(path, target / path.name)
            continue
        try:
            os.link(path, target / path.name)
        except OSError:
            shutil.copyfile(path, target / path.name)


def _generation(version: Version) -> Generation:
    about = version.about
    return Generation(version.name, about["documents"], about["created_at"], about["about"])
