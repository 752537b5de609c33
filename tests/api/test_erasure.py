"""Erasing an account through the API: by its owner, by staff, and when it has to wait."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import col

from core import audit, erasure
from core.database import Database
from core.outbox_delivery import backlog
from core.providers.opening import open_providers
from core.relay import deliver
from core.settlement import Settlement
from core.tables import Order, User
from tests.api.buying import checkout, filled, key, pay
from tests.api.people import PASSWORD, Person, log_in, member, messages, register, shop_of
from tests.api.world import World, furnish

ANN = "ann@example.com"


@pytest.fixture
def world(client: TestClient) -> World:
    return furnish(client)


def erase(client: TestClient, who: Person, password: str = PASSWORD) -> int:
    return int(client.request("DELETE", "/v1/me", json={"password": password}, headers=who.headers).status_code)


def test_afterwards_every_token_is_dead_and_the_address_is_free(empty_client: TestClient) -> None:
    ann, phone = member(empty_client, ANN), log_in(empty_client, ANN)
    empty_client.post("/v1/auth/password/forgot", json={"email": ANN})
    assert messages(empty_client, to=ANN)
    assert erase(empty_client, ann) == 204
    for who in (ann, phone):
        assert empty_client.get("/v1/me", headers=who.headers).status_code == 401
        body = {"refresh_token": who.login["refresh_token"]}
        assert empty_client.post("/v1/auth/refresh", json=body).status_code == 401
    assert erase(empty_client, ann) == 401
    login = {"email": ANN, "password": PASSWORD}
    wrong = empty_client.post("/v1/auth/login", json={"email": "nobody@example.com", "password": PASSWORD})
    gone = empty_client.post("/v1/auth/login", json=login)
    assert (gone.status_code, gone.json()["detail"]) == (401, wrong.json()["detail"])
    assert messages(empty_client, to=ANN) == []
    register(empty_client, ANN)
    assert log_in(empty_client, ANN).id != ann.id


def test_a_wrong_password_counts_like_a_failed_login(empty_client: TestClient) -> None:
    ann = member(empty_client, ANN)
    assert [erase(empty_client, ann, "not it at all") for _ in range(6)] == [403] * 5 + [429]
    assert erase(empty_client, ann) == 429
    assert empty_client.post("/v1/auth/login", json={"email": ANN, "password": PASSWORD}).status_code == 429
    assert empty_client.get("/v1/me", headers=ann.headers).status_code == 200
    assert empty_client.request("DELETE", "/v1/me", headers=ann.headers).status_code == 422


def test_what_is_under_way_is_named_and_then_it_goes(world: World) -> None:
    client, ann = world.client, world.people["customer"]
    shop = shop_of(client)
    bob = world.people["other customer"]
    order = checkout(client, bob, world.ids["variant"], 2)["id"]
    pay(client, bob, order)
    unpaid = checkout(client, bob, world.ids["variant"])["id"]
    filled(client, bob, world.ids["variant"])
    body = {"json": {"password": PASSWORD}, "headers": bob.headers}
    held = client.request("DELETE", "/v1/me", **body)
    assert (held.status_code, order in held.json()["detail"]) == (409, True)
    assert client.get(f"/v1/orders/{unpaid}", headers=bob.headers).json()["status"] == "pending"
    cancelled = client.post(f"/v1/orders/{order}/cancel", json={}, headers={**bob.headers, **key()})
    assert cancelled.status_code == 200, cancelled.text
    owed = client.request("DELETE", "/v1/me", **body)
    assert (owed.status_code, "not been paid out" in owed.json()["detail"]) == (409, True)
    settlement = Settlement(shop.database, shop.clock, open_providers(shop.settings))
    deliver(settlement, database=shop.database, clock=shop.clock)
    assert erase(client, bob) == 204
    with shop.database.read() as session:
        orders = session.execute(
            select(col(Order.status), col(Order.address)).join(User).where(col(User.public_id) == bob.id)
        ).all()
        assert [tuple(row) for row in orders] == [("cancelled", None)] * 2
        last = audit.entries(session, limit=1)[0]
    assert (last.action, last.actor, last.subject) == ("user-erased", f"user:{bob.id}", bob.id)
    assert client.get("/v1/me", headers=ann.headers).json()["email"] == ann.email


def test_staff_erase_for_somebody_and_are_told_when_it_was_done(empty_client: TestClient) -> None:
    ann, tom = member(empty_client, ANN), member(empty_client, "tom@example.com", role="staff")
    sue = member(empty_client, "sue@example.com", role="seller")
    path = "/v1/staff/users/{}/erase"
    body = {"reason": "asked by letter"}
    for who in (sue, tom):
        held = empty_client.post(path.format(who.id), json=body, headers=tom.headers)
        assert held.status_code == 409, held.text
    assert erase(empty_client, sue) == erase(empty_client, tom) == 409
    first = empty_client.post(path.format(ann.id), json=body, headers=tom.headers)
    assert (first.status_code, first.json()["user"], first.json()["finished_at"]) == (200, ann.id, None)
    assert empty_client.get("/v1/me", headers=ann.headers).status_code == 401
    again = empty_client.post(path.format(ann.id), json=body, headers=tom.headers)
    assert again.json() == first.json()
    found = empty_client.get("/v1/staff/users", params={"email": ANN}, headers=tom.headers)
    assert found.json() == {"users": []}
    assert empty_client.post(path.format("u-none"), json=body, headers=tom.headers).status_code == 404
    database: Database = shop_of(empty_client).database
    with database.read() as session:
        assert [one.user for one in erasure.unfinished(session)] == [ann.id]
        assert audit.entries(session, limit=1)[0].detail["reason"] == "asked by letter"
        assert [line for line in backlog(session, now=shop_of(empty_client).clock()) if line.dead] == []
