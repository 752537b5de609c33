"""Refunds: money that is owed back, asked of the provider once, and settled when the provider says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import literal, select, update
from sqlmodel import Session, col

from core import audit, outbox
from core.bulk import insert_of, insert_rows, table_of
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.money import Money
from core.providers import ProviderRefund, RefundRequest, Unverified
from core.tables import MoneyMovement, Order, Payment, PaymentEvent, Refund, RefundLine
from core.transitions import REFUND, Cause, advance, record


@dataclass(frozen=True, slots=True)
class RefundedLine:
    """Pieces of an order line (row numbers) and what they are worth."""

    order_line: int
    variant: int
    title: str
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Owed:
    """What is to be given back of a payment; `made_as` is the name the provider has given the refund, if any."""

    id: str
    status: str
    order: str
    provider: str
    payment: str
    reference: str
    amount: Money
    paid: Money
    made_as: str | None = None


def owe(
    session: Session,
    *,
    order: Order,
    amount_minor: int,
    lines: Sequence[RefundedLine],
    cause: Cause,
) -> Refund | None:
    """Owe money of a paid order back; the relay asks the provider for it.

    None when there is nothing to give back. Raises Conflict when that is more than was captured and not given
    back.
    """
    if amount_minor == 0:
        return None
    enough = (
        select(col(Payment.id))
        .where(col(Payment.order_id) == order.id, col(Payment.status) == "captured")
        .where(col(Payment.captured_minor) - col(Payment.refunded_minor) >= amount_minor)
        .order_by(col(Payment.id))
        .limit(1)
    )
    payment = session.execute(
        update(Payment)
        .where(col(Payment.id) == enough.scalar_subquery())
        .values(refunded_minor=col(Payment.refunded_minor) + amount_minor)
        .returning(col(Payment.id))
        .execution_options(synchronize_session=False)
    ).first()
    if payment is None:
        raise Conflict(f"order {order.public_id} has less than that to give back", order=order.public_id)
    refund = _write(session, order, payment.id, amount_minor, cause)
    if lines:
        rows = [
            {
                "refund_id": refund.id,
                "line_number": number,
                "variant_id": line.variant,
                "order_line_id": line.order_line,
                "quantity": line.quantity,
                "amount_minor": line.amount_minor,
                "title": line.title,
            }
            for number, line in enumerate(lines, 1)
        ]
        insert_rows(session, RefundLine, rows)
    return refund


def refund_whole(session: Session, payment: Payment, *, order: Order, amount: Money, cause: Cause) -> str:
    """Owe back all of a payment that its order (locked) could not take; returns the refund's id."""
    session.execute(
        update(Payment)
        .where(col(Payment.id) == payment.id)
        .values(refunded_minor=amount.minor)
        .execution_options(synchronize_session=False)
    )
    return _write(session, order, payment.id, amount.minor, cause).public_id


def owed(session: Session, refund: str) -> Owed:
    """What has to be asked of the provider; raises NotFound."""
    statement: Any = (
        select(Refund, Payment, col(Order.public_id))
        .join(Payment, col(Payment.id) == col(Refund.payment_id))
        .join(Order, col(Order.id) == col(Payment.order_id))
        .where(col(Refund.public_id) == refund)
    )
    found = session.execute(statement).first()
    if found is None:
        raise NotFound(f"there is no refund {refund!r}", refund=refund)
    row, payment, order = found
    return Owed(
        row.public_id,
        row.status,
        order,
        payment.provider,
        payment.public_id,
        payment.provider_reference or "",
        Money(row.amount_minor, row.currency),
        Money(payment.captured_minor, payment.currency),
        row.provider_reference,
    )


def request_of(refund: Owed) -> RefundRequest:
    """What the provider is asked for a refund. The reason is the shopper's and the shop's: none needs it."""
    return RefundRequest(refund.id, refund.payment, refund.reference, refund.amount, refund.paid)


def settle_refund(session: Session, said: ProviderRefund, *, provider: str, at: datetime) -> bool:
    """Take the provider's verified word about a refund; returns whether it changed anything.

    Raises Unverified for a refund that is not there, or that is not that provider's or another amount.
    """
    # Locked as everything else locks: the order first, then what belongs to it.
    named = select(Order).join(Refund, col(Refund.order_id) == col(Order.id))
    session.execute(named.where(col(Refund.public_id) == said.refund).with_for_update(of=Order))
    try:
        refund = owed(session, said.refund)
    except NotFound as error:
        raise Unverified("a notification about a refund that is not ours", refund=said.refund) from error
    if refund.provider != provider or refund.amount != said.amount:
        raise Unverified("a notification whose provider or amount is not the refund's", refund=said.refund)
    # An earlier try may have failed, and its word come late: only of the refund that was made it is news.
    if refund.status == "settled" and said.state == "failed" and said.reference == refund.made_as:
        return _bounced(session, refund, said, at=at)
    if said.state == "pending" or not REFUND.allows(refund.status, said.state):
        return False
    cause = Cause(f"provider:{provider}", at, said.reason)
    advance(
        session,
        REFUND,
        id=refund.id,
        before=refund.status,
        after=said.state,
        cause=cause,
        provider_reference=said.reference,
    )
    if said.state == "settled":
        rows: Any = select(col(Refund.payment_id), col(Refund.id)).where(col(Refund.public_id) == refund.id)
        payment, row = session.execute(rows).one()
        back = Money(-refund.amount.minor, refund.amount.currency)
        book(session, payment=payment, refund=row, amount=back, at=at)
    told = outbox.News("order", refund.order, f"refund-{said.state}", {"refund": refund.id})
    outbox.emit(session, told, at=at)
    detail = {"refund": refund.id, "amount_minor": refund.amount.minor, "currency": refund.amount.currency}
    audit.record(
        session, actor=cause.actor, action=f"refund-{said.state}", subject=refund.order, detail=detail, at=at
    )
    return True


def _bounced(session: Session, refund: Owed, said: ProviderRefund, *, at: datetime) -> bool:
    """Money that had gone back came to the provider again: a closed account, say. Staff have to send it by hand.

    The books stay as they are, as the shop does not owe it to the provider; the audit log tells of it, once.
    """
    table, payment = table_of(PaymentEvent), table_of(Payment)
    fresh = session.execute(
        insert_of(session, table)
        .from_select(
            ["payment_id", "provider", "provider_event_id", "kind", "payload", "received_at"],
            select(
                payment.c.id,
                literal(refund.provider),
                literal(f"{said.reference}:bounced"),
                literal("refund-bounced"),
                literal({"refund": refund.id, "reason": said.reason}, table.c.payload.type),
                literal(at, table.c.received_at.type),
            ).where(payment.c.public_id == refund.payment),
        )
        .on_conflict_do_nothing()
        .returning(table.c.id)
    ).first()
    if fresh is None:
        return False
    outbox.emit(session, outbox.News("order", refund.order, "refund-bounced", {"refund": refund.id}), at=at)
    detail = {"refund": refund.id, "amount_minor": refund.amount.minor, "currency": refund.amount.currency}
    actor = f"provider:{refund.provider}"
    audit.record(session, actor=actor, action="refund-bounced", subject=refund.order, detail=detail, at=at)
    return True


def book(session: Session, *, payment: int, refund: int | None, amount: Money, at: datetime) -> None:
    """Write money that came with a payment, or went with a refund of it (row numbers), into the ledger."""
    row = {
        "payment_id": payment,
        "refund_id": refund,
        "kind": "capture" if refund is None else "refund",
        "amount_minor": amount.minor,
        "currency": amount.currency,
        "at": at,
    }
    insert_rows(session, MoneyMovement, [row])


def unsettled(session: Session, *, before: datetime, after: int = 0, limit: int = 500) -> list[tuple[int, str]]:
    """Refunds owed before a moment that no provider has settled: row numbers, of those `after` one, and ids."""
    statement: Any = (
        select(col(Refund.id), col(Refund.public_id))
        .where(col(Refund.status).in_(("requested", "failed")), col(Refund.at) <= before)
        .where(col(Refund.payment_id).is_not(None), col(Refund.id) > after)
        .order_by(col(Refund.id))
        .limit(limit)
    )
    return [(row, refund) for row, refund in session.execute(statement)]


def _write(session: Session, order: Order, payment: int | None, amount: int, cause: Cause) -> Refund:
    refund = Refund(
        public_id=new_id("r-"),
        order_id=order.id,
        payment_id=payment,
        user_id=order.user_id,
        amount_minor=amount,
        currency=order.currency,
        reason=cause.reason,
        at=cause.at,
    )
    session.add(refund)
    session.flush()
    record(session, REFUND, id=refund.public_id, before="", after="requested", cause=cause)
    news = outbox.News("refund", refund.public_id, "requested")
    told = outbox.News("order", order.public_id, "refund-requested", {"refund": refund.public_id})
    outbox.emit(session, news, told, at=cause.at)
    return refund
