"""Checkout: a cart becomes an order that is promised its stock until it is paid or its time is over.

Everything is written in one transaction. What many shoppers meet on is touched last and shortly: the voucher, then
the stock levels. The number of statements does not depend on the number of lines.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from core import outbox, stock, vouchers
from core.bulk import insert_rows, json_text, table_of
from core.carts import OpenCart, find_cart, lines_of
from core.charges import Charges
from core.database import vault_of
from core.errors import Changed, InvalidInput, NotFound
from core.ids import new_id
from core.money import Money
from core.orders import OrderLineView, OrderView
from core.payments import mark_paid
from core.pricing import Quote, quote
from core.tables import Address, Order, OrderLine, Voucher, VoucherTally
from core.transitions import ORDER, Cause, record


@dataclass(frozen=True, slots=True)
class Checkout:
    """Which cart goes to which of the user's addresses, and the total the shopper saw and agrees to."""

    cart: str
    address: str
    total_minor: int


@dataclass(frozen=True, slots=True)
class _Context:
    """What a checkout reads besides the cart's lines."""

    address: dict[str, Any]
    voucher: Voucher | None
    used_by_user: int


def check_out(
    session: Session,
    wanted: Checkout,
    *,
    user: int,
    user_id: str,
    charges: Charges,
    at: datetime,
    hold: timedelta,
) -> OrderView:
    """Place the order; `user` is the row number, `user_id` the public id, `hold` how long the stock is promised.

    Raises NotFound for a cart or an address that is not the user's, InvalidInput for an empty cart, Changed when a
    line is gone, the voucher does not hold any more or the total is not the one agreed to, OutOfStock when there
    are too few pieces. An order that costs nothing is paid at once.
    """
    cart = find_cart(session, wanted.cart, user=user, key=None, at=at, becomes="ordered")
    lines = lines_of(session, cart.row)
    if not lines:
        raise InvalidInput("the cart is empty", cart=cart.id)
    gone = [line.variant for line in lines if not line.sold_here]
    if gone:
        raise Changed("not on sale any more: " + ", ".join(gone), variants=gone)
    short = {line.variant: max(0, line.available) for line in lines if line.available < line.quantity}
    if short:
        raise stock.too_few(short)  # said before anything that others want is locked
    context = _context(session, cart, wanted.address, user=user)
    price = quote(
        lines,
        currency=cart.currency,
        country=context.address["country"],
        voucher=context.voucher,
        used_by_user=context.used_by_user,
        charges=charges,
        now=at,
    )
    if price.voucher_problem:
        raise Changed(price.voucher_problem, voucher=context.voucher.code if context.voucher else "")
    if price.total_minor != wanted.total_minor:
        was, now = Money(wanted.total_minor, cart.currency), Money(price.total_minor, cart.currency)
        raise Changed(f"the total is {now}, not {was}", total_minor=price.total_minor)
    pieces = {line.variant_row: line.quantity for line in lines}

    order = new_id("o-")
    expires = at + hold
    row = _insert(session, cart, context, price, order=order, user=user, at=at, expires=expires)
    record(session, ORDER, id=order, before="", after="pending", cause=Cause(f"user:{user_id}", at))
    products = dict.fromkeys(line.product for line in lines)
    news = [outbox.News("product", product, "stock-changed") for product in products]
    outbox.emit(session, outbox.News("order", order, "placed"), *news, at=at)
    # The very last: others wait for these rows until the commit. What is told of the products only says that they
    # changed, so it may be written before.
    if context.voucher is not None:
        vouchers.take(session, context.voucher, user=user)
    stock.reserve(session, pieces, at=at)
    status = "pending"
    if price.total_minor == 0:
        mark_paid(session, row, order, cause=Cause("system", at, "nothing to pay"))
        status = "paid"
    return OrderView(
        id=order,
        user=user_id,
        status=status,
        source="shop",
        currency=cart.currency,
        goods_minor=price.goods_minor,
        discount_minor=price.discount_minor,
        shipping_minor=price.shipping_minor,
        tax_minor=price.tax_minor,
        total_minor=price.total_minor,
        country=context.address["country"],
        placed_at=at,
        expires_at=expires if status == "pending" else None,
        address=context.address,
        lines=tuple(
            OrderLineView(
                number=number,
                product=quoted.line.product,
                variant=quoted.line.variant,
                seller=quoted.line.seller,
                title=quoted.line.title,
                quantity=quoted.line.quantity,
                refunded=0,
                unit_price_minor=quoted.line.price_minor,
                discount_minor=quoted.discount_minor,
                tax_minor=quoted.tax_minor,
            )
            for number, quoted in enumerate(price.lines, 1)
        ),
    )


def _context(session: Session, cart: OpenCart, address: str, *, user: int) -> _Context:
    """The address, the cart's voucher and how often the user has used it, in one statement."""
    wanted = {"address": address, "voucher": cart.voucher, "user": user}
    found = session.execute(_CONTEXT, wanted).first()
    if found is None:
        raise NotFound("there is no such address", address=address)
    home, voucher, used = found
    plain = {**json.loads(vault_of(session).open(home.sealed)), "country": home.country}
    return _Context(plain, voucher, used or 0)


def _insert(
    session: Session,
    cart: OpenCart,
    context: _Context,
    price: Quote,
    *,
    order: str,
    user: int,
    at: datetime,
    expires: datetime,
) -> int:
    """The order with its lines; returns its row number."""
    values = {
        "public_id": order,
        "user_id": user,
        "status": "pending",
        "source": "shop",
        "currency": cart.currency,
        "goods_minor": price.goods_minor,
        "discount_minor": price.discount_minor,
        "shipping_minor": price.shipping_minor,
        "tax_minor": price.tax_minor,
        "total_minor": price.total_minor,
        "country": context.address["country"],
        "address": vault_of(session).seal(json_text(context.address)),
        "voucher_id": cart.voucher,
        "placed_at": at,
        "expires_at": expires,
    }
    row: int = session.execute(_INSERT_ORDER, values).scalar_one()
    lines = [
        {
            "order_id": row,
            "line_number": number,
            "variant_id": quoted.line.variant_row,
            "seller_id": quoted.line.seller_row,
            "title": quoted.line.title,
            "quantity": quoted.line.quantity,
            "reserved": quoted.line.quantity,
            "unit_price_minor": quoted.line.price_minor,
            "discount_minor": quoted.discount_minor,
            "tax_minor": quoted.tax_minor,
        }
        for number, quoted in enumerate(price.lines, 1)
    ]
    insert_rows(session, OrderLine, lines)
    return row


# Made once: their parts change, their text does not.
_ORDER = table_of(Order)
_INSERT_ORDER = _ORDER.insert().returning(_ORDER.c.id)
_CONTEXT: Any = (
    select(Address, Voucher, col(VoucherTally.used))
    .select_from(Address)
    .outerjoin(Voucher, col(Voucher.id) == bindparam("voucher"))
    .outerjoin(
        VoucherTally,
        (col(VoucherTally.voucher_id) == bindparam("voucher")) & (col(VoucherTally.user_id) == bindparam("user")),
    )
    .where(col(Address.public_id) == bindparam("address"), col(Address.user_id) == bindparam("user"))
)
