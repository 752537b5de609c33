"""The tables of states: complete, connected, and obeyed."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from core.database import Database
from core.errors import Conflict
from core.tables import Transition
from core.tables.orders import ORDER_STATUSES
from core.tables.payments import PAYMENT_STATUSES, REFUND_STATUSES
from core.tables.shipping import SHIPMENT_STATUSES
from core.transitions import MACHINES, ORDER, Cause, advance
from tests.core.trade import NOW, Trade

STATES = {
    "order": ORDER_STATUSES,
    "payment": PAYMENT_STATUSES,
    "refund": REFUND_STATUSES,
    "shipment": SHIPMENT_STATUSES,
}


@pytest.mark.parametrize("subject", STATES)
def test_a_machine_has_the_states_of_its_table_and_reaches_them_all(subject: str) -> None:
    machine, states = MACHINES[subject], STATES[subject]
    assert set(machine.follows) == set(states)
    reached = {states[0]}  # the state a row begins with
    assert machine.model.model_fields["status"].default == states[0]
    for _ in states:
        reached |= {after for before in reached for after in machine.follows[before]}
    assert reached == set(states)
    assert any(machine.is_final(state) for state in states)


@pytest.mark.parametrize(
    ("before", "after"), [("delivered", "paid"), ("cancelled", "pending"), ("paid", "pending")]
)
def test_what_does_not_follow_is_refused(sqlite: Database, tmp_path: Path, before: str, after: str) -> None:
    with pytest.raises(Conflict, match=f"is {before} and cannot become {after}"), sqlite.write() as session:
        advance(session, ORDER, id="o", before=before, after=after, cause=Cause("system", NOW))


def test_of_two_who_want_the_same_thing_to_become_another_one_is_told(database: Database, tmp_path: Path) -> None:
    trade = Trade(database, tmp_path).stocked([1])
    order = trade.order(0, {"v0": 1})
    cause = Cause("user:u0", NOW, "because")
    with database.write() as session:
        advance(session, ORDER, id=order, before="pending", after="cancelled", cause=cause)
    with pytest.raises(Conflict, match="not pending any more"), database.write() as session:
        advance(session, ORDER, id=order, before="pending", after="paid", cause=cause)
    with database.read() as session:
        steps = list(session.execute(select(Transition).order_by(col(Transition.id))).scalars())
    assert [(s.before, s.after, s.actor, s.reason, s.at) for s in steps] == [
        ("", "pending", "user:u0", "", NOW),
        ("pending", "cancelled", "user:u0", "because", NOW),
    ]
