"""Lists around every item, computed once: the mixtures as when somebody asks, kept with what each part brought.

Computed in blocks of items (one table of scores of a block and all items at a time, never all by all), kept as
plain arrays that are mapped into memory, so that looking a list up touches a page or two of a file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from core.errors import BrokenArtifact, NotFound
from ranking.mixing import Mixture, normalise, one_blas_thread
from recsys.base import Model
from recsys.data import Floats, History, Ints
from recsys.evaluation.lists import best_of_rows
from recsys.histories import top
from recsys.storage import UNREADABLE

SIZE = 60  # items in a list
SCHEMA = 1
_CELLS = 1 << 22  # of one table of scores
_ABOUT = "lists.json"

Bools = npt.NDArray[np.bool_]
# Which items come after all others in the list of one, shape [items], by that one's mixture and number.
Behind = Callable[[Mixture, int], Bools]
Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Listed:
    """The list of one item, best first; shapes [found], [found] and [found, generators].

    The parts of an item add up to its score. Those from place `ahead` on are set back: each group is in order of
    its scores.
    """

    items: Ints
    scores: Floats
    parts: Floats
    ahead: int


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of all items. `items` is -1 where a list is shorter than `size`.

    Shapes: items and scores [items, size], parts [items, size, generators], ahead [items].
    """

    generators: Sequence[str]
    items: Ints
    scores: Floats
    parts: Floats
    ahead: Ints

    def row(self, item: int) -> Listed:
        """The list of one item; raises NotFound for a number that is not there."""
        if not 0 <= item < len(self.items):
            raise NotFound(f"there is no list of item number {item}", item=item)
        found = int(np.count_nonzero(self.items[item] >= 0))
        return Listed(
            np.array(self.items[item, :found]),
            np.array(self.scores[item, :found]),
            np.array(self.parts[item, :found]),
            int(self.ahead[item]),
        )

    def save(self, folder: Path) -> None:
        """Write the arrays into a folder, which is made where it is missing."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays = self._arrays()
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
        shapes = {name: [array.dtype.str, *array.shape] for name, array in arrays.items()}
        about = {"schema": SCHEMA, "generators": list(self.generators), "arrays": shapes}
        (folder / _ABOUT).write_text(json.dumps(about, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, *, items: int) -> Self:
        """Map what `save` wrote, for a catalogue of so many items.

        Raises BrokenArtifact for files that are missing, cut short, of another schema or of another catalogue.
        """
        try:
            about: dict[str, Any] = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
            if about["schema"] != SCHEMA:
                raise BrokenArtifact(f"the lists in {folder.name} are of schema {about['schema']}, not {SCHEMA}")
            arrays = {}
            for name, shape in about["arrays"].items():
                arrays[name] = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
                if [arrays[name].dtype.str, *arrays[name].shape] != shape:
                    raise BrokenArtifact(f"{name}.npy in {folder.name} is not what {_ABOUT} says")
            lists = cls(generators=tuple(about["generators"]), **arrays)
            lists._check(items)
        except UNREADABLE as error:
            raise BrokenArtifact(f"the lists in {folder.name} cannot be read: {error}") from error
        return lists

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {name: getattr(self, name) for name in ("items", "scores", "parts", "ahead")}

    def _check(self, items: int) -> None:
        size = self.items.shape[1]
        wanted = ((items, size), (items, size), (items, size, len(self.generators)), (items,))
        if tuple(array.shape for array in self._arrays().values()) != wanted:
            raise ValueError("the arrays do not belong together")
        if self.items.size and not -1 <= int(self.items.min()) <= int(self.items.max()) < items:
            raise ValueError("there are items that are none")


def compute_lists(
    models: Mapping[str, Model],
    weights: Mapping[str, float],
    *,
    size: int = SIZE,
    behind: Behind | None = None,
    threads: int = 1,
    progress: Report | None = None,
) -> Lists:
    """The `size` best items around each item by the mixture of `weights` (see `ranking.mixing.mix`), less itself.

    Items that are `behind` fill up what the others leave room for. The answer does not depend on `threads`.
    """
    asked = {name: model for name, model in models.items() if weights.get(name, 0.0) > 0}
    items = next(iter(models.values())).items if models else 0
    lists = Lists(
        generators=tuple(asked),
        items=np.full((items, size), -1, dtype=np.int32),
        scores=np.zeros((items, size), dtype=np.float32),
        parts=np.zeros((items, size, len(asked)), dtype=np.float32),
        ahead=np.zeros(items, dtype=np.int32),
    )

    def fill(own: Ints) -> int:
        table = _Table(asked, weights, own)
        chosen = best_of_rows(table.allowed(behind), size=size)
        lists.ahead[own] = (chosen >= 0).sum(axis=1)
        if behind is not None:
            table.fill_up(chosen)
        there = chosen >= 0
        rows, places = np.nonzero(there)
        lists.items[own] = chosen
        lists.scores[own[rows], places] = table.total[rows, chosen[there]]
        for number, part in enumerate(table.parts.values()):
            lists.parts[own[rows], places, number] = part[rows, chosen[there]]
        return len(own)

    done = 0
    with ThreadPoolExecutor(threads) as pool, one_blas_thread():
        for count in pool.map(fill, _blocks(items) if asked else ()):
            done += count
            if progress:
                progress(done, items)
    return lists


class _Table:
    """The mixtures of a block of anchors, shape [anchors, items] each."""

    def __init__(self, models: Mapping[str, Model], weights: Mapping[str, float], own: Ints) -> None:
        moment, one = np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.float32)
        self.histories = [History(own[place : place + 1], moment, one) for place in range(len(own))]
        self.own = own
        self.models = models
        self.parts: dict[str, Floats] = {}
        self.units: list[dict[str, float]] = [{} for _ in own]
        for name, model in models.items():
            shares, best = normalise(model.scores(self.histories, now=0), self.histories)
            shares *= np.float32(weights[name])
            self.parts[name] = shares
            for row, highest in enumerate(best):
                self.units[row][name] = weights[name] / float(highest)
        self.total: Floats = sum(list(self.parts.values())[1:], start=next(iter(self.parts.values())).copy())

    def allowed(self, behind: Behind | None) -> Floats:
        """The totals with 0 for the anchor itself and for what is set back."""
        scores = self.total.copy()
        scores[np.arange(len(self.own)), self.own] = 0.0
        if behind is not None:
            for row, item in enumerate(self.own):
                parts = {name: part[row] for name, part in self.parts.items()}
                mixture = Mixture(self.histories[row], 0, parts, self.total[row], self.models, self.units[row])
                scores[row, behind(mixture, int(item))] = 0.0
        return scores

    def fill_up(self, chosen: Ints) -> None:
        """Put what was set back into the empty places of `chosen`."""
        size = chosen.shape[1]
        for row in np.flatnonzero(chosen[:, -1] < 0):
            there = int(np.count_nonzero(chosen[row] >= 0))
            others = np.ones(self.total.shape[1], dtype=np.bool_)
            others[[self.own[row], *chosen[row, :there]]] = False
            rest = top(self.total[row], size=size - there, allowed=others)
            chosen[row, there : there + len(rest)] = rest


def _blocks(items: int) -> Iterator[Ints]:
    at_once = max(1, _CELLS // max(items, 1))
    for first in range(0, items, at_once):
        yield np.arange(first, min(first + at_once, items), dtype=np.int32)
