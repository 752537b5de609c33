"""A served shop that is paid through the sandbox: what happens there reaches its orders by notifications."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.sandbox.notifier import Faults
from api.state import Shop
from core.relay import deliver
from core.settings import load_settings
from core.settlement import Settlement
from tests.api.buying import checkout, key
from tests.api.live_server import put, running
from tests.api.people import Person, member
from tests.services.sandbox import Sandbox

GOOD, DECLINED = "4242424242424242", "4000000000000002"


@dataclass
class Trade:
    """A shop and a sandbox that know each other, and Ann, who buys."""

    shop: Shop
    sandbox: Sandbox
    client: TestClient
    ann: Person

    def begin(self, order: str, provider: str = "stripe") -> dict[str, Any]:
        """The action of a payment that was begun."""
        path = f"/v1/orders/{order}/payments"
        answer = self.client.post(path, json={"provider": provider}, headers={**self.ann.headers, **key()})
        assert answer.status_code == 201, answer.text
        return dict(answer.json()["action"])

    def fill_in(self, action: dict[str, Any], number: str) -> None:
        """Type a card number on the page."""
        return_url = httpx.URL(action["page"]).params["return_url"]
        form = {"client_secret": action["client_secret"], "return_url": return_url, "number": number}
        assert httpx.post(action["page"], data=form).status_code in (200, 303)

    def order(self, order: str) -> dict[str, Any]:
        """An order when the sandbox has told everything."""
        assert self.sandbox.bank.notifier.wait(30)
        return dict(self.client.get(f"/v1/orders/{order}", headers=self.ann.headers).json())


@pytest.fixture
def trade(
    sandbox_home: Path, new_sqlite: Callable[[], str], start_sandbox: Callable[..., Sandbox]
) -> Iterator[Callable[..., Trade]]:
    """A function that opens a shop, with the faults of its sandbox."""
    with ExitStack() as stack:

        def open_trade(**faults: Any) -> Trade:
            sandbox = start_sandbox(faults=Faults(**faults))
            settings = load_settings(home=sandbox_home, database_url=new_sqlite(), sandbox_url=sandbox.url)
            shop = Shop(settings)
            put(shop.database, "lamp", price=1999)
            # One object answers the test and one the sandbox, as two processes would.
            sandbox.bank.shop_url = stack.enter_context(running(Shop(settings))).url
            client = stack.enter_context(TestClient(create_app(settings, shop=shop)))
            return Trade(shop, sandbox, client, member(client))

        yield open_trade


def settle(shop: Shop) -> None:
    """What the relay does for payments, until nothing waits."""
    settlement = Settlement(shop.database, shop.clock, shop.providers)
    while deliver(settlement, database=shop.database, clock=shop.clock).delivered:
        pass


def test_a_card_pays_an_order_and_what_is_cancelled_is_given_back(trade: Callable[..., Trade]) -> None:
    shop = trade()
    order = checkout(shop.client, shop.ann, "lamp-v", 2)
    shop.fill_in(shop.begin(order["id"]), GOOD)
    paid = shop.order(order["id"])
    assert (paid["status"], paid["payments"][0]["status"]) == ("paid", "captured")
    part = {"lines": [{"line": 1, "quantity": 1}], "reason": "one is enough"}
    headers = {**shop.ann.headers, **key()}
    assert shop.client.post(f"/v1/orders/{order['id']}/cancel", json=part, headers=headers).status_code == 200
    settle(shop.shop)
    (refund,) = shop.order(order["id"])["refunds"]
    assert (refund["status"], refund["amount_minor"]) == ("settled", 1999)
    (kept,) = shop.sandbox.bank.ledger.all()
    assert (kept.amount_minor, kept.refunded_minor) == (3998, 1999)
    assert {event.told for event in kept.events} == {"taken"}


def test_a_declined_card_leaves_an_order_that_another_card_pays(trade: Callable[..., Trade]) -> None:
    shop = trade()
    order = checkout(shop.client, shop.ann, "lamp-v")
    action = shop.begin(order["id"])
    shop.fill_in(action, DECLINED)
    failed = shop.order(order["id"])
    assert (failed["status"], failed["payments"][0]["status"]) == ("pending", "failed")
    assert failed["payments"][0]["failure"] == "the card was declined"
    shop.fill_in(action, GOOD)
    paid = shop.order(order["id"])
    assert (paid["status"], paid["payments"][0]["status"]) == ("paid", "captured")


def test_messages_that_come_often_and_in_any_order_have_one_effect(trade: Callable[..., Trade]) -> None:
    shop = trade(duplicate=10, shuffle=True, seed=4)
    order = checkout(shop.client, shop.ann, "lamp-v")
    action = shop.begin(order["id"])
    shop.fill_in(action, DECLINED)
    shop.fill_in(action, GOOD)
    paid = shop.order(order["id"])
    assert (paid["status"], len(paid["payments"])) == ("paid", 1)
    told = shop.client.get(f"/v1/orders/{order['id']}/history", headers=shop.ann.headers).json()["transitions"]
    assert [move["after"] for move in told if move["subject"] == "order"].count("paid") == 1


def test_a_payment_nobody_told_of_is_found_by_asking(trade: Callable[..., Trade]) -> None:
    shop = trade(drop=1.0)
    order = checkout(shop.client, shop.ann, "lamp-v")
    shop.fill_in(shop.begin(order["id"]), GOOD)
    assert shop.order(order["id"])["status"] == "pending"
    settlement = Settlement(shop.shop.database, shop.shop.clock, shop.shop.providers)
    payment = shop.order(order["id"])["payments"][0]["id"]
    assert settlement.look(payment)
    assert not settlement.look(payment)
    assert shop.order(order["id"])["status"] == "paid"
