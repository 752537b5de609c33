"""/v1/recommendations: home, and the rows around products, carts and shoppers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.problems import PROBLEM_RESPONSES
from api.recommending import Product, Scene, Shopper, Wishes, answer, scene, widget
from api.routes import ShopDep
from api.schemas_recommendations import HiddenOut, RecommendationsOut
from api.texts import PathId, ShopperKey
from core.errors import NotFound, Unavailable
from core.shown import hidden, hide, show_again
from index.documents import Document
from ranking import widgets
from ranking.cold import similar_by_text
from ranking.explore import Draw
from ranking.home import Visitor
from ranking.home import home as home_rows
from ranking.home_tastes import recently_viewed
from ranking.looks import looks_similar
from ranking.rows import Row

router = APIRouter(prefix="/v1/recommendations", tags=["recommendations"], responses=PROBLEM_RESPONSES)

InCart = Annotated[list[str] | None, Query(max_length=100, description="what lies in the cart")]
Key = Annotated[ShopperKey, Query()]


@router.get("/home", summary="Rows for a home page", response_model_exclude_none=True)
def home(shop: ShopDep, asked: Wishes, shopper: Shopper = "") -> RecommendationsOut:
    """Rows with a theme for one shopper, those that rest on more of their past first, and no product twice.

    A shopper nobody knows gets what is popular and what has risen. A small share of the first row
    (`MERX_EXPLORE_SHARE`) is drawn.
    """
    met = scene(shop, asked, shopper=shopper, newcomers=True)
    visitor = Visitor([(item.product, item.kind, item.at) for item in met.past], met.country, met.hidden)
    rows = home_rows(
        met.served,
        met.shelf,
        visitor,
        now=met.now,
        size=asked.size or 12,
        newcomers=met.newcomers,
        boosts=asked.boosts,
        # The same draw all day: a page that is drawn anew with every look would flicker.
        draw=Draw(shop.settings.explore_share, f"{shopper} {met.served.version} {met.at:%Y-%m-%d}")
        if shopper
        else None,
    )
    return answer(met, "home", rows)


@router.get("/similar", summary="What could be bought instead", response_model_exclude_none=True)
def similar(shop: ShopDep, asked: Wishes, product: Product, shopper: Shopper = "") -> RecommendationsOut:
    """Products like one. One that came after the last training is answered for by its text."""
    met = scene(shop, asked, shopper=shopper)
    found = _around(met, product, widgets.similar, size=asked.size or 12)
    return answer(met, "similar", [widget("similar", found)])


@router.get("/looks-similar", summary="What looks like it", response_model_exclude_none=True)
def looks_like(shop: ShopDep, asked: Wishes, product: Product, shopper: Shopper = "") -> RecommendationsOut:
    """Products with a picture that looks like one of this product's; no row where there is no such picture."""
    met = scene(shop, asked, shopper=shopper)
    document = _document(met, product)
    try:
        pictures = shop.picture_searcher()
    except Unavailable:  # no index with pictures yet: the page can do without
        return answer(met, "looks-similar", [])
    found = looks_similar(pictures, document, size=asked.size or 12, where=asked.where, hidden=met.hidden)
    return answer(met, "looks-similar", [widget("looks-similar", found)])


@router.get("/bought-together", summary="What is bought along with it", response_model_exclude_none=True)
def bought_together(shop: ShopDep, asked: Wishes, product: Product, shopper: Shopper = "") -> RecommendationsOut:
    """What goes into the same basket as a product, and could not stand in for it.

    Products like it where too few baskets are known.
    """
    met = scene(shop, asked, shopper=shopper)
    found = _around(met, product, widgets.bought_together, size=asked.size or 6)
    return answer(met, "bought-together", [widget("bought-together", found)])


@router.get("/cart", summary="What goes with a cart", response_model_exclude_none=True)
def cart(shop: ShopDep, asked: Wishes, product: InCart = None, shopper: Shopper = "") -> RecommendationsOut:
    """What goes with the whole cart, and the shopper does not have yet; best sellers for an empty one."""
    met = scene(shop, asked, shopper=shopper)
    inside = product or []
    found = widgets.cart(
        met.served,
        inside,
        size=asked.size or 6,
        sellable=met.shelf.sellable,
        hidden=[*inside, *met.hidden, *met.bought],
        boosts=asked.boosts,
        now=met.now,
    )
    return answer(met, "cart", [widget("cart", found)])


@router.get("/recently-viewed", summary="What the shopper looked at", response_model_exclude_none=True)
def viewed(shop: ShopDep, asked: Wishes, shopper: Key, product: InCart = None) -> RecommendationsOut:
    """What was looked at and not bought, the newest first, less the products given."""
    met = scene(shop, asked, shopper=shopper)
    past = [(item.product, item.kind, item.at) for item in met.past]
    left_out = {*met.hidden, *(product or ())}
    found = recently_viewed([deed for deed in past if deed[0] not in left_out], met.shelf, size=asked.size or 12)
    return answer(met, "recently-viewed", [widget("recently-viewed", found)])


@router.get("/hidden", summary="What a shopper does not want to see")
def get_hidden(shop: ShopDep, shopper: Key) -> HiddenOut:
    """The products that are left out of this shopper's recommendations."""
    with shop.database.read() as session:
        return HiddenOut(products=hidden(session, shopper))


@router.put("/hidden/{product}", status_code=204, summary="Do not recommend it again")
def put_hidden(shop: ShopDep, product: PathId, shopper: Key) -> Response:
    """Leave a product out of this shopper's recommendations from now on. Searches still find it."""
    at = shop.clock()
    shop.database.transact(lambda session: hide(session, product, shopper=shopper, at=at))
    return Response(status_code=204)


@router.delete("/hidden/{product}", status_code=204, summary="Recommend it again")
def delete_hidden(shop: ShopDep, product: PathId, shopper: Key) -> Response:
    """Take back that a product is hidden; does nothing for one that is not."""
    shop.database.transact(lambda session: show_again(session, product, shopper=shopper))
    return Response(status_code=204)


def _document(met: Scene, product: str) -> Document:
    found = met.shelf.documents([product]).get(product)
    if found is None:
        raise NotFound(f"there is no product {product!r}", product=product)
    return found


def _around(met: Scene, product: str, row: Callable[..., list[Row]], *, size: int) -> list[Row]:
    """A row of `widgets` around a product; by its text for one that came after the training."""
    document = _document(met, product)
    if product not in met.served.numbers:
        return _by_text(met, document, size=size)
    return row(
        met.served,
        product,
        size=size,
        sellable=met.shelf.sellable,
        hidden=met.hidden,
        boosts=met.asked.boosts,
        now=met.now,
    )


def _by_text(met: Scene, document: Document, *, size: int) -> list[Row]:
    return similar_by_text(met.shelf, document, size=size, hidden=met.hidden)
