"""Buying through the API, from a guest's cart to the parcel at the door."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from api.state import Shop
from core.relay import deliver
from core.settlement import Settlement
from core.staffing import grant
from tests.api.buying import address, checkout, filled, key, pay
from tests.api.people import Person, log_in, member
from tests.api.shops import change_product


@pytest.fixture
def ann(client: TestClient) -> Person:
    return member(client, "ann@example.com")


@pytest.fixture
def lamp(shop: Shop) -> str:
    """The variant of a lamp at 9.99 of which there are five."""
    change_product(shop, "lamp", stock=5, title="Brass desk lamp")
    return "lamp-v"


def test_from_a_guests_cart_to_the_parcel_at_the_door(client: TestClient, shop: Shop, lamp: str) -> None:
    guest = client.post("/v1/carts").json()
    opened = {"Merx-Cart-Key": guest["key"]}
    shown = client.put(f"/v1/carts/{guest['id']}/lines/{lamp}", json={"quantity": 2}, headers=opened).json()
    assert (shown["total_minor"], shown["lines"][0]["available"]) == (1998, 5)

    ann = member(client, "ann@example.com")
    merged = client.post(f"/v1/carts/{guest['id']}/merge", headers={**opened, **ann.headers}).json()
    assert merged["lines"][0]["quantity"] == 2
    assert client.get(f"/v1/carts/{guest['id']}", headers=opened).status_code == 404

    body = {"cart": merged["id"], "address": address(client, ann), "total_minor": 1998}
    order = client.post("/v1/orders", json=body, headers={**ann.headers, **key()}).json()
    assert (order["status"], order["address"]["city"]) == ("pending", "London")
    paid = pay(client, ann, order["id"])
    assert (paid["status"], paid["payments"][0]["status"]) == ("paid", "captured")

    bob = member(client, "bob@example.com")  # of another shop in the house
    sue = member(client, "sue@example.com")
    with shop.database.write() as session:
        grant(session, bob.id, role="seller", seller_name="Bob's", actor="system", at=shop.clock())
        grant(session, sue.id, role="seller", seller="new-seller", actor="system", at=shop.clock())
    bob, sue = log_in(client, bob.email), log_in(client, sue.email)  # another role is another login
    assert client.get(f"/v1/seller/orders/{order['id']}", headers=bob.headers).status_code == 404
    (waiting,) = client.get("/v1/seller/orders?status=paid", headers=sue.headers).json()["orders"]
    assert (waiting["address"]["recipient"], waiting["lines"][0]["quantity"]) == ("Ann Example", 2)
    path = f"/v1/seller/orders/{order['id']}/shipments"
    packed = client.post(path, json={}, headers={**sue.headers, **key()})
    assert packed.status_code == 201, packed.text
    parcel = packed.json()["id"]
    sent = {"carrier": "Royal Mail", "tracking_number": "RM1"}
    for who, status in ((bob, 404), (sue, 200)):
        answer = client.post(f"/v1/seller/shipments/{parcel}/send", json=sent, headers={**who.headers, **key()})
        assert answer.status_code == status, answer.text
    seen = client.get(f"/v1/orders/{order['id']}", headers=ann.headers).json()
    assert (seen["status"], seen["shipments"][0]["tracking_number"]) == ("shipped", "RM1")
    late = client.post(f"/v1/orders/{order['id']}/cancel", json={}, headers={**ann.headers, **key()})
    assert late.status_code == 409
    received = client.post(f"/v1/orders/shipments/{parcel}/received", headers={**ann.headers, **key()})
    assert received.json()["status"] == "delivered"
    assert client.get(f"/v1/orders/{order['id']}", headers=ann.headers).json()["status"] == "delivered"


def test_what_was_ordered_can_be_cancelled_and_comes_back(
    client: TestClient, shop: Shop, ann: Person, lamp: str
) -> None:
    order = checkout(client, ann, lamp, 3)
    pay(client, ann, order["id"])
    assert client.get("/v1/products/lamp").json()["variants"][0]["stock"] == 2
    part = {"lines": [{"line": 1, "quantity": 1}], "reason": "one is enough"}
    answer = client.post(f"/v1/orders/{order['id']}/cancel", json=part, headers={**ann.headers, **key()}).json()
    assert (answer["status"], answer["lines"][0]["cancelled"]) == ("paid", 1)
    assert [(refund["amount_minor"], refund["status"]) for refund in answer["refunds"]] == [(999, "requested")]
    whole = client.post(f"/v1/orders/{order['id']}/cancel", json={}, headers={**ann.headers, **key()}).json()
    assert whole["status"] == "cancelled"
    deliver(Settlement(shop.database, shop.clock, shop.providers), database=shop.database, clock=shop.clock)
    seen = client.get(f"/v1/orders/{order['id']}", headers=ann.headers).json()
    assert [refund["status"] for refund in seen["refunds"]] == ["settled", "settled"]
    assert seen["payments"][0]["refunded_minor"] == seen["total_minor"] == 2997
    history = client.get(f"/v1/orders/{order['id']}/history", headers=ann.headers).json()["transitions"]
    assert [(step["subject"], step["after"]) for step in history][:5] == [
        ("order", "pending"),
        ("payment", "created"),
        ("payment", "pending"),
        ("payment", "captured"),
        ("order", "paid"),
    ]


def test_a_failed_payment_can_be_made_again(client: TestClient, ann: Person, lamp: str) -> None:
    order = checkout(client, ann, lamp)
    failed = pay(client, ann, order["id"], "failed")
    assert (failed["status"], failed["payments"][0]["failure"]) == ("pending", "the shopper's bank refused")
    assert pay(client, ann, order["id"])["status"] == "paid"


def test_a_key_is_its_users_own_and_has_to_be_there(client: TestClient, ann: Person, lamp: str) -> None:
    cart = filled(client, ann, lamp, 2)
    body = {"cart": cart["id"], "address": address(client, ann), "total_minor": cart["total_minor"]}
    headers = {**ann.headers, **key()}
    assert client.post("/v1/orders", json=body, headers=headers).status_code == 201
    bob = member(client, "bob@example.com")
    assert client.post("/v1/orders", json=body, headers={**headers, **bob.headers}).status_code == 404
    assert client.post("/v1/orders", json=body, headers=ann.headers).status_code == 422


def test_a_cart_says_what_has_changed(client: TestClient, shop: Shop, ann: Person, lamp: str) -> None:
    cart = filled(client, ann, lamp, 4)
    change_product(shop, "lamp", stock=3)
    line = client.get(f"/v1/carts/{cart['id']}", headers=ann.headers).json()["lines"][0]
    assert (line["changes"], line["available"]) == (["stock"], 3)
    body = {"cart": cart["id"], "address": address(client, ann), "total_minor": cart["total_minor"]}
    refused = client.post("/v1/orders", json=body, headers={**ann.headers, **key()})
    assert refused.status_code == 409
    assert refused.json()["ids"] == {"variants": {"lamp-v": 3}}


def test_a_voucher_from_the_back_office(client: TestClient, ann: Person, lamp: str) -> None:
    staff = member(client, "staff@example.com", role="staff")
    new = {"code": "Ten", "kind": "percent", "value": 1000, "currency": "GBP", "user_limit": 1}
    made = client.post("/v1/staff/vouchers", json=new, headers={**staff.headers, **key()})
    assert made.status_code == 201, made.text
    cart = filled(client, ann, lamp, 2)["id"]
    assert client.put(f"/v1/carts/{cart}/voucher", json={"code": "none"}, headers=ann.headers).status_code == 404
    shown = client.put(f"/v1/carts/{cart}/voucher", json={"code": " ten "}, headers=ann.headers).json()
    assert (shown["voucher"], shown["discount_minor"], shown["total_minor"]) == ("TEN", 199, 1799)
    assert client.post(f"/v1/staff/vouchers/{made.json()['id']}/end", headers=staff.headers).status_code == 204
    ended = client.get(f"/v1/carts/{cart}", headers=ann.headers).json()
    assert (ended["discount_minor"], ended["voucher_problem"]) == (0, "the voucher has ended")


def test_others_orders_and_carts_are_as_if_they_were_not_there(client: TestClient, ann: Person, lamp: str) -> None:
    order = checkout(client, ann, lamp)["id"]
    cart = filled(client, ann, lamp)["id"]
    bob = member(client, "bob@example.com")
    for method, path, body in (
        ("GET", "/v1/orders/{}", None),
        ("GET", "/v1/orders/{}/history", None),
        ("GET", "/v1/orders/{}/stream", None),
        ("POST", "/v1/orders/{}/cancel", {}),
        ("POST", "/v1/orders/{}/payments", {"provider": "test"}),
    ):
        answers = []
        for name in (order, "o-none"):
            headers = {**bob.headers, **key()}
            answer = client.request(method, path.format(name), json=body, headers=headers)
            assert answer.status_code == 404, (path, answer.text)
            answers.append(answer.text.replace(name, "ID"))
        assert answers[0] == answers[1], path
    for headers in (bob.headers, {}, {"Merx-Cart-Key": "k-wrong"}):
        found = client.get(f"/v1/carts/{cart}", headers=headers)
        missing = client.get("/v1/carts/c-none", headers=headers)
        assert found.status_code == missing.status_code == 404
        assert found.text.replace(cart, "ID") == missing.text.replace("c-none", "ID")
