"""The journal of a generation: what was applied to it since its build, one JSON line for each batch.

The files of a generation never change; the journal beside them does. A line counts once its newline is on disk,
so an apply happens whole or not at all, and any number of processes can read on while one writes.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import Unavailable

LOCK_PATIENCE = 30.0  # seconds to wait for another process that is applying


class Journal:
    """One file, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "journal.jsonl"

    def size(self) -> int:
        """The bytes written so far; cheap enough to ask before every search."""
        try:
            return os.stat(self.path).st_size
        except FileNotFoundError:
            return 0

    def read(self, start: int) -> tuple[list[Any], int]:
        """The entries of the whole lines from byte `start` on, and the byte behind the last of them."""
        try:
            with self.path.open("rb") as file:
                file.seek(start)
                data = file.read()
        except FileNotFoundError:
            return [], start
        end = data.rfind(b"\n") + 1
        return [json.loads(line) for line in data[:end].splitlines()], start + end

    def append(self, entry: Any) -> None:
        """Write an entry (anything JSON can say) as one line and wait until it is on disk. Needs the lock."""
        line = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
        fresh = not self.path.exists()
        with self.path.open("a+b") as file:
            file.truncate(_whole_lines(file))  # what a killed writer left unfinished never counted
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if fresh:
            handle = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the right to write, among all processes; raises Unavailable when another does not let go of it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a") as file:
            deadline = time.monotonic() + LOCK_PATIENCE
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise Unavailable(
                            f"another process has been writing to {self.folder.name} for {LOCK_PATIENCE:g} seconds"
                        ) from None
                    time.sleep(0.005)
            yield  # closing the file gives the lock back, however the block ends


def _whole_lines(file: BinaryIO) -> int:
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        return 0
    file.seek(size - 1)
    if file.read(1) == b"\n":
        return size
    file.seek(0)
    return file.read().rfind(b"\n") + 1
