"""Accounts and messages of a demonstration: they work, they are made once, and production has none of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.demo import ACCOUNTS
from core.errors import BadSettings, InvalidInput
from core.registration import Newcomer, create
from core.settings import Settings, load_settings
from pipelines.commands.serve import refuse_demo_accounts
from pipelines.house import open_house
from pipelines.sample.accounts import make_demo_accounts
from tests.api.people import PASSWORD, log_in, token_of

PRODUCTION = {"mode": "production", "secret": "s" * 32, "data_keys": "k" * 32}


def test_each_account_can_be_used_for_what_it_is(client: TestClient) -> None:
    accounts = client.get("/v1/demo/accounts").json()["accounts"]
    assert [account["role"] for account in accounts] == ["customer", "seller", "staff"]
    people = {one["role"]: log_in(client, one["email"], password=one["password"]) for one in accounts}
    assert {role: person.login["role"] for role, person in people.items()} == {role: role for role in people}
    addresses = client.get("/v1/me/addresses", headers=people["customer"].headers).json()["addresses"]
    assert [address["country"] for address in addresses] == ["GB"]
    goods = client.get("/v1/seller/products", headers=people["seller"].headers)
    assert goods.status_code == 200, goods.text
    assert len(goods.json()["products"]) > 0
    found = client.get("/v1/staff/users", params={"email": accounts[0]["email"]}, headers=people["staff"].headers)
    assert [user["id"] for user in found.json()["users"]] == [people["customer"].id]


def test_a_shop_without_the_accounts_offers_none(empty_client: TestClient) -> None:
    assert empty_client.get("/v1/demo/accounts").json() == {"accounts": []}


def test_they_are_made_once(shop_settings: Settings) -> None:
    with open_house(shop_settings) as house:
        assert make_demo_accounts(house) == 0


def test_who_registers_in_a_browser_finds_the_link(empty_client: TestClient) -> None:
    for email in ("ann@example.com", "bob@example.com"):
        body = {"email": email, "password": PASSWORD}
        assert empty_client.post("/v1/auth/register", json=body).status_code == 202
    (message,) = empty_client.get("/v1/demo/messages", params={"email": "ann@example.com"}).json()["messages"]
    assert message["kind"] == "verify-email"
    assert empty_client.post("/v1/auth/verify", json={"token": token_of(message)}).status_code == 204
    log_in(empty_client, "ann@example.com")
    assert empty_client.get("/v1/demo/messages", params={"email": "carl@example.com"}).json() == {"messages": []}


@pytest.mark.parametrize("path", ["/v1/demo/accounts", "/v1/demo/messages?email=shopper@demo.example"])
def test_production_has_none_of_it(shop_settings: Settings, path: str) -> None:
    production = Settings(home=shop_settings.home, **PRODUCTION)  # type: ignore[arg-type]
    with TestClient(create_app(production)) as client:
        answer = client.get(path)
    assert answer.status_code == 404
    assert "demo.example" not in answer.text


def test_production_makes_no_account_with_a_known_password(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "shop", **PRODUCTION)
    with open_house(settings) as house, pytest.raises(InvalidInput, match="known password"):
        make_demo_accounts(house)


def test_a_home_with_such_accounts_is_not_served_in_production(tmp_path: Path) -> None:
    development = load_settings(home=tmp_path / "home", data_keys=PRODUCTION["data_keys"])
    with open_house(development) as house:
        with house.database.write() as session:
            create(session, Newcomer(ACCOUNTS[0].email), password_hash="x", at=house.clock(), verified=True)
        refuse_demo_accounts(house)
    with (
        open_house(load_settings(home=tmp_path / "home", **PRODUCTION)) as house,
        pytest.raises(BadSettings, match="shopper@demo"),
    ):
        refuse_demo_accounts(house)
