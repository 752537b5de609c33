"""Shipments: each seller sends its own part, and the order is what its shipments say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.cancel import cancel
from core.database import Database
from core.errors import Conflict, InvalidInput, MerxError, NotFound
from core.order_history import history_of
from core.orders import ShipmentView
from core.shipments import deliver, prepare, send, unpack
from tests.core.trade import Trade, broken_invariants


@pytest.fixture
def trade(database: Database, tmp_path: Path) -> Iterator[Trade]:
    """Two sellers: v0 and v2 are the first one's, v1 is the second one's."""
    made = Trade(database, tmp_path).stocked([9, 9, 9], sellers=2)
    yield made
    with database.read() as session:
        assert broken_invariants(session) == []


@pytest.fixture
def order(trade: Trade) -> str:
    """A paid order of user 0: 3 pieces of the first seller, 2 of the second."""
    made = trade.order(0, {"v0": 3, "v1": 2})
    trade.pay(0, made)
    return made


def pack(trade: Trade, order: str, seller: int, pieces: dict[int, int] | None = None) -> ShipmentView:
    return trade.do(
        lambda session: prepare(session, order, seller=seller, pieces=pieces, cause=trade.cause(f"user:s{seller}"))
    )


def leave(trade: Trade, shipment: ShipmentView, seller: int) -> ShipmentView:
    cause = trade.cause(f"user:s{seller}")
    return trade.do(
        lambda session: send(
            session, shipment.id, seller=seller, carrier="Post", tracking_number="T1", cause=cause
        )
    )


def arrive(trade: Trade, shipment: ShipmentView, *, seller: int | None = None, user: int | None = None) -> None:
    trade.do(lambda session: deliver(session, shipment.id, seller=seller, user=user, cause=trade.cause()))


def test_an_order_follows_its_shipments(trade: Trade, order: str) -> None:
    one, two = pack(trade, order, 1, {1: 2}), pack(trade, order, 2)
    assert (one.seller, one.pieces, one.status, two.pieces) == ("s0", {1: 2}, "prepared", {2: 2})
    assert trade.see(order).status == "paid"
    gone = leave(trade, two, 2)
    assert (gone.status, gone.carrier, gone.tracking_number) == ("shipped", "Post", "T1")
    assert trade.see(order).status == "part-shipped"
    arrive(trade, two, user=1)
    leave(trade, one, 1)
    assert trade.see(order).status == "part-shipped"  # one piece is in no shipment yet
    rest = pack(trade, order, 1)
    assert (rest.pieces, trade.see(order).status) == ({1: 1}, "part-shipped")
    leave(trade, rest, 1)
    assert trade.see(order).status == "shipped"
    arrive(trade, one, seller=1)
    assert trade.see(order).status == "shipped"
    arrive(trade, rest)
    assert trade.see(order).status == "delivered"
    with trade.database.read() as session:
        steps = [
            (step.before, step.after)
            for step in history_of(session, trade.see(order))
            if step.subject == "order" and step.before not in ("", "pending")
        ]
    assert steps == [("paid", "part-shipped"), ("part-shipped", "shipped"), ("shipped", "delivered")]
    kinds = [kind for _, kind in trade.told("order") if kind.startswith("shipment")]
    assert [kinds.count(f"shipment-{state}") for state in ("prepared", "shipped", "delivered")] == [3, 3, 3]


def test_a_parcel_that_is_only_prepared_has_not_left(trade: Trade, order: str) -> None:
    one, two = pack(trade, order, 1), pack(trade, order, 2)
    leave(trade, two, 2)
    assert trade.see(order).status == "part-shipped"
    arrive(trade, two)
    assert trade.see(order).status == "part-shipped"
    leave(trade, one, 1)
    assert trade.see(order).status == "shipped"


def test_what_is_unpacked_is_free_again(trade: Trade, order: str) -> None:
    shipment = pack(trade, order, 1)
    with pytest.raises(Conflict, match="nothing left to send"):
        pack(trade, order, 1)
    trade.do(lambda session: unpack(session, shipment.id, seller=1, cause=trade.cause()))
    assert [line.shipped for line in trade.see(order).lines] == [0, 0]
    with pytest.raises(Conflict, match="cannot become"):
        leave(trade, shipment, 1)
    assert pack(trade, order, 1, {1: 2}).pieces == {1: 2}
    trade.do(lambda session: cancel(session, order, pieces={1: 1}, cause=trade.cause()))
    assert trade.levels()["v0"] == (7, 0)


def test_what_has_left_cannot_be_unpacked_and_arrives_once(trade: Trade, order: str) -> None:
    shipment = pack(trade, order, 1)
    with pytest.raises(Conflict, match="cannot become delivered"):
        arrive(trade, shipment)
    leave(trade, shipment, 1)
    with pytest.raises(Conflict, match="cannot become cancelled"):
        trade.do(lambda session: unpack(session, shipment.id, seller=1, cause=trade.cause()))
    arrive(trade, shipment)
    for again in (lambda: arrive(trade, shipment), lambda: leave(trade, shipment, 1)):
        with pytest.raises(Conflict):
            again()


def test_an_order_is_shipped_when_what_waited_is_cancelled(trade: Trade, order: str) -> None:
    leave(trade, pack(trade, order, 2), 2)
    cancelled = trade.do(lambda session: cancel(session, order, cause=trade.cause()))
    assert cancelled.status == trade.see(order).status == "shipped"
    assert sum(refund.amount_minor for refund in trade.see(order).refunds) == 3000
    with pytest.raises(Conflict, match="is shipped"):
        trade.do(lambda session: cancel(session, order, cause=trade.cause()))


@pytest.mark.parametrize(
    ("seller", "pieces", "error"),
    [
        (1, {2: 1}, InvalidInput),
        (1, {9: 1}, InvalidInput),
        (1, {1: 0}, InvalidInput),
        (1, {1: -1}, InvalidInput),
        (1, {1: 4}, Conflict),
        (1, {}, Conflict),
        (3, None, NotFound),
    ],
    ids=str,
)
def test_what_is_not_ones_own_to_send_stays(
    trade: Trade, order: str, seller: int, pieces: dict[int, int] | None, error: type[MerxError]
) -> None:
    before = trade.see(order)
    with pytest.raises(error):
        pack(trade, order, seller, pieces)
    assert trade.see(order) == before


@pytest.mark.parametrize("how", ["unpaid", "cancelled"])
def test_nothing_is_sent_of_what_is_not_paid(trade: Trade, how: str) -> None:
    order = trade.order(0, {"v0": 1})
    if how == "cancelled":
        trade.pay(0, order)
        trade.do(lambda session: cancel(session, order, cause=trade.cause()))
    with pytest.raises(Conflict, match="nothing of it can be sent"):
        pack(trade, order, 1)


def test_others_shipments_are_as_if_they_were_not_there(trade: Trade, order: str) -> None:
    shipment = pack(trade, order, 1)
    moves = [
        lambda: leave(trade, shipment, 2),
        lambda: trade.do(lambda session: unpack(session, shipment.id, seller=2, cause=trade.cause())),
    ]
    for move in moves:
        with pytest.raises(NotFound, match=f"there is no shipment '{shipment.id}'"):
            move()
    leave(trade, shipment, 1)
    for stranger in ({"user": 2}, {"seller": 2}):
        with pytest.raises(NotFound, match=f"there is no shipment '{shipment.id}'"):
            arrive(trade, shipment, **stranger)
    assert trade.see(order).shipments[0].status == "shipped"
    arrive(trade, shipment, user=1)
    assert trade.see(order).shipments[0].status == "delivered"
