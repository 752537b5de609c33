"""A row of recommended products: chosen from a mixture of models, and what speaks for each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput
from ranking.boosts import Boost, factors
from ranking.diversity import varied
from ranking.mixing import Mixture
from ranking.reasons import Voice, for_anyone, say, saying_of
from ranking.serving import Served
from recsys.data import Floats, History, Ints
from recsys.histories import top

# Gives those of the products asked for that can be shown at this moment.
Sellable = Callable[[Sequence[str]], Collection[str]]
Allowed = npt.NDArray[np.bool_]

LARGEST = 200  # products at most in one row
_BECAUSE = 3  # how many reasons a product names


@dataclass(frozen=True, slots=True)
class Row:
    """One recommended product. `parts` (by generator, and `boost`) add up to `score`.

    `kind` is the generator that brings the most; `because` are products of the history or the anchors that speak
    for it, the strongest first (empty where it is shown to anyone), and `shares` what each of them brings;
    `saying` is what is told the shopper (see `ranking.reasons`), about the first of `because` or about what is
    `named`; `text` is the same in English. `propensity` is the chance that it stood in its place: 1 where
    nothing was drawn.
    """

    item_id: str
    score: float
    parts: Mapping[str, float]
    kind: str
    because: Sequence[str]
    text: str
    saying: str = "popular"
    shares: Sequence[float] = ()
    named: str = ""
    propensity: float = 1.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a row may hold: `size` products that `sellable` lets through (None: what was sellable in the snapshot),
    none of those `hidden`, with scores multiplied by the `boosts`. `now` is in epoch seconds."""

    size: int
    sellable: Sellable | None = None
    hidden: Collection[str] = ()
    boosts: Sequence[Boost] = ()
    now: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.size <= LARGEST:
            raise InvalidInput(f"a row has 1 to {LARGEST} products, not {self.size}", size=self.size)


def anchors(items: Sequence[int]) -> History:
    """Items that count alike: all of one moment."""
    numbers = np.array(items, dtype=np.int32)
    return History(numbers, np.zeros(len(items), dtype=np.int64), np.ones(len(items), dtype=np.float32))


def mixture_of(served: Served, history: History, *, now: int) -> Mixture:
    """What the served blend says of a history."""
    return served.blend.mixture(history, now=now)


class Mixed:
    """The candidates of a mixture, boosted, from which rows are taken."""

    def __init__(self, served: Served, mixture: Mixture, wanted: Wanted) -> None:
        self.served = served
        self.mixture = mixture
        self._wanted = wanted
        self._factors = factors(served, wanted.boosts, now=wanted.now)
        self.scores = mixture.total if self._factors is None else mixture.total * self._factors

    def allowed(self) -> Allowed:
        """Which items may be taken, shape [items]: not hidden, and not of the history."""
        served, own = self.served, self.mixture.history.items
        allowed = np.ones(len(served.items), dtype=np.bool_)
        if self._wanted.sellable is None:
            allowed = served.items.sellable.copy()
        allowed &= without(served, self._wanted.hidden)
        allowed[own[(own >= 0) & (own < len(allowed))]] = False
        return allowed

    def best(self, allowed: Allowed, *, least: int) -> Ints:
        """At least `least` of the best items that can be sold, or all there are."""
        return able(self.served, self.scores, allowed, least=least, sellable=self._wanted.sellable)

    def among(self, scores: Floats, allowed: Allowed, *, least: int) -> Ints:
        """The same by other scores than the mixture's."""
        return able(self.served, scores, allowed, least=least, sellable=self._wanted.sellable)

    def varied(self, candidates: Ints, *, size: int) -> Ints:
        """`size` of the candidates: not all alike, not more than a third of one brand or half of one category.

        For a shopper of whom nothing is known: a quarter of one category, and of one department where there are
        so many.
        """
        facts, stranger = self.served.facts, len(self.mixture.history) == 0
        quarter = max(1, -(-size // 4))
        caps = [
            (facts.brands[candidates], max(1, -(-size // 3))),
            (facts.paths[candidates], quarter if stranger else max(1, -(-size // 2))),
        ]
        if stranger and facts.roots.max(initial=-1) >= 3:
            caps.append((facts.roots[candidates], quarter))
        alike = likeness(self.served, candidates)
        return candidates[varied(self.scores[candidates], alike, size=size, caps=caps)]

    def rows(self, items: Ints, *, voice: Voice) -> list[Row]:
        """The items as rows, in this order."""
        sources, shares, _ = self.mixture.contributions(items)
        return [self._row(int(item), sources, brought, voice) for item, brought in zip(items, shares, strict=True)]

    def _row(self, item: int, sources: Ints, brought: npt.NDArray[np.float64], voice: Voice) -> Row:
        names = self.served.items
        parts = {name: float(part[item]) for name, part in self.mixture.parts.items() if part[item] != 0}
        kind = max(parts, key=lambda name: parts[name])
        if self.mixture.learned is not None and self.mixture.learned[item] != 0:
            parts["learned"] = float(self.mixture.learned[item])
        if self._factors is not None and self._factors[item] != 1:
            parts["boost"] = float(self.scores[item] - self.mixture.total[item])
        order = np.argsort(-brought, kind="stable")[:_BECAUSE]
        because = [] if for_anyone(kind) else [place for place in order if brought[place] > 0]
        saying = saying_of(kind, voice=voice, because=bool(because))
        return Row(
            item_id=names.ids[item],
            score=sum(parts.values()),
            parts=parts,
            kind=kind,
            because=[names.ids[sources[place]] for place in because],
            text=say(saying, *(names.titles[sources[place]] for place in because)),
            saying=saying,
            shares=[float(brought[place]) for place in because],
        )


def without(served: Served, products: Collection[str]) -> Allowed:
    """Which items are none of some products, shape [items]."""
    others = np.ones(len(served.items), dtype=np.bool_)
    others[[served.numbers[product] for product in products if product in served.numbers]] = False
    return others


def able(served: Served, scores: Floats, allowed: Allowed, *, least: int, sellable: Sellable | None) -> Ints:
    """At least `least` of the best items that can be sold, in growing portions: few are asked for."""
    portion = 2 * least
    while True:
        best = top(scores, size=portion, allowed=allowed)
        if sellable is None:
            return best
        ids = [served.items.ids[item] for item in best]
        can = set(sellable(ids))
        found = best[[product in can for product in ids]] if can else best[:0]
        if len(found) >= least or len(best) < portion:
            return found
        portion *= 4


def likeness(served: Served, items: Ints) -> Floats:
    """How alike items are in content, shape [items, items], at most 1; 0 for all where no model says."""
    content = served.blend.models.get("content")
    if content is None or len(items) == 0:
        return np.zeros((len(items), len(items)), dtype=np.float32)
    sources, links = content.contributions(anchors(items.tolist()), items, now=0)
    found: Floats = links[:, np.searchsorted(sources, items)]
    scale = np.sqrt(np.maximum(np.diagonal(found), 1e-6))
    alike: Floats = np.clip(found / (scale[:, None] * scale[None, :]), 0.0, 1.0)
    return alike


def anchored_row(served: Served, anchor: int, item: int, parts: Mapping[str, float]) -> Row:
    """A product for which one other, the `anchor`, speaks with all of its parts; those of 0 are left out."""
    names = served.items
    said = {name: value for name, value in parts.items() if value != 0}
    kind = max(said, key=lambda name: said[name])
    saying = saying_of(kind, voice="anchor", because=not for_anyone(kind))
    score = sum(said.values())
    return Row(
        item_id=names.ids[item],
        score=score,
        parts=said,
        kind=kind,
        because=[] if for_anyone(kind) else [names.ids[anchor]],
        text=say(saying, names.titles[anchor]),
        saying=saying,
        shares=[] if for_anyone(kind) else [score],
    )


def plain_row(product: str, parts: Mapping[str, float], *, saying: str, named: str = "") -> Row:
    """A product that no other product speaks for."""
    return Row(
        item_id=product,
        score=sum(parts.values()),
        parts=parts,
        kind=max(parts, key=lambda name: parts[name]),
        because=(),
        text=say(saying, named),
        saying=saying,
        named=named,
    )
