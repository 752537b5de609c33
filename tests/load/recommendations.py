"""Ten million purchases: how long ALS, its evaluation and the index of nearest items take, and in how much memory.

    python -m tests.load.recommendations [--users 200000] [--items 50000] [--interactions 10000000]

Figures are printed, never asserted.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from dataclasses import dataclass, field

import numpy as np

from pipelines.console import print_table
from recsys.als import AlsModel
from recsys.evaluation.metrics import measure
from recsys.evaluation.splits import leave_last_out
from recsys.nearest import ItemIndex, exactly
from recsys.popularity import PopularityModel
from tests.load.crowd import crowd

_SAMPLE = 1000  # items whose nearest are looked for exactly too


@dataclass
class Report:
    """Seconds, those of processors, and the highest memory so far by stage, and what was measured."""

    stages: dict[str, dict[str, float]] = field(default_factory=dict)
    found: dict[str, float] = field(default_factory=dict)
    _last: float = field(default_factory=time.perf_counter)
    _worked: float = field(default_factory=time.process_time)

    def done(self, stage: str) -> None:
        """The time since the stage before belongs to this one."""
        now, worked = time.perf_counter(), time.process_time()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        self.stages[stage] = {
            "seconds": now - self._last,
            "of processors": worked - self._worked,
            "peak GiB": peak,
        }
        self._last, self._worked = now, worked

    def total(self) -> None:
        """A last row: everything but making the crowd up."""
        rows = [row for name, row in self.stages.items() if name != "crowd"]
        whole = {name: sum(row[name] for row in rows) for name in ("seconds", "of processors")}
        self.stages["all but the crowd"] = whole | {"peak GiB": max(row["peak GiB"] for row in rows)}


def run(
    *,
    users: int,
    items: int,
    interactions: int,
    factors: int = 128,
    rounds: int = 15,
    cases: int = 20_000,
    threads: int = 1,
) -> Report:
    """Split, fit, evaluate and index a crowd."""
    report = Report()
    data = crowd(users=users, items=items, interactions=interactions)
    report.done("crowd")
    split = leave_last_out(data).sample(cases, seed=0)
    report.done("split")
    model = AlsModel(factors=factors, iterations=rounds).fit(split.train, threads=threads)
    report.done("fit ALS")
    reached = measure(model, split).values
    report.done("evaluate")
    index = ItemIndex(model.factors)
    report.done("build the index")
    index.nearest(np.arange(items, dtype=np.int32), size=10, threads=threads)
    report.done("ask it for every item")
    report.total()
    sample = np.sort(np.random.default_rng(0).choice(items, size=min(_SAMPLE, items), replace=False)).astype(
        np.int32
    )
    truth = exactly(model.factors, sample, size=10, threads=threads)
    sold = measure(PopularityModel().fit(split.train), split).values
    report.found = {
        "HR@10": float(reached["hr@10"].mean()),
        "NDCG@10": float(reached["ndcg@10"].mean()),
        "NDCG@10 of popularity": float(sold["ndcg@10"].mean()),
        "recall@10 of the index": index.nearest(sample, size=10).recall(truth),
        "different (shopper, item) pairs": float(
            len(np.unique(data.users.astype(np.int64) * items + data.item_numbers))
        ),
    }
    return report


def main() -> None:
    """Print a table of stages and one of what was measured."""
    parser = argparse.ArgumentParser(description="ALS, its evaluation and the nearest items of a large crowd.")
    parser.add_argument("--users", type=int, default=200_000)
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--interactions", type=int, default=10_000_000)
    given = parser.parse_args()
    threads = os.cpu_count() or 1
    report = run(users=given.users, items=given.items, interactions=given.interactions, threads=threads)
    print_table(f"{given.interactions:,} purchases, {threads} threads", report.stages)
    print_table("what was found", {name: {"": value} for name, value in report.found.items()})


if __name__ == "__main__":
    main()
