"""Low stock: a seller is told once, and again after there was more."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlmodel import Session, col

from core import outbox, stock
from core.cancel import cancel
from core.database import Database
from core.tables import StockAlert, Variant
from tests.core.noticing import notify, peopled, told
from tests.core.trade import Trade


@pytest.fixture
def trade(database: Database, tmp_path: Path) -> Trade:
    """v0 and v2 are Seller 0's, v1 is Seller 1's."""
    return peopled(Trade(database, tmp_path).stocked([20, 20, 20], sellers=2))


def buy(trade: Trade, wanted: dict[str, int]) -> None:
    order = trade.order(0, wanted)
    trade.pay(0, order)


def alerts(trade: Trade) -> int:
    with trade.database.read() as session:
        return session.execute(select(func.count(col(StockAlert.variant_id)))).scalar_one()


def move(trade: Trade, variant: str, delta: int) -> None:
    def work(session: Session) -> None:
        row = session.execute(select(col(Variant.id)).where(col(Variant.public_id) == variant)).scalar_one()
        stock.adjust(session, variant_row=row or 0, delta=delta, reason="delivery", reference="", at=trade.now)
        outbox.emit(session, outbox.News("stock", f"p{variant[1:]}", "moved"), at=trade.now)

    trade.do(work)


def low_told(trade: Trade, user: str) -> list[str]:
    return [message["text"] for kind, message in told(trade, user) if kind == "stock-low"]


def test_a_seller_is_told_once_that_few_pieces_are_left_and_again_after_there_were_more(trade: Trade) -> None:
    order = trade.order(0, {"v0": 15})  # promised is not free: 5 are left, and 5 are enough
    notify(trade, low=5)
    assert low_told(trade, "us0") == []
    trade.order(1, {"v0": 1})
    notify(trade, low=5)
    (text,) = low_told(trade, "us0")
    assert "Thing 0 (SKU0): 4 left" in text
    trade.pay(0, order)
    buy(trade, {"v0": 1})
    move(trade, "v0", -1)
    notify(trade, low=5)
    assert len(low_told(trade, "us0")) == 1
    move(trade, "v0", +10)
    notify(trade, low=5)
    assert alerts(trade) == 0
    move(trade, "v0", -10)
    notify(trade, low=5)
    assert len(low_told(trade, "us0")) == 2
    assert low_told(trade, "us1") == []


def test_a_cancelled_order_lifts_the_alert_and_nought_is_never(trade: Trade) -> None:
    order = trade.order(0, {"v0": 20, "v2": 18})
    notify(trade, low=5)
    (text,) = low_told(trade, "us0")
    assert "Thing 0 (SKU0): 0 left" in text
    assert "Thing 2 (SKU2): 2 left" in text
    trade.do(lambda session: cancel(session, order, cause=trade.cause()))
    notify(trade, low=5)
    assert alerts(trade) == 0
    trade.order(0, {"v0": 20})
    notify(trade, low=0)
    assert len(low_told(trade, "us0")) == 1
