"""Exploration: a small share of places goes to products further down, drawn so that its chance is known.

Every place of a row is drawn for itself: with the chance `share` the product that the models would put there
gives way to one of the pool, each as likely as any other. What was shown is recorded with its propensity, so that
another policy can be judged by what this one showed: Horvitz, Thompson, "A Generalization of Sampling Without
Replacement from a Finite Universe", JASA 47, 1952; Li, Chu, Langford, Wang, "Unbiased Offline Evaluation of
Contextual-bandit-based News Article Recommendation Algorithms", WSDM 2011.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from recsys.data import Floats, Ints

POOL = 50  # products behind the row that can be drawn


@dataclass(frozen=True, slots=True)
class Draw:
    """The share of places that are drawn, and what the draw can be repeated from."""

    share: float
    seed: str


def explore(chosen: Ints, pool: Ints, *, draw: Draw | None) -> tuple[Ints, Floats]:
    """What stands in each place after the draw, and the propensity of each, both of the shape of `chosen`.

    A pool with fewer products than there are places is not drawn from.
    """
    certain = np.ones(len(chosen), dtype=np.float32)
    if draw is None or draw.share <= 0 or len(pool) < max(1, len(chosen)):
        return chosen, certain
    digest = hashlib.blake2b(draw.seed.encode(), digest_size=8).digest()
    chance = np.random.default_rng(int.from_bytes(digest, "big"))
    drawn = chance.random(len(chosen)) < draw.share
    others = chance.permutation(pool)[: len(chosen)]
    propensity = np.where(drawn, draw.share / len(pool), 1.0 - draw.share).astype(np.float32)
    return np.where(drawn, others, chosen).astype(np.int32), propensity
