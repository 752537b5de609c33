"""What serves recommendations: the live version's models and items, loaded once and read only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from core.artifacts import Artifacts, Version
from core.errors import BrokenArtifact, NotFound
from ranking.blend import BlendRecommender
from ranking.precomputed import Lists
from recsys.charts import Charts
from recsys.data import KIND_WEIGHTS, History, Ints, Items
from recsys.repeat import RepeatModel
from recsys.versions import KIND, load_items

Happening = tuple[str, str, datetime]  # product id, kind of KIND_WEIGHTS, moment

PAST = 200  # the newest things a shopper did that count
CHARTS, REPEAT, LISTS = "charts", "repeat", "lists"  # folders of a version


@dataclass(frozen=True)
class Facts:
    """Brands and categories as columns, shape [items]: numbers of names, -1 where an item has none."""

    brands: Ints
    brand_names: Sequence[str]
    paths: Ints
    path_names: Sequence[tuple[str, ...]]

    @classmethod
    def of(cls, items: Items) -> Facts:
        """The facts of items."""
        brand_names = sorted({name for name in items.brands if name})
        path_names = sorted({tuple(path) for path in items.categories if path})
        brand = {name: number for number, name in enumerate(brand_names)}
        path = {names: number for number, names in enumerate(path_names)}
        brands = np.array([brand.get(name, -1) for name in items.brands], dtype=np.int32)
        paths = np.array([path.get(tuple(names), -1) for names in items.categories], dtype=np.int32)
        return cls(brands, brand_names, paths, path_names)

    @cached_property
    def brand_numbers(self) -> Mapping[str, int]:
        """The number of each brand."""
        return {name: number for number, name in enumerate(self.brand_names)}

    @cached_property
    def path_texts(self) -> Sequence[str]:
        """The paths as they are shown: Home > Lamps."""
        return [" > ".join(names) for names in self.path_names]

    @cached_property
    def path_numbers(self) -> Mapping[str, int]:
        """The number of each path by its text."""
        return {text: number for number, text in enumerate(self.path_texts)}

    @cached_property
    def roots(self) -> Ints:
        """The number of each item's topmost category, shape [items], -1 where it has none."""
        names = sorted({path[0] for path in self.path_names})
        place = {name: number for number, name in enumerate(names)}
        numbers = np.array([place[path[0]] for path in self.path_names] + [-1], dtype=np.int32)
        found: Ints = numbers[self.paths]
        return found

    def brand_of(self, name: str) -> int:
        """The number of a brand; -2, which no item has, for an unknown one."""
        return self.brand_numbers.get(name, -2)

    def within(self, path: tuple[str, ...]) -> npt.NDArray[np.bool_]:
        """Which items are in a category or below it, shape [items]."""
        inside = np.array([names[: len(path)] == path for names in self.path_names] + [False], dtype=np.bool_)
        found: npt.NDArray[np.bool_] = inside[self.paths]  # -1 takes the last, which is False
        return found


@dataclass(frozen=True)
class Served:
    """One version of the models. Safe to share between threads."""

    version: str
    about: Mapping[str, Any]
    items: Items
    numbers: Mapping[str, int]  # product id -> item number
    blend: BlendRecommender
    charts: Charts | None = None  # versions from before them have none, and no
    repeat: RepeatModel | None = None
    lists: Mapping[str, Lists] = field(default_factory=dict)  # by widget

    @cached_property
    def facts(self) -> Facts:
        """Brands and categories of the items as columns."""
        return Facts.of(self.items)

    def number(self, product_id: str) -> int:
        """The item number of a product; raises NotFound for one that came after the snapshot."""
        found = self.numbers.get(product_id)
        if found is None:
            raise NotFound(f"the models do not know the product {product_id!r}", product=product_id)
        return found

    def history(self, happenings: Iterable[Happening]) -> History:
        """A history from what a shopper did, in any order; unknown products and other kinds are left out."""
        rows = sorted(
            (int(at.timestamp()), place, self.numbers[product], KIND_WEIGHTS[kind])
            for place, (product, kind, at) in enumerate(happenings)
            if product in self.numbers and kind in KIND_WEIGHTS
        )
        return History(
            np.array([row[2] for row in rows], dtype=np.int32),
            np.array([row[0] for row in rows], dtype=np.int64),
            np.array([row[3] for row in rows], dtype=np.float32),
        )


def load_live(artifacts: Artifacts) -> Served | None:
    """The version that the pointer names; None before the first promotion. Raises BrokenArtifact."""
    version = artifacts.live(KIND)
    return None if version is None else load_version(version)


def load_version(version: Version) -> Served:
    """The models and items of a version; raises BrokenArtifact for files that cannot be read."""
    items = load_items(version.path)
    blend = BlendRecommender.load(version.path / "blend")
    if blend.items != len(items):
        raise BrokenArtifact(f"the models of {version.name} know {blend.items} items, not {len(items)}")
    numbers = {product: number for number, product in enumerate(items.ids)}
    charts = Charts.load(version.path / CHARTS) if (version.path / CHARTS).is_dir() else None
    repeat = RepeatModel.load(version.path / REPEAT) if (version.path / REPEAT).is_dir() else None
    known = [len(charts.sold) if charts else len(items), repeat.items if repeat else len(items)]
    if known != [len(items)] * 2:
        raise BrokenArtifact(f"the charts and models of {version.name} do not belong together")
    folders = sorted((version.path / LISTS).iterdir()) if (version.path / LISTS).is_dir() else []
    lists = {folder.name: Lists.load(folder, items=len(items)) for folder in folders}
    return Served(version.name, version.about, items, numbers, blend, charts, repeat, lists)


def models_stamp(artifacts: Artifacts) -> int:
    """A number that changes when another version goes live: cheap to ask before every request."""
    return artifacts.pointer_stamp(KIND)
