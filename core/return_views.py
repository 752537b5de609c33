"""Reading returns, as their buyers and their sellers see them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.bulk import FRESH
from core.database import vault_of
from core.errors import NotFound
from core.tables import Order, OrderLine, Refund, Return, ReturnLine, Seller


@dataclass(frozen=True, slots=True)
class ReturnView:
    """Goods of an order on their way back to a seller: `pieces` by line number.

    `reason` is the buyer's, `answer` the seller's; `refund` is there once the goods were received.
    """

    id: str
    order: str
    seller: str
    status: str
    pieces: Mapping[int, int]
    reason: str
    answer: str
    refund: str | None
    at: datetime


def returns_of(session: Session, order: int) -> list[ReturnView]:
    """The returns of an order (row number), oldest first."""
    return _seen(session, _returns().where(col(Return.order_id) == order).order_by(col(Return.id)))


def order_returns(session: Session, order: str, *, names: Collection[str]) -> list[ReturnView]:
    """Those of an order's returns that have these ids, oldest first."""
    wanted = (col(Order.public_id) == order, col(Return.public_id).in_(names))
    return _seen(session, _returns().where(*wanted).order_by(col(Return.id)))


def buyer_returns(session: Session, user: int) -> list[ReturnView]:
    """The returns of a user (row number), oldest first."""
    return _seen(session, _returns().where(col(Order.user_id) == user).order_by(col(Return.id)))


def seller_returns(
    session: Session, *, seller: int, status: str | None = None, limit: int = 20, before: str | None = None
) -> list[ReturnView]:
    """The returns to a seller (row number), newest first; `before` is the last id of the page before."""
    statement = _returns().where(col(Return.seller_id) == seller)
    if status is not None:
        statement = statement.where(col(Return.status) == status)
    if before is not None:
        last = select(col(Return.id)).where(col(Return.public_id) == before, col(Return.seller_id) == seller)
        row = session.execute(last).scalar_one_or_none()
        if row is None:
            raise no_return(before)
        statement = statement.where(col(Return.id) < row)
    return _seen(session, statement.order_by(col(Return.id).desc()).limit(limit))


def seller_return(session: Session, name: str, *, seller: int) -> ReturnView:
    """A return to a seller (row number); raises NotFound."""
    wanted = (col(Return.public_id) == name, col(Return.seller_id) == seller)
    found = _seen(session, _returns().where(*wanted))
    if not found:
        raise no_return(name)
    return found[0]


def no_return(name: str) -> NotFound:
    """The error for a return that is not there, or may not be seen: the same words for both."""
    return NotFound(f"there is no return {name!r}", **{"return": name})


def _returns() -> Any:
    return (
        select(Return, col(Seller.public_id), col(Order.public_id), col(Refund.public_id))
        .join(Seller, col(Seller.id) == col(Return.seller_id))
        .join(Order, col(Order.id) == col(Return.order_id))
        .outerjoin(Refund, col(Refund.id) == col(Return.refund_id))
    )


def _seen(session: Session, statement: Any) -> list[ReturnView]:
    found = session.execute(statement, execution_options=FRESH).all()
    lines: Any = (
        select(col(ReturnLine.return_id), col(OrderLine.line_number), col(ReturnLine.quantity))
        .join(OrderLine, col(OrderLine.id) == col(ReturnLine.order_line_id))
        .where(col(ReturnLine.return_id).in_([row.id for row, *_ in found]))
        .order_by(col(OrderLine.line_number))
    )
    pieces: dict[int, dict[int, int]] = {}
    for row, number, count in session.execute(lines) if found else ():
        pieces.setdefault(row, {})[number] = count
    vault = vault_of(session)
    return [
        ReturnView(
            id=row.public_id,
            order=order,
            seller=seller,
            status=row.status,
            pieces=pieces[row.id],
            reason=vault.open(row.reason) if row.reason else "",
            answer=row.answer,
            refund=refund,
            at=row.created_at,
        )
        for row, seller, order, refund in found
    ]
