"""Recommendations and events over HTTP: what a shopper does changes the next answer."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from fastapi.testclient import TestClient

from api.state import Shop
from core.behaviour import history
from core.shown import clicks, shown
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


def sample(client: TestClient) -> str:
    """The key of a shopper who has bought."""
    key: str = client.get("/v1/shoppers/samples").json()["shoppers"][0]["key"]
    return key


def send(client: TestClient, *events: dict[str, Any]) -> dict[str, int]:
    answer = client.post("/v1/events", json={"events": [{"shopper": GUEST, **event} for event in events]})
    assert answer.status_code == 202, answer.text
    counts: dict[str, int] = answer.json()
    return counts


def by_id(client: TestClient, path: str, **parameters: Any) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in rows(client, path, **parameters)}


def test_a_stranger_gets_what_is_popular_and_what_the_departments_sell(client: TestClient) -> None:
    found = rows(client, "home")
    assert found[0]["id"] == "popular"
    assert len(found[0]["items"]) == 12
    assert len({item["category"][0] for item in found[0]["items"]}) >= 4
    assert len(found) >= 2
    shown = [item["id"] for row in found for item in row["items"]]
    assert len(shown) == len(set(shown))


def test_an_event_changes_the_next_answer(client: TestClient) -> None:
    def kitchen(row: dict[str, Any]) -> int:
        return sum(item["category"][0] == "Kitchen" for item in row["items"])

    before = rows(client, "home", shopper=GUEST)[0]
    shown = [item["id"] for item in before["items"]]
    looked_at = [name for name in products(client, category="Kitchen") if name not in shown][:3]
    send(client, *({"kind": "view", "product": name} for name in looked_at))
    after = rows(client, "home", shopper=GUEST)
    assert after[0]["id"] == "for-you"
    recommended = [item["id"] for item in after[0]["items"]]
    assert recommended != shown
    assert not set(looked_at) & set(recommended)
    assert kitchen(after[0]) > kitchen(before)
    for row in after[1:]:
        if row["id"] == "because-viewed":  # there, unless the first row has all that is alike
            assert row["about"] in looked_at
            assert kitchen(row) > len(row["items"]) / 2


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


def test_the_first_click_is_better_than_what_is_popular(client: TestClient) -> None:
    """The click is in a department that what is popular hardly shows."""
    before = rows(client, "home", shopper=GUEST)[0]["items"]
    there = Counter(item["category"][0] for item in before)
    facets = client.get("/v1/search", params={"size": 1}).json()["facets"]["category"]
    department = min(
        (each["value"] for each in facets if " > " not in each["value"]), key=lambda name: there[name]
    )
    send(client, {"kind": "view", "product": products(client, category=department)[0]})
    first, second = rows(client, "home", shopper=GUEST)[:2]
    for row in (first, second):
        near = sum(item["category"][0] == department for item in row["items"]) / len(row["items"])
        assert near > max(0.2, 2 * there[department] / len(before))


def test_a_product_of_today_is_on_the_home_page_of_whom_it_fits(client: TestClient, shop: Shop) -> None:
    liked = client.get(f"/v1/products/{products(client)[0]}").json()
    send(client, {"kind": "view", "product": liked["id"]})
    assert shop.models().numbers  # trained before the product is there
    change_product(shop, "of-today", title=liked["title"], category=liked["category"], brand=liked["brand"])
    item = next(
        item for item in rows(client, "home", shopper=GUEST, size=12)[0]["items"] if item["id"] == "of-today"
    )
    assert item["reason"] == f"New, and like {liked['title']}"
    other = sample(client)
    assert "of-today" not in [item["id"] for row in rows(client, "home") for item in row["items"]]
    send(client, {"kind": "view", "product": "of-today"})
    assert "of-today" not in [item["id"] for item in rows(client, "home", shopper=GUEST)[0]["items"]]
    assert other != GUEST


def test_a_hidden_product_is_not_recommended_until_it_is_shown_again(client: TestClient) -> None:
    send(client, {"kind": "view", "product": products(client)[0]})
    gone = rows(client, "home", shopper=GUEST)[0]["items"][0]["id"]
    path = f"/v1/recommendations/hidden/{gone}"
    for _ in range(2):
        assert client.put(path, params={"shopper": GUEST}).status_code == 204
    assert client.get("/v1/recommendations/hidden", params={"shopper": GUEST}).json() == {"products": [gone]}
    assert gone not in [item["id"] for row in rows(client, "home", shopper=GUEST) for item in row["items"]]
    anchor = products(client)[1]
    if gone in items(client, "similar", product=anchor):
        assert gone not in items(client, "similar", product=anchor, shopper=GUEST)
    for _ in range(2):
        assert client.delete(path, params={"shopper": GUEST}).status_code == 204
    assert gone in [item["id"] for row in rows(client, "home", shopper=GUEST) for item in row["items"]]


@pytest.mark.parametrize("shopper", ["", "short", "a b c d e f", "x" * 65, "gu\x00est-012345"])
def test_who_is_no_shopper_hides_nothing(client: TestClient, shopper: str) -> None:
    name = products(client)[0]
    assert client.put(f"/v1/recommendations/hidden/{name}", params={"shopper": shopper}).status_code == 422
    assert client.put("/v1/recommendations/hidden/none", params={"shopper": GUEST}).status_code == 404
    if shopper:
        assert client.get("/v1/recommendations/home", params={"shopper": shopper}).status_code == 422


def test_what_was_shown_is_recorded_and_a_click_can_be_joined_to_it(client: TestClient, shop: Shop) -> None:
    send(client, {"kind": "view", "product": products(client)[0]})
    answer = client.get("/v1/recommendations/home", params={"shopper": GUEST}).json()
    row = answer["rows"][0]
    send(
        client, {"kind": "click", "product": row["items"][2]["id"], "position": 3, "request": answer["request_id"]}
    )
    client.get("/v1/recommendations/home")  # nobody's: not recorded
    shop.exposures.flush()
    with shop.database.read() as session:
        told = shown(session, since=shop.clock() - timedelta(minutes=5))
    assert set(told["request"]) == {answer["request_id"]}
    assert set(told["model"]) == {answer["model"]}
    first = told.filter(pl.col("row") == row["id"])
    assert first["product"].to_list() == [item["id"] for item in row["items"]]
    assert first["propensity"].to_list() == pytest.approx([item["propensity"] for item in row["items"]])
    assert first["position"].to_list() == list(range(1, len(row["items"]) + 1))
    assert told.height == sum(len(row["items"]) for row in answer["rows"])
    with shop.database.read() as session:
        joined = clicks(session, since=shop.clock() - timedelta(minutes=5))
    assert joined.rows() == [(answer["request_id"], row["items"][2]["id"])]


def test_filters_and_boosts_hold_in_every_row(client: TestClient) -> None:
    name = products(client)[0]
    brand = next(hit["brand"] for hit in client.get("/v1/search").json()["hits"] if hit["brand"])
    send(client, {"kind": "view", "product": name})
    for path in ("home", "similar", "bought-together", "cart", "looks-similar", "recently-viewed"):
        asked = {"product": name, "shopper": GUEST, "filter": "price:0..1500", "category": "Kitchen"}
        for row in rows(client, path, **asked):
            for item in row["items"]:
                assert item["price"]["minor"] <= 1500
                assert item["category"][0] == "Kitchen"
    lifted = rows(client, "similar", product=name, boost=f"brand:{brand}^10", explain=True)[0]["items"]
    assert any(item["brand"] == brand for item in lifted)
    for item in lifted:
        assert (item["brand"] == brand) == ("boost" in {part["part"] for part in item["why"]})


@pytest.mark.parametrize(
    "asked",
    [
        {"filter": "price:"},
        {"filter": "colour:red"},
        {"boost": "new"},
        {"boost": "brand:x^99"},
        {"boost": ["new^2"] * 11},
    ],
)
def test_senseless_filters_and_boosts_are_refused(client: TestClient, asked: dict[str, Any]) -> None:
    answer = client.get("/v1/recommendations/home", params=asked)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_recently_viewed_is_the_newest_first_and_less_what_is_on_show(client: TestClient) -> None:
    names = products(client)[:4]
    for name in names:
        send(client, {"kind": "view", "product": name})
    found = items(client, "recently-viewed", shopper=GUEST, product=names[3])
    assert set(found) == set(names[:3])
    assert client.get("/v1/recommendations/recently-viewed").status_code == 422


def test_the_country_of_the_last_order_or_the_one_given_counts(client: TestClient, shop: Shop) -> None:
    with shop.database.read() as session:
        past = history(session, sample(client))
    own = next(item.country for item in reversed(past) if item.country)
    assert own in by_id(client, "home", shopper=sample(client))["country"]["title"]
    other = by_id(client, "home", country=own)["country"]
    assert other["title_zh"].startswith(own)
    assert "country" not in by_id(client, "home", country="Nowhere")


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
    for path in ("home", "similar", "bought-together", "cart", "looks-similar"):
        for row in rows(client, path, product=name, shopper=sample(client), explain=True):
            for item in row["items"]:
                assert item["score"] == pytest.approx(sum(part["value"] for part in item["why"]), abs=1e-4)
                assert all(part["note"] for part in item["why"])
                assert item["reason"]
                assert item["reason_zh"] != item["reason"]
                assert all(because["title"] for because in item["because"])


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
