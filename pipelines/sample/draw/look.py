"""How one product looks: what a drawer is told of it."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.sample.draw.canvas import Rgb


@dataclass(frozen=True, slots=True)
class Look:
    """`colour` is the main one, `accent` another of its palette; `style` counts the kind's styles from 0.

    `chance` holds eight numbers from 0 to 1 that are the product's own; `label` is a word to print on it, `words`
    a longer text such as the title of a book.
    """

    colour: Rgb
    accent: Rgb
    style: int
    chance: tuple[float, ...]
    label: str
    words: str = ""

    def among(self, count: int, *, place: int = 0) -> int:
        """A number below `count` that is the product's own."""
        return min(int(self.chance[place] * count), count - 1)

    def between(self, low: float, high: float, *, place: int = 0) -> float:
        """A measure that is the product's own."""
        return low + (high - low) * self.chance[place]
