"""What a seller sees of an order: its own lines and shipments, and the address while that is its business."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.cancel import cancel
from core.database import Database
from core.errors import NotFound
from core.seller_orders import SellerOrder, seller_order, seller_orders
from core.shipments import deliver, prepare, send
from tests.core.trade import Trade, broken_invariants, counted


@pytest.fixture
def trade(database: Database, tmp_path: Path) -> Iterator[Trade]:
    """Two sellers: v0 is the first one's, v1 the second one's."""
    made = Trade(database, tmp_path).stocked([50, 50], sellers=2)
    yield made
    with database.read() as session:
        assert broken_invariants(session) == []


def see(trade: Trade, order: str, seller: int) -> SellerOrder:
    with trade.database.read() as session:
        one = seller_order(session, order, seller=seller)
        assert one == next(found for found in seller_orders(session, seller=seller) if found.id == order)
        return one


def cities(trade: Trade, order: str) -> list[str | None]:
    """The city that each of the two sellers sees."""
    return [see(trade, order, seller).address.get("city") for seller in (1, 2)]


def test_the_address_is_seen_while_there_is_something_to_send_or_sent(trade: Trade) -> None:
    order = trade.order(0, {"v0": 2, "v1": 1})
    assert cities(trade, order) == [None, None]
    trade.pay(0, order)
    assert cities(trade, order) == ["C", "C"]
    trade.do(lambda session: cancel(session, order, pieces={1: 1, 2: 1}, cause=trade.cause()))
    assert cities(trade, order) == ["C", None]
    shipment = trade.do(lambda session: prepare(session, order, seller=1, pieces=None, cause=trade.cause()))
    trade.do(
        lambda session: send(session, shipment.id, seller=1, carrier="", tracking_number="", cause=trade.cause())
    )
    trade.do(lambda session: deliver(session, shipment.id, cause=trade.cause()))
    assert trade.see(order).status == "delivered"
    assert cities(trade, order) == ["C", None]


def test_the_address_of_a_cancelled_order_is_not_seen(trade: Trade) -> None:
    paid, unpaid = trade.order(0, {"v0": 1, "v1": 1}), trade.order(0, {"v0": 1, "v1": 1})
    trade.pay(0, paid)
    for order in (paid, unpaid):
        trade.do(lambda session, order=order: cancel(session, order, cause=trade.cause()))  # type: ignore[misc]
        assert cities(trade, order) == [None, None]


def test_a_seller_sees_its_own_lines_and_shipments(trade: Trade) -> None:
    order = trade.order(0, {"v0": 2, "v1": 1})
    trade.pay(0, order)
    made = [
        trade.do(
            lambda session, seller=seller: prepare(  # type: ignore[misc]
                session, order, seller=seller, pieces=None, cause=trade.cause()
            )
        ).id
        for seller in (1, 2)
    ]
    for seller in (1, 2):
        seen = see(trade, order, seller)
        assert [line.variant for line in seen.lines] == [f"v{seller - 1}"]
        assert [shipment.id for shipment in seen.shipments] == [made[seller - 1]]
        assert [(line.quantity, line.cancelled, line.shipped) for line in seen.lines] == [
            (3 - seller, 0, 3 - seller)
        ]


def test_orders_without_ones_lines_are_as_if_they_were_not_there(trade: Trade) -> None:
    order = trade.order(0, {"v0": 1})
    with trade.database.read() as session:
        assert seller_orders(session, seller=2) == []
        for name in (order, "o-none"):
            with pytest.raises(NotFound, match=f"there is no order '{name}'"):
                seller_order(session, name, seller=2)
            with pytest.raises(NotFound, match=f"there is no order '{name}'"):
                seller_orders(session, seller=2, before=name)


def test_orders_are_listed_newest_first_in_pages_of_one_status(trade: Trade) -> None:
    orders = [trade.order(n % 2, {"v0": 1, "v1": 1}) for n in range(5)]
    for order in orders[1::2]:
        trade.do(lambda session, order=order: cancel(session, order, cause=trade.cause()))  # type: ignore[misc]

    def page(**wanted: object) -> list[str]:
        with trade.database.read() as session:
            return [found.id for found in seller_orders(session, seller=1, **wanted)]  # type: ignore[arg-type]

    newest = orders[::-1]
    assert page() == newest
    assert page(limit=2) == newest[:2]
    assert page(limit=2, before=newest[1]) == newest[2:4]
    assert page(status="cancelled") == newest[1::2]


def test_twenty_orders_take_no_more_statements_than_two(trade: Trade) -> None:
    for _ in range(20):
        order = trade.order(0, {"v0": 1, "v1": 1})
        trade.pay(0, order)
        trade.do(lambda s, order=order: prepare(s, order, seller=1, pieces=None, cause=trade.cause()))  # type: ignore[misc]
    counts = []
    for limit in (2, 20):
        with counted(trade.database) as seen, trade.database.read() as session:
            assert len(seller_orders(session, seller=1, limit=limit)) == limit
        counts.append(len(seen))
    assert counts[0] == counts[1]
