"""What sellers keep: their products, from draft to published and back.

Every change of a product, of its variants, prices or pictures holds the product's row, so that changes of one
product follow each other, and gives it a new version. A change that names the version it was made from
(`expected`) is refused with Changed when there is a newer one; without a name the last writer wins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import exists, insert, select, update
from sqlmodel import Session, col

from core import audit
from core.accounts import Caller
from core.bulk import insert_of, table_of
from core.errors import Changed, Conflict, Forbidden, InvalidInput, NotFound
from core.ids import new_id
from core.outbox import News, emit
from core.tables import Category, Product, Seller, Variant

EDITABLE = ("title", "title_zh", "brand", "description", "attributes", "category", "released_at")


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who manages goods, and whose: `seller` (row number) is the one whose goods they may touch, None is any's.

    What staff do is written to the audit log.
    """

    actor: str
    seller: int | None
    staff: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A product whose row this transaction holds. `at` is the moment that the change is written down with."""

    row: int
    id: str
    status: str
    at: datetime


def keeper_of(session: Session, caller: Caller, *, seller: str | None = None) -> Keeper:
    """What a caller may manage: a seller their own goods, staff those of `seller` (public id) or of all.

    Raises Forbidden for others, NotFound where there is no such seller or it is not the caller's.
    """
    if caller.role == "staff" and seller is None:
        return Keeper(caller.actor, None, staff=True)
    if caller.role not in ("seller", "staff"):
        raise Forbidden("this is for sellers")
    own = select(col(Seller.id)).order_by(col(Seller.id)).limit(1)
    if caller.role == "seller":
        own = own.where(col(Seller.user_id) == caller.row)
    if seller is not None:
        own = own.where(col(Seller.public_id) == seller)
    row = session.execute(own).scalar_one_or_none()
    if row is None and seller is None:
        raise Forbidden("this account has no seller: ask the shop's staff to set one up")
    if row is None:
        raise NotFound(f"there is no seller {seller!r}", seller=seller)
    return Keeper(caller.actor, row, staff=caller.role == "staff")


def version_of(updated_at: datetime) -> str:
    """The version of a product that was last changed at this moment, as one word."""
    return updated_at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def create_product(session: Session, keeper: Keeper, *, fields: Mapping[str, Any], at: datetime) -> str:
    """A new draft with `fields` of EDITABLE; returns its public id. Raises InvalidInput without a seller."""
    if keeper.seller is None:
        raise InvalidInput("say whose product it is: name the seller")
    name = new_id()
    made = {"title_zh": "", "brand": "", "description": "", "attributes": {}} | _columns(session, fields)
    row = session.execute(
        insert(Product)
        .values(
            public_id=name,
            seller_id=keeper.seller,
            status="draft",
            rating_count=0,
            created_at=at,
            updated_at=at,
            **made,
        )
        .returning(col(Product.id))
    ).scalar_one()
    tell(session, keeper, Held(row, name, "draft", at), kind="created", action="product.create")
    return name


def edit_product(
    session: Session,
    keeper: Keeper,
    product: str,
    *,
    fields: Mapping[str, Any],
    expected: str | None,
    at: datetime,
) -> None:
    """Set `fields` of EDITABLE; `category` is the names from the root to the leaf, and missing levels are made."""
    held = hold(session, keeper, product, expected=expected, at=at)
    columns = _columns(session, fields)
    if columns:
        session.execute(update(Product).where(col(Product.id) == held.row).values(**columns))
    tell(session, keeper, held, kind="changed", action="product.edit", detail={"fields": sorted(fields)})


def publish(session: Session, keeper: Keeper, product: str, *, expected: str | None, at: datetime) -> None:
    """Show a product to shoppers; raises Conflict for one that is shown already, or that nothing is sold of."""
    held = hold(session, keeper, product, expected=expected, at=at)
    sold = exists().where(col(Variant.product_id) == held.row, col(Variant.active))
    shown = session.execute(
        update(Product)
        .where(col(Product.id) == held.row, col(Product.status).in_(("draft", "withdrawn")), sold)
        .values(status="published")
        .returning(col(Product.id))
        .execution_options(synchronize_session=False)
    ).first()
    if shown is None:
        reason = "is published already" if held.status == "published" else "has no active variant with a price"
        raise Conflict(f"product {product} {reason}", product=product)
    tell(session, keeper, held, kind="changed", action="product.publish")


def withdraw(session: Session, keeper: Keeper, product: str, *, expected: str | None, at: datetime) -> None:
    """Take a product out of the shop; what was ordered stays ordered. Raises Conflict for one not shown."""
    held = hold(session, keeper, product, expected=expected, at=at)
    gone = session.execute(
        update(Product)
        .where(col(Product.id) == held.row, col(Product.status) == "published")
        .values(status="withdrawn")
        .returning(col(Product.id))
    ).first()
    if gone is None:
        raise Conflict(f"product {product} is {held.status}, not published", product=product)
    tell(session, keeper, held, kind="withdrawn", action="product.withdraw")


def hold(session: Session, keeper: Keeper, product: str, *, expected: str | None, at: datetime) -> Held:
    """Lock a product for a change; raises NotFound when it is not the keeper's, Changed when it has moved on."""
    table = table_of(Product)
    wanted = (
        select(table.c.id, table.c.status, table.c.seller_id, table.c.updated_at)
        .where(table.c.public_id == product)
        .with_for_update(key_share=True)  # orders that name the product are not held up
    )
    found = session.execute(wanted).first()
    if found is None or keeper.seller not in (None, found.seller_id):
        raise NotFound(f"there is no product {product!r}", product=product)
    version = version_of(found.updated_at)
    if expected is not None and expected != version:
        raise Changed(f"product {product} was changed in the meantime", product=product, version=version)
    return Held(found.id, product, found.status, max(at, found.updated_at + timedelta(microseconds=1)))


def tell(
    session: Session,
    keeper: Keeper,
    held: Held,
    *,
    kind: str,
    action: str,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """The end of every change: a new version, an event for whoever follows the product, the audit log."""
    session.execute(update(Product).where(col(Product.id) == held.row).values(updated_at=held.at))
    tell_only(session, keeper, held, kind=kind, action=action, detail=detail)


def tell_only(
    session: Session,
    keeper: Keeper,
    held: Held,
    *,
    kind: str,
    action: str,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """The end of a change that leaves the product's version alone, as one of its stock does."""
    moved = [News("stock", held.id, "moved")] if kind == "stock-changed" else []
    emit(session, News("product", held.id, kind), *moved, at=held.at)
    note(session, keeper, action=action, subject=f"product:{held.id}", detail=detail or {}, at=held.at)


def note(
    session: Session, keeper: Keeper, *, action: str, subject: str, detail: Mapping[str, Any], at: datetime
) -> None:
    """Write to the audit log what staff did; sellers are free in what is theirs."""
    if keeper.staff:
        audit.record(session, actor=keeper.actor, action=action, subject=subject, detail=detail, at=at)


def category_row(session: Session, names: list[str]) -> int | None:
    """The row number of the category with this path; levels that are missing are made. None for no names."""
    table = table_of(Category)
    row: int | None = None
    for depth in range(1, len(names) + 1):
        path = " > ".join(names[:depth])
        known = select(table.c.id).where(table.c.path == path)
        found = session.execute(known).scalar_one_or_none()
        if found is None:
            # Another may be making the same level: whoever comes second waits here and takes what is there then.
            level = {
                "public_id": hashlib.sha256(path.encode()).hexdigest()[:20],
                "parent_id": row,
                "name": names[depth - 1],
                "name_zh": "",
                "path": path,
            }
            session.execute(insert_of(session, table).values(level).on_conflict_do_nothing())
            found = session.execute(known).scalar_one()
        row = found
    return row


def _columns(session: Session, fields: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(fields) - set(EDITABLE))
    if unknown:
        raise InvalidInput(f"a product has no {', '.join(unknown)} that can be set")
    columns = {name: value for name, value in fields.items() if name != "category"}
    if "category" in fields:
        columns["category_id"] = category_row(session, list(fields["category"]))
    return columns
