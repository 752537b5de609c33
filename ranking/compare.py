"""Comparing two ways of searching on the same judged queries: where each wins, and whether it may be chance.

A run is kept as JSON: `weights` (what ranked it) and `run` (each query's document ids, best first).
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

from core.errors import InvalidInput
from ranking.judgments import MEASURES, Judgments, Run, bootstrap_interval, measure, permutation_test
from ranking.scoring import RankingWeights

TIE = 1e-9


@dataclass(frozen=True, slots=True)
class Difference:
    """One query's value under both runs."""

    query: str
    one: float
    other: float

    @property
    def gain(self) -> float:
        """What the other run brings."""
        return self.other - self.one


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs on one measure. `interval` is the paired 95% bootstrap interval of the mean gain."""

    measure: str
    one: float
    other: float
    interval: tuple[float, float]
    p_value: float
    queries: tuple[Difference, ...]  # the greatest gain first

    @property
    def wins(self) -> int:
        """Queries that the other run answers better."""
        return sum(query.gain > TIE for query in self.queries)

    @property
    def losses(self) -> int:
        """Queries that the other run answers worse."""
        return sum(query.gain < -TIE for query in self.queries)

    @property
    def ties(self) -> int:
        """Queries that make no difference."""
        return len(self.queries) - self.wins - self.losses


def compare_runs(one: Run, other: Run, judgments: Judgments, *, by: str = "ndcg@10") -> Comparison:
    """Compare the other run with the one, query by query; raises InvalidInput for an unknown measure.

    A query that a run does not have counts as answered with nothing.
    """
    if by not in MEASURES:
        raise InvalidInput(f"measures are {', '.join(MEASURES)}, not {by!r}")
    first, second = (
        measure({query: run.get(query, []) for query in judgments}, judgments)[by] for run in (one, other)
    )
    found = [Difference(*row) for row in zip(judgments, first.tolist(), second.tolist(), strict=True)]
    return Comparison(
        measure=by,
        one=float(first.mean()),
        other=float(second.mean()),
        interval=bootstrap_interval(second - first),
        p_value=permutation_test(second - first),
        queries=tuple(sorted(found, key=lambda query: (-query.gain, query.query))),
    )


def comparison_to_json(comparison: Comparison) -> dict[str, object]:
    """A plain dict of all there is to say."""
    return {
        "measure": comparison.measure,
        "a": round(comparison.one, 4),
        "b": round(comparison.other, 4),
        "gain": round(comparison.other - comparison.one, 4),
        "gain_interval": [round(bound, 4) for bound in comparison.interval],
        "p_value": round(comparison.p_value, 4),
        "wins": comparison.wins,
        "losses": comparison.losses,
        "ties": comparison.ties,
        "queries": [
            {"query": row.query, "a": round(row.one, 4), "b": round(row.other, 4), "gain": round(row.gain, 4)}
            for row in comparison.queries
        ],
    }


def write_run(path: Path, run: Run, *, weights: RankingWeights) -> None:
    """Keep a run with the weights that ranked it."""
    told = {"weights": asdict(weights), "run": {query: list(ids) for query, ids in run.items()}}
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_run(path: Path) -> Run:
    """A run that was kept; raises InvalidInput for a file that is none."""
    try:
        run = json.loads(path.read_text(encoding="utf-8"))["run"]
        return {str(query): [str(id_) for id_ in ids] for query, ids in run.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput(f"{path} is not a saved run: {error}") from error


def read_weights(path: Path) -> RankingWeights:
    """Ranking weights of a TOML file, those it does not name as they are; raises InvalidInput."""
    try:
        named = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}") from error
    usual = asdict(RankingWeights())
    for name, value in named.items():
        if name not in usual or isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise InvalidInput(f"{path}: {name} = {value!r} is no weight; there are {', '.join(usual)}")
    return RankingWeights(**{**usual, **named})
