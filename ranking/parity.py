"""Whether two searchers show the same: extrapolated rank-biased overlap of their first pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ranking.judgments import bootstrap_interval
from ranking.search import Searcher, SearchRequest

DEPTH = 10
PERSISTENCE = 0.9  # the chance that a shopper goes on to the next hit
_WORST = 5

Progress = Callable[[int, int], None]


def rbo_ext(one: Sequence[str], other: Sequence[str], *, p: float = PERSISTENCE, depth: int = DEPTH) -> float:
    """Extrapolated rank-biased overlap of two rankings cut at `depth`: 1 for the same, 0 for nothing in common.

    After Webber, Moffat, Zobel, "A similarity measure for indefinite rankings", TOIS 28(4), 2010: equation 32,
    which takes lists of different lengths; for equal lengths it is their equation 30. A list that ends before
    `depth` is a whole answer that is shorter. Two empty lists are the same.

    With X_d the size of the overlap at depth d, s the shorter and l the longer length:
    RBO_ext = (1 - p) / p * (sum_{d=1..l} X_d / d * p^d + sum_{d=s+1..l} X_s (d - s) / (s d) * p^d)
              + ((X_l - X_s) / l + X_s / s) * p^l
    """
    short, long = sorted((list(one[:depth]), list(other[:depth])), key=len)
    if not short:
        return 1.0 if not long else 0.0
    s, l = len(short), len(long)  # noqa: E741 (the paper's letters)
    overlap = [len(set(short[:d]) & set(long[:d])) for d in range(l + 1)]
    agreed = sum(overlap[d] / d * p**d for d in range(1, l + 1))
    assumed = sum(overlap[s] * (d - s) / (s * d) * p**d for d in range(s + 1, l + 1))
    return (1 - p) / p * (agreed + assumed) + ((overlap[l] - overlap[s]) / l + overlap[s] / s) * p**l


def evaluate_parity(
    one: Searcher, other: Searcher, queries: Sequence[str], *, progress: Progress | None = None
) -> dict[str, Any]:
    """The mean of `rbo_ext` over queries, its bootstrap interval, and the queries with the lowest values."""
    found: dict[str, float] = {}
    for place, query in enumerate(queries):
        found[query] = rbo_ext(*(_first_page(searcher, query) for searcher in (one, other)))
        if progress is not None:
            progress(place + 1, len(queries))
    values = np.array(list(found.values()))
    worst = sorted(found.items(), key=lambda pair: (pair[1], pair[0]))[:_WORST]
    return {
        "queries": len(found),
        f"rbo_ext@{DEPTH}": round(float(values.mean()), 4),
        f"rbo_ext@{DEPTH}_interval": [round(bound, 4) for bound in bootstrap_interval(values)],
        "worst": {query: round(value, 4) for query, value in worst},
    }


def _first_page(searcher: Searcher, query: str) -> list[str]:
    return [hit.scored.hit.id for hit in searcher.search(SearchRequest(query, size=DEPTH)).hits]
