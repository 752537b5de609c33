"""Recommendations and events over HTTP: what a shopper does changes the next answer."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.state import Shop
from core.behaviour import history
from tests.api.shops import change_product

GUEST = "guest-0123456789"


def rows(client: TestClient, path: str, **parameters: Any) -> list[dict[str, Any]]:
    answer = client.get(f"/v1/recommendations/{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


def items(client: TestClient, path: str, **parameters: Any) -> list[str]:
    return [item["id"] for item in rows(client, path, **parameters)[0]["items"]]


def products(client: TestClient, **parameters: Any) -> list[str]:
    return [hit["id"] for hit in client.get("/v1/search", params={"size": 50, **parameters}).json()["hits"]]


def send(client: TestClient, *events: dict[str, Any]) -> dict[str, int]:
    answer = client.post("/v1/events", json={"events": [{"shopper": GUEST, **event} for event in events]})
    assert answer.status_code == 202, answer.text
    counts: dict[str, int] = answer.json()
    return counts


def test_a_stranger_gets_what_is_popular(client: TestClient) -> None:
    (row,) = rows(client, "home")
    assert row["id"] == "popular"
    assert len(row["items"]) == 12


def test_an_event_changes_the_next_answer(client: TestClient) -> None:
    def kitchen(row: dict[str, Any]) -> int:
        return sum(item["category"][0] == "Kitchen" for item in row["items"])

    (before,) = rows(client, "home", shopper=GUEST)
    shown = [item["id"] for item in before["items"]]
    looked_at = [name for name in products(client, category="Kitchen") if name not in shown][:3]
    send(client, *({"kind": "view", "product": name} for name in looked_at))
    after = rows(client, "home", shopper=GUEST)
    assert [row["id"] for row in after] == ["for-you", "like-the-last"]
    recommended = [item["id"] for item in after[0]["items"]]
    assert recommended != shown
    assert not set(looked_at) & set(recommended)
    assert kitchen(after[0]) > kitchen(before)
    assert kitchen(after[1]) > len(after[1]["items"]) / 4  # of ten departments


def test_sample_shoppers_see_different_homes(client: TestClient) -> None:
    samples = client.get("/v1/shoppers/samples").json()["shoppers"]
    assert len(samples) >= 4
    homes = {tuple(items(client, "home", shopper=sample["key"])) for sample in samples}
    assert len(homes) == len(samples)


def test_what_was_bought_is_not_recommended_again(client: TestClient, shop: Shop) -> None:
    for sample in client.get("/v1/shoppers/samples").json()["shoppers"]:
        with shop.database.read() as session:
            bought = {past.product for past in history(session, sample["key"]) if past.kind == "purchase"}
        assert bought
        assert not bought & set(items(client, "home", shopper=sample["key"], size=50))


@pytest.mark.parametrize("path", ["similar", "bought-together", "cart"])
def test_a_product_is_not_recommended_beside_itself(client: TestClient, path: str) -> None:
    for name in products(client)[:10]:
        found = items(client, path, product=name)
        assert found
        assert name not in found


def test_similar_products_are_of_the_same_kind(client: TestClient) -> None:
    same = total = 0
    for name in products(client)[:20]:
        department = client.get(f"/v1/products/{name}").json()["category"][0]
        found = rows(client, "similar", product=name, size=5)[0]["items"]
        same += sum(item["category"][0] == department for item in found)
        total += len(found)
    assert same / total > 0.7


def test_parts_add_up_and_every_item_has_a_reason(client: TestClient) -> None:
    name = products(client)[0]
    for path in ("home", "similar", "bought-together", "cart"):
        for row in rows(client, path, product=name, explain=True):
            for item in row["items"]:
                assert item["score"] == pytest.approx(sum(part["value"] for part in item["why"]), abs=1e-4)
                assert item["reason"]


def test_what_is_sold_out_is_not_recommended_any_more(client: TestClient, shop: Shop) -> None:
    name = products(client)[0]
    gone = items(client, "similar", product=name)[0]
    change_product(shop, gone, stock=0)
    assert gone not in items(client, "similar", product=name)


def test_a_new_product_is_answered_for_by_its_text(client: TestClient, shop: Shop) -> None:
    like = client.get(f"/v1/products/{products(client)[0]}").json()
    change_product(shop, "brand-new", title=like["title"], category=like["category"])
    found = rows(client, "similar", product="brand-new")[0]["items"]
    assert like["id"] in [item["id"] for item in found]
    assert items(client, "bought-together", product="brand-new")


def test_a_repeated_event_counts_once(client: TestClient) -> None:
    event = {"id": "e-1", "kind": "view", "product": products(client)[0]}
    assert send(client, event) == {"accepted": 1, "duplicates": 0}
    assert send(client, event, {"kind": "query", "query": "lamp"}) == {"accepted": 1, "duplicates": 1}


@pytest.mark.parametrize(
    "event",
    [
        {"kind": "view"},
        {"kind": "view", "product": "none"},
        {"kind": "query"},
        {"kind": "stare", "product": "x"},
        {"kind": "view", "product": "x", "colour": "red"},
        {"kind": "query", "query": "x", "shopper": "short"},
        {"kind": "query", "query": "x", "at": "2026-01-01T00:00:00"},
        {"kind": "query", "query": "x", "at": "2999-01-01T00:00:00Z"},
        {"kind": "query", "query": "x" * 513},
        {"kind": "query", "query": "x", "quantity": 0},
    ],
)
def test_a_bad_event_is_refused_and_its_batch_with_it(
    client: TestClient, shop: Shop, event: dict[str, Any]
) -> None:
    good = {"kind": "view", "product": products(client)[0]}
    batch = [{"shopper": GUEST, **good}, {"shopper": GUEST, **event}]
    answer = client.post("/v1/events", json={"events": batch})
    assert answer.status_code in (400, 404, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    with shop.database.read() as session:
        assert history(session, GUEST) == []


@pytest.mark.parametrize("body", ["", "{", "[]", '{"events": []}', '{"events": "x"}', "null"])
def test_a_body_that_is_no_batch_is_refused(client: TestClient, body: str) -> None:
    answer = client.post("/v1/events", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
