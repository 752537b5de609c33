"""Facets beyond counting: the tree of categories, and which attributes are worth showing for a result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from index.fields import ATTRIBUTE
from index.query import Facet
from ranking.search import Searcher, SearchPage, SearchRequest

SEPARATOR = " > "
CHOSEN = "*"  # asks for the attributes that are worth it
CATEGORIES = 1000  # values of which the tree around what is ticked is taken

CANDIDATES = 30  # attributes that are looked at
MOST = 8  # attributes that are shown
SHARE = 0.15  # of the products must have the attribute
VALUES = 50  # an attribute with more is no choice but a description
_REPEATED = 1.5  # products for each value, in the mean; nearly one for each is a name or a measure

Counts = Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Branch:
    """A category in its tree: its own name, its path, how many products are in and below it, what is below it."""

    name: str
    path: str
    count: int
    below: tuple[Branch, ...]


def category_tree(values: Counts) -> tuple[Branch, ...]:
    """The tree of category paths with their counts, in the order of the values on each level.

    A path whose parent is not among the values stands at the top.
    """
    known = {path for path, _ in values}
    below: dict[str, list[tuple[str, int]]] = {}
    for path, count in values:
        parent = path.rpartition(SEPARATOR)[0]
        below.setdefault(parent if parent in known else "", []).append((path, count))

    def grown(parent: str) -> tuple[Branch, ...]:
        return tuple(
            Branch(path.rpartition(SEPARATOR)[2], path, count, grown(path))
            for path, count in below.get(parent, ())
        )

    return grown("")


def pruned(values: Counts, *, ticked: Iterable[str], size: int) -> list[tuple[str, int]]:
    """The first `size` category paths, and all around what is ticked: what it lies in, beside it and below it."""
    around = {""}
    for path in ticked:
        names = path.split(SEPARATOR)
        around |= {SEPARATOR.join(names[: depth + 1]) for depth in range(len(names))}
    return [
        (path, count)
        for place, (path, count) in enumerate(values)
        if place < size or path.rpartition(SEPARATOR)[0] in around
    ]


def candidate_facets(names: Counts, *, total: int) -> tuple[Facet, ...]:
    """The facets to count before `chosen_attributes` can choose; `names` says how many products have which."""
    often = [name for name, count in names[:CANDIDATES] if count >= SHARE * total]
    return tuple(Facet(ATTRIBUTE + name, VALUES + 1) for name in often)


def chosen_attributes(facets: Mapping[str, Counts], *, names: Counts) -> dict[str, Counts]:
    """The attributes worth showing, those that the most products have first.

    An attribute is worth it that divides the products: it has 2 to VALUES values, and they repeat.
    """
    chosen = {}
    for name, having in names:
        values = facets.get(ATTRIBUTE + name, ())
        if 2 <= len(values) <= VALUES and having >= _REPEATED * len(values):
            chosen[ATTRIBUTE + name] = values
        if len(chosen) == MOST:
            break
    return chosen


def with_attributes(searcher: Searcher, request: SearchRequest) -> SearchPage:
    """The page of a request, with the attributes among its facets that are worth showing for what it finds."""
    asked = (Facet("attribute", CANDIDATES),)
    found = searcher.find(replace(request, page=1, size=1, facets=asked, stats=())).result
    names = found.facets["attribute"]
    own = {facet.field for facet in request.facets}
    more = tuple(facet for facet in candidate_facets(names, total=found.total) if facet.field not in own)
    page = searcher.search(replace(request, facets=request.facets + more))
    kept = {name: values for name, values in page.facets.items() if name in own}
    return replace(page, facets=kept | chosen_attributes(page.facets, names=names))


def values_of(searcher: Searcher, request: SearchRequest, *, field: str, search: str, size: int) -> Counts:
    """The values of a facet of which a word begins with `search`, counted over what a request finds.

    Raises InvalidInput for a field that is no facet.
    """
    asked = (Facet(field, size, search),)
    return searcher.find(replace(request, page=1, size=1, facets=asked)).result.facets[field]
