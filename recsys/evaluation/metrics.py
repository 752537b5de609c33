"""Metrics of recommendations: every item is ranked, seen ones left out, ties stand at their middle rank.

Ranking all items and not a sample: Krichene, Rendle, "On Sampled Metrics for Item Recommendation", KDD 2020.
Novelty as self-information: Zhou and others, "Solving the apparent diversity-accuracy dilemma of recommender
systems", PNAS 107(10), 2010.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.data import Floats, History, Ints
from recsys.evaluation.splits import Split
from recsys.histories import top
from recsys.protocol import Recommender

CUTOFFS = (5, 10, 20)
_BLOCK = 1024
_LISTED = 10  # how many items of each list count for coverage and novelty

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measured:
    """Per case the value of each metric, shape [cases].

    `listed` holds the first ten items of each case's list, -1 for none, shape [cases, 10]; no rows where the lists
    were not asked for.
    """

    values: dict[str, Doubles]
    listed: Ints


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
    targets there over the best possible, mrr one over the rank of the first target.
    """
    parts: dict[str, list[dict[str, Doubles]]] = {}
    listed: dict[str, list[Ints]] = {}
    for first in range(0, len(split.histories), _BLOCK):
        histories = split.histories[first : first + _BLOCK]
        targets = split.targets[first : first + _BLOCK]
        for name, scores in ask(histories).items():
            _leave_out_seen(scores, histories, targets)
            parts.setdefault(name, []).append(_values(middle_ranks(scores, targets), targets, cutoffs))
            if lists:
                listed.setdefault(name, []).append(np.array([_first(row) for row in scores], dtype=np.int32))
        if progress:
            progress(min(first + _BLOCK, len(split.histories)), len(split.histories))
    nobody = [np.zeros((0, _LISTED), dtype=np.int32)]
    return {
        name: Measured(
            {metric: np.concatenate([block[metric] for block in blocks]) for metric in blocks[0]},
            np.concatenate(listed.get(name, nobody)),
        )
        for name, blocks in parts.items()
    }


def middle_ranks(scores: Floats, targets: Sequence[Ints]) -> list[Doubles]:
    """The rank from 0 of each target in its row of `scores`; among equals the middle of the places they share."""
    rows = np.repeat(np.arange(len(targets)), [len(items) for items in targets])
    items = np.concatenate(targets) if len(targets) else np.zeros(0, dtype=np.int32)
    ranks = np.empty(len(rows), dtype=np.float64)
    for first in range(0, len(rows), _BLOCK):
        part = slice(first, first + _BLOCK)
        table = scores[rows[part]]
        own = scores[rows[part], items[part]][:, None]
        ranks[part] = (table > own).sum(axis=1) + ((table == own).sum(axis=1) - 1) / 2
    return np.split(ranks, np.cumsum([len(items) for items in targets])[:-1])


def coverage(listed: Ints, *, items: int) -> float:
    """The share of all items that stand in somebody's list."""
    return len(np.unique(listed[listed >= 0])) / max(items, 1)


def novelty(listed: Ints, split: Split) -> float:
    """Mean self-information of the listed items in bits: -log2 of the share of trained shoppers who have one."""
    train = split.train
    known = train.users >= 0
    pairs = np.unique(train.users[known].astype(np.int64) * len(train.items) + train.item_numbers[known])
    owners = np.bincount(pairs % len(train.items), minlength=len(train.items))
    information = -np.log2((owners + 1) / (len(np.unique(train.users[known])) + 1))
    shown = listed[listed >= 0]
    return float(information[shown].mean()) if len(shown) else 0.0


def _leave_out_seen(scores: Floats, histories: Sequence[History], targets: Sequence[Ints]) -> None:
    asked = [(row, items, scores[row, items].copy()) for row, items in enumerate(targets)]
    for row, history in enumerate(histories):
        scores[row, history.items] = -np.inf
    for row, items, kept in asked:
        scores[row, items] = kept


def _values(ranks: list[Doubles], targets: Sequence[Ints], cutoffs: Sequence[int]) -> dict[str, Doubles]:
    values = {}
    sizes = np.array([len(items) for items in targets])
    rows = np.repeat(np.arange(len(targets)), sizes)
    flat = np.concatenate(ranks) if ranks else np.zeros(0)
    ideal = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(max([*cutoffs, 1])) + 2))])
    for k in cutoffs:
        inside = flat < k
        hits = np.bincount(rows, weights=inside, minlength=len(targets))
        gain = np.bincount(rows, weights=inside / np.log2(flat + 2), minlength=len(targets))
        values[f"hr@{k}"] = (hits > 0).astype(np.float64)
        values[f"recall@{k}"] = hits / sizes
        values[f"ndcg@{k}"] = gain / ideal[np.minimum(sizes, k)]
    values["mrr"] = np.array([1 / (1 + each.min()) for each in ranks])
    return values


def _first(scores: Floats) -> Ints:
    best = top(scores, size=_LISTED)
    return np.pad(best, (0, _LISTED - len(best)), constant_values=-1)
