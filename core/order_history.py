"""What happened to an order: every change of its state and of its parts, and who made it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlmodel import Session, col

from core.orders import OrderView
from core.tables import Transition, User


@dataclass(frozen=True, slots=True)
class TransitionView:
    """One change of state of an order, or of a payment, a refund or a shipment of it."""

    subject: str
    id: str
    before: str
    after: str
    actor: str
    reason: str
    at: datetime


def history_of(session: Session, order: OrderView, *, for_buyer: bool = False) -> list[TransitionView]:
    """Every change of state of an order and of its payments, refunds, shipments and returns, oldest first.

    For the buyer the people of the shop are roles ("seller", "staff"), not accounts, and their reasons are their
    own.
    """
    parts = {("order", order.id)}
    parts |= {("payment", payment.id) for payment in order.payments}
    parts |= {("refund", refund.id) for refund in order.refunds}
    parts |= {("shipment", shipment.id) for shipment in order.shipments}
    parts |= {("return", item.id) for item in order.returns}
    statement = (
        select(Transition)
        .where(tuple_(col(Transition.subject), col(Transition.subject_id)).in_(sorted(parts)))
        .order_by(col(Transition.id))
    )
    found = [
        TransitionView(t.subject, t.subject_id, t.before, t.after, t.actor, t.reason, t.at)
        for t in session.execute(statement).scalars()
    ]
    return _for_buyer(session, order, found) if for_buyer else found


def _for_buyer(session: Session, order: OrderView, history: list[TransitionView]) -> list[TransitionView]:
    people = {step.actor.removeprefix("user:") for step in history if step.actor.startswith("user:")}
    roles: Any = select(col(User.public_id), col(User.role)).where(col(User.public_id).in_(people))
    names = {f"user:{user}": role for user, role in session.execute(roles)} | {f"user:{order.user}": "buyer"}
    return [
        replace(step, actor=name, reason=step.reason if name == "buyer" else "")
        if (name := names.get(step.actor))
        else step
        for step in history
    ]
