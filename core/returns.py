"""Returns: a buyer sends goods back, their seller takes them back, and their money is owed.

A return is of one seller's lines. Only what was delivered can be returned, for `settings.return_days`; what comes
back goes into stock again or is written off, and its money with its share of discount and tax is given back. The
last piece of an order takes what was paid for shipping with it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select, update
from sqlmodel import Session, col

from core import audit, outbox
from core.bulk import FRESH, insert_rows, table_of
from core.database import vault_of
from core.errors import Conflict, InvalidInput
from core.holding import hold_order, lines_of
from core.ids import new_id
from core.return_views import no_return
from core.tables import Order, OrderLine, Return, ReturnLine, Shipment, ShipmentLine, Transition
from core.taking_back import Back, take_back
from core.transitions import RETURN, Cause, advance, record

UNDER_WAY = ("requested", "approved")

_RETURN = table_of(Return)


def request(
    session: Session, order: str, *, user: int, pieces: Mapping[int, int], window: timedelta, cause: Cause
) -> list[str]:
    """Ask to return so many pieces by line number of an order of a user (row number); returns the returns' ids.

    One is made for each seller of the lines. Raises NotFound for an order that is not theirs, InvalidInput for
    lines that it does not have, Conflict where less than that was delivered within the window and not returned.
    """
    row = hold_order(session, order, user=user)
    lines = lines_of(session, row)
    left = _returnable(session, row, window=window, at=cause.at)
    wanted = _wanted(order, lines, pieces, left)
    made = []
    for seller in sorted({line.seller_id for line in wanted if line.seller_id is not None}):
        name = new_id("t-")
        theirs = {line.id: pieces[line.line_number] for line in wanted if line.seller_id == seller}
        _write(session, name, row, seller, theirs, cause)
        made.append(name)
    return made


def withdraw(session: Session, name: str, *, user: int, cause: Cause) -> str:
    """The buyer (row number) keeps the goods after all; returns the order's id.

    Raises NotFound, and Conflict for one that is over.
    """
    held, order = _found(session, name, user=user)
    _move(session, held, order, "withdrawn", cause)
    return order.public_id


def answer(session: Session, name: str, *, seller: int, approve: bool, text: str, cause: Cause) -> None:
    """The seller (row number) agrees to a return or refuses it. Raises NotFound, Conflict."""
    held, order = _found(session, name, seller=seller)
    _move(session, held, order, "approved" if approve else "rejected", cause, answer=text)


def receive(session: Session, name: str, *, seller: int, back: Sequence[Back], cause: Cause) -> str | None:
    """The goods of an approved return are there: into stock or written off, and their money is owed.

    `back` says so of every line of the return. Returns the refund's id, None where nothing is to be given back.
    Raises NotFound, InvalidInput for other lines than the return's, Conflict for one that was not approved.
    """
    held, order = _found(session, name, seller=seller)
    numbers: Any = (
        select(col(OrderLine.line_number), col(ReturnLine.order_line_id), col(ReturnLine.quantity))
        .join(OrderLine, col(OrderLine.id) == col(ReturnLine.order_line_id))
        .where(col(ReturnLine.return_id) == held.id)
    )
    coming = {number: (line, quantity) for number, line, quantity in session.execute(numbers)}
    if sorted(item.line for item in back) != sorted(coming):
        raise InvalidInput(f"return {name} is of lines {', '.join(map(str, sorted(coming)))}", **{"return": name})
    for item in back:
        if item.quantity not in (None, coming[item.line][1]):
            raise InvalidInput(f"return {name} has {coming[item.line][1]} pieces of line {item.line}")
    advance(session, RETURN, id=name, before=held.status, after="received", cause=cause)
    fates: Any = case({coming[item.line][0]: item.stock for item in back}, value=col(ReturnLine.order_line_id))
    session.execute(
        update(ReturnLine)
        .where(col(ReturnLine.return_id) == held.id)
        .values(stock=fates)
        .execution_options(synchronize_session=False)
    )
    counted = {item.line: coming[item.line][1] for item in back}
    taken = take_back(session, order, back, counted=counted, cause=cause)
    if taken.refund is not None:
        session.execute(update(_RETURN).where(_RETURN.c.id == held.id).values(refund_id=taken.refund.id))
    outbox.emit(session, *_news(name, order.public_id, "received"), *taken.news, at=cause.at)
    _audit(session, order.public_id, "return-received", {"return": name, "refund": taken.refund_id}, cause)
    return taken.refund_id


def _returnable(session: Session, order: Order, *, window: timedelta, at: datetime) -> dict[int, int]:
    """Pieces by order line (row number) that arrived within the window and can still be sent back.

    A return is of the pieces that arrived first of those that it could be of. What was given back without one may
    never have arrived: it only bounds what is left.
    """
    arrived = (
        select(func.max(col(Transition.at)))
        .where(col(Transition.subject) == "shipment", col(Transition.subject_id) == col(Shipment.public_id))
        .where(col(Transition.after) == "delivered")
        .scalar_subquery()
    )
    delivered: Any = (
        select(col(ShipmentLine.order_line_id), arrived.label("arrived"), col(ShipmentLine.quantity))
        .join(Shipment, col(Shipment.id) == col(ShipmentLine.shipment_id))
        .where(col(Shipment.order_id) == order.id, col(Shipment.status) == "delivered")
        .order_by("arrived", col(Shipment.id))
    )
    parcels: dict[int, list[tuple[datetime, int]]] = {}
    for line, came, count in session.execute(delivered):
        parcels.setdefault(line, []).append((came, count))
    sent: Any = select(col(OrderLine.id), col(OrderLine.shipped) - col(OrderLine.returned))
    kept = session.execute(sent.where(col(OrderLine.order_id) == order.id))
    most: dict[int, int] = {line: int(count) for line, count in kept}
    taken: Any = (
        select(col(ReturnLine.order_line_id), col(ReturnLine.quantity), col(Return.created_at), col(Return.status))
        .join(Return, col(Return.id) == col(ReturnLine.return_id))
        .where(col(Return.order_id) == order.id, col(Return.status).in_((*UNDER_WAY, "received")))
        .order_by(col(Return.id))
    )
    for line, count, asked, status in session.execute(taken):
        if status in UNDER_WAY:
            most[line] -= count
        parcels[line] = _without(parcels[line], count, since=asked - window, until=asked)
    return {
        line: min(sum(count for came, count in left if came >= at - window), most[line])
        for line, left in parcels.items()
    }


def _without(
    parcels: Sequence[tuple[datetime, int]], count: int, *, since: datetime, until: datetime
) -> list[tuple[datetime, int]]:
    """What is left of parcels, the oldest first, without so many pieces of those that arrived in a time."""
    left = []
    for came, pieces in parcels:
        gone = min(pieces, count) if since <= came <= until else 0
        left.append((came, pieces - gone))
        count -= gone
    return left


def _wanted(
    order: str, lines: Collection[OrderLine], pieces: Mapping[int, int], left: Mapping[int, int]
) -> list[OrderLine]:
    by_number = {line.line_number: line for line in lines}
    for number, count in pieces.items():
        line = by_number.get(number)
        if line is None or count <= 0:
            raise InvalidInput(f"order {order} has no such pieces of line {number}", order=order, line=number)
        if line.seller_id is None:
            raise Conflict(f"line {number} of order {order} was imported: it is returned there", order=order)
        if count > left.get(line.id or 0, 0):
            raise Conflict(
                f"{max(0, left.get(line.id or 0, 0))} pieces of line {number} of order {order} can be returned",
                order=order,
                line=number,
            )
    return [by_number[number] for number in sorted(pieces)]


def _write(
    session: Session, name: str, order: Order, seller: int, pieces: Mapping[int | None, int], cause: Cause
) -> None:
    made = Return(
        public_id=name,
        order_id=order.id or 0,
        seller_id=seller,
        reason=vault_of(session).seal(cause.reason) if cause.reason else None,
        created_at=cause.at,
    )
    session.add(made)
    session.flush()
    insert_rows(
        session,
        ReturnLine,
        [{"return_id": made.id, "order_line_id": line, "quantity": count} for line, count in pieces.items()],
    )
    # The reason is the buyer's own words: they stay sealed.
    record(session, RETURN, id=name, before="", after="requested", cause=Cause(cause.actor, cause.at))
    outbox.emit(session, *_news(name, order.public_id, "requested"), at=cause.at)


def _move(session: Session, held: Return, order: Order, after: str, cause: Cause, **changes: Any) -> None:
    advance(session, RETURN, id=held.public_id, before=held.status, after=after, cause=cause, **changes)
    outbox.emit(session, *_news(held.public_id, order.public_id, after), at=cause.at)
    _audit(session, order.public_id, f"return-{after}", {"return": held.public_id}, cause)


def _news(name: str, order: str, kind: str) -> tuple[outbox.News, outbox.News]:
    """For who follows the return, and for who follows its order."""
    return (
        outbox.News("return", name, kind, {"order": order}),
        outbox.News("order", order, f"return-{kind}", {"return": name}),
    )


def _audit(session: Session, order: str, action: str, detail: Mapping[str, Any], cause: Cause) -> None:
    audit.record(session, actor=cause.actor, action=action, subject=order, detail=detail, at=cause.at)


def _found(
    session: Session, name: str, *, seller: int | None = None, user: int | None = None
) -> tuple[Return, Order]:
    """A return and its order, the order locked first; raises NotFound, for others' returns too."""
    statement: Any = (
        select(Order)
        .join(Return, col(Return.order_id) == col(Order.id))
        .where(col(Return.public_id) == name)
        .with_for_update(of=Order)
    )
    if seller is not None:
        statement = statement.where(col(Return.seller_id) == seller)
    if user is not None:
        statement = statement.where(col(Order.user_id) == user)
    order = session.execute(statement).scalar_one_or_none()
    if order is None:
        raise no_return(name)
    held = select(Return).where(col(Return.public_id) == name)
    return session.execute(held, execution_options=FRESH).scalar_one(), order
