"""Cancelling: all or some of an order, paid or not, and what it puts back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import select, update
from sqlmodel import col

from core.cancel import cancel, expire, expired
from core.charges import load_charges
from core.database import Database
from core.errors import Conflict, InvalidInput, MerxError, NotFound
from core.frames import Frames
from core.loading import load
from core.order_history import history_of
from core.settings import load_settings
from core.shipments import prepare
from core.tables import AuditEntry, Variant, Voucher
from core.vouchers import NewVoucher, create_voucher
from tests.core.trade import HOLD, NOW, Trade, broken_invariants, counted


@pytest.fixture
def trade(database: Database, tmp_path: Path) -> Iterator[Trade]:
    """Odd prices, tax, shipping, and a voucher V that must be shared."""
    charges = load_charges(load_settings(shipping_flat="4.90", tax_rates="DE=19"))
    made = Trade(database, tmp_path, charges).stocked([5, 5, 5], price=997)
    with database.write() as session:
        create_voucher(session, NewVoucher(code="V", kind="amount", value=101, currency="EUR"), at=NOW)
    yield made
    with database.read() as session:
        assert broken_invariants(session) == []


def take_back(trade: Trade, order: str, pieces: dict[int, int] | None = None, **more: Any) -> str:
    """Cancel as the buyer, user 0, does; returns the order's status."""
    cause = trade.cause("user:u0")
    return trade.do(lambda session: cancel(session, order, pieces=pieces, cause=cause, **more)).status


def entries(trade: Trade) -> list[tuple[str, str, str, Any]]:
    """What the audit log says: actor, action, subject, detail."""
    with trade.database.read() as session:
        found = session.execute(select(AuditEntry).order_by(col(AuditEntry.id))).scalars()
        return [(entry.actor, entry.action, entry.subject, entry.detail) for entry in found]


def used(trade: Trade) -> int:
    with trade.database.read() as session:
        return int(session.execute(select(col(Voucher.used))).scalar_one())


def test_an_unpaid_order_leaves_nothing_behind(trade: Trade) -> None:
    order = trade.order(0, {"v0": 2, "v1": 1}, voucher="V")
    attempt = trade.begin(0, order)
    assert (trade.levels()["v0"], used(trade)) == ((5, 2), 1)
    assert take_back(trade, order) == "cancelled"
    assert (trade.levels()["v0"], trade.levels()["v1"], used(trade)) == ((5, 0), (5, 0), 0)
    assert (trade.see(order).status, trade.see(order).expires_at) == ("cancelled", None)
    assert trade.ask_providers().delivered == 1
    assert trade.see(order).payments[0].status == "closed"
    assert trade.provider.known(attempt.id).state == "closed"
    assert entries(trade) == [("user:u0", "order-cancelled", order, {"lines": {"1": 2, "2": 1}})]


def test_a_paid_order_goes_back_whole_with_shipping_and_tax(trade: Trade) -> None:
    order = trade.order(0, {"v0": 2, "v1": 1}, voucher="V")
    payment = trade.pay(0, order)
    total = trade.see(order).total_minor
    assert take_back(trade, order) == "cancelled"
    assert [refund.amount_minor for refund in trade.see(order).refunds] == [total]
    assert (trade.levels()["v0"], used(trade)) == ((5, 0), 0)
    assert trade.ask_providers().delivered == 1
    assert trade.provider.given_back(payment).minor == total
    assert [action for _, action, _, _ in entries(trade)] == [
        "payment-captured",
        "order-cancelled",
        "refund-settled",
    ]


def test_pieces_that_go_one_by_one_give_back_all(trade: Trade) -> None:
    order = trade.order(0, {"v0": 3, "v1": 1}, voucher="V")
    trade.pay(0, order)
    sold = trade.see(order)
    statuses = [take_back(trade, order, {1: 1}) for _ in range(3)]
    assert statuses == ["paid"] * 3
    line = sold.lines[0]
    whole = 3 * line.unit_price_minor - line.discount_minor + line.tax_minor
    assert whole % 3, "a sum that divides evenly would show nothing"
    given_back = [refund.amount_minor for refund in trade.see(order).refunds]
    assert given_back == [whole * n // 3 - whole * (n - 1) // 3 for n in (1, 2, 3)]
    assert used(trade) == 1
    assert take_back(trade, order) == "cancelled"
    assert sum(refund.amount_minor for refund in trade.see(order).refunds) == sold.total_minor
    assert used(trade) == 0


def test_an_unpaid_order_becomes_smaller_on_its_terms(trade: Trade) -> None:
    order = trade.order(0, {"v0": 3, "v1": 2}, voucher="V")
    before = trade.see(order)
    assert take_back(trade, order, {1: 1, 2: 2}) == "pending"
    after = trade.see(order)
    assert [(line.number, line.quantity) for line in after.lines] == [(1, 2)]
    line = before.lines[0]
    assert after.discount_minor == line.discount_minor - line.discount_minor // 3
    assert after.tax_minor == line.tax_minor - line.tax_minor // 3
    assert after.shipping_minor == before.shipping_minor
    assert after.total_minor == 2 * 997 - after.discount_minor + after.shipping_minor + after.tax_minor
    assert (trade.levels()["v0"], trade.levels()["v1"], used(trade)) == ((5, 2), (5, 0), 1)
    trade.pay(0, order)
    assert trade.see(order).payments[0].captured_minor == after.total_minor


def test_an_order_that_is_being_paid_does_not_change_its_price(trade: Trade) -> None:
    order = trade.order(0, {"v0": 3})
    attempt = trade.begin(0, order)
    before = trade.see(order)
    with pytest.raises(Conflict, match="is being paid"):
        take_back(trade, order, {1: 1})
    assert trade.see(order) == before
    trade.notify(*trade.provider.decide(attempt.id, "failed", now=trade.now))
    assert take_back(trade, order, {1: 1}) == "pending"
    trade.ask_providers()
    with pytest.raises(Conflict, match="is closed already"):  # it was of the price of before
        trade.provider.decide(attempt.id, "captured", now=trade.now)
    trade.pay(0, order)
    assert trade.see(order).status == "paid"


def test_an_order_that_shrinks_to_nothing_to_pay_is_paid(database: Database, tmp_path: Path) -> None:
    trade = Trade(database, tmp_path).stocked([5, 5])
    with database.write() as session:
        session.execute(update(Variant).where(col(Variant.public_id) == "v1").values(price_minor=0))
    order = trade.order(0, {"v0": 1, "v1": 1})
    assert take_back(trade, order, {1: 1}) == "paid"
    seen = trade.see(order)
    assert (seen.status, seen.total_minor, seen.expires_at) == ("paid", 0, None)
    assert trade.levels() == {"v0": (5, 0), "v1": (4, 0)}
    assert trade.told("order")[-2:] == [(order, "paid"), (order, "part-cancelled")]
    with database.read() as session:
        assert broken_invariants(session) == []


@pytest.mark.parametrize("paid", [False, True], ids=["unpaid", "paid"])
@pytest.mark.parametrize("pieces", [None, {1: 1}, {1: 2}, {1: 1, 2: 1}], ids=["all", "some", "a-line", "two"])
def test_exactly_the_products_that_came_back_are_told_of(
    trade: Trade, paid: bool, pieces: dict[int, int] | None
) -> None:
    order = trade.order(0, {"v0": 2, "v2": 1})
    trade.pay(0, order) if paid else None
    before = len(trade.told("product"))
    take_back(trade, order, pieces)
    touched = ["p0", "p2"] if pieces is None or 2 in pieces else ["p0"]
    assert trade.told("product")[before:] == [(product, "stock-changed") for product in touched]


def test_why_is_written_down_where_only_those_concerned_read_it(trade: Trade) -> None:
    order = trade.order(0, {"v0": 1})
    trade.pay(0, order)
    cause = trade.cause("user:u0", "I moved to 1 High Street")
    trade.do(lambda session: cancel(session, order, cause=cause))
    assert "High Street" not in str(entries(trade))
    with trade.database.read() as session:
        (step,) = (
            step
            for step in history_of(session, trade.see(order), for_buyer=True)
            if (step.subject, step.after) == ("order", "cancelled")
        )
    assert (step.actor, step.reason) == ("buyer", "I moved to 1 High Street")


@pytest.mark.parametrize(
    ("pieces", "error"),
    [({4: 1}, InvalidInput), ({1: 0}, InvalidInput), ({1: -1}, InvalidInput), ({1: 3}, Conflict), ({}, Conflict)],
    ids=str,
)
@pytest.mark.parametrize("paid", [False, True], ids=["unpaid", "paid"])
def test_what_cannot_be_cancelled_changes_nothing(
    trade: Trade, pieces: dict[int, int], error: type[MerxError], paid: bool
) -> None:
    order = trade.order(0, {"v0": 2, "v1": 1})
    trade.pay(0, order) if paid else None
    before = trade.see(order)
    with pytest.raises(error):
        take_back(trade, order, pieces)
    assert trade.see(order) == before


def test_another_ones_order_is_not_there(trade: Trade) -> None:
    order = trade.order(0, {"v0": 1})
    for name in (order, "o-none"):
        with pytest.raises(NotFound, match=f"there is no order '{name}'"):
            trade.do(lambda session, name=name: cancel(session, name, user=2, cause=trade.cause()))  # type: ignore[misc]
    take_back(trade, order, user=1)
    with pytest.raises(Conflict, match="is cancelled"):
        take_back(trade, order)


def test_what_is_packed_stays_and_the_rest_goes(trade: Trade) -> None:
    order = trade.order(0, {"v0": 3})
    trade.pay(0, order)
    trade.do(lambda session: prepare(session, order, seller=1, pieces={1: 2}, cause=trade.cause()))
    with pytest.raises(Conflict, match="1 pieces"):
        take_back(trade, order, {1: 2})
    assert take_back(trade, order) == "paid"
    assert [(line.cancelled, line.shipped) for line in trade.see(order).lines] == [(1, 2)]
    with pytest.raises(Conflict, match="nothing left"):
        take_back(trade, order)


def test_an_imported_order_takes_nobodys_reservation(database: Database, tmp_path: Path) -> None:
    trade = Trade(database, tmp_path).stocked([5])
    money = {"currency": ["EUR"], "goods_minor": [1000], "placed_at": [NOW]}
    line = {"order": ["old"], "line_number": [1], "variant": ["v0"], "title": ["T"], "quantity": [2]}
    frames = Frames(
        orders=pl.DataFrame(
            {"public_id": ["old"], "user": ["u1"], "status": ["pending"], "source": ["erp"], **money}
        ),
        order_lines=pl.DataFrame({**line, "unit_price_minor": [500]}),
    )
    with database.write() as session:
        load(session, frames, at=NOW)
    trade.order(0, {"v0": 3})
    with pytest.raises(Conflict, match="erp"):
        trade.do(lambda session: cancel(session, "old", cause=trade.cause()))
    assert trade.levels() == {"v0": (5, 3)}
    assert trade.see("old").status == "pending"


def late(trade: Trade) -> list[str]:
    with trade.database.read() as session:
        return expired(session, now=trade.now)


def over(trade: Trade, order: str) -> bool:
    return trade.do(lambda session: expire(session, order, cause=trade.cause(reason="not paid in time")))


def test_orders_expire_when_their_time_is_over_and_not_before(trade: Trade) -> None:
    first = trade.order(0, {"v0": 1})
    trade.now += timedelta(minutes=1)
    second = trade.order(1, {"v0": 1})
    trade.now = NOW + HOLD - timedelta(seconds=1)
    assert (late(trade), over(trade, first)) == ([], False)
    trade.now = NOW + HOLD
    assert late(trade) == [first]
    assert (over(trade, first), over(trade, second), over(trade, first)) == (True, False, False)
    trade.now += timedelta(hours=1)
    assert late(trade) == [second]
    assert trade.levels()["v0"] == (5, 1)
    assert trade.see(first).status == "cancelled"


def test_the_oldest_expire_first_and_those_to_leave_out_are(trade: Trade) -> None:
    orders = []
    for _ in range(3):
        orders.append(trade.order(0, {"v0": 1}))
        trade.now += timedelta(seconds=1)
    with trade.database.read() as session:
        later = trade.now + HOLD
        assert expired(session, now=later, limit=2) == orders[:2]
        assert expired(session, now=later, limit=2, but=orders[:1]) == orders[1:]


def test_what_is_paid_in_the_last_moment_does_not_expire(trade: Trade) -> None:
    order = trade.order(0, {"v0": 1})
    attempt = trade.begin(0, order)
    trade.now += HOLD + timedelta(seconds=1)
    assert late(trade) == [order]
    trade.notify(*trade.provider.decide(attempt.id, "captured", now=trade.now))
    assert not over(trade, order)
    assert trade.see(order).status == "paid"


def test_forty_lines_take_no_more_statements_than_two(database: Database, tmp_path: Path) -> None:
    trade = Trade(database, tmp_path).stocked([50] * 41)
    take_back(trade, trade.order(0, {"v0": 1}))  # the audit log begins
    for paid in (False, True):
        counts = {}
        for lines in (2, 40):
            order = trade.order(0, {f"v{n}": 2 for n in range(lines + 1)})
            trade.pay(0, order) if paid else None
            pieces = dict.fromkeys(range(1, lines + 1), 1)
            with counted(database) as seen:
                take_back(trade, order, pieces)
            counts[lines] = len(seen)
        assert counts[2] == counts[40]


def test_paying_and_cancelling_at_once_end_in_one_of_both(database: Database, tmp_path: Path) -> None:
    trade = Trade(database, tmp_path).stocked([50, 50])
    for _ in range(4):
        order = trade.order(0, {"v0": 1, "v1": 1})
        attempt = trade.begin(0, order)
        told = trade.provider.decide(attempt.id, "captured", now=trade.now)
        failures: list[BaseException] = []
        moves: list[Callable[[], object]] = [
            lambda told=told: trade.notify(*told),  # type: ignore[misc]
            lambda told=told: trade.notify(*told),  # type: ignore[misc]
            lambda order=order: take_back(trade, order),  # type: ignore[misc]
            lambda order=order: take_back(trade, order, {1: 1}),  # type: ignore[misc]
        ]

        def run(move: Callable[[], object], failures: list[BaseException] = failures) -> None:
            try:
                move()
            except Conflict:
                pass  # another was faster
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=run, args=(move,)) for move in moves]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        with database.read() as session:
            assert broken_invariants(session) == []
