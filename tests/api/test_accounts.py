"""Registering, logging in and out, and the links in messages, through the API."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from core.accounts import find_account
from core.passwords import Passwords
from tests.api.people import PASSWORD, Person, log_in, member, messages, register, shop_of, token_of

ANN = "ann@example.com"


def login(client: TestClient, email: str = ANN, password: str = PASSWORD) -> Response:
    return client.post("/v1/auth/login", json={"email": email, "password": password})


def refresh(client: TestClient, token: str) -> Response:
    return client.post("/v1/auth/refresh", json={"refresh_token": token})


def later(client: TestClient, **ago: float) -> None:
    """Let time pass for the shop."""
    moment: datetime = shop_of(client).clock() + timedelta(**ago)
    shop_of(client).clock = lambda: moment


def told(answer: Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()


def test_registering_opens_an_account_once_the_address_is_confirmed(empty_client: TestClient) -> None:
    body = {"email": ANN, "password": PASSWORD, "name": "Ann", "country": "GB"}
    answer = empty_client.post("/v1/auth/register", json=body)
    assert answer.status_code == 202
    unconfirmed = login(empty_client)
    assert unconfirmed.status_code == 401
    assert unconfirmed.headers["www-authenticate"] == "Bearer"
    assert unconfirmed.json() == login(empty_client, "nobody@example.com").json()
    message = messages(empty_client, to=ANN)[0]
    assert message["link"].startswith("http://127.0.0.1:8000/account/verify#token=")
    assert message["link"] in message["text"]
    for _ in range(2):
        answer = empty_client.post("/v1/auth/verify", json={"token": token_of(message)})
        assert answer.status_code == 204
    entered = login(empty_client, "ANN@Example.com").json()
    assert entered["role"] == "customer"
    assert entered["expires_in"] == 600
    assert entered["shopper"]


def test_registering_an_address_again_tells_its_owner_and_nobody_else(empty_client: TestClient) -> None:
    first = empty_client.post("/v1/auth/register", json={"email": ANN, "password": PASSWORD})
    empty_client.post("/v1/auth/verify", json={"token": token_of(messages(empty_client, to=ANN)[0])})
    again = empty_client.post("/v1/auth/register", json={"email": "Ann@example.com", "password": "x" * 12})
    assert told(again) == told(first)
    newest = messages(empty_client, to=ANN)[0]
    assert newest["kind"] == "already-registered"
    assert login(empty_client, password="x" * 12).status_code == 401
    assert login(empty_client).status_code == 200
    body = {"token": token_of(newest), "password": "another sentence"}
    assert empty_client.post("/v1/auth/password/reset", json=body).status_code == 204
    assert login(empty_client, password="another sentence").status_code == 200


def test_whoever_registers_first_does_not_choose_the_owners_password(empty_client: TestClient) -> None:
    empty_client.post("/v1/auth/register", json={"email": ANN, "password": "the password of a thief"})
    stale = token_of(messages(empty_client, to=ANN)[0])
    empty_client.post("/v1/auth/register", json={"email": ANN, "password": PASSWORD})
    assert empty_client.post("/v1/auth/verify", json={"token": stale}).status_code == 400
    fresh = token_of(messages(empty_client, to=ANN)[0])
    assert empty_client.post("/v1/auth/verify", json={"token": fresh}).status_code == 204
    assert login(empty_client, password="the password of a thief").status_code == 401
    assert login(empty_client).status_code == 200


def test_a_link_is_good_for_a_day_and_for_its_purpose(empty_client: TestClient) -> None:
    empty_client.post("/v1/auth/register", json={"email": ANN, "password": PASSWORD})
    token = token_of(messages(empty_client, to=ANN)[0])
    body = {"token": token, "password": "another sentence"}
    assert empty_client.post("/v1/auth/password/reset", json=body).status_code == 400
    assert empty_client.post("/v1/auth/email", json={"token": token}).status_code == 400
    later(empty_client, hours=24)
    assert empty_client.post("/v1/auth/verify", json={"token": token}).status_code == 400


BAD: list[dict[str, str]] = [
    {"password": "short"},
    {"password": "x" * 257},
    {"password": "ANN@example.com"},
    {"password": "\ud800 and more of it"},
    {"email": "ann"},
    {"email": "a\x00nn@example.com"},
    {"email": "a" * 250 + "@example.com"},
    {"name": "A\x00nn"},
    {"name": "\ud800"},
    {"phone": "call me"},
    {"country": "England"},
    {"role": "staff"},
]


def test_bad_input_is_refused_and_not_repeated(empty_client: TestClient) -> None:
    for body in BAD:
        given = json.dumps({"email": ANN, "password": PASSWORD} | body)
        headers = {"Content-Type": "application/json"}
        answer = empty_client.post("/v1/auth/register", content=given, headers=headers)
        assert answer.status_code in (400, 422), body
        assert "sentence of mine" not in answer.text, body
    assert messages(empty_client, to=ANN) == []


def test_an_access_token_ends_with_its_time_and_with_its_session(empty_client: TestClient) -> None:
    ann = member(empty_client)
    assert empty_client.get("/v1/me", headers=ann.headers).status_code == 200
    later(empty_client, minutes=10)
    stale = empty_client.get("/v1/me", headers=ann.headers)
    assert stale.status_code == 401
    assert stale.headers["www-authenticate"] == "Bearer"
    renewed = refresh(empty_client, ann.login["refresh_token"]).json()
    headers = {"Authorization": f"Bearer {renewed['access_token']}"}
    assert empty_client.get("/v1/me", headers=headers).status_code == 200
    assert empty_client.post("/v1/auth/logout", json={}, headers=headers).status_code == 204
    assert empty_client.get("/v1/me", headers=headers).status_code == 401
    assert refresh(empty_client, renewed["refresh_token"]).status_code == 401


def test_nobody_is_logged_in_by_something_else(empty_client: TestClient) -> None:
    for header in ("", "Bearer", "Bearer x.y.z", "Basic YTpi", "Bearer \xe9", "Bearer " + "a" * 5000):
        answer = empty_client.get("/v1/me", headers=[(b"authorization", header.encode("latin-1"))])
        assert answer.status_code == 401, header
        assert answer.headers["content-type"] == "application/problem+json"


def test_logging_out_everywhere_ends_all_sessions(empty_client: TestClient) -> None:
    one = member(empty_client)
    other = log_in(empty_client, ANN)
    assert empty_client.post("/v1/auth/logout", json={"everywhere": True}, headers=one.headers).status_code == 204
    for person in (one, other):
        assert empty_client.get("/v1/me", headers=person.headers).status_code == 401
        assert refresh(empty_client, person.login["refresh_token"]).status_code == 401


def test_a_refresh_token_that_is_used_twice_ends_its_session_alone(empty_client: TestClient) -> None:
    ann = member(empty_client)
    other = log_in(empty_client, ANN)
    second = refresh(empty_client, ann.login["refresh_token"]).json()
    assert second["session"] == ann.login["session"]
    assert refresh(empty_client, ann.login["refresh_token"]).status_code == 401
    assert refresh(empty_client, second["refresh_token"]).status_code == 401
    headers = {"Authorization": f"Bearer {second['access_token']}"}
    assert empty_client.get("/v1/me", headers=headers).status_code == 401
    assert empty_client.get("/v1/me", headers=other.headers).status_code == 200


def test_a_refresh_token_that_is_not_used_gets_old(empty_client: TestClient) -> None:
    ann = member(empty_client)
    later(empty_client, days=30)
    assert refresh(empty_client, ann.login["refresh_token"]).status_code == 401


def test_failures_lock_an_account_known_or_not_in_the_same_words(empty_client: TestClient) -> None:
    member(empty_client)
    moment = shop_of(empty_client).clock()
    shop_of(empty_client).clock = lambda: moment

    def locked_out(email: str) -> tuple[int, Any]:
        for _ in range(5):
            assert login(empty_client, email, "wrong password").status_code == 401
        answer = login(empty_client, email, PASSWORD)
        assert answer.headers["retry-after"] == "900"
        return told(answer)

    known, unknown = locked_out(ANN), locked_out("nobody@example.com")
    assert known == unknown
    assert known[0] == 429
    later(empty_client, minutes=15)
    assert login(empty_client).status_code == 200


def test_a_success_in_between_begins_the_count_anew(empty_client: TestClient) -> None:
    member(empty_client)
    for password in ["wrong password"] * 4 + [PASSWORD] + ["wrong password"] * 4 + [PASSWORD]:
        assert login(empty_client, password=password).status_code == (200 if password == PASSWORD else 401)


def test_failures_from_one_address_lock_the_address(empty_client: TestClient) -> None:
    member(empty_client)
    for number in range(20):
        assert login(empty_client, f"a{number}@example.com", "wrong password").status_code == 401
    assert login(empty_client).status_code == 429
    with TestClient(empty_client.app, client=("203.0.113.7", 1234)) as elsewhere:
        assert login(elsewhere).status_code == 200


def test_of_many_guesses_at_once_no_more_than_the_limit_are_tried(
    empty_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    member(empty_client)
    checks, counting = [], threading.Lock()
    check = Passwords.check

    def counted(self: Passwords, password: str, kept: str | None) -> tuple[bool, str | None]:
        with counting:
            checks.append(password)
        return check(self, password, kept)

    monkeypatch.setattr(Passwords, "check", counted)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda n: login(empty_client, password=f"wrong {n}").status_code, range(12)))
    assert len(checks) == 5
    assert sorted(answers) == [401] * 5 + [429] * 7


def test_an_unknown_user_costs_as_many_hashes_as_a_known_one(
    empty_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    member(empty_client)
    empty_client.post("/v1/auth/register", json={"email": "late@example.com", "password": PASSWORD})
    hashing = shop_of(empty_client).passwords._hashing
    verifications: list[str] = []
    verify = hashing.current_hasher.verify

    def counted(password: str | bytes, kept: str | bytes) -> bool:
        verifications.append("once")
        return verify(password, kept)

    monkeypatch.setattr(hashing.current_hasher, "verify", counted)
    costs = []
    for email in (ANN, "nobody@example.com", "late@example.com"):
        verifications.clear()
        assert login(empty_client, email, "wrong password").status_code == 401
        costs.append(len(verifications))
    assert costs == [1, 1, 1]


def test_a_hash_with_older_parameters_is_renewed_by_logging_in(empty_client: TestClient) -> None:
    shop = shop_of(empty_client)
    current = shop.passwords
    shop.passwords = Passwords(memory_kib=19_456)
    register(empty_client, ANN)
    old = kept_hash(empty_client)
    shop.passwords = current
    log_in(empty_client, ANN)
    assert "m=19456" in old
    assert "m=32768" in kept_hash(empty_client)
    log_in(empty_client, ANN)


def kept_hash(client: TestClient) -> str:
    with shop_of(client).database.read() as session:
        account = find_account(session, ANN)
    assert account is not None
    return account.password_hash or ""


def test_a_forgotten_password_is_replaced_by_a_link_for_one_use(empty_client: TestClient) -> None:
    ann = member(empty_client)
    known = empty_client.post("/v1/auth/password/forgot", json={"email": ANN})
    unknown = empty_client.post("/v1/auth/password/forgot", json={"email": "nobody@example.com"})
    assert told(known) == told(unknown)
    assert known.status_code == 202
    assert messages(empty_client, to="nobody@example.com") == []
    body = {"token": token_of(messages(empty_client, to=ANN)[0]), "password": "another sentence"}
    for _ in range(5):
        login(empty_client, password="wrong password")
    assert empty_client.post("/v1/auth/password/reset", json=body | {"password": ANN}).status_code == 400
    assert empty_client.post("/v1/auth/password/reset", json=body).status_code == 204
    assert empty_client.post("/v1/auth/password/reset", json=body).status_code == 400
    assert empty_client.get("/v1/me", headers=ann.headers).status_code == 401
    assert login(empty_client, password="another sentence").status_code == 200
    assert login(empty_client).status_code == 401


def test_nobody_is_flooded_with_messages(empty_client: TestClient) -> None:
    ask = [empty_client.post("/v1/auth/password/forgot", json={"email": ANN}).status_code for _ in range(6)]
    assert ask == [202] * 5 + [429]


def test_a_changed_password_ends_the_other_sessions(empty_client: TestClient) -> None:
    ann = member(empty_client)
    other = log_in(empty_client, ANN)
    body = {"current": "not the password", "new": "another sentence"}
    assert empty_client.post("/v1/me/password", json=body, headers=ann.headers).status_code == 403
    body["current"] = PASSWORD
    assert empty_client.post("/v1/me/password", json=body, headers=ann.headers).status_code == 204
    assert empty_client.get("/v1/me", headers=ann.headers).status_code == 200
    assert empty_client.get("/v1/me", headers=other.headers).status_code == 401
    assert login(empty_client, password="another sentence").status_code == 200


def test_a_thief_of_a_token_cannot_guess_the_password(empty_client: TestClient) -> None:
    ann = member(empty_client)
    body = {"current": "not the password", "new": "another sentence"}
    answers = [empty_client.post("/v1/me/password", json=body, headers=ann.headers).status_code for _ in range(6)]
    assert answers == [403] * 5 + [429]


def ask_for(client: TestClient, person: Person, email: str) -> Response:
    return client.post("/v1/me/email", json={"email": email, "password": PASSWORD}, headers=person.headers)


def test_a_new_address_is_the_users_once_it_is_confirmed(empty_client: TestClient) -> None:
    ann = member(empty_client)
    assert ask_for(empty_client, ann, "ann@new.example").status_code == 202
    assert empty_client.get("/v1/me", headers=ann.headers).json()["email"] == ANN
    token = token_of(messages(empty_client, to="ann@new.example")[0])
    for _ in range(2):
        assert empty_client.post("/v1/auth/email", json={"token": token}).status_code == 204
    assert empty_client.get("/v1/me", headers=ann.headers).json()["email"] == "ann@new.example"
    assert messages(empty_client, to=ANN)[0]["kind"] == "email-changed"
    assert login(empty_client, "ann@new.example").status_code == 200
    assert login(empty_client).status_code == 401


def test_the_address_of_another_cannot_be_taken_nor_found_out(empty_client: TestClient) -> None:
    ann, _ = member(empty_client), member(empty_client, "ben@example.com")
    free, taken = ask_for(empty_client, ann, "free@example.com"), ask_for(empty_client, ann, "ben@example.com")
    assert told(free) == told(taken)
    assert messages(empty_client, to="ben@example.com")[0]["kind"] == "already-registered"
    register(empty_client, "free@example.com")
    token = token_of(messages(empty_client, to="free@example.com")[-1])
    assert empty_client.post("/v1/auth/email", json={"token": token}).status_code == 409
    assert empty_client.get("/v1/me", headers=ann.headers).json()["email"] == ANN


def test_a_guests_key_that_is_nobodys_becomes_the_users(empty_client: TestClient) -> None:
    register(empty_client, ANN, shopper="guest-of-the-shop")
    assert log_in(empty_client, ANN).login["shopper"] == "guest-of-the-shop"
    register(empty_client, "ben@example.com", shopper="guest-of-the-shop")
    assert log_in(empty_client, "ben@example.com").login["shopper"] not in ("guest-of-the-shop", None)
