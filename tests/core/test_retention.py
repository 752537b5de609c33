"""Retention: what is old is forgotten, in bounded steps, and what the law asks for stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from sqlmodel import SQLModel, col

from core import retention
from core.cancel import cancel
from core.carts import find_cart, open_cart, set_line
from core.database import Database
from core.retention import Policy
from core.settings import load_settings
from core.shown import Place, Shown, hidden, hide, record_shown
from core.tables import (
    Cart,
    CartLine,
    Event,
    Exposure,
    Notification,
    Order,
    Shipment,
    Transition,
    WebhookDelivery,
    WebhookEndpoint,
)
from tests.core.trade import NOW, Trade, broken_invariants

DAY = timedelta(days=1)
POLICY = Policy(events=10 * DAY, shown=10 * DAY, messages=10 * DAY, carts=10 * DAY, addresses=10 * DAY)


@pytest.fixture
def trade(database: Database, tmp_path: Path) -> Trade:
    return Trade(database, tmp_path).stocked([50])


def forget(trade: Trade, **more: Any) -> dict[str, int]:
    return trade.do(lambda session: retention.forget(session, policy=POLICY, now=trade.now, **more))


def count(trade: Trade, model: type[SQLModel]) -> int:
    with trade.database.read() as session:
        return int(session.execute(select(func.count()).select_from(model)).scalar_one())


def events(trade: Trade, *moments: datetime) -> None:
    rows = [
        {"public_id": f"e{n}", "shopper": "s", "kind": "query", "query": "lamp", "quantity": 1, "at": at}
        for n, at in enumerate(moments)
    ]
    with trade.database.write() as session:
        session.execute(insert(Event), rows)


def test_the_settings_say_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERX_KEEP_EVENTS_DAYS", "3")
    policy = retention.policy_of(load_settings())
    assert (policy.events, policy.messages, policy.carts) == (3 * DAY, 90 * DAY, 30 * DAY)


def test_to_the_moment(trade: Trade) -> None:
    events(trade, NOW - 10 * DAY - timedelta(seconds=1), NOW - 10 * DAY, NOW)
    assert forget(trade)["events"] == 1
    assert count(trade, Event) == 2
    trade.now += timedelta(seconds=1)
    assert forget(trade)["events"] == 1
    assert not any(forget(trade).values())


def test_a_transaction_takes_a_bounded_number_and_the_oldest_first(trade: Trade) -> None:
    events(trade, *(NOW - (20 + n) * DAY for n in range(25)))
    assert [forget(trade, most=10)["events"] for _ in range(4)] == [10, 10, 5, 0]


def test_what_was_shown_and_what_was_hidden(trade: Trade) -> None:
    with trade.database.write() as session:
        for n, at in enumerate((NOW - 11 * DAY, NOW)):
            record_shown(session, [Shown(f"r{n}", "s", "home", "m", at, [Place("for-you", "p0", 1, 1.0)])])
            hide(session, "p0", shopper=f"shopper-{n}", at=at)
    gone = forget(trade)
    assert (gone["hidden"], gone["shown"]) == (1, 1)
    with trade.database.read() as session:
        assert [hidden(session, f"shopper-{n}") for n in (0, 1)] == [[], ["p0"]]
    assert count(trade, Exposure) == 1


def test_messages_and_what_was_sent_to_webhooks(trade: Trade) -> None:
    with trade.database.write() as session:
        told = {"url": "https://x.example", "secret": "s", "kinds": [], "active": True, "created_at": NOW}
        session.execute(insert(WebhookEndpoint).values(public_id="w", **told))
        for n, at in enumerate((NOW - 11 * DAY, NOW)):
            sent = {"endpoint_id": 1, "event_key": f"k{n}", "kind": "x", "body": {}, "status": "sent"}
            session.execute(insert(WebhookDelivery).values(public_id=f"d{n}", created_at=at, **sent))
            told = {"channel": "log", "kind": "x", "payload": "p", "status": "sent"}
            session.execute(insert(Notification).values(public_id=f"n{n}", created_at=at, **told))
    gone = forget(trade)
    assert (gone["messages"], gone["deliveries"]) == (1, 1)
    assert (count(trade, Notification), count(trade, WebhookDelivery)) == (1, 1)


def test_a_guests_cart_that_nobody_touched_and_no_other(trade: Trade) -> None:
    with trade.database.write() as session:
        old, young = (open_cart(session, user=None, currency="EUR", at=at) for at in (NOW, NOW))
        mine = open_cart(session, user=trade.user(session, 0), currency="EUR", at=NOW)
        later = NOW + 9 * DAY
        for keys, user, at in ((old, None, NOW), (young, None, later), (mine, trade.user(session, 0), NOW)):
            cart = find_cart(session, keys.id, user=user, key=keys.key, at=at)
            set_line(session, cart, variant="v0", quantity=2)
    trade.now = NOW + 11 * DAY
    assert forget(trade)["carts"] == 1
    with trade.database.read() as session:
        assert set(session.execute(select(col(Cart.public_id))).scalars()) == {young.id, mine.id}
    assert count(trade, CartLine) == 2


def test_an_old_order_forgets_where_it_went_and_nothing_else(trade: Trade) -> None:
    old = trade.order(0, {"v0": 1})
    trade.pay(0, old)
    trade.deliver(old)
    dropped = trade.order(0, {"v0": 1})
    trade.do(lambda session: cancel(session, dropped, cause=trade.cause("user:u0", "Ann has moved")))
    trade.now += 11 * DAY
    young = trade.order(1, {"v0": 1})
    before = trade.see(old)
    assert forget(trade)["addresses"] == 2
    assert forget(trade)["addresses"] == 0
    with trade.database.read() as session:
        kept = {order.public_id: order.address is not None for order in session.execute(select(Order)).scalars()}
        reasons = set(session.execute(select(col(Transition.reason))).scalars())
        assert set(session.execute(select(col(Shipment.tracking_number))).scalars()) == {""}
        assert broken_invariants(session) == []
    assert kept == {old: False, dropped: False, young: True}
    assert "Ann has moved" not in reasons
    after = trade.see(old)
    assert (after.total_minor, after.lines, after.payments) == (before.total_minor, before.lines, before.payments)
