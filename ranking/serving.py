"""The models that serve: the live version of the blend, with the items it knows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from core.artifacts import Artifacts, Version
from core.errors import BrokenArtifact
from ranking.blend import BlendRecommender
from recsys.data import KIND_WEIGHTS, History, Items

MODELS = "models"
_ITEMS = "items.json"


@dataclass(frozen=True, slots=True)
class Served:
    """A version of the models, read only. `numbers` gives the item number of a product's public id."""

    version: str
    blend: BlendRecommender
    items: Items
    numbers: Mapping[str, int] = field(repr=False)

    def history(self, past: Iterable[tuple[str, str, datetime]]) -> History:
        """A shopper's past, oldest first, as (product, kind, moment); what the models do not know is left out."""
        rows = [
            (self.numbers[product], int(at.timestamp()), KIND_WEIGHTS[kind])
            for product, kind, at in past
            if product in self.numbers and kind in KIND_WEIGHTS
        ]
        return History(
            np.array([number for number, _, _ in rows], dtype=np.int32),
            np.array([at for _, at, _ in rows], dtype=np.int64),
            np.array([weight for _, _, weight in rows], dtype=np.float32),
        )


def models_stamp(artifacts: Artifacts) -> int:
    """A number that changes when another version goes live."""
    return artifacts.pointer_stamp(MODELS)


def load_live(artifacts: Artifacts) -> Served | None:
    """The version that serves; None before the first promotion, BrokenArtifact when it cannot be read."""
    version = artifacts.live(MODELS)
    return None if version is None else load_version(version)


def load_version(version: Version) -> Served:
    """Read a version's files; raises BrokenArtifact when they do not belong together."""
    items = read_items(version.path)
    blend = BlendRecommender.load(version.path / "blend")
    if blend.items != len(items):
        raise BrokenArtifact(f"the models of {version.name} know {blend.items} items, not {len(items)}")
    numbers = {name: number for number, name in enumerate(items.ids)}
    return Served(version.name, blend, items, numbers)


def write_items(folder: Path, items: Items) -> None:
    """Write the items beside the models that number them."""
    columns = {
        "ids": list(items.ids),
        "titles": list(items.titles),
        "brands": list(items.brands),
        "categories": [list(names) for names in items.categories],
        "prices": items.prices.tolist(),
        "sellable": items.sellable.tolist(),
        "released_at": items.released_at.tolist(),
    }
    (folder / _ITEMS).write_text(json.dumps(columns, ensure_ascii=False), encoding="utf-8")


def read_items(folder: Path) -> Items:
    """The items that `write_items` wrote; raises BrokenArtifact for a file that cannot be read."""
    try:
        columns = json.loads((folder / _ITEMS).read_text(encoding="utf-8"))
        return Items(
            ids=columns["ids"],
            titles=columns["titles"],
            brands=columns["brands"],
            categories=[tuple(names) for names in columns["categories"]],
            prices=np.array(columns["prices"], dtype=np.int64),
            sellable=np.array(columns["sellable"], dtype=np.bool_),
            released_at=np.array(columns["released_at"], dtype=np.int64),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenArtifact(f"the items of {folder.name} cannot be read: {error}") from error
