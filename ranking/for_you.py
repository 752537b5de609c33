"""The row for one shopper: the blend's best, varied, with places for new products and a share that is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ranking.explore import POOL, Draw, explore
from ranking.mixing import Mixture
from ranking.rows import Mixed, Row, Wanted, mixture_of
from ranking.serving import Served
from recsys.data import History, Ints

FRESH_EVERY = 8  # one place in so many is for a product that few have seen
_FEW = 3.0  # shoppers up to whom a product counts as one that few have seen


def for_you(
    served: Served,
    history: History,
    *,
    wanted: Wanted,
    newcomers: Sequence[Row] = (),
    draw: Draw | None = None,
    mixture: Mixture | None = None,
) -> list[Row]:
    """The row; `newcomers` are products that the models do not know, the best fitting first.

    Every FRESH_EVERY-th place is for a newcomer or, failing that, for a product that hardly anybody has, by its
    content: what was never shown cannot be learned about. `mixture` is that of the history, if there is one.
    """
    asked = mixture or mixture_of(served, history, now=wanted.now)
    mixed = Mixed(served, asked, wanted)
    allowed = mixed.allowed()
    candidates = mixed.best(allowed, least=2 * wanted.size + POOL)
    reserved = wanted.size // FRESH_EVERY if len(history) else 0
    fresh = list(newcomers[:reserved])
    rare = _rare(mixed, reserved - len(fresh))
    candidates = candidates[~np.isin(candidates, rare)]
    chosen = mixed.varied(candidates[: 4 * wanted.size], size=wanted.size - len(fresh) - len(rare))
    pool = candidates[~np.isin(candidates, chosen)][:POOL]
    shown, propensity = explore(chosen, pool, draw=draw)
    made = mixed.rows(np.concatenate([shown, rare]), voice="shopper")
    rows = [
        replace(row, propensity=float(chance)) for row, chance in zip(made, propensity, strict=False)
    ]  # those of the rare ones, which come last, are certain
    for number, row in enumerate([*fresh, *made[len(shown) :]], start=1):
        rows.insert(min(number * FRESH_EVERY - 1, len(rows)), row)
    return rows


def _rare(mixed: Mixed, size: int) -> Ints:
    """Products that hardly anybody has, by how well their content fits the shopper."""
    content, charts = mixed.mixture.parts.get("content"), mixed.served.charts
    if content is None or charts is None or size < 1:
        return np.zeros(0, dtype=np.int32)
    allowed = mixed.allowed() & (charts.sold <= _FEW)
    return mixed.among(content, allowed, least=size)[:size]
