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
from ranking.mixing import Mixture, normalise
from recsys.base import Model
from recsys.data import Floats, History, Ints
from recsys.evaluation.lists import best_of_rows
from recsys.histories import top
from recsys.storage import UNREADABLE
from recsys.threads import one_blas_thread

SIZE = 60  # items in a list
SCHEMA = 1
_CELLS = 1 << 22  # of one table of scores
_ABOUT = "lists.json"

Bools = npt.NDArray[np.bool_]
# Which items come after all others in the list of one, shape [items], by that one's mixture and number.
Behind = Callable[[Mixture, int], Bools]
Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a list is mixed from: the weights of the models, and which items come after all others."""

    weights: Mapping[str, float]
    behind: Behind | None = None


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
    recipes: Mapping[str, Recipe],
    *,
    size: int = SIZE,
    threads: int = 1,
    progress: Report | None = None,
) -> dict[str, Lists]:
    """The `size` best items around each item for each recipe (see `ranking.mixing.mix`), less itself.

    Items that are `behind` fill up what the others leave room for. The answer does not depend on `threads`. All
    recipes are worked out at once: what a model says is asked for only once.
    """
    items = next(iter(models.values())).items if models else 0
    asked = {
        name: model for name, model in models.items() if any(_counts(each, name) for each in recipes.values())
    }
    found = {name: _no_lists(asked, recipe, items, size) for name, recipe in recipes.items()}

    def fill(own: Ints) -> int:
        block = _Block(asked, own)
        for name, recipe in recipes.items():
            block.fill(found[name], recipe)
        return len(own)

    done = 0
    with ThreadPoolExecutor(threads) as pool, one_blas_thread():
        for count in pool.map(fill, _blocks(items) if asked else ()):
            done += count
            if progress:
                progress(done, items)
    return found


class _Block:
    """What the models say of all items around each of a block of anchors, shape [anchors, items] each."""

    def __init__(self, models: Mapping[str, Model], own: Ints) -> None:
        moment, one = np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.float32)
        self._histories = [History(own[place : place + 1], moment, one) for place in range(len(own))]
        self._own = own
        self._models = models
        said = {
            name: normalise(model.scores(self._histories, now=0), self._histories)
            for name, model in models.items()
        }
        self._shares = {name: shares for name, (shares, _) in said.items()}
        self._best = {name: best for name, (_, best) in said.items()}

    def fill(self, lists: Lists, recipe: Recipe) -> None:
        """Write the rows of the block's anchors."""
        total = self._total(recipe.weights, lists.generators)
        total[np.arange(len(self._own)), self._own] = 0.0
        ahead = total
        if recipe.behind is not None and lists.generators:
            ahead = total.copy()
            for row, item in enumerate(self._own):
                ahead[row, recipe.behind(self._mixture(row, total[row], recipe.weights), int(item))] = 0.0
        chosen = best_of_rows(ahead, size=lists.items.shape[1])
        lists.ahead[self._own] = (chosen >= 0).sum(axis=1)
        if ahead is not total:
            _fill_up(chosen, total)
        rows, places = np.nonzero(chosen >= 0)
        items, anchors = chosen[rows, places], self._own[rows]
        lists.items[self._own] = chosen
        lists.scores[anchors, places] = total[rows, items]
        for number, name in enumerate(lists.generators):
            lists.parts[anchors, places, number] = self._shares[name][rows, items] * np.float32(
                recipe.weights[name]
            )

    def _total(self, weights: Mapping[str, float], generators: Sequence[str]) -> Floats:
        total = np.zeros((len(self._own), next(iter(self._shares.values())).shape[1]), dtype=np.float32)
        for name in generators:
            total += self._shares[name] * np.float32(weights[name])
        return total

    def _mixture(self, row: int, total: Floats, weights: Mapping[str, float]) -> Mixture:
        counted = {name: weight for name, weight in weights.items() if name in self._shares and weight > 0}
        return Mixture(
            history=self._histories[row],
            now=0,
            parts={name: self._shares[name][row] * np.float32(weight) for name, weight in counted.items()},
            total=total,
            models={name: self._models[name] for name in counted},
            units={name: weight / float(self._best[name][row]) for name, weight in counted.items()},
        )


def _no_lists(models: Mapping[str, Model], recipe: Recipe, items: int, size: int) -> Lists:
    generators = tuple(name for name in models if _counts(recipe, name))
    return Lists(
        generators=generators,
        items=np.full((items, size), -1, dtype=np.int32),
        scores=np.zeros((items, size), dtype=np.float32),
        parts=np.zeros((items, size, len(generators)), dtype=np.float32),
        ahead=np.zeros(items, dtype=np.int32),
    )


def _counts(recipe: Recipe, name: str) -> bool:
    return recipe.weights.get(name, 0.0) > 0


def _fill_up(chosen: Ints, total: Floats) -> None:
    """Put the best of what is not there yet into the empty places of `chosen`, row by row."""
    for row in np.flatnonzero(chosen[:, -1] < 0):
        there = int(np.count_nonzero(chosen[row] >= 0))
        others = np.ones(total.shape[1], dtype=np.bool_)
        others[chosen[row, :there]] = False
        rest = top(total[row], size=chosen.shape[1] - there, allowed=others)
        chosen[row, there : there + len(rest)] = rest


def _blocks(items: int) -> Iterator[Ints]:
    at_once = max(1, _CELLS // max(items, 1))
    for first in range(0, items, at_once):
        yield np.arange(first, min(first + at_once, items), dtype=np.int32)
