"""The pictures of products as vectors: each picture is encoded once, and products are found by theirs.

Only files in the shop's own picture folder are read; a picture that is the address of another host is left alone.

Below the artifacts' root: `picture-encoders/<name>` what was fitted; `pictures/<name>` the vectors of a build, one
for each picture of each product, and the pointer to the live ones; `picture-changes/<name>` what came later.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from threadpoolctl import threadpool_limits

from analysis.pictures import FittedEncoder, ImageEncoder, sample_of
from analysis.pictures_onnx import onnx_encoder, onnx_name
from core.artifacts import Artifacts, Version, content_name
from core.catalogue import read_pictures
from core.database import Database
from core.errors import InvalidInput, Unavailable
from core.imaging import decode
from core.logs import get_logger
from core.settings import Settings
from index.shelf import VectorStore

Vectors = npt.NDArray[np.float32]

ENCODERS = "picture-encoders"
PICTURES = "pictures"
CHANGES = "picture-changes"
OUTGROWN = 2.0  # an encoder is fitted anew when there are this many times more, or fewer, pictures than it saw
LONGEST = 512  # pixels of the longer side that an encoder is given
ALIKE = 1.5  # deviations above the mean likeness of the shop's own pictures: from there on they look alike
_CHUNK = 256  # pictures encoded between two looks at the progress
_DIGEST = 32  # letters of a picture's name: the beginning of the SHA-256 of its file

Progress = Callable[[str, int, int], None]
log = get_logger("pictures")


@dataclass(frozen=True, slots=True)
class PictureBuild:
    """The version that serves now, how many pictures it holds, and how many of them were encoded for it."""

    name: str
    pictures: int
    encoded: int


class ProductPictures:
    """One version of the vectors, and the encoder they were made with. Safe to share between threads.

    Below the cosine `floor` a picture does not look like another. It is taken from the shop's own pictures, since
    every encoder, and every shop, has likenesses of its own.
    """

    def __init__(self, artifacts: Artifacts, *, name: str, encoder: ImageEncoder) -> None:
        self.name = name
        self.encoder = encoder
        self.floor = float(artifacts.get(PICTURES, name).about["floor"])
        self._shelf = _shelf(artifacts, name)
        self._lock = threading.Lock()
        self._grouped: tuple[int, dict[str, list[str]]] = (-1, {})

    def of(self, product: str) -> Vectors:
        """The vectors of a product's pictures in the shop's own folder, shape [pictures, dimensions]."""
        rows = self._rows().get(product, [])
        found = [*self._shelf.get(rows).values()]
        return np.stack(found) if found else np.zeros((0, self.encoder.dimensions), dtype=np.float32)

    def nearest(self, vectors: Vectors, *, size: int, floor: float) -> dict[str, float]:
        """The `size` products that look most like one of `vectors` [pictures, dimensions], with the cosine.

        A product is as near as the nearest of its pictures; ties by id. Below `floor` nothing is near.
        """
        best: dict[str, float] = {}
        for vector in vectors:
            for row, cosine in self._shelf.nearest(vector, size=1 << 30, floor=floor).items():
                product = _product(row)
                best[product] = max(cosine, best.get(product, -1.0))
        return dict(sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))[:size])

    def bring(self, names: Sequence[str] | None, *, database: Database, folder: Path) -> int:
        """Let the vectors be those of the pictures that these products (all of them: None) have now.

        Returns how many pictures came or went. A file that cannot be read as a picture is logged and left out.
        """
        there = self._rows()
        known = {row for name in (there if names is None else names) for row in there.get(name, ())}
        wanted = own_pictures(database, folder, only=names)
        fresh = {row: path for row, path in wanted.items() if row not in known}
        changes: dict[str, Vectors | None] = dict.fromkeys(known - wanted.keys())
        changes |= _encoded(self.encoder, fresh, known=self._shelf, threads=1)
        if changes:
            self._shelf.change(changes)
        return len(changes)

    def _rows(self) -> Mapping[str, list[str]]:
        """The rows of the shelf by product."""
        stamp = self._shelf.stamp()
        with self._lock:
            if self._grouped[0] != stamp:
                grouped: dict[str, list[str]] = {}
                for row in self._shelf.ids():
                    grouped.setdefault(_product(row), []).append(row)
                self._grouped = (stamp, grouped)
            return self._grouped[1]


class PictureIndex:
    """What a process searches by picture: the live version, opened anew when the pointer has moved."""

    def __init__(self, settings: Settings, *, artifacts: Artifacts, database: Database) -> None:
        self._settings = settings
        self._artifacts = artifacts
        self._database = database
        self._lock = threading.Lock()
        self._held: tuple[int, ProductPictures | None] = (0, None)

    def live(self) -> ProductPictures:
        """Raises Unavailable where no pictures were encoded yet, or with another model than the settings name."""
        stamp = self._artifacts.pointer_stamp(PICTURES)
        with self._lock:
            if self._held[1] is None or self._held[0] != stamp:
                self._held = (stamp, open_live(self._settings, artifacts=self._artifacts))
            found = self._held[1]
        if found is None:
            raise Unavailable("no pictures have been encoded yet: run `merx index build`")
        return found

    def bring(self, names: Sequence[str]) -> int:
        """See `ProductPictures.bring`; 0 where pictures were never encoded.

        Prices do not wait for pictures: where the vectors cannot be used now, that is logged, and the next build
        has everything that changed.
        """
        if self._artifacts.pointer_stamp(PICTURES) == 0:
            return 0
        try:
            return self.live().bring(names, database=self._database, folder=folder_of(self._settings))
        except Unavailable as error:
            log.warning("pictures are not kept up to date", detail=error.message)
            return 0


def build_pictures(
    settings: Settings, *, artifacts: Artifacts, database: Database, progress: Progress | None = None
) -> PictureBuild | None:
    """Encode the pictures of all published products and let them serve; None for a shop that never had any.

    A picture whose vector is there from before is not encoded again, unless the encoder is another: it is fitted
    anew when the shop has outgrown it (OUTGROWN), and exchanged when the settings name another model.
    """
    report = progress or (lambda _stage, _done, _total: None)
    folder = folder_of(settings)
    wanted = own_pictures(database, folder)
    before = artifacts.live(PICTURES)
    if not wanted and before is None:
        return None
    encoder_name, encoder = _encoder_for(wanted, settings=settings, artifacts=artifacts, before=before)
    same = before is not None and before.about["encoder"] == encoder_name
    known = _shelf(artifacts, before.name) if same and before is not None else None
    threads = settings.threads or os.cpu_count() or 1
    vectors = _encoded(encoder, wanted, known=known, threads=threads, report=report)
    name = content_name(encoder_name, sorted(vectors))
    rows = sorted(vectors)
    stacked = np.stack([vectors[row] for row in rows]) if rows else np.zeros((0, encoder.dimensions), np.float32)
    _shelf(artifacts, name).write(rows, stacked, about={"encoder": encoder_name, "floor": _floor(vectors)})
    artifacts.publish(PICTURES, name)
    # What the relay brought to the version before, while this one was made.
    ProductPictures(artifacts, name=name, encoder=encoder).bring(None, database=database, folder=folder)
    _prune(artifacts)
    old = set() if known is None else {row[:_DIGEST] for row in known.ids()}
    return PictureBuild(name, len(rows), len({row[:_DIGEST] for row in rows} - old))


def open_live(settings: Settings, *, artifacts: Artifacts) -> ProductPictures | None:
    """The live version with its encoder; None before the first build. Raises as `PictureIndex.live`."""
    version = artifacts.live(PICTURES)
    if version is None:
        return None
    name = str(version.about["encoder"])
    if settings.image_model is None:
        if name.startswith("onnx-"):
            raise Unavailable("the pictures were encoded with a model that is not set now: run `merx index build`")
        encoder: ImageEncoder = FittedEncoder.load(artifacts.get(ENCODERS, name).path)
    elif name != onnx_name(settings.image_model):
        raise Unavailable("the pictures were encoded with another model: run `merx index build`")
    else:
        encoder = onnx_encoder(settings.image_model)
    return ProductPictures(artifacts, name=version.name, encoder=encoder)


def folder_of(settings: Settings) -> Path:
    """The folder of the shop's own pictures."""
    return settings.home / "pictures"


def own_pictures(database: Database, folder: Path, *, only: Sequence[str] | None = None) -> dict[str, Path]:
    """The files of the published products' pictures, by row: the digest of the file, a space, the product's id."""
    with database.read() as session:
        listed = read_pictures(session, only=only)
    base = folder.resolve()
    found: dict[str, Path] = {}
    for product, url in listed.iter_rows():
        if "://" in url:
            continue
        path = (base / url).resolve()
        if path.is_relative_to(base) and path.is_file():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            found[f"{digest[:_DIGEST]} {product}"] = path
    return found


def _encoder_for(
    wanted: Mapping[str, Path], *, settings: Settings, artifacts: Artifacts, before: Version | None
) -> tuple[str, ImageEncoder]:
    if settings.image_model is not None:
        return onnx_name(settings.image_model), onnx_encoder(settings.image_model)
    files = {row[:_DIGEST]: path for row, path in sorted(wanted.items())}
    name = str(before.about["encoder"]) if before is not None else ""
    if any(version.name == name for version in artifacts.versions(ENCODERS)):
        saw = max(1, int(artifacts.get(ENCODERS, name).about["pictures"]))
        if not files or 1 / OUTGROWN < len(files) / saw < OUTGROWN:
            return name, FittedEncoder.load(artifacts.get(ENCODERS, name).path)
    chosen = sample_of(sorted(files))
    name = content_name("fitted", FittedEncoder.version, chosen)
    if not any(version.name == name for version in artifacts.versions(ENCODERS)):
        pictures = [picture for digest in chosen if (picture := _opened(files[digest])) is not None]
        encoder = FittedEncoder.fit(pictures)
        with artifacts.create(ENCODERS, name=name, about={"pictures": len(files)}) as folder:
            encoder.save(folder)
    return name, FittedEncoder.load(artifacts.get(ENCODERS, name).path)


def _encoded(
    encoder: ImageEncoder,
    wanted: Mapping[str, Path],
    *,
    known: VectorStore | None,
    threads: int,
    report: Progress | None = None,
) -> dict[str, Vectors]:
    """The vectors of `wanted` by row; one picture is encoded once, however many products show it."""
    vectors = _vectors_there(known) if known is not None and wanted else {}
    files = {row[:_DIGEST]: path for row, path in sorted(wanted.items()) if row[:_DIGEST] not in vectors}
    todo = list(files.items())

    def one(item: tuple[str, Path]) -> Vectors | None:
        picture = _opened(item[1])
        return None if picture is None else encoder.encode([picture])[0]

    # One BLAS thread each: the same sums on any number of cores, and no threads that wait for each other.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(todo), _CHUNK):
            part = todo[start : start + _CHUNK]
            for (digest, _), vector in zip(part, pool.map(one, part), strict=True):
                if vector is not None:
                    vectors[digest] = vector
            if report is not None:
                report("encode pictures", start + len(part), len(todo))
    return {row: vectors[row[:_DIGEST]] for row in wanted if row[:_DIGEST] in vectors}


def _vectors_there(shelf: VectorStore) -> dict[str, Vectors]:
    by_digest = {row[:_DIGEST]: row for row in shelf.ids()}
    found = shelf.get(by_digest.values())
    return {digest: found[row] for digest, row in by_digest.items()}


def _opened(path: Path) -> Image.Image | None:
    try:
        return decode(path.read_bytes(), longest=LONGEST)
    except (OSError, InvalidInput) as error:
        log.warning("a picture cannot be read", file=path.name, detail=str(error))
        return None


def _floor(vectors: Mapping[str, Vectors]) -> float:
    """ALIKE deviations above the mean cosine of all pairs of different pictures; 0 where there are no pairs."""
    different = {row[:_DIGEST]: vector for row, vector in sorted(vectors.items())}
    if len(different) < 2:
        return 0.0
    some = np.stack([different[digest] for digest in sample_of(list(different))])
    above, right = np.triu_indices(len(some), k=1)
    with threadpool_limits(1, user_api="blas"):
        cosines = (some @ some.T)[above, right]
    return round(float(cosines.mean() + ALIKE * cosines.std()), 4)


def _prune(artifacts: Artifacts) -> None:
    for name in artifacts.spare(PICTURES, keep=0):
        _shelf(artifacts, name).delete()
    used = {version.about["encoder"] for version in artifacts.versions(PICTURES)}
    for version in artifacts.versions(ENCODERS):
        if version.name not in used:
            artifacts.delete(ENCODERS, version.name)


def _shelf(artifacts: Artifacts, name: str) -> VectorStore:
    return VectorStore(artifacts, kind=PICTURES, changes=CHANGES, name=name)


def _product(row: str) -> str:
    return row[_DIGEST + 1 :]
