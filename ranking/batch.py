"""The best products for every shopper of a snapshot, written in parts: what an e-mail to all of them is made from.

Shoppers are sorted by key and cut into parts of PART. A part is one Parquet file, a row a recommended product, and
gets its name when it is whole. A run that was killed goes on where it stopped, and ends with the files it would
have had: answers depend on the version of the models, the snapshot and what was asked for alone. Memory depends on
the catalogue and on PART, hardly on how many shoppers there are.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from core.artifacts import Version
from core.errors import BrokenArtifact, InvalidInput
from ranking.blend import BlendRecommender
from ranking.mixing import Mixture, normalise
from ranking.rows import LARGEST, Mixed, Wanted
from ranking.serving import Served, load_version
from recsys.data import KIND_WEIGHTS, Floats, History
from recsys.threads import one_blas_thread

PART = 5000  # shoppers
ABOUT, DONE = "recommendations.json", "_SUCCESS"
_CELLS = 1 << 21  # of one table of scores
_DRAFT = ".making-"

# One row a recommended product, `rank` 1 is the best of a shopper. `kind` is the generator that brings the most of
# the score, `saying` the name of what a shopper is told about the first of `because` (see ranking.reasons).
SCHEMA: dict[str, Any] = {
    "shopper": pl.String,
    "rank": pl.Int32,
    "product_id": pl.String,
    "score": pl.Float32,
    "kind": pl.String,
    "saying": pl.String,
    "because": pl.List(pl.String),
}

Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Written:
    """How many shoppers and parts the folder holds now, and how many parts this run wrote."""

    shoppers: int
    parts: int
    fresh: int


def recommend_all(
    models: Version,
    snapshot: Version,
    folder: Path,
    *,
    size: int = 100,
    shoppers: Sequence[str] | None = None,
    processes: int = 1,
    progress: Report | None = None,
) -> Written:
    """Write the best `size` products for each of the `shoppers` (None: all of the snapshot) into a folder.

    What the shopper did according to the snapshot counts, at the moment of its newest interaction; what it says is
    not sellable, and what a shopper has, is never recommended. A shopper it does not know gets what anyone gets.
    Raises InvalidInput for a size outside 1 to LARGEST or a folder that holds another run, BrokenArtifact for
    versions whose files cannot be read.
    """
    if not 1 <= size <= LARGEST:
        raise InvalidInput(f"a shopper gets 1 to {LARGEST} products, not {size}", size=size)
    source = _Source(snapshot)
    keys = sorted(set(source.shoppers() if shoppers is None else shoppers))
    parts = [keys[first : first + PART] for first in range(0, len(keys), PART)]
    about = {"models": models.name, "snapshot": snapshot.name, "size": size, "shoppers": len(keys), "part": PART}
    _begin(folder, about | {"keys": _digest(keys)})
    missing = [number for number in range(len(parts)) if not (folder / _name(number)).exists()]
    jobs = [(folder / _name(number), parts[number], size) for number in missing]
    done = len(parts) - len(missing)
    for _ in _run(models, snapshot, jobs, processes=min(processes, len(jobs))):
        done += 1
        if progress:
            progress(done, len(parts))
    for draft in folder.glob(f"{_DRAFT}*"):  # of runs that were killed
        draft.unlink(missing_ok=True)
    (folder / DONE).touch()
    return Written(len(keys), len(parts), len(missing))


class Recommending:
    """A version of the models and a snapshot, opened once, that answer for many shoppers at a time."""

    def __init__(self, models: Version, snapshot: Version) -> None:
        self._source = _Source(snapshot)
        served = load_version(models)
        sellable = self._source.sellable(served.items.ids)
        self._served = replace(served, items=replace(served.items, sellable=sellable))
        self._now = self._source.now()

    def frame(self, shoppers: Sequence[str], *, size: int) -> pl.DataFrame:
        """The best `size` products of each shopper, in the columns of SCHEMA."""
        histories = self._source.histories(shoppers, self._served)
        columns: dict[str, list[Any]] = {name: [] for name in SCHEMA}
        wanted = Wanted(size, now=self._now)
        at_once = max(1, _CELLS // max(len(self._served.items), 1))
        for first in range(0, len(shoppers), at_once):
            block = slice(first, first + at_once)
            found = mixtures(self._served.blend, histories[block], now=self._now)
            for shopper, mixture in zip(shoppers[block], found, strict=True):
                mixed = Mixed(self._served, mixture, wanted)
                best = mixed.best(mixed.allowed(), least=size)[:size]
                rows = mixed.rows(best, voice="shopper")
                columns["shopper"] += [shopper] * len(rows)
                columns["rank"] += range(1, len(rows) + 1)
                columns["product_id"] += [row.item_id for row in rows]
                columns["score"] += mixture.total[best].tolist()
                for name in ("kind", "saying", "because"):
                    columns[name] += [getattr(row, name) for row in rows]
        return pl.DataFrame(columns, schema=SCHEMA)


def mixtures(blend: BlendRecommender, histories: Sequence[History], *, now: int) -> Iterator[Mixture]:
    """The same as `blend.mixture` for each history, with the models asked for all of them at once."""
    said: dict[str, Floats] = {}
    best: dict[str, Floats] = {}
    with one_blas_thread():
        for name, model in blend.models.items():
            said[name], best[name] = normalise(model.scores(histories, now=now), histories)
        totals = blend.weighted(said, histories)
    counted = {name: weight for name, weight in blend.weights.items() if weight > 0}
    models = {name: blend.models[name] for name in counted}
    for row, history in enumerate(histories):
        parts = {name: said[name][row] * np.float32(weight) for name, weight in counted.items()}
        yield Mixture(
            history=history,
            now=now,
            parts=parts,
            total=totals[row],
            models=models,
            units={name: weight / float(best[name][row]) for name, weight in counted.items()},
            learned=totals[row] - sum(parts.values()) if blend.order is not None else None,
        )


class _Source:
    """The files of a snapshot, read in portions."""

    def __init__(self, snapshot: Version) -> None:
        self._folder = snapshot.path

    def shoppers(self) -> list[str]:
        """The keys of everyone who did anything."""
        found = self._interactions().select(pl.col("shopper").drop_nulls().unique())
        return _read(found)["shopper"].to_list()

    def now(self) -> int:
        """The moment of the newest interaction, in epoch seconds."""
        newest = _read(self._interactions().select(pl.col("at").max().dt.epoch("s")))["at"][0]
        return int(newest or 0)

    def sellable(self, ids: Sequence[str]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which of the products can be sold, shape [ids]."""
        products = pl.scan_parquet(self._folder / "products.parquet").filter(pl.col("sellable"))
        can = set(_read(products.select("product_id"))["product_id"])
        return np.array([product in can for product in ids], dtype=np.bool_)

    def histories(self, shoppers: Sequence[str], served: Served) -> list[History]:
        """What each of the shoppers did with products that the models know, oldest first."""
        asked = pl.LazyFrame({"shopper": shoppers}, schema={"shopper": pl.String}).with_row_index("place")
        items = pl.LazyFrame({"product_id": served.items.ids}).with_row_index("item")
        weights = pl.LazyFrame({"kind": list(KIND_WEIGHTS), "weight": list(KIND_WEIGHTS.values())})
        rows = _read(
            self._interactions()
            .join(asked, on="shopper", maintain_order="left")
            .join(items, on="product_id", maintain_order="left")
            .join(weights, on="kind", maintain_order="left")
            .select("place", "item", pl.col("at").dt.epoch("s"), "weight")
            .sort("place", "at", maintain_order=True)
        )
        edges = np.searchsorted(rows["place"].to_numpy(), np.arange(len(shoppers) + 1))
        numbers, at = rows["item"].to_numpy().astype(np.int32), rows["at"].to_numpy().astype(np.int64)
        worth = rows["weight"].to_numpy().astype(np.float32)
        return [History(numbers[low:high], at[low:high], worth[low:high]) for low, high in pairwise(edges)]

    def _interactions(self) -> pl.LazyFrame:
        return pl.scan_parquet(self._folder / "interactions.parquet").select("shopper", "product_id", "kind", "at")


def _read(frame: pl.LazyFrame) -> pl.DataFrame:
    try:
        return frame.collect(engine="streaming")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BrokenArtifact(f"the snapshot cannot be read: {error}") from error


def _begin(folder: Path, about: dict[str, Any]) -> None:
    """Make the folder of a run, or go on with it; a folder of another run or with other things is refused."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        told = folder / ABOUT
        if told.exists():
            if json.loads(told.read_text(encoding="utf-8")) != about:
                raise InvalidInput(f"{folder} holds recommendations of another run: choose another folder")
        elif any(not path.name.startswith(_DRAFT) for path in folder.iterdir()):
            raise InvalidInput(f"{folder} is not empty: choose another folder")
        else:
            _put(told, lambda draft: draft.write_text(json.dumps(about, indent=1), encoding="utf-8"))
        (folder / DONE).unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{folder} cannot be used: {error}") from error


def _put(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file under another name and give it its own when it is whole."""
    draft = path.with_name(f"{_DRAFT}{os.getpid()}-{path.name}")
    write(draft)
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(draft, path)


def _name(part: int) -> str:
    return f"part-{part:05}.parquet"


def _digest(keys: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()


_Job = tuple[Path, Sequence[str], int]
_opened: list[Recommending] = []  # in a worker process: what its jobs ask


def _run(models: Version, snapshot: Version, jobs: Sequence[_Job], *, processes: int) -> Iterator[Path]:
    """Write the parts, in any order; gives the path of each when it is written."""
    if processes <= 1:
        recommending = Recommending(models, snapshot) if jobs else None
        for job in jobs:
            yield _write(job, recommending)
        return
    context = multiprocessing.get_context("spawn")  # a forked process would inherit threads that are not there
    with ProcessPoolExecutor(processes, context, _open, (models, snapshot)) as pool:
        for future in as_completed([pool.submit(_write, job) for job in jobs]):
            yield future.result()


def _open(models: Version, snapshot: Version) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _opened.append(Recommending(models, snapshot))


def _end_with_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _write(job: _Job, recommending: Recommending | None = None) -> Path:
    path, shoppers, size = job
    frame = (recommending or _opened[0]).frame(shoppers, size=size)
    _put(path, lambda draft: frame.write_parquet(draft, compression="zstd", statistics=True))
    return path
