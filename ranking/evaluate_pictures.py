"""Picture evaluation: an encoder is fitted on one part of labelled photographs and queried with the other."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from analysis.pictures import FittedEncoder, ImageEncoder, sample_of
from core.errors import InvalidInput
from core.imaging import decode

COLUMNS = ("path", "split", "class_id", "coarse_class_id")
LONGEST = 512  # pixels of the longer side that an encoder is given, as in the shop
INDEX, QUERIES = "train", "test"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A photograph, and the fine and the coarse class of what it shows."""

    path: Path
    fine: str
    coarse: str


def read_labels(file: Path, *, root: Path) -> dict[str, list[Labelled]]:
    """The photographs by split; `file` is CSV with the columns COLUMNS, its paths are below `root`.

    Raises InvalidInput naming the line for a column, a class or a file that is not there, and where there is no
    photograph to index or to query with.
    """
    found: dict[str, list[Labelled]] = {INDEX: [], QUERIES: []}
    base = root.resolve()
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = csv.DictReader(opened)
            if lacking := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
                raise InvalidInput(f"{file} has no column {', '.join(lacking)}")
            for row in rows:
                photograph, split = _labelled(row, base=base, where=f"{file}, line {rows.line_num}")
                if split in found:  # a validation part, say, is left alone
                    found[split].append(photograph)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{file} cannot be read: {error}") from error
    if empty := [split for split, photographs in found.items() if not photographs]:
        raise InvalidInput(f"{file} has no photograph of split {' or '.join(empty)}")
    return found


def evaluate_pictures(
    labels: dict[str, list[Labelled]], *, encoder: ImageEncoder | None = None, progress: Progress | None = None
) -> dict[str, float | int]:
    """The share of queries whose first hit, and whose first five hits, hold the right fine and coarse class.

    Without an `encoder` the default is fitted on the pictures that are indexed; their labels are not looked at.
    `encode_ms` is the median time to encode one query that has been decoded. Raises InvalidInput for a file that
    is no picture.
    """
    report = progress or (lambda _stage, _done, _total: None)
    started = time.perf_counter()
    if encoder is None:
        encoder = FittedEncoder.fit([_opened(one) for one in sample_of(labels[INDEX])])
    fitted = time.perf_counter() - started
    indexed, _ = _encoded(encoder, labels[INDEX], report=lambda done, of: report("index", done, of))
    queries, times = _encoded(encoder, labels[QUERIES], report=lambda done, of: report("queries", done, of))
    nearest = np.argsort(-(queries @ indexed.T), axis=1, kind="stable")[:, :5]
    measures: dict[str, float | int] = {}
    for name in ("fine", "coarse"):
        classes = np.array([getattr(one, name) for one in labels[INDEX]])
        right = classes[nearest] == np.array([getattr(one, name) for one in labels[QUERIES]])[:, None]
        measures[f"{name}@1"] = round(float(right[:, 0].mean()), 4)
        measures[f"{name}@5"] = round(float(right.any(axis=1).mean()), 4)
    return {
        **measures,
        "indexed": len(labels[INDEX]),
        "queries": len(labels[QUERIES]),
        "dimensions": encoder.dimensions,
        "fit_s": round(fitted, 2),
        "encode_ms": round(float(np.median(times)) * 1000, 2),
    }


def _encoded(
    encoder: ImageEncoder, photographs: Sequence[Labelled], *, report: Callable[[int, int], None]
) -> tuple[npt.NDArray[np.float32], list[float]]:
    vectors, times = [], []
    for place, photograph in enumerate(photographs, 1):
        picture = _opened(photograph)
        started = time.perf_counter()
        vectors.append(encoder.encode([picture])[0])
        times.append(time.perf_counter() - started)
        report(place, len(photographs))
    return np.stack(vectors), times


def _opened(photograph: Labelled) -> Image.Image:
    try:
        return decode(photograph.path.read_bytes(), longest=LONGEST)
    except (OSError, InvalidInput) as error:
        raise InvalidInput(f"{photograph.path} cannot be read as a picture: {error}") from error


def _labelled(row: dict[str, str | None], *, base: Path, where: str) -> tuple[Labelled, str]:
    values = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if empty := [name for name, value in values.items() if not value]:
        raise InvalidInput(f"{where}: {', '.join(empty)} is empty")
    path = (base / values["path"]).resolve()
    if not path.is_relative_to(base) or not path.is_file():
        raise InvalidInput(f"{where}: there is no file {values['path']!r} below {base}")
    return Labelled(path, values["class_id"], values["coarse_class_id"]), values["split"]
