"""Versions of models: what stands in one beside the models, and the gate before it may serve.

A version is an artifact of kind `models`. Its `about` says what made it (snapshot, parameters, seed, code), when,
and what it measured; its files hold the items as they were and the models, and no row for a person.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from core.artifacts import Artifacts, Version
from core.errors import BrokenArtifact, RefusedPromotion
from recsys.data import Items
from recsys.storage import reading

KIND = "models"
SERVED = "blend"  # the row of the metrics that counts at the gate
METRIC = "ndcg@10"
_ITEMS = "items.json"
_SCHEMA = 2


def save_items(items: Items, folder: Path) -> None:
    """Write the items, so that numbers can be read as ids again."""
    columns = {
        "schema": _SCHEMA,
        "ids": list(items.ids),
        "titles": list(items.titles),
        "texts": list(items.texts),
        "brands": list(items.brands),
        "categories": [list(names) for names in items.categories],
        "prices": items.prices.tolist(),
        "sellable": items.sellable.tolist(),
        "released_at": items.released_at.tolist(),
    }
    (folder / _ITEMS).write_text(json.dumps(columns, ensure_ascii=False), encoding="utf-8")


def load_items(folder: Path) -> Items:
    """Read what `save_items` wrote; raises BrokenArtifact for a file cut short, changed or of another schema."""
    with reading(f"the items in {folder.name}"):
        columns = json.loads((folder / _ITEMS).read_text(encoding="utf-8"))
        if columns.pop("schema") != _SCHEMA:
            raise BrokenArtifact(f"the items in {folder.name} are of another schema than {_SCHEMA}")
        items = Items(
            ids=columns["ids"],
            titles=columns["titles"],
            texts=columns["texts"],
            brands=columns["brands"],
            categories=[tuple(names) for names in columns["categories"]],
            prices=np.array(columns["prices"], dtype=np.int64),
            sellable=np.array(columns["sellable"], dtype=np.bool_),
            released_at=np.array(columns["released_at"], dtype=np.int64),
        )
        texts = (items.ids, items.titles, items.texts, items.brands, *items.categories)
        if not all(isinstance(text, str) for column in texts for text in column):
            raise ValueError("a text is none")
        if {len(column) for column in columns.values()} != {len(items)} or len(set(items.ids)) != len(items):
            raise ValueError("the columns are not of one length, or an id stands there twice")
        return items


def check_promotion(artifacts: Artifacts, candidate: Version, *, live: Version | None) -> None:
    """Refuse a version whose files are not what they were, or that is worse than the live one by more than chance.

    Each was measured on the last part of its own snapshot, so METRIC may be lower by the interval of the
    difference of two independent means. A version without a measure (too little data) is refused where the live
    one has one. Raises RefusedPromotion, or BrokenArtifact for a manifest with impossible metrics.
    """
    try:
        artifacts.verify(candidate)
    except BrokenArtifact as error:
        raise RefusedPromotion(f"{candidate.name} is broken: {error.message}", version=candidate.name) from error
    if live is None or live.name == candidate.name:
        return
    before, after = _measured(live), _measured(candidate)
    if before is None:
        return
    if after is None:
        raise RefusedPromotion(
            f"{candidate.name} has no measure of its {METRIC}", version=candidate.name, live=live.name
        )
    tolerance = math.hypot(before[1], after[1])
    if after[0] < before[0] - tolerance:
        raise RefusedPromotion(
            f"{candidate.name} reaches {after[0]:.4f} in {METRIC}, the live {live.name} {before[0]:.4f}: "
            f"worse by more than chance ({tolerance:.4f})",
            version=candidate.name,
            live=live.name,
        )


def _measured(version: Version) -> tuple[float, float] | None:
    """The METRIC of a version and half the width of its interval; raises BrokenArtifact."""
    with reading(f"the metrics of {version.name}"):
        row: dict[str, Any] = version.about.get("metrics", {}).get(SERVED, {})
        if METRIC not in row:
            return None
        low, high = (float(end) for end in row[f"{METRIC}_interval"])
        value, half = float(row[METRIC]), (high - low) / 2
        if not math.isfinite(value) or not 0 <= half < math.inf:
            raise ValueError(f"{METRIC} of {value} with an interval from {low} to {high}")
        return value, half
