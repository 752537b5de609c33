"""Databases for state machines, which need a fresh one for each of their runs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.properties.shop import NewDatabase
from tests.services.postgres import fast_folder


@pytest.fixture
def sqlite_databases(sqlite_template: Path) -> Iterator[NewDatabase]:
    """Fresh databases, one at a time."""
    number = iter(range(10**9))
    with tempfile.TemporaryDirectory(prefix="merx-properties-", dir=fast_folder()) as folder:

        def new() -> str:
            for old in Path(folder).glob("*"):
                old.unlink()
            copy = Path(folder) / f"{next(number)}.db"
            shutil.copy(sqlite_template, copy)
            return f"sqlite:///{copy}"

        yield new
