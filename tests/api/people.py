"""People of a shop: they register through the API, and read their messages where the shop keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi.testclient import TestClient

from api.state import Shop
from core.accounts import find_account
from core.passwords import Passwords
from core.registration import Newcomer, create
from core.senders import opened_messages
from core.staffing import grant

PASSWORD = "a long sentence of mine"


@dataclass(frozen=True)
class Person:
    """Somebody who is logged in: `headers` for requests, and what logging in answered."""

    id: str
    email: str
    headers: dict[str, str]
    login: dict[str, Any]


@cache
def _password_hash() -> str:
    return Passwords().hash(PASSWORD)


def shop_of(client: TestClient) -> Shop:
    """The shop behind a client."""
    shop: Shop = client.app.state.shop  # type: ignore[attr-defined]
    return shop


def messages(client: TestClient, *, to: str) -> list[dict[str, str]]:
    """The messages to an address, the newest first."""
    with shop_of(client).database.read() as session:
        return [payload for _, _, payload in opened_messages(session, limit=1000) if payload["to"] == to]


def token_of(message: dict[str, str]) -> str:
    """The token of a message's link."""
    return message["link"].partition("#token=")[2]


def register(client: TestClient, email: str, **more: Any) -> None:
    """Register, and confirm the address by the link in the message."""
    answer = client.post("/v1/auth/register", json={"email": email, "password": PASSWORD, **more})
    assert answer.status_code == 202, answer.text
    token = token_of(messages(client, to=email)[0])
    assert client.post("/v1/auth/verify", json={"token": token}).status_code == 204


def log_in(client: TestClient, email: str, *, password: str = PASSWORD) -> Person:
    """Log in."""
    answer = client.post("/v1/auth/login", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    return Person(told["user"], email, {"Authorization": f"Bearer {told['access_token']}"}, told)


def member(
    client: TestClient, email: str = "ann@example.com", *, role: str = "customer", seller: str = ""
) -> Person:
    """A user of a role who is logged in; a seller has a seller's `seller` name."""
    shop = shop_of(client)
    with shop.database.write() as session:
        create(session, Newcomer(email), password_hash=_password_hash(), at=shop.clock(), verified=True)
        account = find_account(session, email)
        assert account is not None
        if role != "customer":
            name = seller or ("Seller of the tests" if role == "seller" else None)
            grant(session, account.user, role=role, seller_name=name, actor="system", at=shop.clock())
    return log_in(client, email)
