"""Rows of a home page that say what many do: what has risen, and what sells most."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ranking.boosts import factors
from ranking.rows import Row, Wanted, plain_row
from ranking.serving import Served
from recsys.charts import ALWAYS, SHOP, Charts, in_category, in_country
from recsys.protocol import Scored

FEWEST = 3  # products of a row
_MOST = 2  # rows about categories
_RISEN = (7, 30, 1)  # windows in which something may have risen, the one to be told of first
_SOLD = (30, ALWAYS)


@dataclass(frozen=True, slots=True)
class Chart:
    """A row of a chart; `share` of the shopper's past is in its category."""

    id: str
    title: str
    items: Sequence[Row]
    named: str = ""
    share: float = 0.0


class ChartRows:
    """Rows from the charts of a version. `wanted` is asked before each: by then it hides what is shown."""

    def __init__(self, served: Served, wanted: Callable[[], Wanted]) -> None:
        self._served = served
        self._charts = served.charts or Charts(sold=np.zeros(len(served.items), np.float32), charts={})
        self._wanted = wanted

    def for_anyone(self, country: str) -> Iterator[Chart]:
        """For a shopper of whom nothing is known: what has risen, and what sells in the departments."""
        if (risen := self._risen(SHOP)) is not None:
            yield Chart("trending", "trending", risen)
        yield from self.in_country(country)
        roots = sorted({path[0] for path in self._served.facts.path_names})
        sold = {root: float(self._charts.most(in_category((root,))).scores.sum()) for root in roots}
        for number, root in enumerate(sorted(roots, key=lambda root: (-sold[root], root))[:_MOST], start=1):
            items = self._sold(in_category((root,)))
            if items is not None:
                yield Chart(f"best-sellers-{number}", "best-sellers-in", items, root)

    def in_categories(self, categories: Sequence[tuple[tuple[str, ...], float]]) -> Iterator[Chart]:
        """What has risen in categories (given with their shares), or above one of which too little is known."""
        used: set[tuple[str, ...]] = set()
        for path, share in categories:
            for depth in range(len(path), 0, -1):
                place = path[:depth]
                if place in used:
                    break
                scope = in_category(place)
                risen = self._risen(scope)
                items = risen if risen is not None else self._sold(scope)
                if items is not None:
                    title = "best-sellers-in" if risen is None else "trending-in"
                    used.add(place)
                    yield Chart(f"category-{len(used)}", title, items, place[-1], share)
                    break
            if len(used) == _MOST:
                return

    def in_country(self, country: str) -> Iterator[Chart]:
        """What has risen in a country, or sells most there; nothing where the country is not known."""
        if not country:
            return
        risen = self._risen(in_country(country))
        items = risen if risen is not None else self._sold(in_country(country))
        if items is not None:
            yield Chart("country", "best-sellers-in" if risen is None else "trending-in", items, country)

    def _risen(self, scope: str) -> list[Row] | None:
        charts = (self._charts.risen(scope, days=days) for days in _RISEN)
        return self._first(charts, part="risen", saying="risen")

    def _sold(self, scope: str) -> list[Row] | None:
        charts = (self._charts.most(scope, days=days) for days in _SOLD)
        return self._first(charts, part="sold", saying="best-seller")

    def _first(self, charts: Iterator[Scored], *, part: str, saying: str) -> list[Row] | None:
        """The first of the charts that has enough products to show."""
        wanted = self._wanted()
        for chart in charts:
            items = self._rows(chart, wanted, part=part, saying=saying)
            if len(items) >= min(FEWEST, wanted.size):
                return items
        return None

    def _rows(self, chart: Scored, wanted: Wanted, *, part: str, saying: str) -> list[Row]:
        names = [self._served.items.ids[item] for item in chart.items]
        free = [name for name in names if name not in wanted.hidden]
        can = set(free) if wanted.sellable is None else set(wanted.sellable(free))
        boosted = factors(self._served, wanted.boosts, now=wanted.now)
        rows = []
        for item, name, score in zip(chart.items, names, chart.scores.tolist(), strict=True):
            if name in can:
                more = 0.0 if boosted is None else score * (float(boosted[item]) - 1.0)
                rows.append(plain_row(name, {part: score} | ({"boost": more} if more else {}), saying=saying))
        rows.sort(key=lambda row: -row.score)
        return rows[: wanted.size]
