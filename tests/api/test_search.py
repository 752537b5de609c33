"""/v1/search, /v1/suggest and /v1/products over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient


def search(client: TestClient, **parameters: Any) -> dict[str, Any]:
    answer = client.get("/v1/search", params=parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def a_word(client: TestClient) -> str:
    """A word that several products have in their titles."""
    titles = [hit["title"] for hit in search(client, size=100)["hits"]]
    words = [word.strip(",").lower() for title in titles for word in title.split()]
    return max(set(words), key=lambda word: (words.count(word), word))


def test_hits_are_explained_by_parts_that_add_up(client: TestClient) -> None:
    found = search(client, q=a_word(client), explain=True)
    assert found["hits"]
    for hit in found["hits"]:
        assert hit["score"] == pytest.approx(sum(part["value"] for part in hit["why"]), abs=1e-4)
        assert "why" not in search(client, q=found["query"])["hits"][0]


def test_what_was_found_is_highlighted(client: TestClient) -> None:
    word = a_word(client)
    hit = search(client, q=word)["hits"][0]
    pieces = hit["highlights"]["title"]
    assert "".join(piece["text"] for piece in pieces) == hit["title"]
    assert any(piece["match"] and piece["text"].lower().startswith(word[:3]) for piece in pieces)


def test_facets_count_the_whole_matching_set_and_not_themselves(client: TestClient) -> None:
    everything = search(client, size=1)
    departments = {f["value"]: f["count"] for f in everything["facets"]["category"] if ">" not in f["value"]}
    assert sum(departments.values()) == everything["total"]
    chosen = max(departments, key=lambda name: departments[name])
    narrowed = search(client, size=1, category=chosen)
    assert narrowed["total"] == departments[chosen]
    assert {f["value"]: f["count"] for f in narrowed["facets"]["category"] if ">" not in f["value"]} == departments
    brands = [facet["value"] for facet in narrowed["facets"]["brand"]][:2]
    both = search(client, size=1, category=chosen, brand=brands)
    counts = {facet["value"]: facet["count"] for facet in both["facets"]["brand"]}
    assert both["total"] == counts[brands[0]] + counts[brands[1]]


def test_price_and_rating_filters_hold_for_every_hit(client: TestClient) -> None:
    found = search(client, size=100, price_min=1000, price_max=5000, rating_min=4, in_stock=True)
    assert found["hits"]
    for hit in found["hits"]:
        assert 1000 <= hit["price"]["minor"] <= 5000
        assert hit["rating"] >= 4
        assert hit["in_stock"]


def test_attributes_can_be_filtered_and_counted(client: TestClient) -> None:
    product = next(
        found
        for hit in search(client, size=50)["hits"]
        if (found := client.get(f"/v1/products/{hit['id']}").json())["attributes"]
    )
    name, value = next((n, v) for n, v in product["attributes"].items() if isinstance(v, str))
    found = search(client, attribute=f"{name}:{value}", facet=f"attributes.{name}", size=100)
    assert product["id"] in {hit["id"] for hit in found["hits"]}
    counts = {facet["value"]: facet["count"] for facet in found["facets"][f"attributes.{name}"]}
    assert counts[value] == found["total"]


def test_pages_follow_one_another(client: TestClient) -> None:
    ids = [hit["id"] for page in (1, 2, 3) for hit in search(client, sort="price", page=page, size=20)["hits"]]
    whole = [hit["id"] for hit in search(client, sort="price", size=60)["hits"]]
    assert ids == whole


def test_a_product_has_its_variants(client: TestClient) -> None:
    hit = search(client, size=1)["hits"][0]
    product = client.get(f"/v1/products/{hit['id']}").json()
    assert product["title"] == hit["title"]
    assert product["variants"]
    prices = [variant["price"]["minor"] for variant in product["variants"] if variant["in_stock"]]
    assert product["price"]["minor"] == min(prices)
    assert client.get(hit["picture"]).headers["content-type"] == "image/webp"


def test_suggestions_finish_what_is_typed(client: TestClient) -> None:
    word = a_word(client)
    found = client.get("/v1/suggest", params={"q": word[:4]}).json()["suggestions"]
    assert word in {item["text"] for item in found if item["kind"] == "query"}
    assert any(item["kind"] == "product" and item["id"] for item in found)


def test_suggestions_say_what_they_are(client: TestClient) -> None:
    category = search(client, size=1)["facets"]["category"][0]["value"]
    found = client.get("/v1/suggest", params={"q": category[:4].lower(), "size": 20}).json()["suggestions"]
    assert all("".join(piece["text"] for piece in item["highlights"]) == item["text"] for item in found)
    place = next(item for item in found if item.get("id") == category)
    assert place["count"] == search(client, size=1, category=category)["total"]
    only = client.get("/v1/suggest", params={"q": category[:4], "kind": ["brand", "category"]}).json()
    assert {item["kind"] for item in only["suggestions"]} <= {"brand", "category"}
    assert client.get("/v1/suggest", params={"q": "a", "kind": "colour"}).status_code == 422


def test_suggestions_follow_what_somebody_looks_at(client: TestClient) -> None:
    """A shopper nobody knows gets the same as everybody, one with a past is told why something stands first."""
    hit = next(hit for hit in search(client, size=50)["hits"] if hit["brand"])
    word = hit["title"].split()[-1].strip(",").lower()
    asked = {"q": word, "kind": "product", "size": 20}
    everybody = client.get("/v1/suggest", params=asked).json()
    assert client.get("/v1/suggest", params={**asked, "shopper": "nobody-knows-me"}).json() == everybody
    seen = {"shopper": "looks-at-one-brand", "kind": "view", "product": hit["id"]}
    assert client.post("/v1/events", json={"events": [seen] * 3}).status_code == 202
    own = client.get("/v1/suggest", params={**asked, "shopper": "looks-at-one-brand"}).json()["suggestions"]
    assert {item["id"] for item in own} <= {item["id"] for item in everybody["suggestions"]} | {hit["id"]}
    assert own[0]["reason"].startswith("like what you look at")


def test_nonsense_finds_nothing_without_an_error(client: TestClient) -> None:
    assert search(client, q="qqqxwv zzkjh")["total"] == 0
    assert client.get("/v1/suggest", params={"q": "qqqxwv"}).json() == {"suggestions": []}


@pytest.mark.parametrize(
    "typed", ["'; DROP TABLE product; --", "title:* OR 1=1", "a:(b", "<script>", "\u0000", "👜", "/.*/"]
)
def test_no_syntax_gets_through(client: TestClient, typed: str) -> None:
    assert search(client, q=typed)["total"] >= 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/search?size=0", 422),
        ("/v1/search?size=101", 422),
        ("/v1/search?page=0", 422),
        ("/v1/search?page=9999", 400),
        ("/v1/search?sort=random", 400),
        ("/v1/search?attribute=colour", 400),
        ("/v1/search?facet=secret", 400),
        ("/v1/search?price_min=cheap", 422),
        (f"/v1/search?q={'x' * 600}", 400),
        ("/v1/products/none", 404),
        ("/v1/nothing", 404),
        ("/v1/recommendations/similar?product=none", 404),
        ("/v1/recommendations/similar", 422),
        ("/v1/recommendations/home?size=0", 422),
    ],
)
def test_what_is_wrong_is_a_problem(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
