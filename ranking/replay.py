"""Why a product was recommended to a shopper, worked out again from what they had done by a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ranking.rows import Mixed, Wanted, mixture_of
from ranking.serving import Happening, Served


@dataclass(frozen=True, slots=True)
class Source:
    """A product of the shopper's past and what it brings of the score; `share` may be negative."""

    product: str
    title: str
    share: float


@dataclass(frozen=True, slots=True)
class Replay:
    """The score of a product for a shopper.

    `parts` (by generator) add up to `score`, and so do the shares of `sources` and `base`, which is what the
    product gets for anyone. `place` counts from 1 among all products that are new to the shopper, by score alone:
    what is sold out, hidden or held back for variety is counted too. `saying` is what the shopper reads.
    """

    product: str
    title: str
    model: str
    score: float
    place: int
    known: int
    parts: Mapping[str, float]
    sources: Sequence[Source]
    base: float
    saying: str


def replay(served: Served, past: Sequence[Happening], product: str, *, now: int) -> Replay:
    """Score a product for a past (newest last) as of `now` (epoch seconds), as the row "for you" does.

    Raises NotFound for a product that this version does not know.
    """
    number = served.number(product)
    history = served.history(past)
    mixed = Mixed(served, mixture_of(served, history, now=now), Wanted(1, now=now))
    item = np.array([number], dtype=np.int32)
    row = mixed.rows(item, voice="shopper")[0]
    sources, shares, base = mixed.mixture.contributions(item)
    new = np.ones(len(served.items), dtype=np.bool_)
    new[history.items] = False
    new[number] = True
    names = served.items
    told = [
        Source(names.ids[source], names.titles[source], float(share))
        for source, share in zip(sources, shares[0], strict=True)
        if share != 0
    ]
    return Replay(
        product=product,
        title=names.titles[number],
        model=served.version,
        score=row.score,
        place=1 + int((mixed.scores[new] > mixed.scores[number]).sum()),
        known=len(history),
        parts=row.parts,
        sources=sorted(told, key=lambda source: -source.share),
        base=float(base[0]),
        saying=row.text,
    )


def replay_to_json(found: Replay) -> dict[str, Any]:
    """Plain JSON values."""
    return asdict(found)
