"""Dividing amounts of money so that the parts are whole and add up."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """`total` minor units divided in proportion to `weights`; the parts add up to `total` (0 for no weight at
    all).

    Each part differs from the exact one by less than a minor unit: sums from the left are rounded down.
    """
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    borders = [total * upto // whole for upto in accumulate(weights)]
    return [border - before for border, before in zip(borders, [0, *borders], strict=False)]


def part(total: int, *, before: int, pieces: int, of: int) -> int:
    """What `pieces` more of a line of `of` pieces are worth, when `before` were taken away already.

    Whatever the steps in which a line is taken away, the parts add up to `total`.
    """
    return total * (before + pieces) // of - total * before // of
