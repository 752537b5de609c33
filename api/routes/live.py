"""/v1/products/{id} and its stream: a product as the core has it now."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.cards import product_out
from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas import ProductOut
from api.state import Shop
from api.streams import STREAM_RESPONSES, EventStream
from api.texts import PathId
from core.errors import NotFound

router = APIRouter(prefix="/v1/products", tags=["products"], responses=PROBLEM_RESPONSES)


@router.get("/{product}", summary="One product", response_model_exclude_none=True)
def product(shop: ShopDep, product: PathId) -> ProductOut:
    """A product with its variants: price and stock as they are now."""
    return shown(shop, product)


@router.get(
    "/{product}/stream",
    summary="One product, again after each change",
    response_class=Response,
    responses=STREAM_RESPONSES,
)
async def product_stream(shop: ShopDep, product: PathId) -> EventStream:
    """Server-sent events named `product`, each with the whole product; `gone` when it is not sold any more."""
    return EventStream(
        shop.streams, subjects=[("product", product)], render=lambda: shown(shop, product), name="product"
    )


def shown(shop: Shop, product: str) -> ProductOut:
    """A product as shoppers see it; raises NotFound for one that is not published."""
    found = shop.products.get(product)
    if found is None:
        raise NotFound(f"there is no product {product!r}", product=product)
    return product_out(found)
