"""Shipments: each seller of an order sends its own part; the order's state follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import case, insert, select, update
from sqlmodel import Session, col

from core import outbox
from core.bulk import insert_rows
from core.errors import Conflict, InvalidInput, NotFound
from core.holding import hold_order, lines_of
from core.ids import new_id
from core.orders import ShipmentView, no_order, shipments_of
from core.tables import Order, OrderLine, Shipment, ShipmentLine
from core.transitions import ORDER, SHIPMENT, Cause, advance, record


def prepare(
    session: Session, order: str, *, seller: int, pieces: Mapping[int, int] | None, cause: Cause
) -> ShipmentView:
    """Take pieces (by line number; None: all that is left) of a seller's (row number) lines to be sent together.

    What is in a shipment cannot be cancelled any more. Raises NotFound for an order without lines of the seller,
    InvalidInput for lines that are not the seller's, Conflict for an order that is not paid, and where there are
    fewer pieces left.
    """
    row = hold_order(session, order)
    theirs = lines_of(session, row, seller=seller)
    if not theirs:
        raise no_order(order)
    if row.status not in ("paid", "part-shipped"):
        raise Conflict(f"order {order} is {row.status}: nothing of it can be sent", order=order)
    left = {line.line_number: line.quantity - line.cancelled - line.shipped for line in theirs}
    wanted = {number: count for number, count in left.items() if count} if pieces is None else dict(pieces)
    for number, count in wanted.items():
        if number not in left or count <= 0:
            raise InvalidInput(f"order {order} has no such pieces of line {number}", order=order, line=number)
        if count > left[number]:
            raise Conflict(
                f"line {number} of order {order} has {left[number]} pieces left", order=order, line=number
            )
    if not wanted:
        raise Conflict(f"order {order} has nothing left to send", order=order)
    shipment = new_id("s-")
    sent = session.execute(
        insert(Shipment)
        .values(
            public_id=shipment,
            order_id=row.id,
            seller_id=seller,
            status="prepared",
            carrier="",
            tracking_number="",
            created_at=cause.at,
        )
        .returning(col(Shipment.id))
    ).scalar_one()
    rows = [
        {"shipment_id": sent, "order_line_id": line.id, "quantity": wanted[line.line_number]}
        for line in theirs
        if line.line_number in wanted
    ]
    insert_rows(session, ShipmentLine, rows)
    _add_shipped(session, {line["order_line_id"]: line["quantity"] for line in rows})
    record(session, SHIPMENT, id=shipment, before="", after="prepared", cause=cause)
    outbox.emit(session, outbox.News("order", order, "shipment-prepared", {"shipment": shipment}), at=cause.at)
    return _view(session, row.id or 0, shipment)


def send(
    session: Session, shipment: str, *, seller: int, carrier: str, tracking_number: str, cause: Cause
) -> ShipmentView:
    """A prepared shipment has left; the order is shipped when all of it has. Raises NotFound, Conflict."""
    held, order = _found(session, shipment, seller=seller)
    advance(
        session,
        SHIPMENT,
        id=shipment,
        before=held.status,
        after="shipped",
        cause=cause,
        carrier=carrier,
        tracking_number=tracking_number,
    )
    follow(session, order, cause=cause)
    outbox.emit(
        session, outbox.News("order", order.public_id, "shipment-shipped", {"shipment": shipment}), at=cause.at
    )
    return _view(session, order.id or 0, shipment)


def unpack(session: Session, shipment: str, *, seller: int, cause: Cause) -> ShipmentView:
    """A prepared shipment is not sent after all: its pieces are free again. Raises NotFound, Conflict."""
    held, order = _found(session, shipment, seller=seller)
    advance(session, SHIPMENT, id=shipment, before=held.status, after="cancelled", cause=cause)
    lines: Any = select(col(ShipmentLine.order_line_id), col(ShipmentLine.quantity)).where(
        col(ShipmentLine.shipment_id) == held.id
    )
    _add_shipped(session, {line: -count for line, count in session.execute(lines)})
    outbox.emit(
        session, outbox.News("order", order.public_id, "shipment-cancelled", {"shipment": shipment}), at=cause.at
    )
    return _view(session, order.id or 0, shipment)


def deliver(
    session: Session,
    shipment: str,
    *,
    seller: int | None = None,
    user: int | None = None,
    cause: Cause,
) -> ShipmentView:
    """A shipment has arrived, as its seller or the order's user (row numbers) says; neither is for staff.

    The order is delivered when all of it has arrived. Raises NotFound, and Conflict for one that has not left.
    """
    held, order = _found(session, shipment, seller=seller, user=user)
    advance(session, SHIPMENT, id=shipment, before=held.status, after="delivered", cause=cause)
    follow(session, order, cause=cause)
    outbox.emit(
        session, outbox.News("order", order.public_id, "shipment-delivered", {"shipment": shipment}), at=cause.at
    )
    return _view(session, order.id or 0, shipment)


def follow(session: Session, order: Order, *, cause: Cause) -> str:
    """Bring a paid order's state to what its shipments say; returns it.

    It is part-shipped when something has left, shipped when all that was not cancelled has, delivered when that
    has arrived.
    """
    status = order.status
    statement = select(col(Shipment.status)).where(col(Shipment.order_id) == order.id)
    states = set(session.execute(statement).scalars())
    if status in ("paid", "part-shipped") and states & {"shipped", "delivered"}:
        all_sent = "prepared" not in states and not _waiting(session, order.id or 0)
        after = "shipped" if all_sent else "part-shipped"
        if after != status:
            advance(session, ORDER, id=order.public_id, before=status, after=after, cause=cause)
            status = after
    if status == "shipped" and not states & {"prepared", "shipped"}:
        advance(session, ORDER, id=order.public_id, before=status, after="delivered", cause=cause)
        status = "delivered"
    return status


def _waiting(session: Session, order: int) -> bool:
    """Whether pieces of an order (row number) are in no shipment yet."""
    lines = select(col(OrderLine.id)).where(
        col(OrderLine.order_id) == order,
        col(OrderLine.quantity) > col(OrderLine.cancelled) + col(OrderLine.shipped),
    )
    return session.execute(lines.limit(1)).first() is not None


def _found(
    session: Session, shipment: str, *, seller: int | None = None, user: int | None = None
) -> tuple[Shipment, Order]:
    """A shipment and its order, the order locked first."""
    statement: Any = (
        select(Order)
        .join(Shipment, col(Shipment.order_id) == col(Order.id))
        .where(col(Shipment.public_id) == shipment)
        .with_for_update(of=Order)
    )
    if seller is not None:
        statement = statement.where(col(Shipment.seller_id) == seller)
    if user is not None:
        statement = statement.where(col(Order.user_id) == user)
    order = session.execute(statement).scalar_one_or_none()
    if order is None:
        raise NotFound(f"there is no shipment {shipment!r}", shipment=shipment)
    return session.execute(select(Shipment).where(col(Shipment.public_id) == shipment)).scalar_one(), order


def _add_shipped(session: Session, counts: Mapping[int, int]) -> None:
    session.execute(
        update(OrderLine)
        .where(col(OrderLine.id).in_(list(counts)))
        .values(shipped=col(OrderLine.shipped) + case(dict(counts), value=col(OrderLine.id)))
        .execution_options(synchronize_session=False)
    )


def _view(session: Session, order: int, shipment: str) -> ShipmentView:
    return next(view for view in shipments_of(session, order) if view.id == shipment)
