"""/v1/seller: products, variants, prices and feeds, as their seller (or the shop's staff) keeps them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from sqlmodel import Session

from api.cards import picture_address
from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas_goods import (
    FeedOut,
    PictureKept,
    PriceIn,
    PriceOut,
    PricesOut,
    ProductEdit,
    ProductIn,
    ProductKept,
    ProductListed,
    ProductPricesOut,
    ProductsOut,
    VariantEdit,
    VariantIn,
    VariantKept,
)
from api.selling import Expected, FeedFile, Trader, Whose, body_of
from api.state import Shop
from api.texts import PathId, PublicId
from core import goods, offers
from core.errors import InvalidInput
from core.goods import Keeper, keeper_of
from core.goods_views import ProductView, list_products, read_product, seller_name
from core.offers import PriceHistory
from core.pictures import sizes_of
from ingest.seller_feed import load_products, read_products

router = APIRouter(prefix="/v1", tags=["sellers"], responses=PROBLEM_RESPONSES)


def kept(session: Session, keeper: Keeper, product: str, response: Response) -> ProductKept:
    """A product as it goes out, with its version as the ETag."""
    view = read_product(session, keeper, product)
    response.headers["ETag"] = f'"{view.summary.version}"'
    return product_kept(view)


def product_kept(view: ProductView) -> ProductKept:
    """A product whole."""
    return ProductKept(
        **asdict(view.summary),
        description=view.description,
        attributes=view.attributes,
        released_at=view.released_at,
        variants=[VariantKept(**asdict(variant)) for variant in view.variants],
        pictures=[
            PictureKept(
                **asdict(picture),
                address=picture_address(picture.url),
                sizes={size: picture_address(url) for size, url in sizes_of(picture.url).items()},
            )
            for picture in view.pictures
        ],
    )


@router.get("/seller/products", summary="My products")
def get_products(
    shop: ShopDep,
    caller: Trader,
    seller: Whose = None,
    status: Literal["draft", "published", "withdrawn"] | None = None,
    after: PublicId | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ProductsOut:
    """In the order they were made; `next` is the `after` of the page that follows."""
    with shop.database.read() as session:
        keeper = keeper_of(session, caller, seller=seller)
        found = list_products(session, keeper, status=status, after=after, limit=limit + 1)
    page = [ProductListed(**asdict(summary)) for summary in found[:limit]]
    return ProductsOut(products=page, next=page[-1].id if len(found) > limit else None)


@router.post("/seller/products", status_code=201, summary="A new product, as a draft")
def post_product(
    shop: ShopDep, caller: Trader, response: Response, body: ProductIn, seller: Whose = None
) -> ProductKept:
    """Shoppers do not see it before it has a variant and is published."""
    at = shop.clock()

    def work(session: Session) -> ProductKept:
        keeper = keeper_of(session, caller, seller=seller)
        name = goods.create_product(session, keeper, fields=body.model_dump(), at=at)
        return kept(session, keeper, name, response)

    return shop.database.transact(work)


@router.get("/seller/products/{product}", summary="One of my products")
def get_product(shop: ShopDep, caller: Trader, response: Response, product: PathId) -> ProductKept:
    """All of it: variants that are switched off, stock, what is promised, pictures."""
    with shop.database.read() as session:
        return kept(session, keeper_of(session, caller), product, response)


@router.patch("/seller/products/{product}", summary="Change a product")
def patch_product(
    shop: ShopDep, caller: Trader, response: Response, product: PathId, body: ProductEdit, expected: Expected
) -> ProductKept:
    """Only what is named is changed. With If-Match, 409 where the product was changed since."""
    fields = body.model_dump(exclude_unset=True)

    def work(session: Session, keeper: Keeper, at: Any) -> None:
        goods.edit_product(session, keeper, product, fields=fields, expected=expected, at=at)

    return changed(shop, caller, response, product, work)


@router.post("/seller/products/{product}/publish", summary="Show a product to shoppers")
def post_publish(
    shop: ShopDep, caller: Trader, response: Response, product: PathId, expected: Expected
) -> ProductKept:
    """It needs an active variant."""

    def work(session: Session, keeper: Keeper, at: Any) -> None:
        goods.publish(session, keeper, product, expected=expected, at=at)

    return changed(shop, caller, response, product, work)


@router.post("/seller/products/{product}/withdraw", summary="Take a product out of the shop")
def post_withdraw(
    shop: ShopDep, caller: Trader, response: Response, product: PathId, expected: Expected
) -> ProductKept:
    """It can be published again."""

    def work(session: Session, keeper: Keeper, at: Any) -> None:
        goods.withdraw(session, keeper, product, expected=expected, at=at)

    return changed(shop, caller, response, product, work)


@router.post("/seller/products/{product}/variants", status_code=201, summary="A further variant")
def post_variant(
    shop: ShopDep, caller: Trader, response: Response, product: PathId, body: VariantIn, expected: Expected
) -> ProductKept:
    """Answers with the product; all its variants have one currency."""

    def work(session: Session, keeper: Keeper, at: Any) -> None:
        offers.add_variant(session, keeper, product, **body.model_dump(), expected=expected, at=at)

    return changed(shop, caller, response, product, work)


@router.patch("/seller/variants/{variant}", summary="Change a variant")
def patch_variant(
    shop: ShopDep, caller: Trader, response: Response, variant: PathId, body: VariantEdit, expected: Expected
) -> ProductKept:
    """Only what is named is changed; the SKU stays. Answers with the product."""
    fields = body.model_dump(exclude_unset=True)

    def work(session: Session, keeper: Keeper, at: Any) -> str:
        offers.edit_variant(session, keeper, variant, fields=fields, expected=expected, at=at)
        return offers.variant_row(session, keeper, variant)[1]

    return changed(shop, caller, response, None, work)


@router.put("/seller/variants/{variant}/price", summary="Set a price")
def put_price(
    shop: ShopDep, caller: Trader, response: Response, variant: PathId, body: PriceIn, expected: Expected
) -> ProductKept:
    """From now on; it goes to the history of prices. Answers with the product."""

    def work(session: Session, keeper: Keeper, at: Any) -> str:
        offers.set_price(session, keeper, variant, **body.model_dump(), expected=expected, at=at)
        return offers.variant_row(session, keeper, variant)[1]

    return changed(shop, caller, response, None, work)


@router.get("/seller/variants/{variant}/prices", summary="The history of a price")
def get_prices(shop: ShopDep, caller: Trader, variant: PathId) -> PricesOut:
    """The newest 100 prices, and the lowest of 30 days."""
    with shop.database.read() as session:
        keeper = keeper_of(session, caller)
        return _prices(offers.price_history(session, keeper, variant, now=shop.clock()))


@router.get("/products/{product}/prices", summary="The prices of the last 30 days")
def get_public_prices(shop: ShopDep, product: PathId) -> ProductPricesOut:
    """Of each variant, with the lowest price that has to be shown beside a reduced one (Directive 98/6/EC)."""
    with shop.database.read() as session:
        found = offers.public_prices(session, product, now=shop.clock())
    return ProductPricesOut(variants=[_prices(history) for history in found])


@router.post(
    "/seller/feed",
    summary="Bring many products at once",
    openapi_extra=body_of("text/plain", {"type": "string"}),
)
def post_feed(shop: ShopDep, caller: Trader, feed: FeedFile, seller: Whose = None) -> FeedOut:
    """Lines of JSON as the feed has them, products alone, up to 20 MB; sent again they change nothing.

    A line about another seller's product is rejected; all others are loaded in one transaction.
    """
    at = shop.clock()
    lines = read_products(feed)

    def work(session: Session) -> FeedOut:
        keeper = keeper_of(session, caller, seller=seller)
        if keeper.seller is None:
            raise InvalidInput("say whose feed it is: name the seller")
        owner = seller_name(session, keeper.seller)
        answer = load_products(session, lines, seller=owner, actor=keeper.actor, at=at)
        goods.note(session, keeper, action="feed.load", subject=f"seller:{owner}", detail=answer.reasons, at=at)
        return FeedOut(**asdict(answer))

    return shop.database.transact(work)


def changed(shop: Shop, caller: Trader, response: Response, product: str | None, work: Any) -> ProductKept:
    """Do `work(session, keeper, at)` in a transaction and answer with the product, or the one that it names."""
    at = shop.clock()

    def whole(session: Session) -> ProductKept:
        keeper = keeper_of(session, caller)
        named = work(session, keeper, at)
        return kept(session, keeper, product or named, response)

    return shop.database.transact(whole)


def _prices(history: PriceHistory) -> PricesOut:
    prices = [PriceOut(**asdict(price)) for price in history.prices]
    return PricesOut(variant=history.variant, prices=prices, lowest_30_days_minor=history.lowest_minor)
