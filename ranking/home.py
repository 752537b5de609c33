"""A home page: rows with a theme, ordered by how much of the shopper's own past each of them rests on.

No product stands there twice, and a row that would be too short is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ranking import cold, widgets
from ranking.boosts import Boost
from ranking.explore import Draw
from ranking.for_you import for_you
from ranking.home_charts import FEWEST, ChartRows
from ranking.home_tastes import Leanings, leanings_of, new_for, recently_viewed
from ranking.mixing import Mixture
from ranking.rows import Row, Wanted, mixture_of, plain_row
from ranking.serving import Happening, Served
from ranking.shelf import Shelf
from recsys.data import History

WHOLE, ONE, LEANING = 3.0, 2.0, 1.0
_LOOKED = ("view", "click", "add_to_cart")
_NEWCOMERS = 24


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: what they did (newest last), where they order from, and what they do not want to see."""

    past: Sequence[Happening] = ()
    country: str = ""
    hidden: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Themed:
    """A row of a page. `id` stays the same from page to page; `title` is one of `reasons.TITLES`, about `named`.

    `ground` is what the row rests on: WHOLE the past, ONE product of it, a LEANING that shows in it, or 0 for
    nothing of the shopper's, and above that the share of the past (or the chance) that speaks for it.
    """

    id: str
    title: str
    items: Sequence[Row]
    named: str = ""
    about: str = ""  # the product that `named` is the title of
    ground: float = 0.0


def home(
    served: Served,
    shelf: Shelf,
    visitor: Visitor,
    *,
    now: int,
    size: int = 12,
    newcomers: Sequence[str] = (),
    boosts: Sequence[Boost] = (),
    draw: Draw | None = None,
) -> list[Themed]:
    """The rows for a visitor, each of at most `size` products. `newcomers` are those that the models do not know.

    Raises InvalidInput for a size outside 1 to `rows.LARGEST`.
    """
    return _Page(served, shelf, visitor, Wanted(size, shelf.sellable, visitor.hidden, boosts, now)).rows(
        newcomers, draw
    )


class _Page:
    """One page in the making: what every row is made from."""

    def __init__(self, served: Served, shelf: Shelf, visitor: Visitor, wanted: Wanted) -> None:
        self.served, self.shelf, self.visitor, self.wanted = served, shelf, visitor, wanted
        self.seen = frozenset(product for product, _, _ in visitor.past)
        self.history: History = served.history(visitor.past)
        self.leanings: Leanings = leanings_of(served, self.history)

    def rows(self, newcomers: Sequence[str], draw: Draw | None) -> list[Themed]:
        """The rows in their order; each leaves out what those that rest on more of the past show already."""
        taken: set[str] = set(self.visitor.hidden)
        page: list[Themed] = []
        for row in self._offered(newcomers, draw, taken):
            items = [item for item in row.items if item.item_id not in taken][: self.wanted.size]
            if len(items) < min(FEWEST, self.wanted.size):
                continue
            page.append(replace(row, items=items))
            taken.update(item.item_id for item in items)
        last = [row for row in page if row.id == "recently-viewed"]
        return [*sorted((row for row in page if row not in last), key=lambda row: -row.ground), *last]

    def _offered(self, newcomers: Sequence[str], draw: Draw | None, taken: Collection[str]) -> Iterator[Themed]:
        """The rows, each made when it is asked for: it knows what is taken by then."""
        taste = cold.taste_of(self.shelf, self.visitor.past) if self.visitor.past else None
        fitting: list[Row] = []
        if taste is not None and newcomers:
            unknown = [product for product in newcomers if product not in self.seen and product not in taken]
            fitting = cold.newcomers(self.shelf, taste, unknown, size=_NEWCOMERS)
        mixture = mixture_of(self.served, self.history, now=self.wanted.now)
        yield self._first(mixture, taste, fitting, draw)
        if not self.visitor.past:
            for chart in ChartRows(self.served, lambda: self._less(taken)).for_anyone(self.visitor.country):
                yield Themed(chart.id, chart.title, chart.items, chart.named)
            return
        yield from self._because(taken)
        yield from self._again()
        charts = ChartRows(self.served, lambda: self._less(taken, own=True))
        for chart in charts.in_categories(self.leanings.categories):
            yield Themed(chart.id, chart.title, chart.items, chart.named, ground=LEANING + chart.share)
        wanted = self._less(taken, own=True)
        new = new_for(self.served, wanted, self.leanings, mixture, fitting, shelf=self.shelf)
        if new is not None:
            yield Themed("new-for-you", new.title, new.items, ground=LEANING + new.share)
        for chart in charts.in_country(self.visitor.country):
            yield Themed(chart.id, chart.title, chart.items, chart.named)
        viewed = recently_viewed(self.visitor.past, self.shelf, size=self.wanted.size)
        yield Themed("recently-viewed", "recently-viewed", viewed)

    def _first(
        self, mixture: Mixture, taste: cold.Taste | None, fitting: Sequence[Row], draw: Draw | None
    ) -> Themed:
        """For you; what is popular for a shopper of whom nothing is known."""
        if len(self.history) == 0 and taste is not None:  # all they did was with products of today
            own = {*self.seen, *self.visitor.hidden}
            items = cold.near_taste(self.shelf, taste, size=self.wanted.size, hidden=own)
            return Themed("for-you", "for-you", items, ground=WHOLE)
        wanted = self._less((), own=True)
        items = for_you(self.served, self.history, wanted=wanted, newcomers=fitting, draw=draw, mixture=mixture)
        if len(self.history) == 0:
            return Themed("popular", "popular", items, ground=LEANING)
        return Themed("for-you", "for-you", items, ground=WHOLE)

    def _because(self, taken: Collection[str]) -> Iterator[Themed]:
        """Around the newest product that was bought, and the newest that was looked at."""
        bought = next((name for name, kind, _ in reversed(self.visitor.past) if kind == "purchase"), None)
        looked = next((name for name, kind, _ in reversed(self.visitor.past) if kind in _LOOKED), None)
        for row, product in (("because-bought", bought), ("because-viewed", looked)):
            document = self.shelf.documents([product]).get(product) if product else None
            if product is None or document is None or (row == "because-viewed" and product == bought):
                continue
            wanted = self._less(taken, own=True)
            if product not in self.served.numbers:
                own = {*self.seen, *wanted.hidden}
                items = cold.similar_by_text(self.shelf, document, size=wanted.size, hidden=own)
            else:
                more = {"strict": True} if row == "because-viewed" else {}
                widget = widgets.similar if more else widgets.bought_together
                items = widget(
                    self.served,
                    product,
                    size=wanted.size,
                    sellable=wanted.sellable,
                    hidden=wanted.hidden,
                    boosts=wanted.boosts,
                    now=wanted.now,
                    **more,
                )
            ground = ONE + self.leanings.products.get(product, 0.0)
            yield Themed(row, row, items, document.title, product, ground=ground)

    def _again(self) -> Iterator[Themed]:
        """What was bought before and is due."""
        model = self.served.repeat
        if model is None:
            return
        due = model.due(self.history, now=self.wanted.now, size=4 * self.wanted.size)
        names = [self.served.items.ids[item] for item in due.items]
        can = self.shelf.sellable([name for name in names if name not in self.visitor.hidden])
        items = [
            plain_row(name, {"repeat": float(chance)}, saying="again")
            for name, chance in zip(names, due.scores, strict=True)
            if name in can
        ]
        any_of_them = 1.0 - float(np.prod([1.0 - row.score for row in items]))
        yield Themed("buy-again", "buy-again", items, ground=ONE + any_of_them)

    def _less(self, taken: Collection[str], *, own: bool = False) -> Wanted:
        """What a row may hold beside those that are taken, and the shopper's own products."""
        hidden = {*self.visitor.hidden, *taken, *(self.seen if own else ())}
        return replace(self.wanted, hidden=hidden)
