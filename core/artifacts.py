"""Artifacts: immutable versions of batch outputs on disk, each with a manifest, and an atomic pointer to one.

Layout below the root, for a kind such as `snapshots`, `index` or `models/als`:

    <kind>/<version>/manifest.json   what made it, and the size and SHA-256 of every file
    <kind>/<version>/...             the files
    <kind>/live.json                 the pointer: the live version and the one before it
    <kind>/<version>.gone.json       when and why a version was deleted for good; its name is not taken again
    <kind>/.making-*                 an output being written; a killed one is swept by the next writer
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.errors import BrokenArtifact, Conflict, NotFound

MANIFEST = "manifest.json"
POINTER = "live.json"
GONE = ".gone.json"
STALE_AFTER = 6 * 3600.0  # seconds after which an unfinished output belongs to nobody alive


@dataclass(frozen=True, slots=True)
class Version:
    """One finished artifact: its name, its folder and its manifest's `about`."""

    kind: str
    name: str
    path: Path
    about: dict[str, Any]


class Artifacts:
    """The versions below one root folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def create(self, kind: str, *, name: str, about: dict[str, Any]) -> Iterator[Path]:
        """Write a version: yields an empty folder that becomes `<kind>/<name>` when the block ends well.

        Nothing is left behind when the block raises. A version of that name that exists already stays as it is
        (same name, same content). `about` is read when the block ends, so it may be filled in on the way. Raises
        Conflict for a version that was deleted for good.
        """
        if why := self.gone(kind, name):
            raise Conflict(why, kind=kind, version=name)
        folder = self.root / kind
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        making = folder / f".making-{name}-{os.getpid()}-{time.monotonic_ns()}"
        making.mkdir()
        try:
            yield making
            files = {
                str(path.relative_to(making)): {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
                for path in sorted(making.rglob("*"))
                if path.is_file()
            }
            manifest = {"kind": kind, "name": name, "about": about, "files": files}
            _write_synced(making / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True))
            target = folder / name
            if not (target / MANIFEST).exists():
                shutil.rmtree(target, ignore_errors=True)
                os.replace(making, target)
                _sync_folder(folder)
        finally:
            shutil.rmtree(making, ignore_errors=True)

    def versions(self, kind: str) -> list[Version]:
        """The finished versions of a kind, oldest first by what their manifests say, then by name."""
        folder = self.root / kind
        names = (path.parent.name for path in folder.glob(f"*/{MANIFEST}"))  # `*` finds what is in the making too
        found = [self.get(kind, name) for name in names if not name.startswith(".")]
        return sorted(found, key=lambda version: (str(version.about.get("created_at", "")), version.name))

    def get(self, kind: str, name: str) -> Version:
        """One version by name; raises NotFound, or BrokenArtifact when its manifest cannot be read.

        Of a version that was deleted for good it says when and why.
        """
        path = self.root / kind / name
        if "/" in name or name.startswith(".") or not (path / MANIFEST).is_file():
            why = self.gone(kind, name) or f"there is no {kind} version {name!r}"
            raise NotFound(why, kind=kind, version=name)
        try:
            manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
            return Version(kind, name, path, manifest["about"])
        except (ValueError, KeyError, TypeError) as error:
            raise BrokenArtifact(
                f"the manifest of {kind} {name} cannot be read", kind=kind, version=name
            ) from error

    def verify(self, version: Version) -> None:
        """Compare every file with the manifest; raises BrokenArtifact naming the first that differs."""
        manifest = json.loads((version.path / MANIFEST).read_text(encoding="utf-8"))
        for name, said in manifest["files"].items():
            path = version.path / name
            if not path.is_file():
                raise BrokenArtifact(f"{version.kind} {version.name} lacks {name}", version=version.name)
            if path.stat().st_size != said["bytes"] or file_sha256(path) != said["sha256"]:
                raise BrokenArtifact(f"{name} of {version.kind} {version.name} was changed or cut short")

    def live(self, kind: str) -> Version | None:
        """The version that serves; None where nothing was published yet."""
        name = self._pointer(kind).get("live")
        return self.get(kind, name) if name else None

    def publish(self, kind: str, name: str) -> Version:
        """Point at `name` from now on, and remember what served before it."""
        version = self.get(kind, name)
        pointer = self._pointer(kind)
        if pointer.get("live") != name:
            self._point(kind, live=name, previous=pointer.get("live"))
        return version

    def rollback(self, kind: str) -> Version:
        """Point back at the version before the live one; raises Conflict where there is none."""
        pointer = self._pointer(kind)
        previous = pointer.get("previous")
        if not previous:
            raise Conflict(f"there is no earlier {kind} version to go back to", kind=kind)
        version = self.get(kind, previous)
        self._point(kind, live=version.name, previous=pointer.get("live"))
        return version

    def prune(self, kind: str, *, keep: int) -> list[str]:
        """Delete all but the newest `keep` versions; the live and the previous one always stay."""
        gone = self.spare(kind, keep=keep)
        for name in gone:
            self.delete(kind, name)
        return gone

    def spare(self, kind: str, *, keep: int) -> list[str]:
        """The names that `prune` would delete: for who has more to delete than the folder."""
        pointer = self._pointer(kind)
        versions = [version.name for version in self.versions(kind)]
        kept = {pointer.get("live"), pointer.get("previous"), *versions[max(0, len(versions) - keep) :]}
        return [name for name in versions if name not in kept]

    def delete(self, kind: str, name: str, *, why: str = "", at: datetime | None = None) -> None:
        """Delete a version that does not serve; raises Conflict for the live one.

        With `why` it is deleted for good: a tombstone says so from then on, and nothing takes its name again.
        """
        path = self.root / kind / name
        if not why:
            path = self.get(kind, name).path  # a broken one is left for somebody to look at
        if self._pointer(kind).get("live") == name:
            raise Conflict(f"{kind} {name} is live", kind=kind, version=name)
        if why:  # before the version goes: one that is killed in between is deleted again
            told = {"deleted_at": (at or datetime.now(UTC)).isoformat(), "why": why}
            self._write_whole(path.with_name(f"{name}{GONE}"), json.dumps(told, ensure_ascii=False))
        doomed = path.with_name(f".making-deleted-{name}-{time.monotonic_ns()}")
        os.replace(path, doomed)  # gone at once for readers, then slowly from the disk
        shutil.rmtree(doomed, ignore_errors=True)

    def gone(self, kind: str, name: str) -> str:
        """When and why a version was deleted for good, in words; empty for any other."""
        if "/" in name or name.startswith("."):
            return ""
        try:
            told = json.loads((self.root / kind / f"{name}{GONE}").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ""
        return f"{kind} {name} was deleted on {told['deleted_at'][:10]} and cannot be made again: {told['why']}"

    def replace(self, kind: str, names: Mapping[str, str | None]) -> None:
        """Let the pointer name others in the place of versions that are to go; None: nothing serves any more."""
        pointer = self._pointer(kind)
        live, previous = (names.get(name, name) if name else None for name in _both(pointer))
        if pointer and (live, previous) != _both(pointer):
            self._point(kind, live=live, previous=previous if previous != live else None)

    def sweep(self, kind: str) -> None:
        """Remove every unfinished output at once. Only for who knows that nobody is writing any."""
        _sweep(self.root / kind, stale_after=-math.inf)

    def pointer_stamp(self, kind: str) -> int:
        """A number that changes when the pointer does: cheap to ask before every request."""
        try:
            found = (self.root / kind / POINTER).stat()
            return hash((found.st_mtime_ns, found.st_ino))  # two moves within one tick differ in the file itself
        except FileNotFoundError:
            return 0

    def _pointer(self, kind: str) -> dict[str, str | None]:
        path = self.root / kind / POINTER
        try:
            pointer: dict[str, str | None] = json.loads(path.read_text(encoding="utf-8"))
            return pointer
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise BrokenArtifact(f"the pointer {kind}/{POINTER} cannot be read", kind=kind) from error

    def _point(self, kind: str, *, live: str | None, previous: str | None) -> None:
        self._write_whole(self.root / kind / POINTER, json.dumps({"live": live, "previous": previous}))

    def _write_whole(self, path: Path, text: str) -> None:
        """Put a small file in its place, whole or not at all."""
        draft = path.with_name(f".making-{path.name}-{os.getpid()}-{time.monotonic_ns()}")
        _write_synced(draft, text)
        os.replace(draft, path)
        _sync_folder(path.parent)


def content_name(*parts: object, at: datetime | None = None) -> str:
    """A version name from what made it: 12 hex digits of a SHA-256 over `parts`, after the date where given."""
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:12]
    return f"{at.astimezone(UTC):%Y%m%d}-{digest}" if at else digest


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=1)
def code_version() -> str:
    """What the code is: the commit, or a hash of the sources where there is no git; `+` marks changed files."""
    root = Path(__file__).parent.parent
    try:
        commit = _git(root, "rev-parse", "--short=12", "HEAD")
        return f"{commit}+" if _git(root, "status", "--porcelain", "--", "*.py") else commit
    except (OSError, subprocess.CalledProcessError):
        digest = hashlib.sha256()
        for room in ("core", "analysis", "ingest", "index", "recsys", "ranking"):
            for path in sorted((root / room).rglob("*.py")):
                digest.update(path.read_bytes())
        return f"src-{digest.hexdigest()[:12]}"


def _git(root: Path, *words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=root, check=True, capture_output=True, text=True, timeout=10
    ).stdout.strip()


def _both(pointer: Mapping[str, str | None]) -> tuple[str | None, str | None]:
    return pointer.get("live"), pointer.get("previous")


def _sweep(folder: Path, *, stale_after: float = STALE_AFTER) -> None:
    for path in folder.glob(".making-*"):
        if time.time() - path.stat().st_mtime >= stale_after:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _write_synced(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
