"""Reviews through the API: from a delivered parcel to the page, and what each kind of reader is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.buying import checkout, key, pay
from tests.api.people import Person, shop_of
from tests.api.world import World, furnish, photo

WORDS = {"score": 5, "title": "Just right", "text": "It does what it says.\nTwice."}


@pytest.fixture
def world(client: TestClient) -> World:
    return furnish(client)


def received(world: World, who: str) -> str:
    """An order of one lamp that has arrived; returns its id."""
    client, buyer, sue = world.client, world.people[who], world.people["seller"]
    order = str(checkout(client, buyer, world.ids["variant"])["id"])
    pay(client, buyer, order)
    packed = client.post(f"/v1/seller/orders/{order}/shipments", json={}, headers=sue.headers | key()).json()["id"]
    for step in ("send", "delivered"):
        body = {"json": {}} if step == "send" else {}
        answer = client.post(f"/v1/seller/shipments/{packed}/{step}", headers=sue.headers | key(), **body)
        assert answer.status_code == 200, answer.text
    return order


def post(world: World, who: Person, order: str, status: int = 201, **words: Any) -> dict[str, Any]:
    path = f"/v1/orders/{order}/lines/1/reviews"
    answer = world.client.post(path, json={**WORDS, **words}, headers=who.headers | key())
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def page(world: World, who: Person | None = None, **query: Any) -> dict[str, Any]:
    answer = world.client.get(
        f"/v1/products/{world.ids['product']}/reviews", params=query, headers=who.headers if who else {}
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_review_shows_at_once_and_tells_of_its_author_next_to_nothing(world: World) -> None:
    client, bob = world.client, world.people["other customer"]
    client.patch("/v1/me", json={"name": "Bob Example"}, headers=bob.headers)
    order = received(world, "other customer")
    made = post(world, bob, order)
    assert (made["status"], made["order"], made["line"], made["verified"]) == ("published", order, 1, True)
    seen = page(world)
    assert seen["rating"] == {
        "count": 2,
        "mean": 4.5,
        "histogram": {"1": 0, "2": 0, "3": 0, "4": 1, "5": 1},
    }
    first = seen["reviews"][0]
    assert (first["id"], first["text"], first["author"]) == (made["id"], WORDS["text"], "B")
    text = json.dumps(seen)
    for secret in (bob.id, bob.email, "Bob", order, world.people["customer"].id, "verdict", "reports"):
        assert secret not in text
    product = client.get(f"/v1/products/{world.ids['product']}").json()
    assert (product["rating"], product["rating_count"]) == (4.5, 2)
    mine = {review["id"]: review["mine"] for review in page(world, bob)["reviews"]}
    assert mine == {made["id"]: True, world.ids["review"]: False}
    seller = client.get(f"/v1/sellers/{world.ids['seller']}").json()
    assert seller == {"id": world.ids["seller"], "name": "Sue", "rating": 5.0, "rating_count": 1}
    of_seller = client.get(f"/v1/sellers/{world.ids['seller']}/reviews").json()
    assert [review["id"] for review in of_seller["reviews"]] == [world.ids["answered"]]


def test_the_same_request_again_is_the_same_review(world: World) -> None:
    bob = world.people["other customer"]
    order = received(world, "other customer")
    headers = bob.headers | key()
    path = f"/v1/orders/{order}/lines/1/reviews"
    first, second = (world.client.post(path, json=WORDS, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code, first.json()) == (201, 201, second.json())
    assert second.headers["Idempotency-Replayed"] == "true"
    assert post(world, bob, order, 409)["type"].endswith("conflict")


@pytest.mark.parametrize(
    "words",
    [
        {"score": 0},
        {"score": 6},
        {"score": "5"},
        {"score": True},
        {"score": 4.5},
        {"title": "x" * 121},
        {"title": "two\nlines"},
        {"text": "x" * 5001},
        {"text": "\x00"},
        {"subject": "buyer"},
        {"verified": True},
    ],
)
def test_what_cannot_be_a_review_is_refused(world: World, words: dict[str, Any]) -> None:
    before = page(world)
    post(world, world.people["customer"], world.ids["delivered"], 422, **words)
    assert page(world) == before


def test_an_author_edits_adds_pictures_and_withdraws(world: World) -> None:
    client, ann = world.client, world.people["customer"]
    path = f"/v1/me/reviews/{world.ids['review']}"
    edited = client.put(path, json={"score": 2, "title": "Second thoughts"}, headers=ann.headers).json()
    assert (edited["score"], edited["title"], edited["text"]) == (2, "Second thoughts", "")
    assert edited["edited_at"] is not None
    for count in range(2, 6):
        answer = client.post(f"{path}/pictures", files={"file": ("p.png", photo())}, headers=ann.headers)
        assert (answer.status_code, len(answer.json()["pictures"])) == (201, count)
    full = client.post(f"{path}/pictures", files={"file": ("p.png", photo())}, headers=ann.headers)
    assert (full.status_code, full.json()["detail"]) == (409, "a review has at most 5 pictures")
    broken = client.post(f"{path}/pictures", files={"file": ("p.png", b"no picture")}, headers=ann.headers)
    assert broken.status_code == 409
    shown = page(world)["reviews"][0]["pictures"]
    assert len(shown) == 5
    for address in (shown[0]["url"], shown[0]["thumbnail"]):
        served = client.get(address)
        assert (served.status_code, served.content[:4]) == (200, b"RIFF")
    gone = client.delete(f"{path}/pictures/{shown[0]['id']}", headers=ann.headers)
    assert [picture["id"] for picture in gone.json()["pictures"]] == [picture["id"] for picture in shown[1:]]
    assert client.delete(path, headers=ann.headers).status_code == 204
    assert page(world)["reviews"] == []
    mine = client.get("/v1/me/reviews", headers=ann.headers).json()["reviews"]
    assert [review["subject"] for review in mine] == ["seller"]
    assert client.delete(path, headers=ann.headers).status_code == 409


def test_the_seller_answers_staff_reject_and_the_author_is_told(world: World) -> None:
    client, sue, ann, tom = world.client, *(world.people[who] for who in ("seller", "customer", "staff"))
    review = world.ids["review"]
    listed = client.get("/v1/seller/reviews", headers=sue.headers).json()["reviews"]
    assert {one["id"] for one in listed} == {review, world.ids["answered"]}
    path = f"/v1/seller/reviews/{review}/answer"
    assert client.put(path, json={"text": "Thank you!"}, headers=sue.headers).json()["answer"] == "Thank you!"
    assert page(world)["reviews"][0]["answer"] == "Thank you!"
    queue = client.get("/v1/staff/reviews", headers=tom.headers).json()
    assert queue["waiting"] == 3
    assert [one["id"] for one in queue["reviews"]] == [review, world.ids["answered"], world.ids["buyer_review"]]
    seen = queue["reviews"][0]
    act = f"/v1/staff/reviews/{review}"
    late = client.post(f"{act}/publish", json={"version": seen["version"] - 1}, headers=tom.headers)
    assert (late.status_code, late.json()["type"].rpartition("/")[2]) == (409, "changed")
    body = {"version": seen["version"], "reason": "It names a person."}
    assert client.post(f"{act}/reject", json=body, headers=tom.headers).json()["status"] == "rejected"
    assert page(world)["reviews"] == []
    mine = client.get("/v1/me/reviews", params={"order": world.ids["delivered"]}, headers=ann.headers).json()
    told = {one["id"]: (one["status"], one["verdict"]) for one in mine["reviews"]}
    assert told[review] == ("rejected", "It names a person.")
    log = client.get("/v1/staff/audit", headers=tom.headers).json()["entries"]
    assert (log[0]["action"], log[0]["subject"]) == ("review.reject", f"review:{review}")
    assert client.get("/v1/staff/reviews", headers=tom.headers).json()["waiting"] == 2


def test_readers_vote_once_and_report(world: World) -> None:
    client, bob, ann, tom = world.client, *(world.people[w] for w in ("other customer", "customer", "staff"))
    path = f"/v1/reviews/{world.ids['review']}"
    for _ in range(2):
        assert client.post(f"{path}/helpful", headers=bob.headers).json() == {"helpful": 1}
    assert client.post(f"{path}/helpful", headers=ann.headers).status_code == 409
    assert page(world, bob)["reviews"][0]["found_helpful"] is True
    assert page(world)["reviews"][0]["found_helpful"] is False
    assert client.delete(f"{path}/helpful", headers=bob.headers).json() == {"helpful": 0}
    for _ in range(2):
        assert client.post(f"{path}/report", headers=bob.headers).status_code == 204
    assert client.get("/v1/staff/reviews", headers=tom.headers).json()["reviews"][0]["reports"] == 1
    hidden = client.post(f"/v1/reviews/{world.ids['buyer_review']}/helpful", headers=bob.headers)
    assert hidden.status_code == 404


def test_what_sellers_say_of_a_buyer_is_for_sellers_and_the_buyers_own_export(world: World) -> None:
    client, sue, ann = world.client, world.people["seller"], world.people["customer"]
    path = f"/v1/seller/reviews/{world.ids['buyer_review']}"
    words = {"score": 2, "text": "Never opens the door."}
    assert client.put(path, json=words, headers=sue.headers).json()["score"] == 2
    told = client.get(f"/v1/seller/orders/{world.ids['order']}/reviews", headers=sue.headers).json()
    assert (told["rating"]["count"], told["rating"]["mean"]) == (1, 2.0)
    assert told["reviews"][0]["text"] == words["text"]
    places = ("/v1/me/reviews", "/v1/orders", f"/v1/orders/{world.ids['delivered']}", "/v1/seller/reviews")
    for place in places:
        assert words["text"] not in client.get(place, headers=ann.headers).text
    export = client.get("/v1/me/export", headers=ann.headers).json()
    assert [one["text"] for one in export["reviews_about_you"]] == [words["text"]]
    assert len(export["reviews"][0]["pictures"]) == 1
    assert client.delete(path, headers=sue.headers).status_code == 204
    told = client.get(f"/v1/seller/orders/{world.ids['order']}/reviews", headers=sue.headers).json()
    assert told["reviews"] == []


def test_where_staff_look_first_nothing_is_shown_before(client: TestClient) -> None:
    shop = shop_of(client)
    shop.settings = shop.settings.model_copy(update={"review_moderation": "before"})
    world = furnish(client)
    tom = world.people["staff"]
    assert page(world) | {"seller": None} == {
        "rating": {"count": 0, "mean": None, "histogram": dict.fromkeys("12345", 0)},
        "seller": None,
        "reviews": [],
    }
    seen = client.get("/v1/staff/reviews", headers=tom.headers).json()["reviews"][0]
    assert (seen["id"], seen["status"]) == (world.ids["review"], "pending")
    path = f"/v1/staff/reviews/{seen['id']}/publish"
    assert client.post(path, json={"version": seen["version"]}, headers=tom.headers).status_code == 200
    assert [review["id"] for review in page(world)["reviews"]] == [world.ids["review"]]
