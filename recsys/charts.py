"""Charts: what has risen and what sells most, by window of time, for the whole shop, a category or a country.

Popular is not trending: a chart of risers compares each item's count with the window before. Source: DuMouchel,
"Bayesian Data Mining in Large Frequency Tables", The American Statistician 53(3), 1999: a count is Poisson around
what is expected times a ratio that has a gamma prior, and items are ranked by the lower 5% point of the ratio they
then have (EB05), so that neither a best seller nor three lucky sales lead. His prior is a mixture; here it is one
gamma around 1.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv

from recsys.data import Floats, Items, Longs, TrainingData
from recsys.histories import DAY, top
from recsys.protocol import Scored
from recsys.storage import Array, read_model, reading, write_model

WINDOWS = (1, 7, 30)  # days that are compared with as many before them
ALWAYS = 0  # the window of everything there is: nothing comes before it
SHOP = ""
_NAME = "charts"
_SCHEMA = 1
_PRIOR = 5.0  # how many expected sales the belief in "as before" is worth
_BOUND = 0.05
_KEPT = 60  # places of a chart
_COUNTRIES = 50  # the largest countries have charts of their own

Counts = npt.NDArray[np.float64]


def in_category(path: Sequence[str]) -> str:
    """The name of the charts of a category: the names from the root, to any depth."""
    return f"category {' > '.join(path)}"


def in_country(country: str) -> str:
    """The name of the charts of a country."""
    return f"country {country}"


@dataclass(frozen=True, slots=True)
class _Window:
    """What happened in a window and in the one before it (None where the data do not reach back), by item."""

    days: int
    now: Counts
    before: Counts | None


class Charts:
    """Fitted once, then read only. `sold` says how many shoppers have each item, shape [items]."""

    def __init__(self, *, sold: Floats, charts: Mapping[tuple[str, str], Scored]) -> None:
        self.sold = sold
        self._charts = charts

    @classmethod
    def fit(cls, data: TrainingData) -> Self:
        """Count shoppers, not deeds: what one shopper does with an item in a window counts once, at its most."""
        everything = np.ones(len(data.at), dtype=np.bool_)
        windows = list(_windows(data, everything))
        charts: dict[tuple[str, str], Scored] = {}
        for scope, members in _scopes(data.items):
            _chart(charts, scope, windows, members)
        for number in _largest(data):
            assert data.countries is not None, "only what is known has a largest"
            there = list(_windows(data, data.countries == number))
            _chart(charts, in_country(data.country_names[number]), there, None)
        return cls(sold=windows[-1].now.astype(np.float32), charts=charts)

    def risen(self, scope: str = SHOP, *, days: int) -> Scored:
        """What has risen above the window before: log2 of the ratio that is exceeded with 95% certainty."""
        return self._charts.get((scope, f"risen {days}"), _NOTHING)

    def most(self, scope: str = SHOP, *, days: int = ALWAYS) -> Scored:
        """What most shoppers bought (looks count for less) in a window: how many."""
        return self._charts.get((scope, f"most {days}"), _NOTHING)

    def save(self, folder: Path) -> None:
        """Write a model's two files."""
        names = sorted(self._charts)
        lengths = [len(self._charts[name].items) for name in names]
        listed = [self._charts[name] for name in names]
        arrays: dict[str, Array] = {
            "sold": self.sold,
            "names": np.frombuffer(json.dumps(names, ensure_ascii=False).encode(), dtype=np.uint8),
            "ends": np.cumsum(lengths, dtype=np.int64),
            "items": np.concatenate([np.zeros(0, np.int32), *(chart.items for chart in listed)]),
            "scores": np.concatenate([np.zeros(0, np.float32), *(chart.scores for chart in listed)]),
        }
        write_model(folder, name=_NAME, schema=_SCHEMA, parameters={}, arrays=arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; raises BrokenArtifact for files cut short or of another schema."""
        _, arrays = read_model(folder, name=_NAME, schema=_SCHEMA)
        with reading(f"the charts in {folder.name}"):
            names = json.loads(arrays["names"].tobytes())
            ends, sold = arrays["ends"][:-1], arrays["sold"]
            if sold.ndim != 1 or not np.isin(arrays["items"], np.arange(len(sold))).all():
                raise ValueError("an item that is not there")
            items, scores = np.split(arrays["items"], ends), np.split(arrays["scores"], ends)
            lists = zip(names, items, scores, strict=True) if names else ()
            charts = {(scope, chart): Scored(its, of) for (scope, chart), its, of in lists}
            if any(len(chart.items) != len(chart.scores) for chart in charts.values()):
                raise ValueError("items without scores")
            return cls(sold=sold, charts=charts)


_NOTHING = Scored(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32))


def _chart(
    charts: dict[tuple[str, str], Scored], scope: str, windows: Sequence[_Window], members: Longs | None
) -> None:
    """Add the charts of a scope; `members` are its items, None is all of them."""
    for window in windows:
        now = window.now if members is None else window.now[members]
        kinds = [("most", now.astype(np.float32))]
        if window.before is not None:
            before = window.before if members is None else window.before[members]
            kinds.append(("risen", risen(now, before)))
        for kind, scores in kinds:
            best = top(scores, size=_KEPT)
            if len(best):
                items = best if members is None else members[best].astype(np.int32)
                charts[scope, f"{kind} {window.days}"] = Scored(items, scores[best])


def risen(now: Counts, before: Counts) -> Floats:
    """log2 of the 5% point of each count's ratio to what the window before lets expect; 0 where it is not above.

    Both have shape [items]. What is expected is the item's share of the window before: a better week for all is
    no rise of anything.
    """
    scores = np.zeros(len(now), dtype=np.float32)
    if before.sum() <= 0:
        return scores
    expected = before * (now.sum() / before.sum())
    more = np.flatnonzero(now > expected)
    bound = gammaincinv(_PRIOR + now[more], _BOUND) / (_PRIOR + expected[more])
    scores[more] = np.log2(np.maximum(bound, 1.0))
    return scores


def _windows(data: TrainingData, rows: npt.NDArray[np.bool_]) -> Iterator[_Window]:
    """The windows of some rows, the one of everything last."""
    first = int(data.at[rows].min(initial=data.now))
    for days in WINDOWS:
        length = int(days * DAY)
        inside = rows & (data.at > data.now - length)
        before = rows & (data.at > data.now - 2 * length) & ~inside
        reaches = first <= data.now - 2 * length
        yield _Window(days, _shoppers(data, inside), _shoppers(data, before) if reaches else None)
    yield _Window(ALWAYS, _shoppers(data, rows), None)


def _shoppers(data: TrainingData, rows: npt.NDArray[np.bool_]) -> Counts:
    """How many shoppers each item has in these rows, each as much as the most that was done, shape [items]."""
    items, users, weights = data.item_numbers[rows], data.users[rows], data.weights[rows]
    known = users >= 0
    pairs = items[known].astype(np.int64) * max(1, len(data.user_ids)) + users[known]
    order = np.lexsort((-weights[known], pairs))
    first = np.r_[True, np.diff(pairs[order]) != 0] if len(order) else np.zeros(0, dtype=np.bool_)
    once = order[first]
    unknown = np.flatnonzero(~known)
    counted = np.r_[np.flatnonzero(known)[once], unknown]
    counts = np.bincount(items[counted], weights=weights[counted], minlength=len(data.items))
    return counts.astype(np.float64)


def _scopes(items: Items) -> Iterator[tuple[str, Longs | None]]:
    """The whole shop, and every category at every depth with its items."""
    yield SHOP, None
    members: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for item, path in enumerate(items.categories):
        for depth in range(len(path)):
            members[tuple(path[: depth + 1])].append(item)
    for names in sorted(members):
        yield in_category(names), np.array(members[names], dtype=np.int64)


def _largest(data: TrainingData) -> list[int]:
    """The numbers of the countries with the most rows."""
    if data.countries is None:
        return []
    rows = np.bincount(data.countries[data.countries >= 0], minlength=len(data.country_names))
    return [int(number) for number in np.argsort(-rows, kind="stable")[:_COUNTRIES] if rows[number] > 0]
