"""What a cart costs: goods, less the voucher, and shipping and tax. A cart's page and checkout both ask here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from core.carts import Line, OpenCart
from core.charges import Basket, BasketLine, Charges
from core.sharing import shares
from core.tables import Voucher
from core.vouchers import discount, refusal, times_used


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """A line with its share of the discount and its tax, in minor units."""

    line: Line
    discount_minor: int
    tax_minor: int

    @property
    def goods_minor(self) -> int:
        """The pieces at their price, before the discount."""
        return self.line.price_minor * self.line.quantity


@dataclass(frozen=True, slots=True)
class Quote:
    """What the lines that are on sale cost together. `voucher_problem` says why a voucher takes nothing off."""

    lines: tuple[QuotedLine, ...]
    goods_minor: int
    discount_minor: int
    shipping_minor: int
    tax_minor: int
    voucher_problem: str | None = None

    @property
    def total_minor(self) -> int:
        """What is to be paid."""
        return self.goods_minor - self.discount_minor + self.shipping_minor + self.tax_minor


def quote(
    lines: Sequence[Line],
    *,
    currency: str,
    country: str,
    voucher: Voucher | None,
    used_by_user: int,
    charges: Charges,
    now: datetime,
) -> Quote:
    """The price of the lines that are on sale, sent to `country` (empty where it is not known yet)."""
    sold = [line for line in lines if line.sold_here]
    worth = [line.price_minor * line.quantity for line in sold]
    goods = sum(worth)
    problem, taken_off = None, 0
    if voucher is not None:
        problem = refusal(voucher, goods_minor=goods, currency=currency, used_by_user=used_by_user, now=now)
        taken_off = 0 if problem else discount(voucher, goods_minor=goods)
    discounts = shares(taken_off, worth)
    basket = Basket(
        currency,
        country,
        [
            BasketLine(line.variant, line.seller, line.category, line.quantity, minor - off)
            for line, minor, off in zip(sold, worth, discounts, strict=True)
        ],
    )
    taxes = charges.tax(basket)
    return Quote(
        lines=tuple(QuotedLine(*parts) for parts in zip(sold, discounts, taxes, strict=True)),
        goods_minor=goods,
        discount_minor=taken_off,
        shipping_minor=charges.shipping(basket),
        tax_minor=sum(taxes),
        voucher_problem=problem,
    )


def quote_cart(
    session: Session,
    cart: OpenCart,
    lines: Sequence[Line],
    *,
    user: int | None,
    country: str,
    charges: Charges,
    now: datetime,
) -> tuple[Quote, str | None]:
    """The price of a cart's lines with the voucher it holds, for a user (row number); and the voucher's code."""
    voucher = session.get(Voucher, cart.voucher) if cart.voucher is not None else None
    used = times_used(session, voucher=cart.voucher, user=user) if cart.voucher is not None else 0
    price = quote(
        lines,
        currency=cart.currency,
        country=country,
        voucher=voucher,
        used_by_user=used,
        charges=charges,
        now=now,
    )
    return price, voucher.code if voucher else None
