"""Everybody's recommendations: shoppers a second, what a million of them would take, and the memory of a process.

    python -m tests.load.batch [--shoppers 40000] [--items 20000] [--asked 2000] [--processes 2]

Figures are printed, never asserted.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

from core.artifacts import Artifacts
from pipelines.console import print_table
from ranking.batch import Recommending, recommend_all
from ranking.blend import BlendRecommender
from recsys.versions import KIND, save_items
from tests.load.crowd import crowd
from tests.ranking.shop_snapshot import snapshot_of

_EACH = 10  # purchases of a shopper in the mean


def run(
    folder: Path, *, shoppers: int, items: int, asked: int, size: int, processes: int, blend: BlendRecommender
) -> dict[str, float]:
    """Fit the models of a blend on a crowd and write the best products for some of it."""
    artifacts = Artifacts(folder)
    data = crowd(users=shoppers, items=items, interactions=_EACH * shoppers)
    snapshot = snapshot_of(data, artifacts)
    blend.fit_models(data, threads=processes)
    with artifacts.create(KIND, name="crowd", about={}) as making:
        save_items(data.items, making)
        blend.save(making / "blend")
    models, keys = artifacts.get(KIND, "crowd"), sorted(data.user_ids)[:asked]
    opening = time.perf_counter()
    Recommending(models, snapshot)
    opened = time.perf_counter() - opening
    started = time.perf_counter()
    recommend_all(models, snapshot, folder / "out", size=size, shoppers=keys, processes=processes)
    seconds = time.perf_counter() - started
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    files = sum(path.stat().st_size for path in (folder / "out").glob("*.parquet"))
    return {
        "shoppers/s": asked / max(seconds - opened, 1e-9),
        "hours for a million": 1e6 / asked * max(seconds - opened, 1e-9) / 3600,
        "seconds to open the models": opened,
        "GiB for a million": files / asked * 1e6 / 2**30,
        "peak GiB of a process": peak / 2**20,
    }


def main() -> None:
    """Print a table of figures."""
    parser = argparse.ArgumentParser(description="The best products for every shopper of a crowd.")
    parser.add_argument("--shoppers", type=int, default=40_000)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--asked", type=int, default=20_000)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="merx-load-") as folder:
        found = run(Path(folder), **vars(given), blend=BlendRecommender())
    print_table(
        f"the best {given.size} of {given.items:,} products, {given.processes} processes",
        {name: {"": value} for name, value in found.items()},
    )


if __name__ == "__main__":
    main()
