"""Importing a feed: read, check, load in one transaction, and say what became of every line."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
from sqlmodel import Session

from core.artifacts import file_sha256
from core.clock import Clock
from core.database import Database
from core.errors import InvalidInput
from core.frames import Frames
from core.loading import Progress, load, no_progress
from core.tables import ImportRun
from ingest import esci, icecat
from ingest.feed import Feed, Translate, read_feed, with_raw_lines
from ingest.feed_checks import Checked, check
from ingest.feed_rows import COLUMNS, TABLES
from ingest.online_retail import Lines, read_lines
from ingest.online_retail_merge import merge
from ingest.rejects import count_by_reason, draft_rejects

# Formats whose lines are translated into lines of the feed.
TRANSLATED: dict[str, Translate | None] = {"jsonl": None, "icecat": icecat.to_feed, "esci": esci.to_feed}
FORMATS = ("online-retail", *TRANSLATED)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the lines: read = loaded + merged + rejected.

    A merged line said what was known already, or was folded into another. `reasons` counts the rejected lines;
    `rejects` is the file that holds them (None where there are none).
    """

    format: str
    files: tuple[str, ...]
    read: int
    loaded: int
    merged: int
    rejected: int
    reasons: dict[str, int]
    rejects: Path | None
    seconds: float

    def as_json(self) -> dict[str, object]:
        """The report as plain JSON values."""
        return asdict(self) | {"rejects": str(self.rejects) if self.rejects else None, "files": list(self.files)}

    def __str__(self) -> str:
        return (
            f"{self.format}: {self.read:,} lines read = {self.loaded:,} loaded + {self.merged:,} merged"
            f" + {self.rejected:,} rejected, in {self.seconds:.1f} s"
        )


def run_import(
    format: str,
    files: Sequence[Path],
    *,
    database: Database,
    home: Path,
    clock: Clock,
    progress: Progress = no_progress,
) -> ImportReport:
    """Import files of a format into the core, all of them or nothing.

    The rejected lines go to `<home>/rejects/<format>-<hash of the files>.jsonl`. `progress` hears (stage, done,
    total). Raises InvalidInput for an unknown format, no files, or a file that is missing or cannot be read.
    """
    if format not in FORMATS:
        raise InvalidInput(f"unknown format {format!r}: one of {', '.join(FORMATS)}", format=format)
    if not files:
        raise InvalidInput("no files to import")
    started = clock()
    digest = _digest(files)
    if format == "online-retail":
        work: _Work = _RetailWork(files, progress)
    else:
        work = _FeedWork(files, TRANSLATED[format], progress, assumed=format != "jsonl")
    target = home / "rejects" / f"{format}-{digest[:12]}.jsonl"
    draft: Path | None = None
    try:
        with database.write() as session:
            loaded, rejects = work.load(session, clock, progress)
            read, rejected = work.read, rejects.height
            draft = draft_rejects(rejects, target) if rejected else None
            session.add(
                ImportRun(
                    format=format,
                    files=" ".join(path.name for path in files),
                    sha256=digest,
                    read=read,
                    loaded=loaded,
                    merged=read - loaded - rejected,
                    rejected=rejected,
                    finished_at=clock(),
                )
            )
            session.flush()
            progress("commit", 0, 1)
    except BaseException:
        if draft is not None:
            draft.unlink(missing_ok=True)
        raise
    if draft is not None:
        os.replace(draft, target)
    progress("commit", 1, 1)
    return ImportReport(
        format=format,
        files=tuple(str(path) for path in files),
        read=read,
        loaded=loaded,
        merged=read - loaded - rejected,
        rejected=rejected,
        reasons=count_by_reason(rejects),
        rejects=target if draft is not None else None,
        seconds=(clock() - started).total_seconds(),
    )


def load_checked(
    session: Session,
    checked: Checked,
    *,
    assumed: bool,
    at: datetime,
    actor: str = "system",
    progress: Progress = no_progress,
) -> int:
    """Load the lines of a feed that passed the checks; returns how many of them said something new.

    `assumed` stock stands in for a count, see `core.frames`.
    """
    tables = {name: checked.tables[name].drop("row") for name in COLUMNS}
    tables["sellers"] = tables["sellers"].unique("public_id", keep="last", maintain_order=True)
    tables["stock"] = tables["stock"].with_columns(assumed=pl.lit(assumed))
    given = {name: tables[name] for kind in TABLES for name in TABLES[kind] if tables[kind].height}
    loaded = load(session, Frames(**given), at=at, actor=actor, progress=progress)
    changed = 0
    for kind in TABLES:
        rows = checked.tables[kind].filter(pl.col("public_id").is_in(list(loaded.changed(kind))))
        changed += rows.height
    return changed


class _RetailWork:
    def __init__(self, files: Sequence[Path], progress: Progress) -> None:
        self.lines: list[Lines] = []
        for number, path in enumerate(files, start=1):
            self.lines.append(read_lines(path))
            progress("read", number, len(files))
        self.read = sum(lines.read for lines in self.lines)

    def load(self, session: Session, clock: Clock, progress: Progress) -> tuple[int, pl.DataFrame]:
        merged = merge(session, [lines.good for lines in self.lines])
        progress("merge", 1, 1)
        load(session, merged.frames, at=clock(), progress=progress)
        return merged.loaded, pl.concat([lines.rejects for lines in self.lines])


class _FeedWork:
    def __init__(
        self, files: Sequence[Path], translate: Translate | None, progress: Progress, *, assumed: bool
    ) -> None:
        self.assumed = assumed
        self.feed: Feed = read_feed(files, translate=translate, heard=lambda row: progress("read", row, row))
        self.read = self.feed.read

    def load(self, session: Session, clock: Clock, progress: Progress) -> tuple[int, pl.DataFrame]:
        checked = check(session, self.feed)
        progress("check", 1, 1)
        changed = load_checked(session, checked, assumed=self.assumed, at=clock(), progress=progress)
        rejects = pl.concat([self.feed.rejects, *checked.rejects])
        return changed, with_raw_lines(rejects, self.feed.files)


_Work = _RetailWork | _FeedWork


def _digest(files: Sequence[Path]) -> str:
    try:
        sums = sorted(file_sha256(path) for path in files)
    except OSError as error:
        raise InvalidInput(f"cannot read {error.filename}: {error.strerror}", file=str(error.filename)) from error
    return hashlib.sha256("\n".join(sums).encode()).hexdigest()
