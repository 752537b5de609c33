"""/v1/carts: what a shopper means to buy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Header, Query
from sqlmodel import Session

from api.guard import Anyone, Member
from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas import MoneyOut
from api.schemas_trade import CartKeysOut, CartLineOut, CartOut, CodeIn, LineIn
from api.state import Shop
from api.texts import PathId
from core import carts, vouchers
from core.accounts import Caller
from core.carts import OpenCart
from core.pricing import quote_cart

router = APIRouter(prefix="/v1/carts", tags=["carts"], responses=PROBLEM_RESPONSES)

CartKey = Annotated[
    str | None,
    Header(alias="Merx-Cart-Key", max_length=100, pattern=r"^[\x21-\x7e]+$", description="of a guest's cart"),
]
Country = Annotated[
    str,
    Query(pattern=r"^([A-Z]{2})?$", description="where it would be sent, for shipping and tax", examples=["GB"]),
]
NO_CURRENCY = "XXX"  # ISO 4217's word for none: the first line says which it is


@router.post("", status_code=201, summary="Open a cart", response_model_exclude_none=True)
def post_cart(shop: ShopDep, caller: Anyone) -> CartKeysOut:
    """The user's open cart, or a new one for a guest, with the key that opens it."""

    def work(session: Session) -> carts.CartKeys:
        user = caller.row if caller else None
        return carts.open_cart(session, user=user, currency=NO_CURRENCY, at=shop.clock())

    keys = shop.database.transact(work)
    return CartKeysOut(id=keys.id, key=keys.key)


@router.get("/{cart}", summary="A cart as it is now", response_model_exclude_none=True)
def get_cart(shop: ShopDep, caller: Anyone, cart: PathId, key: CartKey = None, country: Country = "") -> CartOut:
    """Each line says what has changed since it was put in; the total is what checkout would charge now."""
    with shop.database.read() as session:
        found = carts.find_cart(session, cart, user=caller.row if caller else None, key=key)
        return _shown(shop, session, found, caller, country)


@router.put("/{cart}/lines/{variant}", summary="Put so many pieces in", response_model_exclude_none=True)
def put_line(
    shop: ShopDep,
    caller: Anyone,
    cart: PathId,
    variant: PathId,
    body: LineIn,
    key: CartKey = None,
    country: Country = "",
) -> CartOut:
    """Sets the number of pieces, at the price of now; 0 takes the line out."""

    def change(session: Session, found: OpenCart) -> None:
        carts.set_line(session, found, variant=variant, quantity=body.quantity)

    return _changed(shop, caller, cart, key, country, change)


@router.put("/{cart}/voucher", summary="Use a voucher", response_model_exclude_none=True)
def put_voucher(
    shop: ShopDep, caller: Anyone, cart: PathId, body: CodeIn, key: CartKey = None, country: Country = ""
) -> CartOut:
    """One that cannot be used (yet) stays with the cart and says why in `voucher_problem`."""

    def change(session: Session, found: OpenCart) -> None:
        carts.set_voucher(session, found, vouchers.voucher_row(session, body.code))

    return _changed(shop, caller, cart, key, country, change)


@router.delete("/{cart}/voucher", summary="Use no voucher", response_model_exclude_none=True)
def delete_voucher(
    shop: ShopDep, caller: Anyone, cart: PathId, key: CartKey = None, country: Country = ""
) -> CartOut:
    """The cart without its voucher."""
    return _changed(
        shop, caller, cart, key, country, lambda session, found: carts.set_voucher(session, found, None)
    )


@router.post("/{cart}/merge", summary="Put a guest's cart into mine", response_model_exclude_none=True)
def post_merge(
    shop: ShopDep,
    caller: Member,
    cart: PathId,
    key: Annotated[str, Header(alias="Merx-Cart-Key", max_length=100, pattern=r"^[\x21-\x7e]+$")],
    country: Country = "",
) -> CartOut:
    """After logging in. Of a variant in both carts the greater number stays, not the sum."""

    def work(session: Session) -> CartOut:
        merged = carts.merge(session, cart, key=key, user=caller.row, at=shop.clock())
        return _shown(shop, session, carts.find_cart(session, merged, user=caller.row, key=None), caller, country)

    return shop.database.transact(work)


def _changed(
    shop: Shop,
    caller: Caller | None,
    cart: str,
    key: str | None,
    country: str,
    change: Callable[[Session, OpenCart], None],
) -> CartOut:
    user = caller.row if caller else None

    def work(session: Session) -> CartOut:
        change(session, carts.find_cart(session, cart, user=user, key=key, at=shop.clock()))
        return _shown(shop, session, carts.find_cart(session, cart, user=user, key=key), caller, country)

    return shop.database.transact(work)


def _shown(shop: Shop, session: Session, cart: OpenCart, caller: Caller | None, country: str) -> CartOut:
    lines = carts.lines_of(session, cart.row)
    price, voucher = quote_cart(
        session,
        cart,
        lines,
        user=caller.row if caller else None,
        country=country,
        charges=shop.charges,
        now=shop.clock(),
    )
    parts = {quoted.line.variant: quoted for quoted in price.lines}
    return CartOut(
        id=cart.id,
        currency=cart.currency,
        lines=[
            CartLineOut(
                variant=line.variant,
                product=line.product,
                seller=line.seller,
                title=line.title,
                title_zh=line.title_zh,
                options=line.options,
                quantity=line.quantity,
                price=MoneyOut(minor=line.price_minor, currency=line.currency),
                price_seen=MoneyOut(minor=line.price_seen_minor, currency=line.currency),
                available=max(0, line.available) if line.on_sale else 0,
                changes=line.changes,
                discount_minor=parts[line.variant].discount_minor if line.variant in parts else 0,
                tax_minor=parts[line.variant].tax_minor if line.variant in parts else 0,
            )
            for line in lines
        ],
        goods_minor=price.goods_minor,
        discount_minor=price.discount_minor,
        shipping_minor=price.shipping_minor,
        tax_minor=price.tax_minor,
        total_minor=price.total_minor,
        voucher=voucher,
        voucher_problem=price.voucher_problem,
    )
