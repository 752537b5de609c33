"""Metrics of recommendations: every item is ranked, seen ones left out, ties stand at their middle rank.

Ranking all items and not a sample: Krichene, Rendle, "On Sampled Metrics for Item Recommendation", KDD 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.data import Floats, History, Ints
from recsys.evaluation.intervals import Doubles
from recsys.evaluation.lists import LISTED, best_of_rows
from recsys.evaluation.splits import Bools, Split
from recsys.protocol import Recommender

CUTOFFS = (5, 10, 20)
_CELLS = 2**23  # of one table of scores; so many bytes of each model are held four times over at once
_ROWS = 1024


@dataclass(frozen=True, slots=True)
class Measured:
    """Per case the value of each metric, shape [cases].

    `listed` holds the first ten items of each case's list, -1 for none, shape [cases, 10]; no rows where the lists
    were not asked for. `ranks` are those of all targets, case by case, from 0.
    """

    values: dict[str, Doubles]
    listed: Ints
    ranks: Doubles


def measure(
    model: Recommender, split: Split, *, cutoffs: Sequence[int] = CUTOFFS, lists: bool = False
) -> Measured:
    """Ask one model for every case of the split; see `measure_all`."""

    def ask(histories: Sequence[History]) -> Mapping[str, Floats]:
        return {model.name: model.scores(histories, now=split.now)}

    return measure_all(ask, split, cutoffs=cutoffs, lists=lists)[model.name]


def measure_all(
    ask: Callable[[Sequence[History]], Mapping[str, Floats]],
    split: Split,
    *,
    cutoffs: Sequence[int] = CUTOFFS,
    lists: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Measured]:
    """Measure what `ask` scores by name, each of shape [histories, items], over all cases of the split.

    hr@k is 1 where a target is among the first k, recall@k the share of the targets there, ndcg@k the gain of the
    targets there over the best possible, mrr one over the rank of the first target. The scores are changed.
    """
    ranks: dict[str, list[Doubles]] = {}
    listed: dict[str, list[Ints]] = {}
    gone = np.flatnonzero(~split.there) if split.there is not None else np.zeros(0, dtype=np.int64)
    at_once = max(1, min(_ROWS, _CELLS // max(len(split.train.items), 1)))
    for first in range(0, len(split.histories), at_once):
        histories = split.histories[first : first + at_once]
        targets = split.targets[first : first + at_once]
        asked, seen = _cells(targets), _cells([history.items for history in histories])
        for name, scores in ask(histories).items():
            kept = scores[asked]
            scores[seen] = -np.inf
            scores[:, gone] = -np.inf
            scores[asked] = kept
            ranks.setdefault(name, []).append(_middle_ranks(scores, *asked))
            if lists:
                listed.setdefault(name, []).append(best_of_rows(scores, size=LISTED))
        if progress:
            progress(min(first + at_once, len(split.histories)), len(split.histories))
    nobody = [np.zeros((0, LISTED), dtype=np.int32)]
    found = {name: np.concatenate(blocks) for name, blocks in ranks.items()}
    return {
        name: Measured(values(flat, split, cutoffs=cutoffs), np.concatenate(listed.get(name, nobody)), flat)
        for name, flat in found.items()
    }


def middle_ranks(scores: Floats, targets: Sequence[Ints]) -> list[Doubles]:
    """The rank from 0 of each target in its row of `scores`; among equals the middle of the places they share."""
    ranks = _middle_ranks(scores, *_cells(targets))
    return np.split(ranks, np.cumsum([len(items) for items in targets])[:-1])


def values(
    ranks: Doubles, split: Split, *, cutoffs: Sequence[int] = CUTOFFS, among: Bools | None = None
) -> dict[str, Doubles]:
    """The metrics of `measure_all` from the ranks of all targets, shape [targets].

    With `among`, shape [targets], only those targets are asked for; a case without one gets NaN.
    """
    sizes = np.array([len(items) for items in split.targets], dtype=np.int64)
    rows = np.repeat(np.arange(len(sizes)), sizes)
    if among is not None:
        ranks, rows = ranks[among], rows[among]
        sizes = np.bincount(rows, minlength=len(sizes))
    nothing = sizes == 0
    ideal = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(max([*cutoffs, 1])) + 2))])
    found = {}
    for k in cutoffs:
        inside = ranks < k
        hits = np.bincount(rows, weights=inside, minlength=len(sizes))
        gain = np.bincount(rows, weights=inside / np.log2(ranks + 2), minlength=len(sizes))
        found[f"hr@{k}"] = (hits > 0).astype(np.float64)
        found[f"recall@{k}"] = hits / np.maximum(sizes, 1)
        found[f"ndcg@{k}"] = gain / ideal[np.clip(sizes, 1, k)]
    best = np.full(len(sizes), np.inf)
    np.minimum.at(best, rows, ranks)
    found["mrr"] = 1 / (1 + best)
    return {metric: np.where(nothing, np.nan, value) for metric, value in found.items()}


def _cells(items: Sequence[Ints]) -> tuple[Ints, Ints]:
    """Rows and columns of a table of scores."""
    rows = np.repeat(np.arange(len(items), dtype=np.int32), [len(each) for each in items])
    return rows, np.concatenate(items) if len(items) else np.zeros(0, dtype=np.int32)


def _middle_ranks(scores: Floats, rows: Ints, items: Ints) -> Doubles:
    ranks = np.empty(len(rows), dtype=np.float64)
    for first in range(0, len(rows), _ROWS):
        part = slice(first, first + _ROWS)
        table = scores[rows[part]]
        own = scores[rows[part], items[part]][:, None]
        ranks[part] = (table > own).sum(axis=1) + ((table == own).sum(axis=1) - 1) / 2
    return ranks
