"""Chance that can be repeated: one generator a part, and ids that come from it."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32, as all ids


def generator(seed: int, part: str) -> np.random.Generator:
    """The generator of one part, so that a change in one part leaves the draws of the others alone."""
    digest = hashlib.sha256(f"{seed}/{part}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def opaque_ids(seed: int, part: str, count: int) -> pl.Series:
    """`count` different ids of 12 characters that tell nothing of their order (60 bits, a mixed counter)."""
    key = int.from_bytes(hashlib.sha256(f"{seed}/{part}".encode()).digest()[:8], "big")
    mask = np.uint64((1 << 60) - 1)
    mixed = (np.arange(count, dtype=np.uint64) + np.uint64(key)) & mask
    # Each step (odd multiplication, xor with a right shift) is a bijection on 60 bits: no two counters collide.
    for factor, shift in ((0x9E3779B97F4A7C1, 31), (0xBF58476D1CE4E5B, 29), (0x94D049BB133111B, 32)):
        mixed = (mixed * np.uint64(factor)) & mask
        mixed ^= mixed >> np.uint64(shift)
    letters = np.frombuffer(_DIGITS.encode(), dtype="S1")
    places = np.arange(55, -5, -5, dtype=np.uint64)
    text = letters[((mixed[:, None] >> places) & np.uint64(31)).astype(np.intp)]
    return pl.Series("public_id", np.ascontiguousarray(text).view("S12").ravel().astype("U12").tolist(), pl.String)


def shares(total: int, weights: Floats) -> Ints:
    """`total` split into whole numbers in proportion to `weights` (largest remainders)."""
    exact = total * weights / weights.sum()
    counts = np.floor(exact).astype(np.int64)
    order = np.argsort(counts - exact, kind="stable")
    counts[order[: total - int(counts.sum())]] += 1
    return np.asarray(counts, dtype=np.int64)


def pick(random: np.random.Generator, weights: Floats) -> Ints:
    """One column number a row of `weights` (shape [rows, columns], not negative), drawn in proportion."""
    edges = np.cumsum(weights, axis=1)
    draws = random.random(len(weights)) * edges[:, -1]
    chosen: Ints = np.minimum((edges <= draws[:, None]).sum(axis=1), weights.shape[1] - 1)
    return chosen
