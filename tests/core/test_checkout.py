"""From a cart to an order: what it costs, what it is promised, and that a number of lines costs no statements."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from core.charges import load_charges
from core.database import Database
from core.errors import Changed, Conflict, InvalidInput, NotFound, OutOfStock
from core.settings import load_settings
from core.tables import Order, OutboxEvent, Product, Variant
from core.vouchers import NewVoucher, create_voucher
from tests.core.trade import NOW, Trade, broken_invariants, counted


@pytest.fixture
def trade(database: Database, tmp_path: Path) -> Iterator[Trade]:
    made = Trade(database, tmp_path).stocked([5, 3, 0])
    yield made
    with database.read() as session:
        assert broken_invariants(session) == []


def test_an_order_keeps_its_own_copy_of_everything(trade: Trade) -> None:
    trade.charges = load_charges(load_settings(shipping_flat="4.90", tax_rates="DE=19"))
    with trade.database.write() as session:
        create_voucher(
            session, NewVoucher(code="ten", kind="percent", value=1000, currency="EUR", minimum_minor=2000), at=NOW
        )
    placed = trade.place(0, *trade.cart(0, {"v0": 2, "v1": 1}, voucher=" Ten "))
    # 2 x 10.00 + 10.01, a tenth off (3.00, shared 1.99 + 1.01), 19% on 18.01 and 9.00.
    assert (placed.goods_minor, placed.discount_minor, placed.tax_minor) == (3001, 300, 342 + 171)
    assert [line.discount_minor for line in placed.lines] == [199, 101]
    assert placed.total_minor == 3001 - 300 + 490 + 513
    assert placed.address["city"] == "C"
    with trade.database.write() as session:
        session.execute(update(Product).values(title="Other"))
        session.execute(update(Variant).values(price_minor=1))
    assert trade.see(placed.id) == placed
    assert trade.levels() == {"v0": (5, 2), "v1": (3, 1)}


def test_the_cart_is_used_once(trade: Trade) -> None:
    cart, total = trade.cart(0, {"v0": 1})
    trade.place(0, cart, total)
    with pytest.raises(NotFound, match="no such cart"):
        trade.place(0, cart, total)
    assert trade.levels()["v0"] == (5, 1)


def test_nobody_buys_with_another_ones_cart_or_address(trade: Trade) -> None:
    cart, total = trade.cart(0, {"v0": 1})
    with pytest.raises(NotFound, match="no such cart"):
        trade.place(1, cart, total)
    own, total = trade.cart(1, {"v0": 1})
    with pytest.raises(NotFound, match="no such address"):
        trade.place(1, own, total, address="a0")


def test_a_price_that_moved_is_never_sold(trade: Trade) -> None:
    cart, total = trade.cart(0, {"v0": 1})
    with trade.database.write() as session:
        session.execute(update(Variant).where(col(Variant.public_id) == "v0").values(price_minor=1200))
    with pytest.raises(Changed, match=r"the total is 12\.00 EUR, not 10\.00 EUR"):
        trade.place(0, cart, total)
    assert trade.levels()["v0"] == (5, 0)
    assert trade.place(0, cart, 1200).total_minor == 1200


def test_what_is_withdrawn_cannot_be_bought(trade: Trade) -> None:
    cart, total = trade.cart(0, {"v0": 1, "v1": 1})
    with trade.database.write() as session:
        session.execute(update(Product).where(col(Product.public_id) == "p1").values(status="withdrawn"))
    with pytest.raises(Changed, match="v1"):
        trade.place(0, cart, total)


@pytest.mark.parametrize(
    "wanted", [{"v0": 6}, {"v0": 1, "v1": 4}, {"v2": 1}], ids=["one", "of-two", "never-there"]
)
def test_too_few_pieces_change_nothing(trade: Trade, wanted: dict[str, int]) -> None:
    cart, total = trade.cart(0, wanted)
    with pytest.raises(OutOfStock) as refused:
        trade.place(0, cart, total)
    assert set(refused.value.ids["variants"]) == {max(wanted)}  # type: ignore[call-overload]
    assert all(reserved == 0 for _, reserved in trade.levels().values())
    with trade.database.read() as session:
        assert session.execute(select(Order)).first() is None
        assert session.execute(select(OutboxEvent).where(col(OutboxEvent.aggregate) == "order")).first() is None


def test_an_empty_cart_cannot_be_bought(trade: Trade) -> None:
    with pytest.raises(InvalidInput, match="empty"):
        trade.place(0, *trade.cart(0, {}))


def test_what_costs_nothing_is_paid_at_once(trade: Trade) -> None:
    with trade.database.write() as session:
        create_voucher(session, NewVoucher(code="ALL", kind="percent", value=10_000, currency="EUR"), at=NOW)
    placed = trade.place(0, *trade.cart(0, {"v0": 2}, voucher="all"))
    assert (placed.total_minor, placed.status, placed.expires_at) == (0, "paid", None)
    assert trade.levels()["v0"] == (3, 0)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"usage_limit": 1}, "used up"),
        ({"user_limit": 1}, "as often as it may be"),
        ({"ends_at": NOW}, "ended"),
        ({"starts_at": NOW + timedelta(days=1)}, "not valid yet"),
        ({"minimum_minor": 5000}, "from 50.00 EUR"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_voucher_keeps_its_limits(trade: Trade, limits: dict[str, object], message: str) -> None:
    with trade.database.write() as session:
        create_voucher(
            session,
            NewVoucher(code="V", kind="amount", value=300, currency="EUR", **limits),  # type: ignore[arg-type]
            at=NOW,
        )
    cart, total = trade.cart(0, {"v0": 1}, voucher="V")
    if "limit" in next(iter(limits)):
        assert total == 700
        trade.place(0, cart, total)
        cart, total = trade.cart(0, {"v0": 1}, voucher="V")
    with pytest.raises(Changed, match=message):
        trade.place(0, cart, total)


def test_a_voucher_code_is_given_once(trade: Trade) -> None:
    new = NewVoucher(code="once", kind="amount", value=300, currency="EUR")
    with trade.database.write() as session:
        create_voucher(session, new, at=NOW)
    with pytest.raises(Conflict, match="ONCE"), trade.database.write() as session:
        create_voucher(session, new, at=NOW)


def test_twenty_lines_take_no_more_statements_than_two(database: Database, tmp_path: Path) -> None:
    trade = Trade(database, tmp_path).stocked([50] * 40)
    with database.write() as session:
        create_voucher(
            session, NewVoucher(code="V", kind="amount", value=300, currency="EUR", user_limit=5), at=NOW
        )
    counts = {}
    for lines in (2, 20, 40):
        cart, total = trade.cart(0, {f"v{n}": 1 for n in range(lines)}, voucher="V")
        with counted(database) as seen:
            trade.place(0, cart, total)
        counts[lines] = len(seen) - 1  # the test's own look for the user's row
    assert counts[2] == counts[20] == counts[40]
    # With the three that the edge adds: who is asking, and the claim and the answer of the Idempotency-Key.
    assert counts[20] + 3 <= 15
