"""Orders held to be changed: whoever changes one, or what belongs to it, locks its row first."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.bulk import FRESH
from core.orders import no_order
from core.tables import Order, OrderLine


def hold_order(session: Session, order: str, *, user: int | None = None) -> Order:
    """An order, locked; with `user` (row number) only if it is theirs. Raises NotFound."""
    statement: Any = select(Order).where(col(Order.public_id) == order).with_for_update()
    if user is not None:
        statement = statement.where(col(Order.user_id) == user)
    row: Order | None = session.execute(statement, execution_options=FRESH).scalar_one_or_none()
    if row is None:
        raise no_order(order)
    return row


def lines_of(session: Session, order: Order, *, seller: int | None = None) -> list[OrderLine]:
    """The lines of an order, in their order; with `seller` (row number) only theirs."""
    statement = select(OrderLine).where(col(OrderLine.order_id) == order.id).order_by(col(OrderLine.line_number))
    if seller is not None:
        statement = statement.where(col(OrderLine.seller_id) == seller)
    return list(session.execute(statement, execution_options=FRESH).scalars())
