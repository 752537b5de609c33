"""From a snapshot to a version of the models, and from a version to the one that serves."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.artifacts import Artifacts, Version, code_version, content_name
from core.clock import Clock, system_clock
from core.errors import BrokenArtifact, RefusedPromotion
from index.pictures import ProductPictures
from ranking.blend import BlendRecommender
from ranking.evaluate_recs import Report, fit_and_measure, shop_split
from ranking.mixing import LEAST
from ranking.precomputed import compute_lists
from ranking.serving import CHARTS, LISTS, REPEAT, load_version
from ranking.widgets import recipes
from recsys.charts import Charts
from recsys.data import Floats
from recsys.evaluation.table import Table
from recsys.repeat import RepeatModel
from recsys.training import training_data
from recsys.versions import KIND, check_promotion, save_items

MODELS = KIND


def train_version(
    snapshot: Version,
    *,
    artifacts: Artifacts,
    seed: int = 0,
    threads: int = 0,
    clock: Clock = system_clock,
    progress: Report | None = None,
    make: Callable[[], BlendRecommender] = BlendRecommender,
    pictures: ProductPictures | None = None,
) -> Version:
    """Measure all models on the snapshot's last part, fit them on the whole of it, and register a version.

    A version that the same snapshot, pictures, parameters, seed and code made today is returned as it is.
    Interrupted at any point nothing is registered. Raises BrokenArtifact for a snapshot whose files are not what
    they were.
    """
    artifacts.verify(snapshot)
    blend, code, now = make(), code_version(), clock()
    made_by: list[Any] = [snapshot.name, dict(blend.parameters), seed, code]
    if pictures is not None:
        made_by.append(pictures.name)
    if code.endswith("+"):  # changed files: the same name could stand for other code
        made_by.append(now.isoformat())
    name = content_name(*made_by, at=now)
    if (artifacts.root / KIND / name).is_dir():
        return artifacts.get(KIND, name)
    report = progress or (lambda _stage, _done, _total: None)
    data = training_data(snapshot.path)
    if pictures is not None:
        data = replace(data, items=replace(data.items, looks=looks_of(data.items.ids, pictures)))
    split = shop_split(data, seed=seed)
    metrics: Table = {}
    if split is not None:
        blend, metrics = fit_and_measure(blend, split, seed=seed, threads=threads, progress=progress)
    report("fit on everything", 0, 1)
    if split is not None:
        blend.fit_models(data, seed=seed, threads=threads)
    else:
        blend.fit(data, seed=seed, threads=threads)
    report("fit on everything", 1, 1)
    about = {
        "snapshot": snapshot.name,
        "parameters": dict(blend.parameters),
        "weights": blend.weights,
        "pictures": None if pictures is None else pictures.name,
        "seed": seed,
        "code": code,
        "created_at": now.isoformat(),
        "items": len(data.items),
        "interactions": len(data.at),
        "shoppers": len(data.user_ids),
        "fit_s": blend.fit_seconds,
        "metrics": metrics,
    }
    with artifacts.create(KIND, name=name, about=about) as folder:
        save_items(data.items, folder)
        blend.save(folder / "blend")
        Charts.fit(data).save(folder / CHARTS)
        RepeatModel().fit(data).save(folder / REPEAT)
        report("lists around every item", 0, 1)
        lists = compute_lists(blend.models, recipes(data.items), threads=threads or os.cpu_count() or 1)
        for widget, found in lists.items():
            found.save(folder / LISTS / widget)
        report("lists around every item", 1, 1)
    return artifacts.get(KIND, name)


def looks_of(products: Sequence[str], pictures: ProductPictures) -> Floats:
    """The mean of each product's pictures, of length 1 (0 without one), shape [products, dimensions]."""
    looks = np.zeros((len(products), pictures.encoder.dimensions), dtype=np.float32)
    for row, product in enumerate(products):
        found = pictures.of(product)
        if len(found):
            looks[row] = found.mean(axis=0)
    looks /= np.maximum(np.linalg.norm(looks, axis=1, keepdims=True), LEAST)
    return looks


def promote_version(artifacts: Artifacts, name: str, *, compared: bool = True) -> Version:
    """Let a version serve from now on, if it passes the gate and loads.

    Without `compared` it need not be as good as the live one: for where that one has to go, whatever comes after
    it. Raises RefusedPromotion (the live version goes on serving), or NotFound for a name that is not there.
    """
    candidate = artifacts.get(KIND, name)
    check_promotion(artifacts, candidate, live=artifacts.live(KIND) if compared else None)
    try:
        served = load_version(candidate)
    except BrokenArtifact as error:
        raise RefusedPromotion(f"{name} cannot be loaded: {error.message}", version=name) from error
    nobody = served.blend.recommend(served.history(()), now=0, size=1)
    if candidate.about.get("interactions") and not len(nobody.items):
        raise RefusedPromotion(f"{name} recommends nothing to a shopper without a past", version=name)
    return artifacts.publish(KIND, name)
