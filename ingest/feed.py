"""Reading a feed: lines of JSON become columns, and what does not fit is put aside with its reason."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import polars as pl
from pydantic import ValidationError

from core.errors import InvalidInput
from ingest.feed_rows import COLUMNS, add_rows
from ingest.feed_schema import FEED_LINE

ROW = {"row": pl.Int64}
REJECT_ROWS = {"row": pl.Int64, "reason": pl.String, "detail": pl.String}

# Turns a line of another format into a line of the feed; raises ValueError for one that it cannot read.
Translate = Callable[[bytes], bytes]
Heard = Callable[[int], None]
_HEARD_EVERY = 10_000
# Parquet, Zip (and so .xlsx), SQLite, UTF-16: a whole file of another kind, not a feed with bad lines.
_NO_TEXT = (b"PAR1", b"PK\x03\x04", b"SQLite format", b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Feed:
    """What the lines of some files say, as columns named like those of `core.frames` with `row` in front.

    `row` numbers the lines of all files from 1; `lines` has `row`, `kind` and `public_id` of every readable line,
    `rejects` has `row`, `reason` and `detail` of every other one. Empty lines are not counted.
    """

    tables: dict[str, pl.DataFrame]
    lines: pl.DataFrame
    rejects: pl.DataFrame
    files: list[tuple[Path, int]] = field(default_factory=list)  # each with the row before its first line

    @property
    def read(self) -> int:
        """How many lines there were."""
        return self.lines.height + self.rejects.height


def read_feed(files: Sequence[Path], *, translate: Translate | None = None, heard: Heard | None = None) -> Feed:
    """Read and validate the lines of `files` (plain or gzip); `heard` is told the number of lines now and then.

    Raises InvalidInput for a file that is missing, cut short, or no text.
    """
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in COLUMNS}
    lines: list[tuple[int, str, str]] = []
    rejects: list[tuple[int, str, str]] = []
    starts: list[tuple[Path, int]] = []
    row = 0
    for path in files:
        starts.append((path, row))
        for line in _lines(path):
            row += 1
            if heard is not None and row % _HEARD_EVERY == 0:
                heard(row)
            if not line.strip():
                continue
            try:
                thing = FEED_LINE.validate_json(translate(line) if translate else line)
            except ValidationError as error:
                rejects.append((row, *_fault(error)))
            except ValueError as error:
                rejects.append((row, "unreadable", str(error)[:300]))
            else:
                lines.append((row, add_rows(rows, row, thing), thing.id))
    return Feed(
        tables={name: pl.DataFrame(rows[name], schema=ROW | COLUMNS[name], orient="row") for name in COLUMNS},
        lines=pl.DataFrame(lines, schema=ROW | {"kind": pl.String, "public_id": pl.String}, orient="row"),
        rejects=pl.DataFrame(rejects, schema=REJECT_ROWS, orient="row"),
        files=starts,
    )


def with_raw_lines(rejects: pl.DataFrame, files: Sequence[tuple[Path, int]]) -> pl.DataFrame:
    """`rejects` (columns `row`, `reason`, `detail`) as a rejects file has them: `file`, `line`, ..., `raw`."""
    wanted = {row: (reason, detail) for row, reason, detail in rejects.sort("row").iter_rows()}
    found: list[tuple[str, int, str, str, str]] = []
    for path, start in files:
        if not wanted:
            break
        for number, line in enumerate(_lines(path), start=1):
            fault = wanted.pop(start + number, None)
            if fault is not None:
                raw = line.rstrip(b"\r\n").decode("utf-8", errors="backslashreplace")
                found.append((path.name, number, *fault, raw))
    schema = {"file": pl.String, "line": pl.Int64, "reason": pl.String, "detail": pl.String, "raw": pl.String}
    return pl.DataFrame(found, schema=schema, orient="row")


def _fault(error: ValidationError) -> tuple[str, str]:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    reason = "unreadable" if first["type"] == "json_invalid" else "invalid"
    message = first["msg"].removeprefix("Value error, ")
    return reason, (f"{where}: {message}" if where else message)[:300]


def _lines(path: Path) -> Iterator[bytes]:
    with _opened(path) as file:
        for number, line in enumerate(file):
            yield line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as file:
            head = file.read(4096)
            file.seek(0)
            if head.startswith(b"\x1f\x8b"):
                with gzip.open(file) as unpacked:
                    yield unpacked  # type: ignore[misc]
            elif head.startswith(_NO_TEXT):
                raise InvalidInput(f"{path.name} is not a text file", file=path.name)
            else:
                yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InvalidInput(f"{path.name} is cut short or broken: {error}", file=path.name) from error
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror or error}", file=path.name) from error
