"""What a storefront narrows a search by, and what it is told besides hits, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient

from index.query import Sort
from tests.api.test_search import a_word, search

SORTS = get_args(Sort)


def ids(found: dict[str, Any]) -> list[str]:
    return [hit["id"] for hit in found["hits"]]


def whole(client: TestClient, **asked: Any) -> Iterator[dict[str, Any]]:
    """All hits of a search, page by page."""
    page = 1
    while hits := search(client, page=page, size=17, facet="in_stock", **asked)["hits"]:
        yield from hits
        page += 1


def test_a_filter_says_what_parameters_say_and_more(client: TestClient) -> None:
    brand = search(client, size=1)["facets"]["brand"][0]["value"]
    said = f'brand:"{brand}" AND price:1000..5000'
    assert ids(search(client, filter=said, size=100)) == ids(
        search(client, brand=brand, price_min=1000, price_max=5000, size=100)
    )
    everything = search(client, size=1)["total"]
    assert search(client, filter=f"NOT ({said})")["total"] == everything - search(client, filter=said)["total"]
    for hit in search(client, filter="price<1000 OR rating>=4.5 AND in_stock:true", size=100)["hits"]:
        assert hit["price"]["minor"] < 1000 or (hit["rating"] >= 4.5 and hit["in_stock"])


def test_a_filter_that_cannot_be_read_says_where(client: TestClient) -> None:
    answer = client.get("/v1/search", params={"filter": "brand:Acme price"})
    assert answer.status_code == 400
    assert answer.json()["ids"] == {"position": 12}


def test_counts_of_other_facets_follow_the_filter(client: TestClient) -> None:
    found = search(client, filter="price>=3000", size=100)
    assert sum(each["count"] for each in found["facets"]["in_stock"]) == found["total"] < search(client)["total"]


def test_categories_come_as_a_tree_in_which_what_is_ticked_has_all_around_it(client: TestClient) -> None:
    deep = next(f["value"] for f in search(client)["facets"]["category"] if ">" in f["value"])
    found = search(client, category=deep)
    flat = {each["value"]: each["count"] for each in found["facets"]["category"]}
    root = next(branch for branch in found["categories"] if branch["path"] == deep.split(" > ")[0])
    below = {branch["path"]: branch["count"] for branch in root["below"]}
    assert below[deep] == flat[deep] == found["total"]
    alone = search(client, category=root["path"])
    assert below == {f["value"]: f["count"] for f in alone["facets"]["category"] if f["value"] in below}
    assert len(below) == len(next(b for b in alone["categories"] if b["path"] == root["path"])["below"])


def test_the_bounds_of_numbers_ignore_their_own_filter(client: TestClient) -> None:
    found = search(client, stats=["price", "rating"], price_max=2000, size=1)
    hits = search(client, size=100, sort="price")["hits"]
    assert found["stats"]["price"]["min"] == hits[0]["price"]["minor"]
    assert (
        found["stats"]["price"]["max"] == search(client, sort="-price", size=1)["hits"][0]["price"]["minor"] > 2000
    )
    cheap = [hit["rating"] for hit in whole(client, price_max=2000) if "rating" in hit]
    assert found["stats"]["rating"]["count"] == len(cheap)
    assert found["stats"]["rating"]["mean"] == pytest.approx(sum(cheap) / len(cheap), abs=0.01)


def test_a_rating_lies_between_two(client: TestClient) -> None:
    found = search(client, rating_min=3.5, rating_max=4, size=100)["hits"]
    assert found
    assert all(3.5 <= hit["rating"] <= 4 for hit in found)


def test_the_attributes_worth_showing_are_chosen(client: TestClient) -> None:
    category = max(search(client)["categories"], key=lambda branch: branch["count"])["path"]
    found = search(client, category=category, facet=["brand", "*"])
    chosen = [name for name in found["facets"] if name.startswith("attributes.")]
    assert chosen
    assert set(found["facets"]) == {"brand", *chosen}
    for name in chosen:
        counted = found["facets"][name]
        assert len(counted) >= 2
        pair = f"{name.removeprefix('attributes.')}:{counted[0]['value']}"
        assert search(client, category=category, attribute=pair)["total"] == counted[0]["count"]


def test_the_values_of_a_facet_can_be_searched(client: TestClient) -> None:
    word = a_word(client)
    counted = search(client, q=word)["facets"]["brand"]
    start = counted[0]["value"][:2].lower()
    found = client.get("/v1/facets/brand", params={"q": word, "search": start}).json()
    assert found["field"] == "brand"
    assert counted[0] in found["values"]
    for each in found["values"]:
        assert any(part.startswith(start) for part in each["value"].lower().split())
    ticked = {"q": word, "search": start, "brand": counted[-1]["value"]}
    assert client.get("/v1/facets/brand", params=ticked).json() == found
    narrowed = client.get("/v1/facets/brand", params={"q": word, "in_stock": "false", "size": 1}).json()["values"]
    assert narrowed == search(client, q=word, in_stock=False, facet="brand")["facets"]["brand"][:1]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("first", [False, True])
def test_pages_show_every_product_once_in_any_order(client: TestClient, sort: str, first: bool) -> None:
    for query in ("", a_word(client)):
        hits = list(whole(client, q=query, sort=sort, in_stock_first=first))
        assert len(hits) == len({hit["id"] for hit in hits}) == search(client, q=query)["total"]
        if first:
            there = [hit["in_stock"] for hit in hits]
            assert there == sorted(there, reverse=True)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/v1/search?page=101&size=100", 400, "10000"),
        ("/v1/search?stats=title", 400, "title"),
        ("/v1/search?rating_max=6", 422, ""),
        ("/v1/search?filter=colour:red", 400, "character 1"),
        ("/v1/search?filter=" + "(" * 900, 400, "brackets"),
        ("/v1/facets/secret", 400, "secret"),
        ("/v1/facets/brand?size=0", 422, ""),
    ],
)
def test_what_is_out_of_bounds_is_a_problem(client: TestClient, path: str, status: int, said: str) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_a_code_finds_its_product_however_it_is_written(client: TestClient) -> None:
    product = client.get(f"/v1/products/{search(client)['hits'][0]['id']}").json()
    sku = product["variants"][0]["sku"]
    for typed in (sku, sku.lower(), f" {sku.replace('-', '')} "):
        found = search(client, q=typed)
        assert ids(found) == [product["id"]]
        assert found["hits"][0]["variant"]["sku"] == sku


def test_the_variant_asked_for_is_shown(client: TestClient) -> None:
    several = next(
        product
        for hit in search(client, size=100)["hits"]
        if len((product := client.get(f"/v1/products/{hit['id']}").json())["variants"]) > 1
    )
    wanted = several["variants"][-1]
    found = search(client, q=wanted["sku"])["hits"][0]
    assert found["variant"] == wanted
    unasked = next(hit for hit in search(client, size=100)["hits"] if hit["id"] == several["id"])
    assert "variant" not in unasked


def test_a_snippet_is_a_part_of_the_description(client: TestClient) -> None:
    seen = 0
    for hit in search(client, q=a_word(client), size=100)["hits"]:
        if "snippet" in hit:
            seen += 1
            assert any(piece["match"] for piece in hit["snippet"])
            text = "".join(piece["text"] for piece in hit["snippet"]).removeprefix("… ").removesuffix(" …")
            assert text in client.get(f"/v1/products/{hit['id']}").json()["description"]
    assert seen
