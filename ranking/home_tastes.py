"""Rows of a home page from a shopper's leanings: what is new of their brands, and what they looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ranking.boosts import NEW_DAYS, factors
from ranking.mixing import Mixture
from ranking.rows import Row, Wanted, able, plain_row, without
from ranking.serving import Happening, Served
from ranking.shelf import Shelf
from recsys.data import Floats, History, Ints
from recsys.histories import DAY, history_matrix

_LEAST = 0.1  # a smaller share of a past is chance
_MOST = 5  # brands, or categories, that a shopper likes at most
_LOOKED = ("view", "click", "add_to_cart")


@dataclass(frozen=True, slots=True)
class Leanings:
    """Shares (0 to 1) of a past: by product, by brand, and by the category of a product; the largest first."""

    products: Mapping[str, float]
    brands: Sequence[tuple[str, float]]
    categories: Sequence[tuple[tuple[str, ...], float]]


@dataclass(frozen=True, slots=True)
class _Groups:
    """What goods are new of: the number of each item's group (-1 is none), and the groups' names and numbers."""

    of: Ints
    names: Sequence[str]
    number: Mapping[str, int]
    part: str


@dataclass(frozen=True, slots=True)
class New:
    """A row of new products; `share` of the past is of the brands (or categories) that it shows."""

    title: str
    items: Sequence[Row]
    share: float


def leanings_of(served: Served, history: History) -> Leanings:
    """The leanings that a history shows; older deeds count less."""
    weights = history_matrix([history], items=len(served.items), position_power=0.5, half_life_days=180.0)
    shares = weights.data / max(float(weights.data.sum()), 1e-12)
    facts = served.facts
    brands, paths = facts.brands[weights.indices], facts.paths[weights.indices]
    return Leanings(
        {served.items.ids[item]: float(share) for item, share in zip(weights.indices, shares, strict=True)},
        [(facts.brand_names[number], share) for number, share in _largest(brands, shares)],
        [(facts.path_names[number], share) for number, share in _largest(paths, shares)],
    )


def new_for(
    served: Served, wanted: Wanted, leanings: Leanings, mixture: Mixture, fitting: Sequence[Row], *, shelf: Shelf
) -> New | None:
    """New products of the brands a shopper likes, or of the categories in a shop without brands.

    A product is new for NEW_DAYS. Those that the models do not know come from `fitting`, the others are ordered by
    the share of their brand (or category) and what the blend says of them.
    """
    facts = served.facts
    liked: dict[str, float] = dict(leanings.brands) or {
        " > ".join(path): share for path, share in leanings.categories
    }
    if not liked:
        return None
    by_brand = bool(leanings.brands)
    groups = _Groups(
        facts.brands if by_brand else facts.paths,
        facts.brand_names if by_brand else facts.path_texts,
        facts.brand_numbers if by_brand else facts.path_numbers,
        "brand" if by_brand else "category",
    )
    items = [*_unknown(fitting, liked, shelf, groups), *_known(served, wanted, liked, mixture, groups)]
    shown = {row.named for row in items[: wanted.size]}
    share = sum(value for name, value in liked.items() if name in shown)
    return New("new-brands" if by_brand else "new-categories", items[: wanted.size], min(share, 0.99))


def recently_viewed(past: Sequence[Happening], shelf: Shelf, *, size: int) -> list[Row]:
    """What was looked at and not bought, the newest first."""
    bought = {product for product, kind, _ in past if kind == "purchase"}
    looked = [product for product, kind, _ in reversed(past) if kind in _LOOKED and product not in bought]
    names = list(dict.fromkeys(looked))[: 2 * size]
    can = shelf.sellable(names)
    kept = [name for name in names if name in can][:size]
    return [plain_row(name, {"viewed": 1 / place}, saying="viewed") for place, name in enumerate(kept, start=1)]


def _known(
    served: Served, wanted: Wanted, liked: Mapping[str, float], mixture: Mixture, groups: _Groups
) -> list[Row]:
    by_group = np.zeros(len(groups.names) + 1, dtype=np.float32)
    for name, share in liked.items():
        by_group[groups.number[name]] = share
    shares = by_group[groups.of]
    new = served.items.released_at >= wanted.now - int(NEW_DAYS * DAY)
    allowed = (shares > 0) & new & without(served, wanted.hidden)
    if not allowed.any():
        return []
    fit = mixture.total / max(float(mixture.total.max(initial=0.0)), 1e-12)
    boosted = factors(served, wanted.boosts, now=wanted.now)
    scores = shares + fit if boosted is None else (shares + fit) * boosted
    best = able(served, scores, allowed, least=wanted.size, sellable=wanted.sellable)[: wanted.size]
    rows = []
    for item in best.tolist():
        parts = {groups.part: float(shares[item]), "fit": float(fit[item])}
        if boosted is not None and boosted[item] != 1:
            parts["boost"] = float(scores[item]) - sum(parts.values())
        named = groups.names[groups.of[item]]
        rows.append(plain_row(served.items.ids[item], parts, saying="new-brand", named=named))
    return rows


def _unknown(fitting: Sequence[Row], liked: Mapping[str, float], shelf: Shelf, groups: _Groups) -> list[Row]:
    documents = shelf.documents([row.item_id for row in fitting])
    rows = []
    for row in fitting:
        document = documents.get(row.item_id)
        if document is None:
            continue
        name = document.brand if groups.part == "brand" else " > ".join(document.category)
        if name in liked:
            rows.append(replace(row, named=name))
    return rows


def _largest(groups: Ints, shares: Floats) -> list[tuple[int, float]]:
    sums: defaultdict[int, float] = defaultdict(float)
    for group, share in zip(groups.tolist(), shares.tolist(), strict=True):
        if group >= 0:
            sums[group] += share
    ranked = sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(group, share) for group, share in ranked if share >= _LEAST][:_MOST]
