"""Another process with an embedded engine of its own, for tests of what processes see of each other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent.parent

_PRELUDE = """
import os, sys
from pathlib import Path
import numpy as np
from core.artifacts import Artifacts
from index.documents import Document
from index.embedded import EmbeddedEngine
from index.engine import Delete, Patch, Put
from index.journal import Journal
from index.query import AnyOf, Between, Query, Text
engine = EmbeddedEngine(Artifacts(Path(sys.argv[1])))
def ids(query): return [hit.id for hit in engine.search(query).hits]
"""


class OtherProcess:
    """Runs Python statements or expressions one at a time, with `engine` open on the same artifacts."""

    def __init__(self, artifacts: Path) -> None:
        loop = "for line in sys.stdin: print(repr(eval(line)), flush=True)"
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PRELUDE + loop, str(artifacts)],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, expression: str) -> str:
        """The repr of an expression's value over there."""
        self.tell(expression)
        return self.answer()

    def tell(self, expression: str) -> None:
        """Start an expression without waiting for its value."""
        assert self._process.stdin is not None
        self._process.stdin.write(expression + "\n")
        self._process.stdin.flush()

    def answer(self) -> str:
        """The value of what was told."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        """End it and wait."""
        self._process.communicate(timeout=60)


def run_to_its_end(artifacts: Path, statements: str) -> int:
    """Run statements in a process of their own; returns its exit code."""
    return subprocess.run(
        [sys.executable, "-c", _PRELUDE + statements, str(artifacts)], cwd=CHECKOUT, check=False, timeout=120
    ).returncode
