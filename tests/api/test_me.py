"""The personal centre: one's own data, and nobody else's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from api.state import Shop
from core.accounts import find_account
from core.bulk import json_text
from core.database import vault_of
from core.shown import Place, Shown, hide, record_shown
from core.tables import (
    AuditEntry,
    Cart,
    CartLine,
    Order,
    OrderLine,
    Payment,
    Product,
    Refund,
    RefundLine,
    Review,
    Seller,
    Variant,
)
from tests.api.people import PASSWORD, Person, log_in, member, shop_of

HOME = {"recipient": "Ann Example", "lines": "1 High Street\nFlat 2", "city": "London", "country": "GB"}
ANN, BEN = "ann@example.com", "ben@example.com"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def ann(empty_client: TestClient) -> Person:
    return member(empty_client, ANN)


@pytest.fixture
def ben(empty_client: TestClient) -> Person:
    return member(empty_client, BEN)


def add_goods(shop: Shop) -> None:
    """A published lamp and a rug that is a draft."""
    with shop.database.write() as session:
        session.add(Seller(public_id="s", name="Seller", created_at=NOW))
        session.flush()
        for id, status in (("lamp", "published"), ("rug", "draft")):
            product = Product(
                public_id=id, seller_id=1, title=id.title(), status=status, created_at=NOW, updated_at=NOW
            )
            session.add(product)
            session.flush()
            assert product.id is not None
            session.add(
                Variant(public_id=f"{id}-v", product_id=product.id, sku=id, price_minor=100, currency="EUR")
            )


def test_a_profile_is_changed_in_parts(empty_client: TestClient, ann: Person) -> None:
    given = {"name": " Ann Example ", "phone": "+44 20 7946 0958", "country": "GB"}
    changed = empty_client.patch("/v1/me", json=given, headers=ann.headers).json()
    assert (changed["name"], changed["phone"], changed["country"]) == ("Ann Example", given["phone"], "GB")
    changed = empty_client.patch("/v1/me", json={"phone": None}, headers=ann.headers).json()
    assert (changed["name"], changed["phone"], changed["country"]) == ("Ann Example", "", "GB")
    assert empty_client.get("/v1/me", headers=ann.headers).json() == changed
    assert changed["email"] == ANN
    assert changed["shopper"] == ann.login["shopper"]
    assert empty_client.patch("/v1/me", json={"role": "staff"}, headers=ann.headers).status_code == 422


def test_addresses_come_and_go(empty_client: TestClient, ann: Person) -> None:
    def parts(address: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in address.items() if name not in ("id", "created_at")}

    added = empty_client.post("/v1/me/addresses", json=HOME, headers=ann.headers)
    assert added.status_code == 201
    assert parts(added.json()) == HOME | {"postcode": "", "phone": ""}
    path = f"/v1/me/addresses/{added.json()['id']}"
    moved = HOME | {"city": "Leeds", "postcode": "LS1"}
    assert empty_client.put(path, json=moved, headers=ann.headers).json()["city"] == "Leeds"
    assert empty_client.get(path, headers=ann.headers).json()["postcode"] == "LS1"
    listed = empty_client.get("/v1/me/addresses", headers=ann.headers).json()["addresses"]
    assert [parts(address) for address in listed] == [moved | {"phone": ""}]
    assert empty_client.delete(path, headers=ann.headers).status_code == 204
    assert empty_client.delete(path, headers=ann.headers).status_code == 404


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_an_address_of_another_is_answered_like_one_that_is_not(
    empty_client: TestClient, ann: Person, ben: Person, method: str
) -> None:
    theirs = empty_client.post("/v1/me/addresses", json=HOME, headers=ben.headers).json()["id"]
    body = {"json": HOME} if method == "put" else {}
    answers = [
        empty_client.request(method, f"/v1/me/addresses/{id}", headers=ann.headers, **body)  # type: ignore[arg-type]
        for id in (theirs, "a-" + "0" * 20)
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    words = [answer.text.replace(theirs, "ID").replace("a-" + "0" * 20, "ID") for answer in answers]
    assert words[0] == words[1]
    assert len(empty_client.get("/v1/me/addresses", headers=ben.headers).json()["addresses"]) == 1


def test_a_bad_address_is_refused(empty_client: TestClient, ann: Person) -> None:
    for change in (
        *({"city": ""}, {"lines": "a\x00b"}, {"recipient": "x" * 201}),
        *({"country": "gb"}, {"planet": "Earth"}, {"phone": "none"}),
    ):
        answer = empty_client.post("/v1/me/addresses", json=HOME | change, headers=ann.headers)
        assert answer.status_code == 422, change


def test_favourites_are_products_that_are_shown(empty_client: TestClient, ann: Person, ben: Person) -> None:
    add_goods(shop_of(empty_client))

    def marked(person: Person) -> list[tuple[str, str, bool]]:
        told = empty_client.get("/v1/me/favourites", headers=person.headers).json()["favourites"]
        return [(one["product"], one["title"], one["published"]) for one in told]

    for _ in range(2):
        assert empty_client.put("/v1/me/favourites/lamp", headers=ann.headers).status_code == 204
    assert marked(ann) == [("lamp", "Lamp", True)]
    assert marked(ben) == []
    draft = empty_client.put("/v1/me/favourites/rug", headers=ann.headers)
    missing = empty_client.put("/v1/me/favourites/vase", headers=ann.headers)
    assert draft.status_code == missing.status_code == 404
    assert draft.text.replace("rug", "vase") == missing.text
    assert empty_client.delete("/v1/me/favourites/lamp", headers=ben.headers).status_code == 204
    assert marked(ann) == [("lamp", "Lamp", True)]
    assert empty_client.delete("/v1/me/favourites/lamp", headers=ann.headers).status_code == 204
    assert marked(ann) == []


def test_a_session_is_ended_from_another(empty_client: TestClient, ann: Person, ben: Person) -> None:
    phone = log_in(empty_client, ANN)
    listed = empty_client.get("/v1/me/sessions", headers=ann.headers).json()["sessions"]
    assert [(one["id"], one["current"]) for one in listed] == [
        (phone.login["session"], False),
        (ann.login["session"], True),
    ]
    path = f"/v1/me/sessions/{phone.login['session']}"
    assert empty_client.delete(path, headers=ben.headers).status_code == 404
    assert empty_client.delete(path, headers=ann.headers).status_code == 204
    assert empty_client.get("/v1/me", headers=phone.headers).status_code == 401
    assert len(empty_client.get("/v1/me/sessions", headers=ann.headers).json()["sessions"]) == 1


def test_an_id_that_cannot_be_is_no_server_error(empty_client: TestClient, ann: Person) -> None:
    for path in ("addresses/a%00b", "addresses/%ff", "sessions/" + "x" * 300, "favourites/%ed%a0%80"):
        answer = empty_client.delete(f"/v1/me/{path}", headers=ann.headers)
        assert answer.status_code in (204, 404, 422), path


def trade(session: Session, email: str, *, mark: str) -> None:
    """A user with something in every table the export reads; `mark` tells whose it is."""
    account = find_account(session, email)
    assert account is not None
    user = account.row
    lamp = session.exec(select(Variant).where(Variant.sku == "lamp")).one().id
    assert lamp is not None
    sealed = vault_of(session).seal(json_text({"recipient": f"{mark} at home", "lines": "", "city": "L"}))
    order = Order(
        public_id=f"o-{mark}",
        user_id=user,
        currency="EUR",
        goods_minor=200,
        total_minor=200,
        address=sealed,
        country="GB",
        placed_at=NOW,
    )
    cart = Cart(public_id=f"c-{mark}", user_id=user, currency="EUR", created_at=NOW, updated_at=NOW)
    refund = Refund(
        public_id=f"r-{mark}", amount_minor=100, currency="EUR", reason=f"{mark} did not like it", at=NOW
    )
    session.add_all([order, cart])
    session.flush()
    refund.order_id = order.id
    session.add(refund)
    session.flush()
    assert cart.id is not None
    assert order.id is not None
    assert refund.id is not None
    line = {"variant_id": lamp, "title": f"Lamp of {mark}"}
    more = {"order_id": order.id, "currency": "EUR", "created_at": NOW}
    session.add_all(
        [
            OrderLine(order_id=order.id, line_number=1, quantity=2, unit_price_minor=100, **line),
            CartLine(cart_id=cart.id, variant_id=lamp, quantity=3, price_seen_minor=100),
            Payment(public_id=f"p-{mark}", provider="test", amount_minor=200, **more),
            RefundLine(refund_id=refund.id, line_number=1, quantity=1, amount_minor=100, **line),
            Review(public_id=f"v-{mark}", product_id=1, user_id=user, score=4, title=mark, created_at=NOW),
            Review(
                public_id=f"w-{mark}",
                subject="seller",
                seller_id=1,
                user_id=user,
                score=5,
                text=mark,
                created_at=NOW,
            ),
        ]
    )


def test_the_export_has_everything_of_one_and_nothing_of_others(
    empty_client: TestClient, ann: Person, ben: Person
) -> None:
    add_goods(shop_of(empty_client))
    for person, mark in ((ann, "annas"), (ben, "bens")):
        with shop_of(empty_client).database.write() as session:
            trade(session, person.email, mark=mark)
        empty_client.post("/v1/me/addresses", json=HOME | {"recipient": mark}, headers=person.headers)
        empty_client.put("/v1/me/favourites/lamp", headers=person.headers)
        empty_client.patch("/v1/me", json={"name": mark}, headers=person.headers)
        event = {"shopper": person.login["shopper"], "kind": "query", "query": f"{mark} lamp"}
        assert empty_client.post("/v1/events", json={"events": [event]}).status_code == 202
        with shop_of(empty_client).database.write() as session:
            shopper, now = person.login["shopper"], shop_of(empty_client).clock()
            hide(session, "lamp", shopper=shopper, at=now)
            record_shown(session, [Shown(f"{mark}-r", shopper, "home", "m", now, [Place("you", "lamp", 1, 1.0)])])
        empty_client.post("/v1/auth/password/forgot", json={"email": person.email})
    answer = empty_client.get("/v1/me/export", headers=ann.headers)
    assert answer.status_code == 200
    told = answer.json()
    assert told["profile"]["name"] == "annas"
    assert told["addresses"][0]["recipient"] == "annas"
    assert told["favourites"][0]["product"] == "lamp"
    assert told["carts"][0]["lines"][0] | {"quantity": 3} == told["carts"][0]["lines"][0]
    order = told["orders"][0]
    assert order["address"]["recipient"] == "annas at home"
    assert order["lines"][0]["title"] == "Lamp of annas"
    assert order["payments"][0]["amount_minor"] == 200
    assert told["refunds"][0]["order"] == "o-annas"
    assert told["refunds"][0]["lines"][0]["quantity"] == 1
    assert [told[name][0]["id"] for name in ("reviews", "seller_reviews")] == ["v-annas", "w-annas"]
    assert told["events"][0]["query"] == "annas lamp"
    assert [row["product"] for row in told["hidden"]] == ["lamp"]
    assert [(row["request_id"], row["shown"][0]["product"]) for row in told["shown"]] == [("annas-r", "lamp")]
    assert told["sessions"][0]["id"] == ann.login["session"]
    assert told["notifications"][-1]["kind"] == "reset-password"
    assert "bens" not in answer.text
    assert BEN not in answer.text
    # What would let a thief of the export in, or speaks of rows.
    for secret in ("token=", "argon2", "_hash", '"user_id"', '"order_id"'):
        assert secret not in answer.text


def test_staff_find_users_give_roles_and_block_and_it_is_written_down(
    empty_client: TestClient, ann: Person
) -> None:
    staff = member(empty_client, "staff@example.com", role="staff")
    found = empty_client.get("/v1/staff/users", params={"email": "Ann@example.com"}, headers=staff.headers)
    assert [user["id"] for user in found.json()["users"]] == [ann.id]
    nobody = empty_client.get("/v1/staff/users", params={"email": "nobody@example.com"}, headers=staff.headers)
    assert nobody.json() == {"users": []}
    path = f"/v1/staff/users/{ann.id}"
    nameless = empty_client.post(f"{path}/role", json={"role": "seller"}, headers=staff.headers)
    assert nameless.status_code == 400
    body = {"role": "seller", "seller_name": "Ann's lamps", "reason": "applied"}
    assert empty_client.post(f"{path}/role", json=body, headers=staff.headers).json()["role"] == "seller"
    assert empty_client.get("/v1/me", headers=ann.headers).status_code == 401
    seller = log_in(empty_client, ANN)
    assert empty_client.get("/v1/me", headers=seller.headers).json()["seller"]
    assert empty_client.post(f"{path}/block", json={"reason": "x"}, headers=staff.headers).status_code == 200
    assert empty_client.get("/v1/me", headers=seller.headers).status_code == 401
    refused = empty_client.post("/v1/auth/login", json={"email": ANN, "password": PASSWORD})
    assert refused.status_code == 401
    assert empty_client.post(f"{path}/unblock", json={"reason": "x"}, headers=staff.headers).status_code == 200
    log_in(empty_client, ANN)
    own = f"/v1/staff/users/{staff.id}/block"
    assert empty_client.post(own, json={"reason": "x"}, headers=staff.headers).status_code == 409
    with shop_of(empty_client).database.read() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.subject == f"user:{ann.id}")).all()
    assert [(entry.action, entry.actor) for entry in entries] == [
        ("user.role", f"user:{staff.id}"),
        ("user.block", f"user:{staff.id}"),
        ("user.unblock", f"user:{staff.id}"),
    ]


@pytest.mark.parametrize("role", ["customer", "seller", None])
def test_others_are_kept_out_of_the_back_office(empty_client: TestClient, role: str | None) -> None:
    headers = member(empty_client, role=role).headers if role else {}
    asked = [
        empty_client.get("/v1/staff/users", params={"email": ANN}, headers=headers),
        empty_client.post("/v1/staff/users/u-1/role", json={"role": "staff"}, headers=headers),
        empty_client.post("/v1/staff/users/u-1/block", json={"reason": "x"}, headers=headers),
        empty_client.post("/v1/staff/users/u-1/unblock", json={"reason": "x"}, headers=headers),
    ]
    assert {answer.status_code for answer in asked} == {403 if role else 401}
