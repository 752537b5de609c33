"""/v1/search and /v1/facets."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Query

from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas import FacetValuesOut, SearchOut
from api.searching import Explain, FacetNames, Narrowing, Wishes, facet_values, page_out
from api.texts import PathId
from ranking.facets import CHOSEN, values_of, with_attributes

router = APIRouter(prefix="/v1", tags=["search"], responses=PROBLEM_RESPONSES)


@router.get("/search", summary="Search products", response_model_exclude_none=True)
def search(shop: ShopDep, wishes: Wishes, facet: FacetNames = None, explain: Explain = False) -> SearchOut:
    """Products that match the query, best first, with the counts of the facets over all of them.

    An empty query browses: everything that the filters leave, the most popular first.
    """
    started = time.perf_counter()
    searcher = shop.searcher()
    chosen = CHOSEN in (facet or ())
    found = with_attributes(searcher, wishes) if chosen else searcher.search(wishes)
    return page_out(found, request=wishes, started=started, explain=explain)


@router.get("/facets/{field}", summary="Search among the values of a facet")
def facet_search(
    shop: ShopDep,
    field: PathId,
    narrowed: Narrowing,
    search: Annotated[str, Query(max_length=200, description="what a word of the value begins with")] = "",
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> FacetValuesOut:
    """The most frequent values of a facet of which a word begins with `search`, in whatever case.

    They are counted over what the query and the filters find, without the ticks on the field itself: as in the
    answer to the same search.
    """
    return FacetValuesOut(
        field=field,
        values=facet_values(values_of(shop.searcher(), narrowed, field=field, search=search, size=size)),
    )
