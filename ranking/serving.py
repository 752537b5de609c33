"""What serves recommendations: the live version's models and items, loaded once and read only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from core.artifacts import Artifacts, Version
from core.errors import BrokenArtifact, NotFound
from ranking.blend import BlendRecommender
from recsys.data import KIND_WEIGHTS, History, Items
from recsys.versions import KIND, load_items

Happening = tuple[str, str, datetime]  # product id, kind of KIND_WEIGHTS, moment


@dataclass(frozen=True, slots=True)
class Served:
    """One version of the models. Safe to share between threads."""

    version: str
    about: Mapping[str, Any]
    items: Items
    numbers: Mapping[str, int]  # product id -> item number
    blend: BlendRecommender

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
    return Served(version.name, version.about, items, numbers, blend)


def models_stamp(artifacts: Artifacts) -> int:
    """A number that changes when another version goes live: cheap to ask before every request."""
    return artifacts.pointer_stamp(KIND)
