"""The scenario of a shop, through the API alone: from registering to a review, and what goes wrong on the way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.state import Shop
from core.accounts import find_account
from core.settings import load_settings
from core.staffing import grant
from index.engine import SearchEngine
from pipelines.commands.index import build_index
from pipelines.house import House, open_house
from pipelines.notifying import run_notifications
from pipelines.relay import run_relay
from tests.api.live_server import running
from tests.core.trade import broken_invariants
from tests.services.ports import free_port
from tests.services.sandbox import Sandbox

PASSWORD = "a long sentence of mine"
HOME = {
    "recipient": "Ann Example",
    "lines": "1 High Street",
    "city": "Berlin",
    "postcode": "10115",
    "country": "DE",
}
SOON = 20.0  # seconds in which what others do must have arrived
WAYS = {"alipay": "page", "wechatpay": "native", "stripe": "card"}


@dataclass
class Served:
    """A served shop with its relay, and a sandbox of providers; people talk to it over HTTP."""

    house: House
    engine: SearchEngine
    sandbox: Sandbox
    http: httpx.Client

    def ask(self, method: str, path: str, who: dict[str, str] | None = None, **request: Any) -> Any:
        """The answer's JSON; whatever is not a success fails the test."""
        headers = {"Idempotency-Key": str(uuid4()), **(who or {}), **request.pop("headers", {})}
        answer = self.http.request(method, path, headers=headers, **request)
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def join(self, email: str, *, role: str = "customer", seller_name: str = "") -> dict[str, str]:
        """Register, confirm by the link in the message, and log in; returns the headers of who is logged in."""
        self.ask("POST", "/v1/auth/register", json={"email": email, "password": PASSWORD, "name": "Ann"})
        (message,) = self.ask("GET", "/v1/demo/messages", params={"email": email})["messages"]
        token = message["link"].partition("#token=")[2]
        self.ask("POST", "/v1/auth/verify", json={"token": token})
        if role != "customer":  # which `merx users grant` does
            with self.house.database.write() as session:
                account = find_account(session, email)
                assert account is not None
                at = self.house.clock()
                grant(session, account.user, role=role, seller_name=seller_name, actor="system", at=at)
        return self.log_in(email)

    def log_in(self, email: str) -> dict[str, str]:
        login = self.ask("POST", "/v1/auth/login", json={"email": email, "password": PASSWORD})
        return {"Authorization": f"Bearer {login['access_token']}"}

    def soon(self, look: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
        """What is seen as soon as it is as wanted."""
        until = time.monotonic() + SOON
        while not wanted(seen := look()):
            assert time.monotonic() < until, seen
            time.sleep(0.05)
        return seen

    def order(self, who: dict[str, str], name: str, status: str) -> Any:
        """An order, as soon as it is in a status."""
        look = partial(self.ask, "GET", f"/v1/orders/{name}", who)
        return self.soon(look, lambda seen: seen["status"] == status)

    def begin(self, who: dict[str, str], order: str, provider: str, method: str) -> Any:
        """Begin to pay, and go where the action leads."""
        body = {"provider": provider, "method": method}
        payment = self.ask("POST", f"/v1/orders/{order}/payments", who, json=body)
        if page := payment["action"].get("page"):
            assert httpx.get(page, follow_redirects=True).status_code == 200
        return payment

    def decide(self, payment: Any, *, pays: bool) -> None:
        """What the shopper does on the provider's page."""
        provider, action = payment["provider"], payment["action"]
        if provider == "stripe":
            number = "4242424242424242" if pays else "4000000000000002"
            form = {"client_secret": action["client_secret"], "number": number, "return_url": ""}
            answer = httpx.post(action["page"].partition("?")[0], data=form)
        else:
            (name,) = [
                record.id
                for record in self.sandbox.bank.ledger.all()
                if record.id.replace("_", "-") == payment["id"].replace("_", "-")
            ]
            form = {"decision": "pay" if pays else "refuse"}
            answer = httpx.post(f"{self.sandbox.url}/pay/{provider}/{name}", data=form)
        assert answer.status_code in (200, 303), answer.text


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def served(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Served]:
    url = request.getfixturevalue(f"new_{request.param}")()
    port = free_port()
    settings = load_settings(
        home=sandbox.home,
        database_url=url,
        sandbox_url=sandbox.url,
        public_url=f"http://127.0.0.1:{port}",  # where providers tell what happened
        text_dimensions=16,
        relay_interval=0.02,
    )
    with ExitStack() as stack:
        house = stack.enter_context(open_house(settings))
        engine = stack.enter_context(house.engine())
        live = stack.enter_context(running(Shop(settings, engine=engine), port=port))
        sandbox.bank.shop_url = live.url
        stop = threading.Event()
        workers = [
            threading.Thread(target=run_relay, args=(house, engine), kwargs={"stop": stop}, daemon=True),
            threading.Thread(target=run_notifications, args=(house,), kwargs={"stop": stop}, daemon=True),
        ]
        http = stack.enter_context(httpx.Client(base_url=live.url, timeout=30))
        made = Served(house, engine, sandbox, http)
        for worker in workers:
            worker.start()
        yield made
        stop.set()
        for worker in workers:
            worker.join(30)
        with house.database.read() as session:
            assert broken_invariants(session) == []


@pytest.mark.parametrize("provider", WAYS)
def test_the_scenario_of_a_shop(served: Served, provider: str) -> None:
    method = WAYS[provider]
    ask = served.ask
    sue = served.join("sue@example.com", role="seller", seller_name="Sue's")
    tom = served.join("tom@example.com", role="staff")
    lamp, variant = offer(served, sue, "Brass desk lamp", price=1999, stock=6)
    shade, shade_variant = offer(served, sue, "Paper shade", price=500, stock=20)
    ten = {"code": "TEN", "kind": "percent", "value": 1000, "currency": "EUR"}
    ask("POST", "/v1/staff/vouchers", tom, json=ten)
    build_index(served.house, served.engine, publish=True)

    # Register and verify, search, open, into the cart as a guest, log in: the carts merge.
    served.join("ann@example.com")
    found = served.soon(
        lambda: ask("GET", "/v1/search", params={"q": "desk lamp"})["hits"], lambda hits: len(hits) > 0
    )
    assert found[0]["id"] == lamp
    assert ask("GET", f"/v1/products/{lamp}")["variants"][0]["stock"] == 6
    ann = served.log_in("ann@example.com")
    own = ask("POST", "/v1/carts", ann)["id"]
    ask("PUT", f"/v1/carts/{own}/lines/{shade_variant}", ann, json={"quantity": 1})
    guest = ask("POST", "/v1/carts")
    opened = {"Merx-Cart-Key": guest["key"]}
    ask("PUT", f"/v1/carts/{guest['id']}/lines/{variant}", opened, json={"quantity": 2})
    cart = ask("POST", f"/v1/carts/{guest['id']}/merge", {**opened, **ann})
    assert {line["variant"]: line["quantity"] for line in cart["lines"]} == {variant: 2, shade_variant: 1}

    # Voucher, checkout, pay: stock falls, the seller is notified.
    address = ask("POST", "/v1/me/addresses", ann, json=HOME)["id"]
    cart = ask("PUT", f"/v1/carts/{cart['id']}/voucher", ann, params={"country": "DE"}, json={"code": "TEN"})
    assert cart["discount_minor"] == (2 * 1999 + 500) // 10
    agreed = {"cart": cart["id"], "address": address, "total_minor": cart["total_minor"]}
    order = ask("POST", "/v1/orders", ann, json=agreed)["id"]
    served.decide(served.begin(ann, order, provider, method), pays=True)
    paid = served.order(ann, order, "paid")
    assert [(payment["provider"], payment["status"]) for payment in paid["payments"]] == [(provider, "captured")]
    assert ask("GET", f"/v1/products/{lamp}")["variants"][0]["stock"] == 4
    served.soon(lambda: kinds(served, sue), lambda told: {"seller-order-paid", "stock-low"} <= set(told))

    # Ship, receive, review.
    parcel = ask("POST", f"/v1/seller/orders/{order}/shipments", sue, json={})["id"]
    ask("POST", f"/v1/seller/shipments/{parcel}/send", sue, json={"carrier": "DHL", "tracking_number": "1Z"})
    ask("POST", f"/v1/orders/shipments/{parcel}/received", ann)
    assert served.order(ann, order, "delivered")["shipments"][0]["tracking_number"] == "1Z"
    line = next(line for line in paid["lines"] if line["product"] == lamp)["line"]
    review = {"score": 5, "title": "Bright", "text": "It does what a lamp should."}
    ask("POST", f"/v1/orders/{order}/lines/{line}/reviews", ann, json=review)
    reviews = ask("GET", f"/v1/products/{lamp}/reviews")
    assert [(shown["score"], shown["title"]) for shown in reviews["reviews"]] == [(5, "Bright")]
    served.soon(
        lambda: ask("GET", "/v1/search", params={"q": "desk lamp"})["hits"][0],
        lambda hit: hit["rating_count"] == 1,
    )

    # A second order, cancelled after it was paid, is refunded.
    second = buy(served, ann, address, shade_variant)
    served.decide(served.begin(ann, second, provider, method), pays=True)
    served.order(ann, second, "paid")
    ask("POST", f"/v1/orders/{second}/cancel", ann, json={"reason": "changed my mind"})
    gone = served.soon(
        partial(ask, "GET", f"/v1/orders/{second}", ann),
        lambda seen: [refund["status"] for refund in seen["refunds"]] == ["settled"],
    )
    assert gone["status"] == "cancelled"
    assert gone["refunds"][0]["amount_minor"] == gone["total_minor"]
    assert ask("GET", f"/v1/products/{shade}")["variants"][0]["stock"] == 19

    # A payment that failed, then another method.
    third = buy(served, ann, address, shade_variant)
    served.decide(served.begin(ann, third, provider, method), pays=False)
    if provider == "stripe":  # the others tell of no refusal: there the shopper may still try again
        served.soon(
            partial(ask, "GET", f"/v1/orders/{third}", ann),
            lambda seen: seen["payments"][0]["status"] == "failed",
        )
    other = "alipay" if provider != "alipay" else "stripe"
    served.decide(served.begin(ann, third, other, WAYS[other]), pays=True)
    done = served.order(ann, third, "paid")
    assert [payment["provider"] for payment in done["payments"]] == [provider, other]
    served.soon(  # the one that was left is ended, so that nobody pays twice
        partial(ask, "GET", f"/v1/orders/{third}", ann),
        lambda seen: [payment["status"] for payment in seen["payments"]] == ["closed", "captured"],
    )


def kinds(served: Served, who: dict[str, str]) -> list[str]:
    """The kinds of somebody's messages."""
    return [message["kind"] for message in served.ask("GET", "/v1/me/messages", who)["messages"]]


def offer(served: Served, who: dict[str, str], title: str, *, price: int, stock: int) -> tuple[str, str]:
    """Publish a product of a seller; returns the ids of the product and of its variant."""
    product = served.ask("POST", "/v1/seller/products", who, json={"title": title})["id"]
    line = {"price_minor": price, "currency": "EUR"}
    variant = served.ask("POST", f"/v1/seller/products/{product}/variants", who, json=line)["variants"][0]["id"]
    served.ask("POST", f"/v1/seller/products/{product}/publish", who)
    served.ask("POST", f"/v1/seller/variants/{variant}/stock", who, json={"delta": stock})
    return product, variant


def buy(served: Served, who: dict[str, str], address: str, variant: str) -> str:
    """An unpaid order of one piece; returns its id."""
    cart = served.ask("POST", "/v1/carts", who)["id"]
    held = served.ask(
        "PUT", f"/v1/carts/{cart}/lines/{variant}", who, params={"country": "DE"}, json={"quantity": 1}
    )
    agreed = {"cart": cart, "address": address, "total_minor": held["total_minor"]}
    return str(served.ask("POST", "/v1/orders", who, json=agreed)["id"])
