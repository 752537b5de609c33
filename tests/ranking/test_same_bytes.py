"""The same snapshot, parameters and seed give a version of the same bytes, whatever process made it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from core.artifacts import MANIFEST, Artifacts
from recsys.versions import KIND
from tests.ranking.shop_snapshot import snapshot_of
from tests.recsys.shops import shop

ROOT = Path(__file__).parents[2]
TRAIN = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from core.artifacts import Artifacts
from core.clock import frozen_clock
from ranking.blend import BlendRecommender
from ranking.training import train_version
from recsys.spaces import models_with

if __name__ == "__main__":
    snapshots, made, threads = Artifacts(Path(sys.argv[1])), Artifacts(Path(sys.argv[2])), int(sys.argv[3])
    train_version(
        snapshots.get("snapshots", "first"),
        artifacts=made,
        seed=11,
        threads=threads,
        clock=frozen_clock(datetime(2024, 6, 1, tzinfo=UTC)),
        make=lambda: BlendRecommender(holdout="last", cases=600, models=models_with({"als": {"factors": 16}})),
    )
"""


def begin(snapshots: Path, made: Path, *, hashing: int, threads: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONHASHSEED": str(hashing), "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", TRAIN, str(snapshots), str(made), str(threads)]
    return subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True)


def test_two_processes_make_the_same_version(tmp_path: Path) -> None:
    snapshot_of(shop(users=600), Artifacts(tmp_path))
    homes = [tmp_path / "one", tmp_path / "other"]
    jobs = [begin(tmp_path, home, hashing=place, threads=place) for place, home in enumerate(homes, start=1)]
    for job in jobs:
        _, said = job.communicate(timeout=150)
        assert job.returncode == 0, said
    one, other = (Artifacts(home).versions(KIND) for home in homes)
    assert len(one) == len(other) == 1
    files, others = (json.loads((version.path / MANIFEST).read_text())["files"] for version in (*one, *other))
    assert {"blend/als/arrays.npz", "blend/order/trees.txt"} <= set(files)
    assert files == others  # names, sizes and SHA-256
    told, also = (
        {key: said for key, said in version.about.items() if key not in ("fit_s", "metrics")}
        for version in (*one, *other)
    )
    assert told == also
    metrics, measured = (
        {
            name: {key: value for key, value in row.items() if key != "fit_s"}
            for name, row in version.about["metrics"].items()
        }
        for version in (*one, *other)
    )
    assert metrics == measured
    for version, home in zip((*one, *other), homes, strict=True):
        Artifacts(home).verify(version)
