"""Payments: an attempt to pay an order, and what the provider says became of it.

The provider's word is taken once, whatever the number of times and the order in which it arrives. Money that
arrives for an order that cannot take it (cancelled, or paid already) is given back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from core import audit, outbox, stock
from core.bulk import insert_of, table_of
from core.errors import Conflict, NotFound
from core.holding import hold_order
from core.ids import new_id
from core.money import Money
from core.providers import PaymentRequest, ProviderPayment, Started, Unverified
from core.refunds import book, refund_whole
from core.tables import Order, OrderLine, Payment, PaymentEvent, Product, Variant
from core.transitions import ORDER, PAYMENT, Cause, advance, record

OPEN = ("created", "pending")
# A card that was refused may be tried again on the provider's page, so one that failed is not over there.
STILL_PAYABLE = (*OPEN, "failed")
CLOSED_COUNTS = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A payment that was begun: what the provider has to be asked for it."""

    id: str
    order: str
    provider: str
    method: str
    status: str
    amount: Money
    reference: str | None
    expires_at: datetime | None
    action: Mapping[str, Any]


def start_payment(
    session: Session, order: str, *, user: int, provider: str, method: str = "", cause: Cause
) -> Attempt:
    """Begin to pay an order of a user (row number) through a provider, by one of its methods.

    An open attempt with both is taken up again.

    Raises NotFound for an order that is not theirs, Conflict for one that cannot be paid any more.
    """
    row: Any = hold_order(session, order, user=user)
    over = row.expires_at is not None and row.expires_at <= cause.at
    if row.status != "pending" or over:
        state = row.status if row.status != "pending" else "not paid in time"
        raise Conflict(f"order {order} cannot be paid: it is {state}", order=order)
    open_one = (
        select(Payment)
        .where(col(Payment.order_id) == row.id, col(Payment.provider) == provider, col(Payment.method) == method)
        .where(col(Payment.status).in_(OPEN), col(Payment.amount_minor) == row.total_minor)
    )
    payment = session.execute(open_one).scalars().first()
    if payment is None:
        payment = Payment(
            public_id=new_id("p-"),
            order_id=row.id,
            provider=provider,
            method=method,
            amount_minor=row.total_minor,
            currency=row.currency,
            created_at=cause.at,
        )
        session.add(payment)
        session.flush()
        record(session, PAYMENT, id=payment.public_id, before="", after="created", cause=cause)
    return _attempt(payment, order, row.expires_at)


def request_for(attempt: Attempt, *, return_url: str = "", payer: str = "") -> PaymentRequest:
    """What the provider is asked for an attempt."""
    return PaymentRequest(
        attempt.id, attempt.order, attempt.amount, attempt.expires_at, return_url, attempt.method, payer
    )


def attach(session: Session, payment: str, started: Started, *, cause: Cause) -> None:
    """Write down what the provider made of an attempt; does nothing when that was done before."""
    held = select(Payment).where(col(Payment.public_id) == payment).with_for_update()
    found = session.execute(held).scalar_one()
    if found.status == "created":
        advance(
            session,
            PAYMENT,
            id=payment,
            before="created",
            after="pending",
            cause=cause,
            provider_reference=started.reference,
            action=dict(started.action),
        )


def settle(session: Session, said: ProviderPayment, *, provider: str, at: datetime) -> bool:
    """Take a provider's verified word about a payment; returns whether it changed anything.

    The same event again, one that comes after one that is final, and that it still waits change nothing. Raises
    Unverified for a payment that is not there or whose amount, currency or reference is not ours.
    """
    payment, order = _locked(session, said, provider)
    if said.state == "pending":
        return False
    table = table_of(PaymentEvent)
    fresh = session.execute(
        insert_of(session, table)
        .values(
            payment_id=payment.id,
            provider=provider,
            provider_event_id=said.event,
            kind=said.state,
            payload={"amount_minor": said.amount.minor, "reference": said.reference, "reason": said.reason},
            received_at=at,
        )
        .on_conflict_do_nothing()
        .returning(table.c.id)
    ).first()
    # Asking and being told name one refusal differently: of the same one nobody is told twice.
    if fresh is not None and payment.status == said.state == "failed" and payment.failure != said.reason:
        _refused_again(session, payment, order, said, at=at)
        return True
    if fresh is None or not PAYMENT.allows(payment.status, said.state):
        return False
    cause = Cause(f"provider:{provider}", at, said.reason)
    changes: dict[str, Any] = {"failure": said.reason}
    if said.reference is not None:
        changes["provider_reference"] = said.reference
    if said.state == "captured":
        changes["captured_minor"] = said.amount.minor
    advance(
        session,
        PAYMENT,
        id=payment.public_id,
        before=payment.status,
        after=said.state,
        cause=cause,
        **changes,
    )
    outbox.emit(session, outbox.News("order", order.public_id, f"payment-{said.state}"), at=at)
    if said.state == "captured":
        book(session, payment=payment.id or 0, refund=None, amount=said.amount, at=at)
        detail = {
            "amount_minor": said.amount.minor,
            "currency": said.amount.currency,
            "payment": payment.public_id,
        }
        if order.status == "pending" and said.amount == Money(order.total_minor, order.currency):
            mark_paid(session, order.id or 0, order.public_id, cause=cause)
        else:
            why = f"paid after the order was {order.status}"
            late = replace(cause, reason=why if order.status != "pending" else "paid with another amount")
            refund_whole(session, payment, order=order, amount=said.amount, cause=late)
        audit.record(
            session, actor=cause.actor, action="payment-captured", subject=order.public_id, detail=detail, at=at
        )
    return True


def _refused_again(
    session: Session, payment: Payment, order: Order, said: ProviderPayment, *, at: datetime
) -> None:
    """Another card was refused: the shopper is told why this time."""
    session.execute(
        update(Payment)
        .where(col(Payment.id) == payment.id)
        .values(failure=said.reason)
        .execution_options(synchronize_session=False)
    )
    outbox.emit(session, outbox.News("order", order.public_id, "payment-failed"), at=at)


def close_open(session: Session, order: int, *, at: datetime) -> None:
    """Have the attempts of an order (row number) that is over ended with their providers."""
    attempts = select(col(Payment.public_id)).where(
        col(Payment.order_id) == order, col(Payment.status).in_(STILL_PAYABLE)
    )
    news = [outbox.News("payment", payment, "over") for payment in session.execute(attempts).scalars()]
    outbox.emit(session, *news, at=at)


def mark_paid(session: Session, row: int, order: str, *, cause: Cause) -> None:
    """A pending order is paid: its promised pieces leave the stock."""
    advance(session, ORDER, id=order, before="pending", after="paid", cause=cause, expires_at=None)
    pieces = promised(session, row)
    session.execute(
        update(OrderLine)
        .where(col(OrderLine.order_id) == row)
        .values(reserved=0)
        .execution_options(synchronize_session=False)
    )
    stock.sell(session, pieces, reference=order, at=cause.at)
    close_open(session, row, at=cause.at)
    outbox.emit(session, outbox.News("order", order, "paid"), *product_news(session, pieces, "sold"), at=cause.at)


def promised(session: Session, order: int) -> dict[int, int]:
    """The pieces that an order (row number) was promised, by variant (row number)."""
    lines: Any = (
        select(col(OrderLine.variant_id), col(OrderLine.reserved))
        .where(col(OrderLine.order_id) == order, col(OrderLine.reserved) > 0)
        .order_by(col(OrderLine.variant_id))
    )
    pieces: dict[int, int] = {}
    for variant, count in session.execute(lines):
        pieces[variant] = pieces.get(variant, 0) + count
    return pieces


def product_news(session: Session, variants: Collection[int], kind: str) -> list[outbox.News]:
    """News for each product that has one of these variants (row numbers)."""
    products: Any = (
        select(col(Product.public_id))
        .join(Variant, col(Variant.product_id) == col(Product.id))
        .where(col(Variant.id).in_(list(variants)))
        .distinct()
        .order_by(col(Product.public_id))
    )
    return [outbox.News("product", product, kind) for product in session.execute(products).scalars()]


def _locked(session: Session, said: ProviderPayment, provider: str) -> tuple[Payment, Order]:
    """The order and then the payment, both locked; raises Unverified where the word is not about one of ours."""
    named: Any = (
        select(Order)
        .join(Payment, col(Payment.order_id) == col(Order.id))
        .where(col(Payment.public_id) == said.payment, col(Payment.provider) == provider)
        .with_for_update(of=Order)
    )
    order = session.execute(named).scalar_one_or_none()
    if order is None:
        raise Unverified("a notification about a payment that is not ours", payment=said.payment)
    held = select(Payment).where(col(Payment.public_id) == said.payment).with_for_update()
    payment = session.execute(held).scalar_one()
    ours = Money(payment.amount_minor, payment.currency)
    same = said.reference is None or payment.provider_reference in (None, said.reference)
    if said.amount != ours or not same:
        raise Unverified(
            "a notification whose amount or reference is not that of the payment", payment=said.payment
        )
    return payment, order


def find_attempt(session: Session, payment: str, *, user: int | None = None) -> Attempt:
    """A payment by its public id, with `user` (row number) only for an order of theirs; raises NotFound."""
    statement: Any = (
        select(Payment, col(Order.public_id), col(Order.expires_at))
        .join(Order, col(Order.id) == col(Payment.order_id))
        .where(col(Payment.public_id) == payment)
    )
    if user is not None:
        statement = statement.where(col(Order.user_id) == user)
    found = session.execute(statement).first()
    if found is None:
        raise NotFound(f"there is no payment {payment!r}", payment=payment)
    return _attempt(*found)


@dataclass(frozen=True, slots=True)
class Stuck:
    """A payment (row number and id) of whose end nobody has told; `over`: its order cannot be paid any more."""

    row: int
    id: str
    over: bool


def stuck(session: Session, *, before: datetime, after: int = 0, limit: int = 500) -> list[Stuck]:
    """Payments begun before a moment whose end is not known, by row number; only rows `after` one.

    One that was closed counts for CLOSED_COUNTS longer: money may have come all the same.
    """
    late = (col(Payment.status) == "closed") & (col(Payment.created_at) > before - CLOSED_COUNTS)
    statement: Any = (
        select(
            col(Payment.id),
            col(Payment.public_id),
            (col(Order.status) != "pending") & (col(Payment.status) != "closed"),
        )
        .join(Order, col(Order.id) == col(Payment.order_id))
        .where(col(Payment.status).in_(STILL_PAYABLE) | late, col(Payment.created_at) <= before)
        .where(col(Payment.id) > after)
        .order_by(col(Payment.id))
        .limit(limit)
    )
    return [Stuck(row, payment, bool(over)) for row, payment, over in session.execute(statement)]


def _attempt(payment: Payment, order: str, expires_at: datetime | None) -> Attempt:
    return Attempt(
        payment.public_id,
        order,
        payment.provider,
        payment.method,
        payment.status,
        Money(payment.amount_minor, payment.currency),
        payment.provider_reference,
        expires_at,
        payment.action,
    )
