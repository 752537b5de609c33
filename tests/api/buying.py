"""A shopper's way through the API: an address, a cart, an order, a payment."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from fastapi.testclient import TestClient

from tests.api.people import Person

HOME = {
    "recipient": "Ann Example",
    "lines": "1 High Street",
    "city": "London",
    "postcode": "N1 1AA",
    "country": "GB",
}


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


def address(client: TestClient, who: Person) -> str:
    answer = client.post("/v1/me/addresses", json=HOME, headers=who.headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def filled(client: TestClient, who: Person, variant: str, quantity: int = 1) -> dict[str, Any]:
    cart = client.post("/v1/carts", headers=who.headers).json()["id"]
    line = {"quantity": quantity}
    answer = client.put(f"/v1/carts/{cart}/lines/{variant}?country=GB", json=line, headers=who.headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def checkout(client: TestClient, who: Person, variant: str, quantity: int = 1) -> dict[str, Any]:
    cart = filled(client, who, variant, quantity)
    body = {"cart": cart["id"], "address": address(client, who), "total_minor": cart["total_minor"]}
    answer = client.post("/v1/orders", json=body, headers={**who.headers, **key()})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def pay(client: TestClient, who: Person, order: str, outcome: str = "captured") -> dict[str, Any]:
    begun = client.post(
        f"/v1/orders/{order}/payments", json={"provider": "test"}, headers={**who.headers, **key()}
    )
    assert begun.status_code == 201, begun.text
    decide = begun.json()["action"]["decide"]
    answer = client.post(decide, json={"outcome": outcome}, headers=who.headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
