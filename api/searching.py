"""What all ways to search have in common: the parameters a client narrows by, and the page it gets."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, get_args

from fastapi import Depends, Query

from api.cards import branch_out, hit_out
from api.schemas import FacetValue, SearchOut, StatsOut, UnderstoodOut
from core.errors import InvalidInput
from index.query import NUMERIC_FIELDS, AnyOf, Between, Facet, Filter, Sort
from ranking.facets import CATEGORIES, CHOSEN, category_tree, pruned
from ranking.filter_language import parse_filter
from ranking.search import DEFAULT_FACETS, MAX_DEPTH, MAX_PAGE_SIZE, SearchPage, SearchRequest

SORTS = get_args(Sort)
Choices = Annotated[list[str] | None, Query(max_length=50)]
Price = Annotated[int | None, Query(ge=0, description="minor units")]
Stars = Annotated[float | None, Query(ge=0, le=5)]
FacetNames = Annotated[
    list[str] | None,
    Query(max_length=20, description=f"fields to count; {CHOSEN} adds the attributes that divide the result best"),
]
Explain = Annotated[bool, Query(description="say of each hit why it stands there")]


def _narrowing(
    q: Annotated[str, Query(max_length=2000, examples=["white hanging heart"])] = "",
    brand: Choices = None,
    category: Annotated[list[str] | None, Query(max_length=50, description="paths: Home > Lamps")] = None,
    seller: Choices = None,
    attribute: Annotated[list[str] | None, Query(max_length=50, description="NAME:VALUE")] = None,
    price_min: Price = None,
    price_max: Price = None,
    rating_min: Stars = None,
    rating_max: Stars = None,
    in_stock: bool | None = None,
    filter_: Annotated[
        str,
        Query(
            alias="filter",
            max_length=5000,
            description="conditions with AND, OR, NOT and brackets; amounts in minor units",
            examples=['brand:"Acme" AND (price:1000..5000 OR NOT in_stock:false)'],
        ),
    ] = "",
    prefix: Annotated[bool, Query(description="the last word may be unfinished")] = False,
    literal: Annotated[bool, Query(description="take the words as they stand: nothing is corrected")] = False,
) -> SearchRequest:
    return SearchRequest(
        query=q,
        refinements=refinements_of(
            brand=brand,
            category=category,
            seller=seller,
            attribute=attribute,
            price=(price_min, price_max),
            rating=(rating_min, rating_max),
            in_stock=in_stock,
        ),
        where=parse_filter(filter_) if filter_.strip() else None,
        prefix=prefix,
        understanding=not literal,
    )


Narrowing = Annotated[SearchRequest, Depends(_narrowing)]


def _wishes(
    narrowed: Narrowing,
    page: Annotated[int, Query(ge=1, description=f"the last one ends at hit {MAX_DEPTH:,}")] = 1,
    size: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)] = 24,
    sort: Annotated[str, Query(description=f"one of {', '.join(SORTS)}")] = "relevance",
    in_stock_first: Annotated[bool, Query(description="what can be bought comes first, in any order")] = False,
    facet: FacetNames = None,
    stats: Annotated[
        list[str] | None,
        Query(max_length=8, description=f"numbers to give the bounds of: {', '.join(NUMERIC_FIELDS)}"),
    ] = None,
) -> SearchRequest:
    if sort not in SORTS:
        raise InvalidInput(f"sort is one of {', '.join(SORTS)}, not {sort!r}")
    facets = tuple(Facet(name) for name in dict.fromkeys(facet or ()) if name != CHOSEN)
    return SearchRequest(
        query=narrowed.query,
        refinements=narrowed.refinements,
        where=narrowed.where,
        prefix=narrowed.prefix,
        understanding=narrowed.understanding,
        page=page,
        size=size,
        sort=sort,  # type: ignore[arg-type]  # checked above
        in_stock_first=in_stock_first,
        facets=_wide(facets or DEFAULT_FACETS, narrowed),
        stats=tuple(dict.fromkeys(stats or ())),
    )


Wishes = Annotated[SearchRequest, Depends(_wishes)]


def refinements_of(
    *,
    brand: list[str] | None,
    category: list[str] | None,
    seller: list[str] | None,
    attribute: list[str] | None,
    price: tuple[int | None, int | None],
    rating: tuple[float | None, float | None],
    in_stock: bool | None,
) -> dict[str, Filter]:
    """What was ticked, by field; raises InvalidInput for an attribute that is not NAME:VALUE."""
    chosen: dict[str, Filter] = {
        field: AnyOf(field, tuple(values))
        for field, values in (("brand", brand), ("category", category), ("seller", seller))
        if values
    }
    by_name: dict[str, list[str]] = {}
    for pair in attribute or ():
        name, colon, value = pair.partition(":")
        if not colon or not name or not value:
            raise InvalidInput(f"an attribute is given as NAME:VALUE, not {pair!r}")
        by_name.setdefault(f"attributes.{name}", []).append(value)
    chosen |= {field: AnyOf(field, tuple(values)) for field, values in by_name.items()}
    for field, bounds in (("price", price), ("rating", rating)):
        if bounds != (None, None):
            chosen[field] = Between(field, *bounds)
    if in_stock is not None:
        chosen["in_stock"] = AnyOf("in_stock", (str(in_stock).lower(),))
    return chosen


def page_out(found: SearchPage, *, request: SearchRequest, started: float, explain: bool) -> SearchOut:
    """A page as it leaves the API; `started` is when the request was taken up, by `time.perf_counter`."""
    facets = dict(found.facets)
    if "category" in facets:
        facets["category"] = pruned(facets["category"], ticked=_ticked(request), size=50)
    return SearchOut(
        query=found.query,
        corrected=found.corrected,
        did_you_mean=found.did_you_mean,
        relaxed=list(found.relaxed),
        understood=[UnderstoodOut(kind=each.kind, value=each.value, text=each.text) for each in found.understood],
        total=found.total,
        page=found.page,
        size=found.size,
        generation=found.generation,
        took_ms=round((time.perf_counter() - started) * 1000, 2),
        hits=[hit_out(hit, explain=explain) for hit in found.hits],
        facets={name: facet_values(values) for name, values in facets.items()},
        categories=[branch_out(branch) for branch in category_tree(facets.get("category", ()))],
        stats={
            name: StatsOut(min=each.low, max=each.high, mean=round(each.mean, 4), count=each.count)
            for name, each in found.stats.items()
        },
    )


def facet_values(values: Sequence[tuple[str, int]]) -> list[FacetValue]:
    """Values with their counts."""
    return [FacetValue(value=value, count=count) for value, count in values]


def _wide(facets: tuple[Facet, ...], narrowed: SearchRequest) -> tuple[Facet, ...]:
    """All categories are counted where some are ticked: those around them are shown, however few they hold."""
    if not _ticked(narrowed):
        return facets
    return tuple(replace(facet, size=CATEGORIES) if facet.field == "category" else facet for facet in facets)


def _ticked(request: SearchRequest) -> tuple[str, ...]:
    clause = request.refinements.get("category")
    return clause.values if isinstance(clause, AnyOf) else ()
