"""The documents of a generation on disk: JSON lines and where each begins, read one by one and kept once read."""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType

import numpy as np

from index.documents import Document, document_from_json, document_to_json

LINES = "documents.jsonl"
STARTS = "documents.npy"
KEPT = 20_000  # documents held in memory as objects, about 5 KB each


class DocumentWriter:
    """Writes documents into a folder, in the order of their ordinals."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = (folder / LINES).open("wb")
        self._starts = [0]

    def add(self, document: Document) -> None:
        """Write the next document."""
        line = json.dumps(document_to_json(document), ensure_ascii=False, separators=(",", ":"))
        self._starts.append(self._starts[-1] + self._file.write(line.encode() + b"\n"))

    def __enter__(self) -> DocumentWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if error is None:
            np.save(self._folder / STARTS, np.array(self._starts, dtype=np.int64))


class DocumentStore:
    """Documents by ordinal; those that changed since the build are laid over those of the file."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError or ValueError for files that are missing or broken."""
        self._starts = np.load(folder / STARTS, allow_pickle=False)
        with (folder / LINES).open("rb") as file:
            size = file.seek(0, 2)
            if size != self._starts[-1]:
                raise ValueError(f"{LINES} is cut short")
            self._lines = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
        self._changed: dict[int, Document] = {}
        self._read: dict[int, Document] = {}

    def get(self, ordinal: int) -> Document:
        """The document as it is now."""
        found = self._changed.get(ordinal) or self._read.get(ordinal)
        if found is None:
            found = document_from_json(json.loads(self._lines[self._starts[ordinal] : self._starts[ordinal + 1]]))
            if len(self._read) >= KEPT:
                self._read.clear()
            self._read[ordinal] = found
        return found

    def lay(self, documents: Mapping[int, Document]) -> None:
        """From now on these stand at their ordinals."""
        self._changed.update(documents)


def read_documents(folder: Path) -> Iterable[Document]:
    """All documents of a folder in order, as they were written."""
    with (folder / LINES).open("rb") as file:
        for line in file:
            yield document_from_json(json.loads(line))
