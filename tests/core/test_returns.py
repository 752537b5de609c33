"""Returns: only what was delivered comes back, once; its stock and its money with it, to the last cent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from core import returns, shipments
from core.cancel import cancel
from core.charges import load_charges
from core.database import Database
from core.erasure import erase
from core.errors import Conflict, InvalidInput, NotFound
from core.order_history import history_of
from core.providers import ProviderRefund, Unverified
from core.refunds import owed, settle_refund
from core.return_views import ReturnView
from core.rotation import SEALED, left
from core.settings import load_settings
from core.tables import MoneyMovement, Return, StockMovement
from core.taking_back import Back, Fate, refund_lines
from core.vouchers import NewVoucher, create_voucher
from tests.core.trade import NOW, Trade, broken_invariants

WINDOW = timedelta(days=14)


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Trade:
    charges = load_charges(load_settings(shipping_flat="3.99", tax_rates="*=7"))
    made = Trade(database, tmp_path, charges).stocked([9, 9, 9], sellers=2)
    with database.write() as session:
        create_voucher(session, NewVoucher(code="V", kind="amount", value=333, currency="EUR"), at=NOW)
    return made


@pytest.fixture
def trade(shop: Trade) -> Iterator[Trade]:
    """A shop that is sound in the end."""
    yield shop
    with shop.database.read() as session:
        assert broken_invariants(session) == []


def got(trade: Trade, wanted: dict[str, int]) -> str:
    """An order of user 0, with a voucher, that was paid and delivered."""
    order = trade.order(0, wanted, voucher="V")
    trade.pay(0, order)
    trade.deliver(order)
    return order


def ask(
    trade: Trade, order: str, pieces: dict[int, int], *, user: int = 0, reason: str = "too small"
) -> list[str]:
    def work(session: Session) -> list[str]:
        row, cause = trade.user(session, user), trade.cause(f"user:u{user}", reason)
        return returns.request(session, order, user=row, pieces=pieces, window=WINDOW, cause=cause)

    return trade.do(work)


def say(trade: Trade, name: str, *, approve: bool = True, seller: int = 1) -> None:
    trade.do(
        lambda session: returns.answer(
            session, name, seller=seller, approve=approve, text="well", cause=trade.cause("user:seller")
        )
    )


def parcel(trade: Trade, order: str, count: int, *, arrives: bool = True) -> None:
    """So many pieces of line 1 leave in a parcel."""
    seller, cause = 1, trade.cause()
    packed = trade.do(
        lambda session: shipments.prepare(session, order, seller=seller, pieces={1: count}, cause=cause)
    )
    trade.do(
        lambda session: shipments.send(
            session, packed.id, seller=seller, carrier="C", tracking_number="1", cause=cause
        )
    )
    if arrives:
        trade.do(lambda session: shipments.deliver(session, packed.id, cause=cause))


def take(trade: Trade, name: str, *back: Back, seller: int = 1) -> str | None:
    return trade.do(
        lambda session: returns.receive(session, name, seller=seller, back=back, cause=trade.cause("user:seller"))
    )


def seen(trade: Trade, name: str) -> ReturnView:
    with trade.database.read() as session:
        return trade.returns(session, name)[0]


def moved(trade: Trade, reason: str) -> list[int]:
    with trade.database.read() as session:
        wanted = select(col(StockMovement.delta)).where(col(StockMovement.reason) == reason)
        return sorted(session.execute(wanted).scalars())


def test_goods_come_back_and_their_money_goes(trade: Trade) -> None:
    order = got(trade, {"v0": 3, "v2": 1})
    (name,) = ask(trade, order, {1: 2})
    assert (seen(trade, name).status, seen(trade, name).reason) == ("requested", "too small")
    say(trade, name)
    refund = take(trade, name, Back(1, "restored"))
    view = seen(trade, name)
    assert (view.status, view.answer, view.refund, view.pieces) == ("received", "well", refund, {1: 2})
    assert trade.levels()["v0"] == (8, 0)
    assert moved(trade, "return") == [2]
    trade.ask_providers()
    after = trade.see(order)
    assert [(item.id, item.status) for item in after.refunds] == [(refund, "settled")]
    assert [(line.returned, line.refunded) for line in after.lines] == [(2, 2), (0, 0)]
    # Two of three pieces, with their share of the voucher and of the tax.
    line = after.lines[0]
    whole = line.unit_price_minor * 3 - line.discount_minor + line.tax_minor
    assert after.refunds[0].amount_minor == whole * 2 // 3
    assert line.discount_minor > 0
    assert line.tax_minor > 0


@pytest.mark.parametrize("steps", [[4], [1, 3], [1, 1, 1, 1], [3, 1]], ids=str)
def test_whatever_the_steps_all_of_the_money_goes_back_and_no_more(trade: Trade, steps: list[int]) -> None:
    order = got(trade, {"v0": 4})
    for count in steps:
        (name,) = ask(trade, order, {1: count})
        say(trade, name)
        take(trade, name, Back(1, "restored"))
    trade.ask_providers()
    after = trade.see(order)
    assert sum(refund.amount_minor for refund in after.refunds) == after.total_minor  # with the shipping
    assert after.payments[0].refunded_minor == after.payments[0].captured_minor
    with pytest.raises(Conflict, match="0 pieces"):
        ask(trade, order, {1: 1})


def test_what_cannot_be_sold_again_is_written_off(trade: Trade) -> None:
    order = got(trade, {"v0": 2})
    (name,) = ask(trade, order, {1: 2})
    say(trade, name)
    take(trade, name, Back(1, "written-off"))
    assert trade.levels()["v0"] == (7, 0)
    assert (moved(trade, "return"), moved(trade, "write-off")) == ([2], [-2])


def test_less_than_their_worth_may_be_given_back_but_never_more(shop: Trade) -> None:
    order = got(shop, {"v0": 2, "v1": 1})
    (name,) = ask(shop, order, {1: 1})
    say(shop, name)
    line = shop.see(order).lines[0]
    worth = (2 * line.unit_price_minor - line.discount_minor + line.tax_minor) // 2
    with pytest.raises(InvalidInput, match=f"are worth {worth}"):
        take(shop, name, Back(1, "restored", amount_minor=worth + 1))
    with pytest.raises(InvalidInput, match="is of lines 1"):
        take(shop, name, Back(2, "restored"))
    assert seen(shop, name).status == "approved"
    assert shop.levels()["v0"] == (7, 0)
    take(shop, name, Back(1, "restored", amount_minor=500))
    assert [refund.amount_minor for refund in shop.see(order).refunds] == [500]
    kept = shop.see(order).payments[0].captured_minor - 500
    with shop.database.read() as session:
        (fault,) = broken_invariants(session)
    assert f"{kept} kept for goods worth" in fault  # more than the goods are worth: that was meant


def test_each_seller_has_a_return_of_their_own(trade: Trade) -> None:
    order = got(trade, {"v0": 1, "v1": 1})
    first, second = ask(trade, order, {1: 1, 2: 1})
    assert [seen(trade, name).seller for name in (first, second)] == ["s0", "s1"]
    with pytest.raises(NotFound, match="there is no return"):
        say(trade, first, seller=2)
    say(trade, second, approve=False, seller=2)
    assert seen(trade, second).status == "rejected"
    with pytest.raises(Conflict, match="is rejected and cannot become received"):
        take(trade, second, Back(2, "restored"), seller=2)
    assert ask(trade, order, {2: 1}) != [second]  # one that was refused may be asked for again


def test_only_what_arrived_comes_back(trade: Trade) -> None:
    order = trade.order(0, {"v0": 2})
    trade.pay(0, order)
    with pytest.raises(Conflict, match="0 pieces of line 1"):
        ask(trade, order, {1: 1})
    trade.deliver(order)
    with pytest.raises(NotFound, match="there is no order"):
        ask(trade, order, {1: 1}, user=1)
    for pieces in ({2: 1}, {1: 0}, {1: -1}):
        with pytest.raises(InvalidInput, match="no such pieces"):
            ask(trade, order, pieces)
    with pytest.raises(Conflict, match="2 pieces of line 1"):
        ask(trade, order, {1: 3})
    (name,) = ask(trade, order, {1: 2})
    with pytest.raises(Conflict, match="0 pieces of line 1"):
        ask(trade, order, {1: 1})  # both are on their way already
    trade.do(lambda session: returns.withdraw(session, name, user=trade.user(session, 0), cause=trade.cause()))
    trade.now += WINDOW + timedelta(seconds=1)
    with pytest.raises(Conflict, match="0 pieces of line 1"):
        ask(trade, order, {1: 1})
    assert seen(trade, name).status == "withdrawn"


def test_staff_refund_what_was_lost_without_a_return(trade: Trade) -> None:
    order = got(trade, {"v0": 2, "v2": 1})

    def refund(*back: Back) -> str | None:
        return trade.do(lambda session: refund_lines(session, order, back=back, cause=trade.cause("user:staff")))

    for wrong in ((), (Back(1, "restored", 1), Back(1, "restored", 1)), (Back(1, "restored"),)):
        with pytest.raises(InvalidInput):
            refund(*wrong)
    with pytest.raises(Conflict, match="2 pieces to take back"):
        refund(Back(1, "restored", 3))
    assert refund(Back(1, "written-off", 2)) is not None
    assert refund(Back(2, "restored", 1)) is not None
    trade.ask_providers()
    after = trade.see(order)
    assert sum(item.amount_minor for item in after.refunds) == after.total_minor
    assert trade.levels() == {"v0": (7, 0), "v1": (9, 0), "v2": (9, 0)}


def test_what_is_packed_has_to_leave_before_its_money_is_given_back(trade: Trade) -> None:
    order = trade.order(0, {"v0": 2})
    trade.pay(0, order)
    packed = trade.do(
        lambda session: shipments.prepare(session, order, seller=1, pieces={1: 2}, cause=trade.cause())
    )

    def refund() -> str | None:
        back = [Back(1, "written-off", 2)]
        return trade.do(lambda session: refund_lines(session, order, back=back, cause=trade.cause("user:staff")))

    with pytest.raises(Conflict, match="0 pieces to take back"):
        refund()
    trade.do(lambda session: shipments.unpack(session, packed.id, seller=1, cause=trade.cause()))
    parcel(trade, order, 1)
    with pytest.raises(Conflict, match="1 pieces to take back"):
        refund()


def test_a_parcel_that_was_lost_leaves_the_other_one_returnable(trade: Trade) -> None:
    order = trade.order(0, {"v0": 4})
    trade.pay(0, order)
    parcel(trade, order, 2)
    parcel(trade, order, 2, arrives=False)
    lost = [Back(1, "written-off", 2)]
    trade.do(lambda session: refund_lines(session, order, back=lost, cause=trade.cause("user:staff")))
    (name,) = ask(trade, order, {1: 2})
    with pytest.raises(Conflict, match="0 pieces of line 1"):
        ask(trade, order, {1: 1})
    say(trade, name)
    take(trade, name, Back(1, "restored"))
    assert trade.see(order).payments[0].refunded_minor == trade.see(order).total_minor


def test_each_parcel_has_a_window_of_its_own(trade: Trade) -> None:
    order = trade.order(0, {"v0": 5})
    trade.pay(0, order)
    parcel(trade, order, 3)
    (name,) = ask(trade, order, {1: 2})
    say(trade, name)
    take(trade, name, Back(1, "restored"))
    trade.now += WINDOW + timedelta(seconds=1)
    parcel(trade, order, 2)
    with pytest.raises(Conflict, match="2 pieces of line 1"):
        ask(trade, order, {1: 3})  # one of them came too long ago
    ask(trade, order, {1: 2})
    with pytest.raises(Conflict, match="0 pieces of line 1"):
        ask(trade, order, {1: 1})


def test_of_an_order_that_came_back_in_part_the_rest_can_be_cancelled(trade: Trade) -> None:
    order = trade.order(0, {"v0": 1, "v1": 1}, voucher="V")
    trade.pay(0, order)
    trade.deliver(order, sellers=[1])
    (name,) = ask(trade, order, {1: 1})
    say(trade, name)
    take(trade, name, Back(1, "restored"))
    trade.do(lambda session: cancel(session, order, cause=trade.cause()))
    after = trade.see(order)
    assert sum(refund.amount_minor for refund in after.refunds) == after.total_minor


@pytest.mark.parametrize("fate", ["restored", "written-off"])
def test_of_many_that_receive_a_return_at_once_one_does(trade: Trade, fate: Fate) -> None:
    order = got(trade, {"v0": 2})
    (name,) = ask(trade, order, {1: 2})
    say(trade, name)
    done: list[object] = []
    gate = threading.Barrier(4)

    def receive() -> None:
        gate.wait()
        try:
            done.append(take(trade, name, Back(1, fate)))
        except Conflict as error:
            done.append(error)

    threads = [threading.Thread(target=receive) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(one).__name__ for one in done) == ["Conflict", "Conflict", "Conflict", "str"]
    assert len(trade.see(order).refunds) == 1


def test_the_buyers_words_are_sealed_and_the_steps_are_told(trade: Trade) -> None:
    order = got(trade, {"v0": 1})
    (name,) = ask(trade, order, {1: 1}, reason="I moved to 1 High Street")
    say(trade, name)
    take(trade, name, Back(1, "restored"))
    with trade.database.read() as session:
        assert "High Street" not in session.execute(select(col(Return.reason))).scalar_one()
        steps = [
            (step.after, step.actor, step.reason)
            for step in history_of(session, trade.see(order))
            if step.subject == "return"
        ]
    assert steps == [
        ("requested", "user:u0", ""),
        ("approved", "user:seller", ""),
        ("received", "user:seller", ""),
    ]
    assert trade.told("return") == [(name, "requested"), (name, "approved"), (name, "received")]
    assert (order, "return-received") in trade.told("order")


def test_the_words_of_a_buyer_who_is_erased_go_and_keys_can_still_be_rotated(trade: Trade) -> None:
    order = got(trade, {"v0": 1})
    (name,) = ask(trade, order, {1: 1}, reason="I moved to 1 High Street")
    with pytest.raises(Conflict, match="is under way"):
        trade.do(lambda session: erase(session, "u0", actor="system", at=trade.now))
    say(trade, name)
    take(trade, name, Back(1, "restored"))
    trade.ask_providers()
    trade.do(lambda session: erase(session, "u0", actor="system", at=trade.now))
    assert (seen(trade, name).reason, seen(trade, name).answer, seen(trade, name).status) == ("", "", "received")
    with trade.database.read() as session:
        assert {sealed.name: left(session, sealed) for sealed in SEALED if left(session, sealed)} == {}


def test_a_notification_about_a_refund_is_taken_once_and_checked(trade: Trade) -> None:
    order = got(trade, {"v0": 1})
    trade.do(lambda session: refund_lines(session, order, back=[Back(1, "restored", 1)], cause=trade.cause()))
    (refund,) = trade.see(order).refunds
    with trade.database.read() as session:
        due = owed(session, refund.id)
    word = ProviderRefund(refund.id, "re_1", "settled", due.amount)

    def told(said: ProviderRefund, provider: str = "test") -> bool:
        return trade.do(lambda session: settle_refund(session, said, provider=provider, at=trade.now))

    for wrong, provider in (
        (ProviderRefund("r-none", "re_1", "settled", due.amount), "test"),
        (ProviderRefund(refund.id, "re_1", "settled", due.paid + due.paid), "test"),
        (word, "alipay"),
    ):
        with pytest.raises(Unverified):
            told(wrong, provider)
    assert [told(word) for _ in range(3)] == [True, False, False]
    assert not told(ProviderRefund(refund.id, "re_0", "failed", due.amount))  # of an earlier try, late
    assert [item.status for item in trade.see(order).refunds] == ["settled"]
    with trade.database.read() as session:
        booked = session.execute(select(col(MoneyMovement.amount_minor)).order_by(col(MoneyMovement.id)))
        assert list(booked.scalars()) == [due.paid.minor, -due.amount.minor]
