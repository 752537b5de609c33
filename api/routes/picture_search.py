"""Search by picture: with a photograph, and with the pictures of a product."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas import SearchOut
from api.searching import Explain, Wishes, page_out
from api.selling import body_of, read_picture
from api.texts import PathId
from core.errors import NotFound

router = APIRouter(prefix="/v1", tags=["search"], responses=PROBLEM_RESPONSES)

_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}},
}


async def _photograph(request: Request) -> bytes:
    return (await read_picture(request)).data


Photograph = Annotated[bytes, Depends(_photograph)]


@router.post(
    "/search/picture",
    summary="Search with a photograph",
    response_model_exclude_none=True,
    openapi_extra=body_of("multipart/form-data", _FORM),
)
def by_picture(shop: ShopDep, wishes: Wishes, picture: Photograph, explain: Explain = False) -> SearchOut:
    """Products that look like the form's `file` (JPEG, PNG, WebP, GIF or AVIF, up to 10 MB and 40 megapixels).

    Words and ticks cut down what looks like it; facets are counted over what is left. The photograph is not kept.
    """
    started = time.perf_counter()
    found = shop.picture_searcher().search(wishes, picture=picture)
    return page_out(found, request=wishes, started=started, explain=explain)


@router.get(
    "/products/{product}/looks-like", summary="Products that look like this one", response_model_exclude_none=True
)
def like_product(shop: ShopDep, product: PathId, wishes: Wishes, explain: Explain = False) -> SearchOut:
    """Products with a picture that looks like one of this product's, the product itself left out."""
    started = time.perf_counter()
    if shop.products.get(product) is None:
        raise NotFound(f"there is no product {product!r}", product=product)
    found = shop.picture_searcher().like(wishes, product=product)
    return page_out(found, request=wishes, started=started, explain=explain)
