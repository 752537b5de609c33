"""Cancelling an order or pieces of it, before they leave: one transaction that puts everything back.

An order that is not paid is a proposal: it becomes smaller, or is cancelled, and its promised stock is free again.
Of a paid one the pieces go back into stock and their money is owed back, with their share of discount and tax.
What is shipped cannot be cancelled.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, select, update
from sqlmodel import Session, col

from core import audit, outbox, stock, vouchers
from core.bulk import table_of
from core.errors import Conflict, InvalidInput
from core.holding import hold_order, lines_of
from core.payments import OPEN, close_open, mark_paid, product_news
from core.refunds import RefundedLine, owe
from core.sharing import part
from core.shipments import follow
from core.tables import Order, OrderLine, Payment
from core.taking_back import nothing_kept, worth
from core.transitions import ORDER, Cause, advance


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What a cancellation did: the order's status now, and the refund (its id) that it made, if any."""

    status: str
    refund: str | None


def cancel(
    session: Session,
    order: str,
    *,
    pieces: Mapping[int, int] | None = None,
    user: int | None = None,
    cause: Cause,
) -> Cancelled:
    """Cancel what has not been shipped of an order, or so many `pieces` by line number.

    With `user` (row number) only the user's own order is found. Raises NotFound for an order that is not there,
    InvalidInput for lines it does not have, Conflict where there is less left to cancel than that.
    """
    row = hold_order(session, order, user=user)
    if row.status not in ("pending", "paid", "part-shipped"):
        raise Conflict(f"order {order} is {row.status}: there is nothing to cancel", order=order)
    if row.source != "shop":
        raise Conflict(f"order {order} was imported from {row.source}: cancel it there", order=order)
    return _cancel(session, row, pieces, cause)


def expire(session: Session, order: str, *, cause: Cause) -> bool:
    """Cancel an unpaid order whose time is over; False where it was paid or cancelled, or has time left."""
    overdue = (col(Order.status) == "pending", col(Order.expires_at) <= cause.at)
    row = session.execute(
        select(Order).where(col(Order.public_id) == order, *overdue).with_for_update()
    ).scalar_one_or_none()
    if row is None:
        return False
    _cancel(session, row, None, cause)
    return True


def _cancel(session: Session, row: Order, pieces: Mapping[int, int] | None, cause: Cause) -> Cancelled:
    """Cancel pieces of an order that is locked."""
    order = row.public_id
    lines = lines_of(session, row)
    taken = _taken(order, lines, pieces)
    everything = all(_left(line) == taken.get(line.line_number, 0) and not line.shipped for line in lines)
    # Worked out before lines are deleted, told after the rows were changed.
    news = product_news(session, _by_variant(lines, taken), "stock-changed")
    refund = None
    if row.status == "pending":
        status = _cancel_unpaid(session, row, lines, taken, everything, cause)
    else:
        status, refund = _cancel_paid(session, row, lines, taken, everything, cause)
    kind = "cancelled" if everything else "part-cancelled"
    detail = {"lines": {str(number): count for number, count in taken.items()}}
    outbox.emit(session, outbox.News("order", order, kind, detail), *news, at=cause.at)
    audit.record(session, actor=cause.actor, action=f"order-{kind}", subject=order, detail=detail, at=cause.at)
    return Cancelled(status, refund)


def expired(session: Session, *, now: datetime, limit: int = 1000, but: Collection[str] = ()) -> list[str]:
    """The ids of unpaid orders whose time is over, the oldest first, less those in `but`.

    `expire` each in a transaction of its own.
    """
    statement = (
        select(col(Order.public_id))
        .where(
            col(Order.expires_at) <= now, col(Order.status) == "pending", col(Order.public_id).not_in(list(but))
        )
        .order_by(col(Order.expires_at))
        .limit(limit)
    )
    return list(session.execute(statement).scalars())


def _taken(order: str, lines: list[OrderLine], pieces: Mapping[int, int] | None) -> dict[int, int]:
    """How many pieces of which line (its number) are cancelled."""
    left = {line.line_number: _left(line) for line in lines}
    if pieces is None:
        taken = {number: count for number, count in left.items() if count}
    else:
        for number, count in pieces.items():
            if number not in left:
                raise InvalidInput(f"order {order} has no line {number}", order=order, line=number)
            if count <= 0:
                raise InvalidInput("a number of pieces is at least 1", order=order, line=number)
            if count > left[number]:
                text = f"order {order} has {left[number]} pieces of line {number} left to cancel"
                raise Conflict(text, order=order, line=number)
        taken = dict(pieces)
    if not taken:
        raise Conflict(f"order {order} has nothing left to cancel", order=order)
    return taken


def _left(line: OrderLine) -> int:
    return line.quantity - line.cancelled - line.shipped


def _cancel_unpaid(
    session: Session,
    order: Order,
    lines: list[OrderLine],
    taken: Mapping[int, int],
    everything: bool,
    cause: Cause,
) -> str:
    if everything:
        _end(session, order, cause)
        _count(session, order, {line.line_number: 0 for line in lines}, column="reserved")
        close_open(session, order.id or 0, at=cause.at)
        stock.release(session, _by_variant(lines, taken), at=cause.at)
        return "cancelled"
    total = _shrink(session, order, lines, taken)
    stock.release(session, _by_variant(lines, taken), at=cause.at)
    if total == 0:
        mark_paid(session, order.id or 0, order.public_id, cause=replace(cause, reason="nothing is left to pay"))
        return "paid"
    # What was refused can be tried again at the provider, and would be of the amount of before.
    close_open(session, order.id or 0, at=cause.at)
    return "pending"


def _end(session: Session, order: Order, cause: Cause) -> None:
    """Nothing is left of an order: it is cancelled, and its voucher may be used again."""
    before = order.status
    advance(session, ORDER, id=order.public_id, before=before, after="cancelled", cause=cause, expires_at=None)
    if order.voucher_id is not None and order.user_id is not None:
        vouchers.give_back(session, voucher=order.voucher_id, user=order.user_id)


def _shrink(session: Session, order: Order, lines: list[OrderLine], taken: Mapping[int, int]) -> int:
    """Take pieces out of an unpaid order, with their share of discount and tax; returns what is to pay now.

    Shipping stays as agreed.
    """
    under_way = (
        select(col(Payment.public_id))
        .where(col(Payment.order_id) == order.id, col(Payment.status).in_(OPEN))
        .limit(1)
    )
    if session.execute(under_way).first() is not None:
        text = f"order {order.public_id} is being paid: cancel all of it, or pay it and cancel then"
        raise Conflict(text, order=order.public_id)
    goods = discount = tax = 0
    left: dict[int, dict[str, int]] = {}
    gone: list[int] = []
    for line in lines:
        count = taken.get(line.line_number, 0)
        if not count:
            continue
        off = part(line.discount_minor, before=0, pieces=count, of=line.quantity)
        taxed = part(line.tax_minor, before=0, pieces=count, of=line.quantity)
        goods, discount, tax = goods + line.unit_price_minor * count, discount + off, tax + taxed
        if count == line.quantity:
            gone.append(line.id or 0)
        else:
            left[line.id or 0] = {
                "quantity": line.quantity - count,
                "reserved": line.reserved - count,
                "discount_minor": line.discount_minor - off,
                "tax_minor": line.tax_minor - taxed,
            }
    if gone:
        session.execute(delete(_LINE).where(_LINE.c.id.in_(gone)))
    if left:
        changes: dict[str, Any] = {
            name: case({line: values[name] for line, values in left.items()}, value=_LINE.c.id)
            for name in ("quantity", "reserved", "discount_minor", "tax_minor")
        }
        session.execute(update(_LINE).where(_LINE.c.id.in_(left)).values(changes))
    total = order.total_minor - (goods - discount + tax)
    session.execute(
        update(Order)
        .where(col(Order.id) == order.id)
        .values(
            goods_minor=order.goods_minor - goods,
            discount_minor=order.discount_minor - discount,
            tax_minor=order.tax_minor - tax,
            total_minor=total,
        )
        .execution_options(synchronize_session=False)
    )
    return total


def _cancel_paid(
    session: Session,
    order: Order,
    lines: list[OrderLine],
    taken: Mapping[int, int],
    everything: bool,
    cause: Cause,
) -> tuple[str, str | None]:
    status = order.status
    gone = nothing_kept(lines, taken)  # worked out before the counts change
    cancelled = {line.line_number: line.cancelled + taken.get(line.line_number, 0) for line in lines}
    _count(session, order, cancelled, column="cancelled")
    if everything:
        status = "cancelled"
        _end(session, order, cause)
    elif order.status == "part-shipped":
        status = follow(session, order, cause=cause)  # what is left may all be on its way already
    stock.restore(session, _by_variant(lines, taken), reason="cancel", reference=order.public_id, at=cause.at)
    given_back = [
        RefundedLine(line.id or 0, line.variant_id, line.title, count, worth(line, count))
        for line in lines
        if (count := taken.get(line.line_number, 0))
    ]
    amount = sum(line.amount_minor for line in given_back)
    if gone:
        amount += order.shipping_minor
    refund = owe(session, order=order, amount_minor=amount, lines=given_back, cause=cause)
    return status, refund.public_id if refund else None


def _by_variant(lines: list[OrderLine], taken: Mapping[int, int]) -> dict[int, int]:
    pieces: dict[int, int] = {}
    for line in lines:
        if count := taken.get(line.line_number, 0):
            pieces[line.variant_id] = pieces.get(line.variant_id, 0) + count
    return pieces


def _count(session: Session, order: Order, values: Mapping[int, int], *, column: str) -> None:
    """Set a count of each line, by line number, in one statement."""
    by_number = case(dict(values), value=col(OrderLine.line_number), else_=getattr(OrderLine, column))
    session.execute(
        update(OrderLine)
        .where(col(OrderLine.order_id) == order.id)
        .values({column: by_number})
        .execution_options(synchronize_session=False)
    )


_LINE = table_of(OrderLine)
