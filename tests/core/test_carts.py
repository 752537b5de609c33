"""Carts: whose they are, what changed in them, and how a guest's becomes a user's."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import Session, col

from core import carts
from core.carts import CartKeys, find_cart, lines_of, merge, open_cart, set_line, set_voucher
from core.database import Database
from core.errors import InvalidInput, NotFound
from core.pricing import quote_cart
from core.tables import Cart, Product, StockLevel, Variant
from core.vouchers import NewVoucher, create_voucher, voucher_row
from tests.core.trade import NOW, Trade


@pytest.fixture
def trade(database: Database, tmp_path: Path) -> Trade:
    return Trade(database, tmp_path).stocked([50, 50, 50])


def filled(trade: Trade, wanted: dict[str, int], *, user: int | None = None, voucher: str = "") -> CartKeys:
    """The cart of a user (row number), or a guest's, with these pieces put in."""
    with trade.database.write() as session:
        keys = open_cart(session, user=user, currency="EUR", at=trade.now)
        cart = find_cart(session, keys.id, user=user, key=keys.key, at=trade.now)
        for variant, quantity in wanted.items():
            set_line(session, cart, variant=variant, quantity=quantity)
        if voucher:
            set_voucher(session, cart, voucher_row(session, voucher))
        return keys


def pieces(trade: Trade, cart: str, *, user: int | None = None, key: str | None = None) -> dict[str, int]:
    with trade.database.read() as session:
        found = find_cart(session, cart, user=user, key=key)
        return {line.variant: line.quantity for line in lines_of(session, found.row)}


def merged(trade: Trade, guest: CartKeys) -> str:
    """The guest's cart put into that of user 1 (row number)."""
    assert guest.key is not None
    key = guest.key
    return trade.do(lambda session: merge(session, guest.id, key=key, user=1, at=trade.now))


def change(trade: Trade, model: type, where: object, **values: object) -> None:
    with trade.database.write() as session:
        session.execute(update(model).where(where).values(**values))  # type: ignore[arg-type]


def test_a_cart_is_opened_by_whose_it_is(trade: Trade) -> None:
    guest, own = filled(trade, {"v0": 1}), filled(trade, {"v1": 1}, user=1)
    assert own.key is None
    assert pieces(trade, guest.id, key=guest.key) == {"v0": 1}
    assert pieces(trade, guest.id, key=guest.key, user=2) == {"v0": 1}  # not merged yet
    strangers: list[tuple[str, int | None, str | None]] = [
        (guest.id, None, None),
        (guest.id, None, "k-wrong"),
        (guest.id, None, ""),
        (guest.id, 1, None),
        (own.id, None, None),
        (own.id, None, guest.key),
        (own.id, 2, None),
        ("c-none", 1, guest.key),
    ]
    for cart, user, key in strangers:
        with pytest.raises(NotFound, match="there is no such cart"):
            pieces(trade, cart, user=user, key=key)


def test_of_what_is_in_both_carts_the_greater_number_stays(trade: Trade) -> None:
    own = filled(trade, {"v0": 2, "v1": 5}, user=1)
    change(trade, Variant, col(Variant.public_id) == "v0", price_minor=1500)
    guest = filled(trade, {"v2": 1, "v1": 3, "v0": 3})
    assert merged(trade, guest) == own.id
    assert pieces(trade, own.id, user=1) == {"v0": 3, "v1": 5, "v2": 1}
    with trade.database.read() as session:
        found = find_cart(session, own.id, user=1, key=None)
        seen = {line.variant: line.price_seen_minor for line in lines_of(session, found.row)}
    assert seen["v0"] == 1500
    with pytest.raises(NotFound, match="there is no such cart"):
        merged(trade, guest)


def test_a_guest_without_the_key_cannot_merge_and_loses_nothing(trade: Trade) -> None:
    guest = filled(trade, {"v0": 1})
    with pytest.raises(NotFound, match="there is no such cart"):
        merged(trade, CartKeys(guest.id, "k-wrong"))
    assert pieces(trade, guest.id, key=guest.key) == {"v0": 1}


@pytest.mark.parametrize("own", ["", "OWN"])
def test_a_guests_voucher_stays_unless_there_is_one(trade: Trade, own: str) -> None:
    with trade.database.write() as session:
        for code in ("OWN", "GUESTS"):
            create_voucher(session, NewVoucher(code=code, kind="amount", value=1, currency="EUR"), at=NOW)
    cart = filled(trade, {"v0": 1}, user=1, voucher=own)
    merged(trade, filled(trade, {"v0": 1}, voucher="GUESTS"))
    with trade.database.read() as session:
        held = find_cart(session, cart.id, user=1, key=None).voucher
        assert held == voucher_row(session, own or "GUESTS")


@pytest.mark.parametrize("own", [{}, {"v1": 1}], ids=["empty", "filled"])
def test_another_currency_comes_only_into_an_empty_cart(trade: Trade, own: dict[str, int]) -> None:
    change(trade, Variant, col(Variant.public_id) == "v0", currency="USD")
    cart = filled(trade, own, user=1)
    merged(trade, filled(trade, {"v0": 1}))
    assert pieces(trade, cart.id, user=1) == (own or {"v0": 1})
    with trade.database.read() as session:
        assert find_cart(session, cart.id, user=1, key=None).currency == ("EUR" if own else "USD")


def test_lines_beyond_the_most_stay_out(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carts, "MAX_LINES", 2)
    cart, guest = filled(trade, {"v0": 1}, user=1), filled(trade, {"v1": 1, "v2": 1})
    with trade.database.write() as session:
        full = find_cart(session, guest.id, user=None, key=guest.key, at=NOW)
        with pytest.raises(InvalidInput, match="at most 2 lines"):
            set_line(session, full, variant="v0", quantity=1)
        set_line(session, full, variant="v1", quantity=4)
    merged(trade, guest)
    assert pieces(trade, cart.id, user=1) == {"v0": 1, "v1": 4}


def test_a_cart_says_what_changed_and_costs_what_can_be_sold(trade: Trade) -> None:
    own = filled(trade, {"v0": 3, "v1": 2, "v2": 1}, user=1)

    def look(session: Session) -> tuple[list[list[str]], int]:
        cart = find_cart(session, own.id, user=1, key=None)
        lines = lines_of(session, cart.row)
        price, _ = quote_cart(session, cart, lines, user=1, country="DE", charges=trade.charges, now=NOW)
        return [line.changes for line in lines], price.goods_minor

    def seen() -> tuple[list[list[str]], int]:
        with trade.database.read() as session:
            return look(session)

    assert seen() == ([[], [], []], 3000 + 2002 + 1002)
    change(trade, Variant, col(Variant.public_id) == "v0", price_minor=900)
    change(trade, StockLevel, col(StockLevel.variant_id) == 1, quantity=2)
    assert seen() == ([["price", "stock"], [], []], 2700 + 2002 + 1002)
    change(trade, Variant, col(Variant.public_id) == "v1", currency="JPY")
    assert seen() == ([["price", "stock"], ["currency"], []], 2700 + 1002)
    change(trade, Product, col(Product.public_id) == "p2", status="withdrawn")
    assert seen() == ([["price", "stock"], ["currency"], ["gone"]], 2700)


@pytest.mark.parametrize("quantity", [-1, 1000])
def test_a_line_has_a_number_of_pieces_that_makes_sense(trade: Trade, quantity: int) -> None:
    with pytest.raises(InvalidInput, match="1 to 999"):
        filled(trade, {"v0": quantity}, user=1)
    with pytest.raises(NotFound, match="no such variant"):
        filled(trade, {"v9": 1}, user=1)


def test_two_that_open_a_users_cart_at_once_get_the_same(trade: Trade) -> None:
    ready, found, failures = threading.Barrier(6), set[str](), list[BaseException]()

    def run() -> None:
        ready.wait()
        try:
            found.add(trade.do(lambda session: open_cart(session, user=1, currency="EUR", at=NOW)).id)
        except BaseException as error:
            failures.append(error)

    for _ in range(3):
        change(trade, Cart, col(Cart.user_id) == 1, status="ordered")
        found.clear()
        threads = [threading.Thread(target=run) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(found) == 1
