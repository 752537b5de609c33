"""From a snapshot to a registered version of the models, and the gate it passes before it serves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.artifacts import Artifacts, Version, code_version, content_name
from core.clock import Clock
from core.errors import RefusedPromotion
from ranking.blend import BlendRecommender
from ranking.evaluate_recs import evaluate_snapshot
from ranking.serving import MODELS, load_version, write_items
from recsys.data import History
from recsys.training import training_data

Progress = Callable[[str, int, int], None]
GATE = "ndcg@10"


def train_version(
    snapshot: Version,
    *,
    artifacts: Artifacts,
    clock: Clock,
    seed: int = 0,
    threads: int = 0,
    progress: Progress | None = None,
) -> Version:
    """Evaluate every model and the blend on the snapshot's own past, fit them on all of it, register the version.

    The version is named by what made it: snapshot, parameters, seed and code. One that exists is not made again.
    Raises BrokenArtifact for a damaged snapshot.
    """
    artifacts.verify(snapshot)
    blend = BlendRecommender(holdout="time")
    name = content_name(snapshot.name, blend.parameters, seed, code_version(), at=clock())
    found = [version for version in artifacts.versions(MODELS) if version.name == name]
    if found:
        return found[0]
    metrics = evaluate_snapshot(snapshot, seed=seed, threads=threads, progress=progress)
    data = training_data(snapshot.path)
    blend.fit(data, seed=seed, threads=threads)
    about = {
        "created_at": clock().isoformat(),
        "snapshot": snapshot.name,
        "seed": seed,
        "code": code_version(),
        "parameters": dict(blend.parameters),
        "fit_s": blend.fit_seconds,
        "metrics": metrics,
    }
    with artifacts.create(MODELS, name=name, about=about) as folder:
        blend.save(folder / "blend")
        write_items(folder, data.items)
    return artifacts.get(MODELS, name)


def promote_version(artifacts: Artifacts, name: str) -> Version:
    """Let a version serve from now on.

    Raises BrokenArtifact for damaged files, RefusedPromotion when it recommends nothing to a shopper without a
    past or is worse than the live version by more than chance (their 95% intervals of NDCG@10 do not meet).
    """
    candidate = artifacts.get(MODELS, name)
    artifacts.verify(candidate)
    served = load_version(candidate)
    nobody = History(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.float32))
    if len(served.blend.recommend(nobody, now=int(served.items.released_at.max(initial=0)), size=1).items) == 0:
        raise RefusedPromotion(f"{name} recommends nothing to a shopper without a past", version=name)
    live = artifacts.live(MODELS)
    if live is not None and live.name != name:
        (_, best), (least, _) = _interval(candidate), _interval(live)
        if best < least:
            raise RefusedPromotion(
                f"{name} is worse than {live.name}: {GATE} at most {best:.4f} against at least {least:.4f}",
                version=name,
                live=live.name,
            )
    return artifacts.publish(MODELS, name)


def _interval(version: Version) -> tuple[float, float]:
    low, high = version.about["metrics"]["blend"][f"{GATE}_interval"]
    return float(low), float(high)
