"""A user's own profile, addresses and favourites."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlmodel import Session

from core.bulk import insert_of, json_text, table_of
from core.database import vault_of
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.persons import ADDRESS_PARTS, find_by
from core.tables import Address, Favourite, Product, Seller, ShopperKey, User

MAX_ADDRESSES = 50
MAX_FAVOURITES = 1000

_USER = table_of(User)
_ADDRESS = table_of(Address)
_FAVOURITE = table_of(Favourite)
_PRODUCT = table_of(Product)


@dataclass(frozen=True, slots=True)
class Profile:
    """A user as the user sees it; texts that are not known are empty."""

    id: str
    email: str
    email_verified_at: datetime | None
    name: str
    phone: str
    country: str | None
    role: str
    shopper: str | None
    seller: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AddressView:
    """An address, opened."""

    id: str
    recipient: str
    lines: str
    city: str
    postcode: str
    phone: str
    country: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FavouriteView:
    """A product that a user marked; one that is not `published` cannot be bought now."""

    product: str
    title: str
    published: bool
    since: datetime


def profile(session: Session, user_row: int) -> Profile:
    """The profile of a user."""
    user = session.execute(select(User).where(_USER.c.id == user_row)).scalar_one()
    vault = vault_of(session)
    seller, key = table_of(Seller), table_of(ShopperKey)
    return Profile(
        id=user.public_id,
        email=vault.open(user.email) if user.email else "",
        email_verified_at=user.email_verified_at,
        name=vault.open(user.name) if user.name else "",
        phone=vault.open(user.phone) if user.phone else "",
        country=user.country,
        role=user.role,
        shopper=session.execute(select(key.c.key).where(key.c.user_id == user_row)).scalar_one_or_none(),
        seller=session.execute(
            select(seller.c.public_id).where(seller.c.user_id == user_row).order_by(seller.c.id).limit(1)
        ).scalar_one_or_none(),
        created_at=user.created_at,
    )


def change_profile(session: Session, user_row: int, *, changes: Mapping[str, str | None]) -> None:
    """Set `name`, `phone` or `country`, whichever are in `changes`; None or "" takes one away."""
    vault = vault_of(session)
    values: dict[str, str | None] = {}
    if "name" in changes:
        name = (changes["name"] or "").strip()
        values["name"] = vault.seal(name) if name else None
    if "phone" in changes:
        phone = (changes["phone"] or "").strip()
        values["phone"] = vault.seal(phone) if phone else None
        values["phone_hash"] = find_by(session, phone, purpose="phone")[0] if phone else None
    if "country" in changes:
        values["country"] = changes["country"] or None
    if values:
        session.execute(update(_USER).where(_USER.c.id == user_row).values(**values))


def addresses(session: Session, user_row: int) -> list[AddressView]:
    """A user's addresses, the oldest first."""
    mine = select(_ADDRESS).where(_ADDRESS.c.user_id == user_row).order_by(_ADDRESS.c.id)
    return [_opened(session, row) for row in session.execute(mine)]


def address(session: Session, user_row: int, id: str) -> AddressView:
    """One address; raises NotFound, for others' addresses too."""
    mine = (_ADDRESS.c.public_id == id) & (_ADDRESS.c.user_id == user_row)
    row = session.execute(select(_ADDRESS).where(mine)).first()
    if row is None:
        raise _no_address(id)
    return _opened(session, row)


def add_address(
    session: Session, user_row: int, *, parts: Mapping[str, str], country: str, at: datetime
) -> AddressView:
    """Keep another address of `core.persons.ADDRESS_PARTS`; raises Conflict above MAX_ADDRESSES."""
    _room(session, user_row, _ADDRESS, most=MAX_ADDRESSES, what="addresses")
    id = new_id("a-")
    session.execute(
        insert(_ADDRESS).values(
            public_id=id, user_id=user_row, sealed=_sealed(session, parts), country=country, created_at=at
        )
    )
    return address(session, user_row, id)


def change_address(
    session: Session, user_row: int, id: str, *, parts: Mapping[str, str], country: str
) -> AddressView:
    """Put another address in the place of one; orders keep their copies. Raises NotFound."""
    mine = (_ADDRESS.c.public_id == id) & (_ADDRESS.c.user_id == user_row)
    changed = update(_ADDRESS).where(mine).values(sealed=_sealed(session, parts), country=country)
    if session.execute(changed.returning(_ADDRESS.c.id)).first() is None:
        raise _no_address(id)
    return address(session, user_row, id)


def remove_address(session: Session, user_row: int, id: str) -> None:
    """Forget an address; orders keep their copies. Raises NotFound."""
    mine = (_ADDRESS.c.public_id == id) & (_ADDRESS.c.user_id == user_row)
    if session.execute(delete(_ADDRESS).where(mine).returning(_ADDRESS.c.id)).first() is None:
        raise _no_address(id)


def favourites(session: Session, user_row: int) -> list[FavouriteView]:
    """A user's favourites, the newest first."""
    rows = session.execute(
        select(_PRODUCT.c.public_id, _PRODUCT.c.title, _PRODUCT.c.status, _FAVOURITE.c.created_at)
        .join(_PRODUCT, _PRODUCT.c.id == _FAVOURITE.c.product_id)
        .where(_FAVOURITE.c.user_id == user_row)
        .order_by(_FAVOURITE.c.created_at.desc(), _PRODUCT.c.public_id)
    )
    return [FavouriteView(row.public_id, row.title, row.status == "published", row.created_at) for row in rows]


def add_favourite(session: Session, user_row: int, product: str, *, at: datetime) -> None:
    """Mark a product; once more does nothing. Raises NotFound for one that is not shown, Conflict when full."""
    shown = (_PRODUCT.c.public_id == product) & (_PRODUCT.c.status == "published")
    row = session.execute(select(_PRODUCT.c.id).where(shown)).scalar_one_or_none()
    if row is None:
        raise NotFound(f"there is no product {product!r}", product=product)
    _room(session, user_row, _FAVOURITE, most=MAX_FAVOURITES, what="favourites")
    marked = insert_of(session, _FAVOURITE).values(user_id=user_row, product_id=row, created_at=at)
    session.execute(marked.on_conflict_do_nothing())


def remove_favourite(session: Session, user_row: int, product: str) -> None:
    """Take a mark away; does nothing where there is none."""
    row = select(_PRODUCT.c.id).where(_PRODUCT.c.public_id == product).scalar_subquery()
    session.execute(delete(_FAVOURITE).where(_FAVOURITE.c.user_id == user_row, _FAVOURITE.c.product_id == row))


def opened_address(session: Session, sealed: str) -> dict[str, str]:
    """The parts of a sealed address; those that it does not have are empty."""
    parts: dict[str, Any] = json.loads(vault_of(session).open(sealed))
    return {name: str(parts.get(name) or "") for name in ADDRESS_PARTS}


def _opened(session: Session, row: Any) -> AddressView:
    parts = opened_address(session, row.sealed)
    return AddressView(id=row.public_id, country=row.country, created_at=row.created_at, **parts)


def _sealed(session: Session, parts: Mapping[str, str]) -> str:
    return vault_of(session).seal(json_text({name: parts[name] for name in ADDRESS_PARTS}))


def _room(session: Session, user_row: int, table: Any, *, most: int, what: str) -> None:
    """The user's row is locked first: of two that want the last place, one has it."""
    session.execute(select(_USER.c.id).where(_USER.c.id == user_row).with_for_update())
    mine = select(func.count()).select_from(table).where(table.c.user_id == user_row)
    if session.execute(mine).scalar_one() >= most:
        raise Conflict(f"there is room for {most} {what}: remove one first")


def _no_address(id: str) -> NotFound:
    return NotFound(f"there is no address {id!r}", address=id)
