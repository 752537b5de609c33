"""/v1/recommendations: home, similar, bought together, cart."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Query

from api.cards import card_fields
from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas import PartOut, RecommendationsOut, RecommendedOut, RowOut
from api.state import Shop
from core.behaviour import Past, history
from core.errors import NotFound
from index.documents import Document
from ranking import widgets
from ranking.cold import similar_by_text
from ranking.serving import Served
from ranking.widgets import Row

router = APIRouter(prefix="/v1/recommendations", tags=["recommendations"], responses=PROBLEM_RESPONSES)

PAST = 200  # the newest things a shopper did that count
MAX_ROW = 50
# What each generator goes by, for whoever asks why.
GENERATORS = {
    "popularity": "bought most over the years",
    "trending": "bought most of late",
    "taste": "popular in the categories of the past",
    "content": "alike in words, brand and category",
    "item_item": "owned by the same shoppers",
    "cooccurrence": "in the same baskets more often than chance",
    "transitions": "often next after what came before",
    "als": "fits the taste that the whole past shows",
}
Size = Annotated[int, Query(ge=1, le=MAX_ROW)]
Shopper = Annotated[str | None, Query(max_length=64, examples=["guest-4f0c21b7d9"])]
Explain = Annotated[bool, Query(description="say of each product what the generators brought")]
Product = Annotated[str, Query(max_length=200, examples=["85123A"])]


@router.get("/home", summary="Rows for a home page", response_model_exclude_none=True)
def home(shop: ShopDep, shopper: Shopper = None, size: Size = 12, explain: Explain = False) -> RecommendationsOut:
    """For one shopper: what fits their past, and what is like the product they looked at last.

    A shopper nobody knows gets what is popular.
    """
    started = time.perf_counter()
    served = shop.models()
    past = _past(shop, shopper)
    happenings = [(item.product, item.kind, item.at) for item in past]
    now = int(shop.clock().timestamp())
    sellable = _sellable(shop)
    best = widgets.home(served, served.history(happenings), now=now, size=size, sellable=sellable)
    rows = [("for-you", "For you", best) if past else ("popular", "Popular right now", best)]
    if past:
        last = past[-1].product
        document = shop.engine.get([last]).get(last)
        shown = [*(row.item_id for row in best), *(item.product for item in past)]
        if document is not None:
            near = _similar(shop, served, document, size=size, hidden=shown)
            rows.append(("like-the-last", f"Like {document.title}", near))
    return _answer(shop, served, rows, explain=explain, started=started)


@router.get("/similar", summary="What could be bought instead", response_model_exclude_none=True)
def similar(shop: ShopDep, product: Product, size: Size = 12, explain: Explain = False) -> RecommendationsOut:
    """Products like one. One that came after the last training is answered for by its text."""
    started = time.perf_counter()
    served = shop.models()
    found = _similar(shop, served, _document(shop, product), size=size)
    return _answer(shop, served, [("similar", "Similar products", found)], explain=explain, started=started)


@router.get("/bought-together", summary="What is bought along with it", response_model_exclude_none=True)
def bought_together(
    shop: ShopDep, product: Product, size: Size = 6, explain: Explain = False
) -> RecommendationsOut:
    """What goes into the same basket as a product; products like it where too few baskets are known."""
    started = time.perf_counter()
    served = shop.models()
    document = _document(shop, product)
    if product in served.numbers:
        found = widgets.bought_together(served, product, size=size, sellable=_sellable(shop))
    else:
        found = _similar(shop, served, document, size=size)
    rows = [("bought-together", "Bought together", found)]
    return _answer(shop, served, rows, explain=explain, started=started)


@router.get("/cart", summary="What goes with a cart", response_model_exclude_none=True)
def cart(
    shop: ShopDep,
    product: Annotated[list[str] | None, Query(max_length=100, description="what lies in the cart")] = None,
    size: Size = 6,
    explain: Explain = False,
) -> RecommendationsOut:
    """What goes with the whole cart; best sellers for an empty one."""
    started = time.perf_counter()
    served = shop.models()
    found = widgets.cart(served, product or [], size=size, sellable=_sellable(shop), hidden=product or [])
    rows = [("cart", "Goes with your cart", found)]
    return _answer(shop, served, rows, explain=explain, started=started)


def _past(shop: Shop, shopper: str | None) -> list[Past]:
    if not shopper:
        return []
    with shop.database.read() as session:
        return [item for item in history(session, shopper, limit=PAST) if item.product is not None]


def _sellable(shop: Shop) -> Callable[[Sequence[str]], set[str]]:
    """Asks the live index, which knows of a sale within the relay's delay."""
    return lambda ids: {name for name, document in shop.engine.get(ids).items() if document.in_stock}


def _document(shop: Shop, product: str) -> Document:
    found = shop.engine.get([product]).get(product)
    if found is None:
        raise NotFound(f"there is no product {product!r}", product=product)
    return found


def _similar(
    shop: Shop, served: Served, document: Document, *, size: int, hidden: Sequence[str] = ()
) -> list[Row]:
    if document.id in served.numbers:
        return widgets.similar(served, document.id, size=size, sellable=_sellable(shop), hidden=hidden)
    return similar_by_text(shop.searcher(), document, size=size, hidden=hidden)


def _answer(
    shop: Shop, served: Served, rows: Sequence[tuple[str, str, list[Row]]], *, explain: bool, started: float
) -> RecommendationsOut:
    documents = shop.engine.get([item.item_id for _, _, found in rows for item in found])
    return RecommendationsOut(
        model=served.version,
        rows=[
            RowOut(
                id=name,
                title=title,
                items=[
                    _item(item, documents[item.item_id], explain=explain)
                    for item in found
                    if item.item_id in documents
                ],
            )
            for name, title, found in rows
            if found
        ],
        took_ms=round((time.perf_counter() - started) * 1000, 2),
    )


def _item(row: Row, document: Document, *, explain: bool) -> RecommendedOut:
    why = [
        PartOut(part=name, value=round(value, 6), note=GENERATORS.get(name, ""))
        for name, value in row.parts.items()
    ]
    return RecommendedOut(
        **card_fields(document), score=round(row.score, 6), reason=row.text, why=why if explain else None
    )
