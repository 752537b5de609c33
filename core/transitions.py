"""Which states follow which, for orders, payments, refunds, shipments and returns, and the one way to change them.

A change is a conditional update: of two that want the same thing to become something else, one wins and the other
is told. Every change is written down with who, when and why, in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, SQLModel

from core.bulk import insert_rows, table_of
from core.errors import Conflict
from core.tables import Order, Payment, Refund, Return, Shipment, Transition


@dataclass(frozen=True, slots=True)
class Cause:
    """Who changes something, when, and why. Actors are "user:ID", "device:ID", "provider:NAME" and "system"."""

    actor: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """The states of a subject, and for each the states that may follow; a state that nothing follows is final."""

    subject: str
    model: type[SQLModel]
    follows: dict[str, tuple[str, ...]]

    def allows(self, before: str, after: str) -> bool:
        """Whether `after` may follow `before`."""
        return after in self.follows.get(before, ())

    def is_final(self, state: str) -> bool:
        """Whether nothing follows `state`."""
        return not self.follows[state]


ORDER = Machine(
    "order",
    Order,
    {
        "pending": ("paid", "cancelled"),
        "paid": ("part-shipped", "shipped", "cancelled"),
        "part-shipped": ("shipped",),
        "shipped": ("delivered",),
        "delivered": (),
        "cancelled": (),
    },
)
# A payment that was closed or failed may still turn out to be captured: the provider's word is what counts.
PAYMENT = Machine(
    "payment",
    Payment,
    {
        "created": ("pending", "captured", "failed", "closed"),
        "pending": ("captured", "failed", "closed"),
        "failed": ("captured", "closed"),
        "closed": ("captured",),
        "captured": (),
    },
)
REFUND = Machine("refund", Refund, {"requested": ("settled", "failed"), "failed": ("settled",), "settled": ()})
SHIPMENT = Machine(
    "shipment",
    Shipment,
    {
        "prepared": ("shipped", "cancelled"),
        "shipped": ("delivered",),
        "delivered": (),
        "cancelled": (),
    },
)
RETURN = Machine(
    "return",
    Return,
    {
        "requested": ("approved", "rejected", "withdrawn"),
        "approved": ("received", "withdrawn"),
        "rejected": (),
        "withdrawn": (),
        "received": (),
    },
)
MACHINES = {machine.subject: machine for machine in (ORDER, PAYMENT, REFUND, SHIPMENT, RETURN)}


def advance(
    session: Session,
    machine: Machine,
    *,
    id: str,
    before: str,
    after: str,
    cause: Cause,
    **changes: Any,
) -> None:
    """Move the subject with public id `id` from `before` to `after`, setting the columns in `changes` with it.

    Raises Conflict when `after` does not follow `before`, or when the subject is not in `before` (any more).
    """
    if not machine.allows(before, after):
        raise Conflict(f"{machine.subject} {id} is {before} and cannot become {after}", **{machine.subject: id})
    table = table_of(machine.model)
    moved = session.execute(
        update(table)
        .where(table.c.public_id == id, table.c.status == before)
        .values(status=after, **changes)
        .returning(table.c.id)
    ).first()
    if moved is None:
        raise Conflict(f"{machine.subject} {id} is not {before} any more", **{machine.subject: id})
    record(session, machine, id=id, before=before, after=after, cause=cause)


def record(session: Session, machine: Machine, *, id: str, before: str, after: str, cause: Cause) -> None:
    """Write a change of state down; `before` is empty for the first state of a new subject."""
    row = {
        "subject": machine.subject,
        "subject_id": id,
        "before": before,
        "after": after,
        "actor": cause.actor,
        "reason": cause.reason,
        "at": cause.at,
    }
    insert_rows(session, Transition, [row])
