"""The batch part of erasure: no snapshot, model or file holds anything of an erased user when it is over.

Every step can be done again, and each leaves behind what the next one needs to know: a snapshot with the user's
rows is written anew without them, then the pointer moves, then the old one goes and a tombstone says why; models
whose snapshot has a tombstone have learned from those rows and go the same way. The shopper's key is dropped when
nothing is left to look for. A process that is killed anywhere is followed by one that goes on.

What must go goes, whatever takes its place. New models that the promotion gate refuses serve all the same, for
what they are worse than may not stay; where none can be trained, an older version serves that never saw the user,
and where there is none, no models serve until the next training.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import Session

from core import erasure
from core.artifacts import Artifacts, Version
from core.erasure import Unfinished
from core.errors import BrokenArtifact, Conflict, MerxError, RefusedPromotion
from core.leases import SECONDS, Keeper
from core.loading import Progress, no_progress
from core.logs import get_logger
from core.pictures import sizes_of, tidy
from ingest.snapshot import KIND as SNAPSHOTS
from ingest.snapshot import holds_any, write_snapshot, write_without
from pipelines.house import House
from ranking.blend import BlendRecommender
from ranking.training import MODELS, promote_version, train_version
from recsys.spaces import models_like

LEASE = "batch-outputs"
PATIENCE = SECONDS + 5.0  # after so many seconds the lease of a process that was killed is over
ORPHANED = timedelta(minutes=1)  # a picture's file that has had no row for so long gets none

log = get_logger("erasing")


@dataclass(frozen=True, slots=True)
class Finished:
    """How many erasures were finished, snapshots written anew, model versions and files deleted.

    `served` is the model version that serves from now on where another had to go, "none" where nothing could.
    """

    erasures: int = 0
    snapshots: int = 0
    models: int = 0
    files: int = 0
    served: str = ""

    def __str__(self) -> str:
        told = (
            f"{self.erasures:,} erasures, {self.snapshots:,} snapshots written anew, "
            f"{self.models:,} model versions and {self.files:,} files deleted"
        )
        return f"{told}; models: {self.served}" if self.served else told


@contextmanager
def writing(house: House) -> Iterator[Keeper]:
    """Be the only one who writes snapshots and models; raises Conflict while somebody else does."""
    with Keeper(house.database, LEASE, clock=house.clock) as keeper:
        deadline = time.monotonic() + PATIENCE
        while not keeper.held:
            if time.monotonic() > deadline:
                raise Conflict("snapshots or models are being written: try again when that is over")
            time.sleep(0.05)
        yield keeper


def finish_erasures(house: House, *, progress: Progress = no_progress) -> Finished:
    """Finish all erasures, in one run for any number of them; does nothing where there are none.

    Raises Conflict while somebody else writes snapshots or models, BrokenArtifact for a manifest that cannot be
    read, Unavailable where the database's file cannot be purged now. What was done stays done.
    """
    with house.database.read() as session:
        if not erasure.unfinished(session):
            return Finished()
    with writing(house) as keeper:
        with house.database.read() as session:
            found = erasure.unfinished(session)
        return _Run(house, keeper, found, progress).finish() if found else Finished()


@dataclass(frozen=True, slots=True)
class _Run:
    house: House
    keeper: Keeper
    found: Sequence[Unfinished]
    progress: Progress
    ids: list[str] = field(init=False)
    why: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", [one.id for one in self.found])
        object.__setattr__(self, "why", f"a user it knew was erased ({', '.join(self.ids)})")

    @property
    def artifacts(self) -> Artifacts:
        return self.house.artifacts

    def finish(self) -> Finished:
        database = self.house.database
        urls: set[str] = set()
        for one in self.found:
            at = self.house.clock()
            urls.update(database.transact(partial(erasure.sweep, erasure=one, at=at)))
        swept_at = self.house.clock()
        snapshots = self._snapshots()
        models, served = self._models()
        files = self._pictures(urls, before=swept_at) + self._rejects()
        self._check()
        for kind in (SNAPSHOTS, MODELS):
            self.artifacts.sweep(kind)  # what a killed writer left; nobody else writes now
        database.transact(self._drop_keys)
        self.progress("database", 0, 1)
        database.purge()  # after the keys are dropped, before anybody is told that they are gone
        at = self.house.clock()
        database.transact(partial(erasure.finish, ids=self.ids, at=at))
        self.progress("database", 1, 1)
        return Finished(len(self.found), snapshots, models, files, served)

    def _drop_keys(self, session: Session) -> None:
        for one in self.found:  # a page that was still open may have reported under the key meanwhile
            erasure.sweep(session, one, at=self.house.clock())
        erasure.forget_keys(session, self.ids)

    def _snapshots(self) -> int:
        """Write the snapshots that hold the users' rows anew; one that cannot be read is deleted unread."""
        keys = [one.shopper for one in self.found if one.shopper is not None]
        versions = self.artifacts.versions(SNAPSHOTS)
        instead: dict[str, str | None] = {}
        for place, version in enumerate(versions, 1):
            if keys:
                instead |= self._rewritten(version, keys)
            self.progress("snapshots", place, len(versions))
        self._check()
        self.artifacts.replace(SNAPSHOTS, instead)
        for name in instead:
            self.artifacts.delete(SNAPSHOTS, name, why=self.why, at=self.house.clock())
        return len(instead)

    def _rewritten(self, version: Version, keys: Collection[str]) -> dict[str, str | None]:
        try:
            if not holds_any(version, keys):
                return {}
            at = self.house.clock()
            fresh = write_without(version, self.artifacts, shoppers=keys, at=at, why=self.why)
        except BrokenArtifact as error:
            log.warning("a snapshot that cannot be read is deleted", snapshot=version.name, error=error.message)
            return {version.name: None}
        return {version.name: fresh.name}

    def _models(self) -> tuple[int, str]:
        """Let models serve that never saw the users, and delete those that did."""
        versions = self.artifacts.versions(MODELS)
        doomed = [version for version in versions if self._learned(version)]
        names = {version.name for version in doomed}
        live = self.artifacts.live(MODELS)
        served = ""
        if live is not None and live.name in names:
            others = [version for version in versions if version.name not in names]
            served = self._another(live, others) or "none"
        self._check()
        self.artifacts.replace(MODELS, dict.fromkeys(names))
        for version in doomed:
            self.artifacts.delete(MODELS, version.name, why=self.why, at=self.house.clock())
        return len(doomed), served

    def _learned(self, version: Version) -> bool:
        """Whether a model may have learned from the users' rows: its snapshot held them, or nobody can tell."""
        snapshot = str(version.about.get("snapshot", ""))
        if (self.artifacts.root / SNAPSHOTS / snapshot).is_dir() and snapshot:
            return False
        made = datetime.fromisoformat(version.about["created_at"])
        return bool(self.artifacts.gone(SNAPSHOTS, snapshot)) or made <= max(one.erased_at for one in self.found)

    def _another(self, live: Version, others: Sequence[Version]) -> str | None:
        """Train a version and let it serve in the place of `live`, or else the newest of `others` that can."""
        clock = self.house.clock
        try:
            snapshot = self.artifacts.live(SNAPSHOTS)
            fresh = train_version(
                snapshot or write_snapshot(self.house.database, self.artifacts, clock=clock),
                artifacts=self.artifacts,
                seed=int(live.about.get("seed", 0)),
                threads=self.house.settings.threads,
                clock=clock,
                progress=self.progress,
                pictures=self.house.product_pictures(),
                make=lambda: BlendRecommender(
                    models=models_like(live.about.get("parameters", {}).get("models", {}))
                ),
            )
            others = [*others, fresh]
        except MerxError as error:
            log.warning("no models can be trained without the erased users", error=error.message)
        for version in reversed(others):
            self._check()
            if self._promoted(version):
                return version.name
        return None

    def _promoted(self, version: Version) -> bool:
        try:
            promote_version(self.artifacts, version.name)
        except RefusedPromotion as refused:
            log.warning("models serve that the gate refused: those before have to go", reason=refused.message)
            try:
                promote_version(self.artifacts, version.name, compared=False)
            except RefusedPromotion as error:
                log.warning("models cannot serve", version=version.name, reason=error.message)
                return False
        return True

    def _pictures(self, urls: Collection[str], *, before: datetime) -> int:
        """Delete pictures that nobody names any more; one stored again since then is somebody else's.

        Those of reviews that were withdrawn before are not in `urls`; that a new file is named takes a moment.
        """
        with self.house.database.read() as session:
            named = erasure.still_named(session, urls)
        removed = 0
        for url in sorted(set(urls) - named):
            for file in sizes_of(url).values():
                path = self.house.home / "pictures" / file
                if path.is_file() and path.stat().st_mtime <= before.timestamp():
                    path.unlink()
                    removed += 1
        with self.house.database.read() as session:
            return removed + tidy(session, folder=self.house.home / "pictures", now=before, age=ORPHANED)

    def _rejects(self) -> int:
        """Delete what imports rejected before: lines as they came, which may be about the users."""
        newest = max(one.erased_at for one in self.found).timestamp()
        old = [path for path in (self.house.home / "rejects").glob("*") if path.stat().st_mtime <= newest]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _check(self) -> None:
        """A process that was held up too long is not alone any more."""
        if not self.keeper.held:
            raise Conflict("this run was held up, and its lease is over: run it again")
