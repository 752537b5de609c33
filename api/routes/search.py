"""/v1/search and /v1/suggest."""

from __future__ import annotations

import time
from typing import Annotated, get_args

from fastapi import APIRouter, Query

from api.cards import hit_out
from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas import FacetValue, SearchOut, SuggestionOut, SuggestOut
from core.errors import InvalidInput
from index.query import AnyOf, Between, Facet, Filter, Sort
from ranking.search import DEFAULT_FACETS, MAX_PAGE_SIZE, SearchRequest
from ranking.suggest import suggest

router = APIRouter(prefix="/v1", tags=["search"], responses=PROBLEM_RESPONSES)

SORTS = get_args(Sort)
Choices = Annotated[list[str] | None, Query(max_length=50)]
Price = Annotated[int | None, Query(ge=0, description="minor units")]


def refinements_of(
    *,
    brand: list[str] | None,
    category: list[str] | None,
    seller: list[str] | None,
    attribute: list[str] | None,
    price: tuple[int | None, int | None],
    rating_min: float | None,
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
    if price != (None, None):
        chosen["price"] = Between("price", *price)
    if rating_min is not None:
        chosen["rating"] = Between("rating", rating_min, None)
    if in_stock is not None:
        chosen["in_stock"] = AnyOf("in_stock", (str(in_stock).lower(),))
    return chosen


@router.get("/search", summary="Search products", response_model_exclude_none=True)
def search(
    shop: ShopDep,
    q: Annotated[str, Query(max_length=2000, examples=["white hanging heart"])] = "",
    page: Annotated[int, Query(ge=1)] = 1,
    size: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)] = 24,
    sort: Annotated[str, Query(description=f"one of {', '.join(SORTS)}")] = "relevance",
    brand: Choices = None,
    category: Annotated[list[str] | None, Query(max_length=50, description="paths: Home > Lamps")] = None,
    seller: Choices = None,
    attribute: Annotated[list[str] | None, Query(max_length=50, description="NAME:VALUE")] = None,
    price_min: Price = None,
    price_max: Price = None,
    rating_min: Annotated[float | None, Query(ge=0, le=5)] = None,
    in_stock: bool | None = None,
    facet: Annotated[list[str] | None, Query(max_length=20, description="fields to count")] = None,
    prefix: Annotated[bool, Query(description="the last word may be unfinished")] = False,
    explain: Annotated[bool, Query(description="say of each hit why it stands there")] = False,
) -> SearchOut:
    """Products that match the query, best first, with the counts of the facets over all of them.

    An empty query browses: everything that the filters leave, the most popular first.
    """
    started = time.perf_counter()
    if sort not in SORTS:
        raise InvalidInput(f"sort is one of {', '.join(SORTS)}, not {sort!r}")
    request = SearchRequest(
        query=q,
        page=page,
        size=size,
        sort=sort,  # type: ignore[arg-type]  # checked above
        refinements=refinements_of(
            brand=brand,
            category=category,
            seller=seller,
            attribute=attribute,
            price=(price_min, price_max),
            rating_min=rating_min,
            in_stock=in_stock,
        ),
        facets=tuple(Facet(name) for name in facet) if facet else DEFAULT_FACETS,
        prefix=prefix,
    )
    found = shop.searcher().search(request)
    return SearchOut(
        query=found.query,
        total=found.total,
        page=found.page,
        size=found.size,
        generation=found.generation,
        took_ms=round((time.perf_counter() - started) * 1000, 2),
        relaxed=found.relaxed,
        hits=[hit_out(hit, explain=explain) for hit in found.hits],
        facets={
            name: [FacetValue(value=value, count=count) for value, count in values]
            for name, values in found.facets.items()
        },
    )


@router.get("/suggest", summary="Suggestions as you type", response_model_exclude_none=True)
def suggestions(
    shop: ShopDep,
    q: Annotated[str, Query(max_length=2000, examples=["chris"])],
    size: Annotated[int, Query(ge=1, le=20)] = 8,
) -> SuggestOut:
    """How the query may go on, and the categories, brands and products it points at."""
    return SuggestOut(
        suggestions=[
            SuggestionOut(text=item.text, kind=item.kind, id=item.id)
            for item in suggest(shop.searcher(), q, size=size)
        ]
    )
