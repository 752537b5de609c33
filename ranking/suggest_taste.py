"""What somebody looks at, as far as it settles which of two suggestions stands first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from index.documents import Document

_FADES = 0.9  # what each older thing counts of the next newer one
_LEAST = 0.1  # a smaller share of a past is chance


@dataclass(frozen=True, slots=True)
class Taste:
    """Shares (0 to 1) of a past by brand, and by category path with all of its levels."""

    brands: Mapping[str, float] = field(default_factory=dict)
    categories: Mapping[str, float] = field(default_factory=dict)

    def likes(self, *, brand: str, category: str) -> tuple[float, str]:
        """How much of the past is of that brand or in that category (a path), and which of the two; (0, "")."""
        levels = category.split(" > ")
        paths = [" > ".join(levels[:depth]) for depth in range(len(levels), 0, -1)]
        found = [(self.brands.get(brand, 0.0), brand)]
        found += [(self.categories.get(path, 0.0), path) for path in paths]
        share, name = max(found, key=lambda pair: pair[0])
        return (share, name) if share >= _LEAST else (0.0, "")


NOBODY = Taste()


def taste_of(past: Sequence[Document]) -> Taste:
    """The taste that the products somebody looked at or bought show, the newest of them last."""
    brands: defaultdict[str, float] = defaultdict(float)
    categories: defaultdict[str, float] = defaultdict(float)
    total = 0.0
    for age, document in enumerate(reversed(past)):
        weight = _FADES**age
        total += weight
        if document.brand:
            brands[document.brand] += weight
        for path in document.category_paths:
            categories[path] += weight
    return Taste(
        {name: weight / total for name, weight in brands.items()},
        {path: weight / total for path, weight in categories.items()},
    )
