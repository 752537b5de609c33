"""Webhooks through the API, from an order to a receiver, and the messages that people read again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.schemas_webhooks import WebhookKind
from api.state import Shop
from core.posting import Answer, post
from core.relay import deliver
from core.settings import load_settings
from core.webhook_delivery import Courier
from core.webhooks import KINDS
from pipelines.relay import notices_of
from tests.api.buying import checkout, key, pay
from tests.api.people import Person, member, shop_of
from tests.core.receiving import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as listening:
        yield listening


def add(client: TestClient, who: Person, url: str, *, desk: str = "seller", **more: Any) -> dict[str, Any]:
    body = {"url": url, "kinds": list(KINDS), **more}
    answer = client.post(f"/v1/{desk}/webhooks", json=body, headers=who.headers | key())
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def goods(client: TestClient, who: Person, stock: int = 10) -> str:
    """A product on sale; returns its variant."""
    made = client.post("/v1/seller/products", json={"title": "Brass lamp"}, headers=who.headers).json()["id"]
    path = f"/v1/seller/products/{made}"
    line = {"price_minor": 999, "currency": "GBP"}
    variant = client.post(f"{path}/variants", json=line, headers=who.headers).json()["variants"][0]["id"]
    assert client.post(f"{path}/publish", headers=who.headers).status_code == 200
    put_stock(client, who, variant, stock)
    return str(variant)


def put_stock(client: TestClient, who: Person, variant: str, delta: int) -> None:
    path = f"/v1/seller/variants/{variant}/stock"
    assert client.post(path, json={"delta": delta}, headers=who.headers).status_code == 200


def relay(client: TestClient) -> tuple[int, int]:
    """Tell who is to be told, and bring webhooks to this machine."""
    shop = shop_of(client)
    done = deliver(notices_of(shop.settings, shop.clock), database=shop.database, clock=shop.clock)
    assert done.failed == 0

    def bring(url: str, content: str, headers: dict[str, str]) -> Answer:
        return post(url, content, headers=headers, local=True)

    return Courier(shop.database, shop.clock, bring).round()


def inbox(client: TestClient, who: Person, **page: Any) -> dict[str, Any]:
    answer = client.get("/v1/me/messages", headers=who.headers, params=page)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return dict(answer.json())


def kinds(client: TestClient, who: Person) -> list[str]:
    return [message["kind"] for message in inbox(client, who)["messages"]]


def test_a_seller_is_told_of_a_paid_order_by_message_and_by_webhook(
    empty_client: TestClient, receiver: Receiver
) -> None:
    client = empty_client
    sue = member(client, "sue@example.com", role="seller", seller="Sue")
    sid = member(client, "sid@example.com", role="seller", seller="Sid")
    tom = member(client, "tom@example.com", role="staff")
    ann = member(client)
    variant, other = goods(client, sue), goods(client, sid)
    made = add(client, sue, receiver.url)
    receiver.secret = made["secret"]
    order = checkout(client, ann, variant, 6)
    pay(client, ann, order["id"])
    pay(client, ann, checkout(client, ann, other)["id"])
    with receiving(Receiver()) as shop_wide:
        shop_wide.secret = add(client, tom, shop_wide.url, desk="staff")["secret"]
        order_later = checkout(client, ann, other)
        assert relay(client) == (3 + 6, 0)
        assert shop_wide.taken[0]["data"]["order"] == order["id"]
        assert shop_wide.taken[-1]["type"] in ("order.placed", "stock.low")
        assert order_later["id"] in str(shop_wide.taken)
    assert [body["type"] for body in receiver.taken] == ["order.placed", "order.paid", "stock.low"]
    assert receiver.taken[1]["data"]["lines"] == [
        {
            "line": 1,
            "variant": variant,
            "sku": receiver.taken[1]["data"]["lines"][0]["sku"],
            "quantity": 6,
            "cancelled": 0,
            "shipped": 0,
            "unit_price_minor": 999,
        }
    ]
    assert receiver.taken[2]["data"]["variants"][0]["available"] == 4
    assert sorted(kinds(client, sue)) == ["seller-order-paid", "stock-low"]
    newest = inbox(client, ann)["messages"][0]
    assert newest["kind"] == "order-placed"
    assert newest["link"].endswith(f"/orders/{order_later['id']}")
    assert kinds(client, ann).count("order-paid") == 2
    put_stock(client, sue, variant, 20)
    put_stock(client, sue, variant, -21)
    relay(client)
    assert kinds(client, sue).count("stock-low") == 1  # it had not risen when somebody looked
    put_stock(client, sue, variant, 20)
    relay(client)
    put_stock(client, sue, variant, -20)
    relay(client)
    assert kinds(client, sue).count("stock-low") == 2
    assert receiver.taken[-1]["data"]["variants"][0]["available"] == 3


def test_a_webhook_is_managed(empty_client: TestClient, receiver: Receiver) -> None:
    client = empty_client
    sue = member(client, "sue@example.com", role="seller", seller="Sue")
    made = add(client, sue, receiver.url, kinds=["order.paid"])
    path = f"/v1/seller/webhooks/{made['id']}"
    assert made["secret"].startswith("whsec_")
    listed = client.get("/v1/seller/webhooks", headers=sue.headers).json()["webhooks"]
    assert listed == [{name: value for name, value in made.items() if name != "secret"} | {"closed_until": None}]
    change = {"kinds": ["stock.low", "order.placed"]}
    changed = client.patch(path, json=change, headers=sue.headers).json()
    assert changed["kinds"] == ["order.placed", "stock.low"]
    receiver.secret = client.post(f"{path}/secret", headers=sue.headers | key()).json()["secret"]
    assert receiver.secret != made["secret"]
    sent = client.post(f"{path}/test", headers=sue.headers)
    assert (sent.status_code, sent.json()["status"]) == (201, "pending")
    assert relay(client) == (1, 0)
    assert receiver.taken[0]["type"] == "test"
    (shown,) = client.get(f"{path}/deliveries", headers=sue.headers).json()["deliveries"]
    assert (shown["status"], shown["attempts"], shown["last_status"]) == ("sent", 1, 204)
    again = client.post(f"{path}/deliveries/{shown['id']}/redeliver", headers=sue.headers).json()
    assert (again["status"], again["attempts"]) == ("pending", 0)
    assert relay(client) == (1, 0)
    assert receiver.ids() == [shown["id"]] * 2
    since = {"since": datetime(2026, 1, 1, tzinfo=UTC).isoformat()}
    assert client.post(f"{path}/redeliver", json=since, headers=sue.headers).json() == {"deliveries": 0}
    assert client.get(f"{path}/deliveries?status=dead", headers=sue.headers).json()["deliveries"] == []
    assert not client.patch(path, json={"active": False}, headers=sue.headers).json()["active"]
    assert client.post(f"{path}/test", headers=sue.headers).status_code == 409
    assert client.delete(path, headers=sue.headers).status_code == 204
    assert client.get(path, headers=sue.headers).status_code == 404


def test_deliveries_and_messages_come_in_pages(empty_client: TestClient) -> None:
    client = empty_client
    tom = member(client, "tom@example.com", role="staff")
    made = add(client, tom, "http://127.0.0.1:9/hook", desk="staff")
    path = f"/v1/staff/webhooks/{made['id']}"
    sent = [client.post(f"{path}/test", headers=tom.headers).json()["id"] for _ in range(5)]
    pages, before = [], None
    while True:
        asked = {"limit": 2} | ({"before": before} if before else {})
        page = client.get(f"{path}/deliveries", headers=tom.headers, params=asked).json()
        pages.append([one["id"] for one in page["deliveries"]])
        before = page["next"]
        if before is None:
            break
    assert pages == [sent[4:2:-1], sent[2:0:-1], sent[:1]]
    for _ in range(3):
        client.post("/v1/auth/password/forgot", json={"email": "tom@example.com"})
    first = inbox(client, tom, limit=2)
    rest = inbox(client, tom, limit=2, before=first["next"])
    assert [len(first["messages"]), len(rest["messages"]), rest["next"]] == [2, 1, None]


def test_a_link_that_opens_an_account_is_not_shown_again(empty_client: TestClient) -> None:
    ann = member(empty_client)
    empty_client.post("/v1/auth/password/forgot", json={"email": ann.email})
    (message,) = inbox(empty_client, ann)["messages"]
    assert message["kind"] == "reset-password"
    assert message["link"] == ""
    assert "(a link)" in message["text"]
    assert "token" not in message["text"]


@pytest.mark.parametrize(
    "body",
    [
        {"url": "http://169.254.169.254/latest/meta-data", "kinds": ["order.paid"]},
        {"url": "https://user:pass@x.example", "kinds": ["order.paid"]},
        {"url": "https://10.0.0.1/", "kinds": ["order.paid"]},
        {"url": "gopher://x.example", "kinds": ["order.paid"]},
        {"url": "https://x.example/\nHost: y", "kinds": ["order.paid"]},
        {"url": "https://x.example", "kinds": []},
        {"url": "https://x.example", "kinds": ["everything"]},
        {"url": "https://x.example"},
        {"url": "https://[", "kinds": ["order.paid"]},
    ],
)
def test_what_cannot_be_a_webhook_is_refused(empty_client: TestClient, body: dict[str, Any]) -> None:
    sue = member(empty_client, "sue@example.com", role="seller", seller="Sue")
    answer = empty_client.post("/v1/seller/webhooks", json=body, headers=sue.headers | key())
    assert answer.status_code in (400, 422), answer.text
    assert empty_client.get("/v1/seller/webhooks", headers=sue.headers).json() == {"webhooks": []}


def test_in_production_only_https_is_called() -> None:
    settings = load_settings(mode="production", secret="x" * 32, data_keys="y" * 32)
    shop = Shop(settings)
    shop.database.migrate()
    with TestClient(create_app(settings, shop=shop)) as client:
        sue = member(client, "sue@example.com", role="seller", seller="Sue")
        for url in ("http://x.example/hook", "http://127.0.0.1/hook", "https://127.0.0.1/hook"):
            body = {"url": url, "kinds": ["order.paid"]}
            answer = client.post("/v1/seller/webhooks", json=body, headers=sue.headers | key())
            assert answer.status_code == 400, url
        made = add(client, sue, "https://x.example/hook")
        changed = client.patch(
            f"/v1/seller/webhooks/{made['id']}", json={"url": "http://x.example"}, headers=sue.headers
        )
        assert changed.status_code == 400


def test_the_api_knows_the_kinds_that_the_core_has() -> None:
    assert WebhookKind.__args__ == KINDS  # type: ignore[attr-defined]
