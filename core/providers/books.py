"""Books of records kept as files: one JSON file each, written whole or not at all, and a lock for each."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

LOCKS = 64  # files that locks are taken on: enough that two records seldom wait for each other


@dataclass(frozen=True, slots=True)
class Books:
    """The records below a folder, by their keys. Safe to share between threads and processes.

    A process that is killed leaves every record as it was before or as it was meant to be.
    """

    folder: Path

    def read(self, key: str) -> dict[str, Any] | None:
        """The record of a key; None where there is none."""
        try:
            record: dict[str, Any] = json.loads(self._path(key).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return record

    def write(self, key: str, record: Mapping[str, Any]) -> None:
        """Keep a record in the place of the one of before."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{uuid4().hex}")
        draft.write_text(json.dumps(record, sort_keys=True), encoding="utf-8")
        draft.rename(path)

    def all(self) -> Iterator[dict[str, Any]]:
        """Every record, in no order."""
        for path in self.folder.glob("*.json"):
            yield json.loads(path.read_text(encoding="utf-8"))

    @contextmanager
    def locked(self, key: str) -> Iterator[None]:
        """Nobody else holds this key in the block. One key at a time: another may share its lock."""
        folder = self.folder / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        # Such a lock belongs to the open file, so it also holds between the threads of a process.
        with (folder / f"{int(_digest(key), 16) % LOCKS:02}").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _path(self, key: str) -> Path:
        return self.folder / f"{_digest(key)}.json"


def _digest(key: str) -> str:
    # surrogatepass: a key is whatever somebody sent
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
