"""Which format a product file is in, by its first record."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from core.errors import InvalidInput

# Keys that every record of a format has and no other format's record has.
_MARKS = {"jsonl": {"type"}, "esci": {"asin", "bullet_points"}, "icecat": {"supplier", "short_description"}}


def recognise(path: Path) -> str:
    """The format of a JSON-lines product file (plain or gzip); raises InvalidInput for anything else."""
    try:
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
            record = json.loads(file.readline(1_000_000))
    except (OSError, EOFError, ValueError) as error:
        raise InvalidInput(f"{path.name} cannot be read as JSON lines: {error}") from error
    if isinstance(record, dict):
        for kind, marks in _MARKS.items():
            if marks <= record.keys():
                return kind
    raise InvalidInput(f"{path.name} is in no format that is known; name one with --format")
