"""Carts: what a shopper means to buy, looked at again with the prices and the stock of the moment.

A guest's cart is opened with its id and a secret key that was given out once; a user's by the user alone. A cart
keeps the price at which each line was put in, so that every look at it can say what has changed since.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update
from sqlmodel import Session, col

from core.bulk import insert_of, table_of
from core.errors import InvalidInput, NotFound
from core.ids import new_id
from core.tables import Cart, CartLine, Category, Product, Seller, StockLevel, Variant

MAX_LINES = 100
MAX_PIECES = 999  # of one line


@dataclass(frozen=True, slots=True)
class CartKeys:
    """A new guest cart's id and its key, which is not kept and cannot be asked for again."""

    id: str
    key: str | None


@dataclass(frozen=True, slots=True)
class OpenCart:
    """A cart that may be used: its row number, public id, owner (row number; None for a guest), and currency."""

    row: int
    id: str
    user: int | None
    currency: str
    voucher: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is now. It cost `price_seen_minor` when it was put in; `available` pieces can be sold."""

    variant_row: int
    variant: str
    product: str
    seller_row: int
    seller: str
    category: str
    title: str
    title_zh: str
    options: dict[str, Any]
    quantity: int
    price_minor: int
    price_seen_minor: int
    currency: str
    available: int
    on_sale: bool
    cart_currency: str

    @property
    def sold_here(self) -> bool:
        """Whether it can be bought with this cart: on sale, in the cart's currency."""
        return self.on_sale and self.currency == self.cart_currency

    @property
    def changes(self) -> list[str]:
        """What is not as it was, or not as it is wanted: gone, currency, price, stock."""
        if not self.on_sale:
            return ["gone"]
        if not self.sold_here:
            return ["currency"]
        found = ["price"] if self.price_minor != self.price_seen_minor else []
        return [*found, "stock"] if self.available < self.quantity else found


def open_cart(session: Session, *, user: int | None, currency: str, at: datetime) -> CartKeys:
    """The open cart of a user (made when there is none), or a new one for a guest."""
    if user is not None:
        found = session.execute(select(col(Cart.public_id)).where(_open_of(user))).scalar_one_or_none()
        if found is not None:
            return CartKeys(found, None)
    cart, key = new_id("c-"), None if user is not None else new_id("k-")
    table = table_of(Cart)
    made = session.execute(
        insert_of(session, table)
        .values(
            public_id=cart,
            user_id=user,
            guest_key_hash=None if key is None else _hashed(key),
            status="open",
            currency=currency,
            created_at=at,
            updated_at=at,
        )
        .on_conflict_do_nothing()
        .returning(table.c.public_id)
    ).first()
    if made is None:  # another request of the user was faster
        return open_cart(session, user=user, currency=currency, at=at)
    return CartKeys(cart, key)


def find_cart(
    session: Session,
    public_id: str,
    *,
    user: int | None,
    key: str | None,
    at: datetime | None = None,
    becomes: str = "open",
) -> OpenCart:
    """The open cart with this id, if it is the user's, or a guest's whose key is given.

    With `at` the cart is about to be changed: it is locked, its time is moved and its status `becomes` another.
    Raises NotFound in the same words for a cart that is not there, not open, and not theirs.
    """
    if at is None:
        found = session.execute(_FIND, {"cart": public_id}).first()
    else:
        found = session.execute(_TAKE, {"cart": public_id, "at": at, "becomes": becomes}).first()
    theirs = found is not None and (
        found.user_id == user
        if found.user_id is not None
        else key is not None and hmac.compare_digest(found.guest_key_hash or "", _hashed(key))
    )
    if found is None or not theirs:
        raise NotFound("there is no such cart", cart=public_id)
    return OpenCart(found.id, found.public_id, found.user_id, found.currency, found.voucher_id)


def lines_of(session: Session, cart: int) -> list[Line]:
    """The lines of a cart (row number) as they are now, in the order in which they were put in."""
    return [Line(*row) for row in session.execute(_LINES, {"cart": cart})]


def set_line(session: Session, cart: OpenCart, *, variant: str, quantity: int) -> None:
    """Have `quantity` pieces of a variant in the cart, at the price of now; 0 takes the line out.

    Raises NotFound for a variant that is not on sale, InvalidInput for one in another currency than what is in the
    cart already, for more than MAX_PIECES of it, and for more than MAX_LINES lines.
    """
    if quantity == 0:
        gone = select(col(Variant.id)).where(col(Variant.public_id) == variant).scalar_subquery()
        session.execute(
            delete(CartLine).where(col(CartLine.cart_id) == cart.row, col(CartLine.variant_id) == gone)
        )
        return
    if not 0 < quantity <= MAX_PIECES:
        raise InvalidInput(f"a line has 1 to {MAX_PIECES} pieces", variant=variant)
    offer: Any = (
        select(col(Variant.id), col(Variant.price_minor), col(Variant.currency))
        .join(Product, col(Product.id) == col(Variant.product_id))
        .where(col(Variant.public_id) == variant, col(Variant.active), col(Product.status) == "published")
    )
    found = session.execute(offer).first()
    if found is None:
        raise NotFound("there is no such variant on sale", variant=variant)
    others = session.execute(
        select(func.count()).where(col(CartLine.cart_id) == cart.row, col(CartLine.variant_id) != found.id)
    ).scalar_one()
    if others >= MAX_LINES:
        raise InvalidInput(f"a cart has at most {MAX_LINES} lines", cart=cart.id)
    if found.currency != cart.currency:
        if others:
            raise InvalidInput(f"the cart is in {cart.currency}, the variant in {found.currency}", variant=variant)
        session.execute(update(Cart).where(col(Cart.id) == cart.row).values(currency=found.currency))
    _put(session, cart.row, [(found.id, quantity, found.price_minor)])


def set_voucher(session: Session, cart: OpenCart, voucher: int | None) -> None:
    """Hold a voucher (row number) with the cart, or none."""
    session.execute(update(Cart).where(col(Cart.id) == cart.row).values(voucher_id=voucher))


def merge(session: Session, guest_id: str, *, key: str, user: int, at: datetime) -> str:
    """Put a guest's cart into the user's; returns the id of the user's cart, the guest's is closed.

    Of a variant that is in both, the greater number of pieces stays (not the sum: who puts the same thing in
    twice, before and after logging in, wants it once), at the price seen last. A voucher of the guest's stays
    unless the user's cart has one. Lines in another currency than the user's cart, and beyond MAX_LINES, stay out.
    """
    guest = find_cart(session, guest_id, user=None, key=key, at=at, becomes="merged")
    own = open_cart(session, user=user, currency=guest.currency, at=at)
    cart = find_cart(session, own.id, user=user, key=None, at=at)
    there = {line.variant_row: line for line in lines_of(session, cart.row)}
    coming = lines_of(session, guest.row)
    if not there and cart.currency != guest.currency:
        session.execute(update(Cart).where(col(Cart.id) == cart.row).values(currency=guest.currency))
    elif cart.currency != guest.currency:
        coming = []
    room = MAX_LINES - len(there)
    lines = []
    for line in coming:
        known = there.get(line.variant_row)
        room -= known is None
        if known is not None or room >= 0:
            lines.append(
                (line.variant_row, max(line.quantity, known.quantity if known else 0), line.price_seen_minor)
            )
    _put(session, cart.row, lines)
    if cart.voucher is None and guest.voucher is not None:
        set_voucher(session, cart, guest.voucher)
    return cart.id


def _put(session: Session, cart: int, lines: Sequence[tuple[int, int, int]]) -> None:
    """Lines (variant row, pieces, price seen) into a cart, over those that are there."""
    if not lines:
        return
    rows = [
        {"cart_id": cart, "variant_id": variant, "quantity": quantity, "price_seen_minor": price}
        for variant, quantity, price in lines
    ]
    fresh = insert_of(session, table_of(CartLine)).values(rows)
    changed = {name: fresh.excluded[name] for name in ("quantity", "price_seen_minor")}
    session.execute(fresh.on_conflict_do_update(index_elements=["cart_id", "variant_id"], set_=changed))


def _open_of(user: int | None) -> Any:
    return (col(Cart.user_id) == user) & (col(Cart.status) == "open")


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()  # the key is 100 random bits: nothing to guess


# Made once: their parts change, their text does not.
_LINES: Any = (
    select(
        col(CartLine.variant_id),
        col(Variant.public_id).label("variant"),
        col(Product.public_id).label("product"),
        col(Product.seller_id),
        col(Seller.public_id).label("seller"),
        func.coalesce(col(Category.path), ""),
        col(Product.title),
        col(Product.title_zh),
        col(Variant.options),
        col(CartLine.quantity),
        col(Variant.price_minor),
        col(CartLine.price_seen_minor),
        col(Variant.currency),
        (func.coalesce(col(StockLevel.quantity), 0) - func.coalesce(col(StockLevel.reserved), 0)).label("left"),
        (col(Variant.active) & (col(Product.status) == "published")).label("on_sale"),
        col(Cart.currency).label("cart_currency"),
    )
    .select_from(CartLine)
    .join(Cart, col(Cart.id) == col(CartLine.cart_id))
    .join(Variant, col(Variant.id) == col(CartLine.variant_id))
    .join(Product, col(Product.id) == col(Variant.product_id))
    .join(Seller, col(Seller.id) == col(Product.seller_id))
    .outerjoin(Category, col(Category.id) == col(Product.category_id))
    .outerjoin(StockLevel, col(StockLevel.variant_id) == col(CartLine.variant_id))
    .where(col(CartLine.cart_id) == bindparam("cart"))
    .order_by(col(CartLine.id))
)
_CART = table_of(Cart)
_FOUND = (
    _CART.c.id,
    _CART.c.public_id,
    _CART.c.user_id,
    _CART.c.currency,
    _CART.c.voucher_id,
    _CART.c.guest_key_hash,
)
_OPEN_NAMED = (_CART.c.public_id == bindparam("cart")) & (_CART.c.status == "open")
_FIND = select(*_FOUND).where(_OPEN_NAMED)
_TAKE = (
    update(_CART)
    .where(_OPEN_NAMED)
    .values(updated_at=bindparam("at"), status=bindparam("becomes"))
    .returning(*_FOUND)
)
