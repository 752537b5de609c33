"""POST /v1/search/picture and GET /v1/products/{product}/looks-like."""

from __future__ import annotations

import io
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from api.state import Shop
from core.goods import Keeper
from core.imaging import render
from core.pictures import add_picture, store
from index.pictures import PictureIndex
from index.relay import relay_once
from tests.analysis.drawn import drawn
from tests.api.shops import change_product
from tests.core.test_pictures import bomb


def photograph(shop: Shop, client: TestClient) -> tuple[str, bytes]:
    """A product, and its picture as somebody would photograph it: smaller, and another kind of file."""
    hit = client.get("/v1/search", params={"size": 1}).json()["hits"][0]
    with Image.open(shop.pictures / hit["picture"].removeprefix("/pictures/")) as opened:
        picture = opened.convert("RGB").resize((300, 300))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    return hit["id"], file.getvalue()


def look(client: TestClient, data: bytes, **parameters: Any) -> dict[str, Any]:
    answer = client.post("/v1/search/picture", params=parameters, files={"file": ("photo.jpg", data)})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_photograph_finds_the_product_and_says_why(shop: Shop, client: TestClient) -> None:
    product, data = photograph(shop, client)
    found = look(client, data, explain=True, size=10)
    assert product in [hit["id"] for hit in found["hits"][:5]]
    best = found["hits"][0]
    assert best["why"][0]["part"] == "picture"
    assert best["why"][0]["note"].startswith("looks like your picture (")
    assert best["score"] == pytest.approx(sum(part["value"] for part in best["why"]), abs=1e-4)
    assert "why" not in look(client, data)["hits"][0]


def test_words_and_ticks_cut_down_what_looks_alike(shop: Shop, client: TestClient) -> None:
    _, data = photograph(shop, client)
    everything = look(client, data, size=100)
    counts = {facet["value"]: facet["count"] for facet in everything["facets"]["category"]}
    category = min(counts, key=lambda path: (counts[path], path))
    narrowed = look(client, data, category=category)
    assert narrowed["total"] == counts[category]
    word = everything["hits"][0]["title"].split()[-1]
    worded = look(client, data, q=word, size=100)
    assert 1 <= worded["total"] <= everything["total"]
    assert {hit["id"] for hit in worded["hits"]} <= {hit["id"] for hit in everything["hits"]}
    cheapest = [hit["price"]["minor"] for hit in look(client, data, sort="price")["hits"]]
    assert cheapest == sorted(cheapest)


def test_a_product_leads_to_what_looks_like_it(client: TestClient) -> None:
    product = client.get("/v1/search", params={"size": 1}).json()["hits"][0]["id"]
    answer = client.get(f"/v1/products/{product}/looks-like", params={"explain": True, "size": 100})
    assert answer.status_code == 200, answer.text
    hits = answer.json()["hits"]
    assert hits
    assert product not in [hit["id"] for hit in hits]
    assert hits[0]["why"][0]["note"].startswith("looks like it (")
    assert client.get("/v1/products/no-such-product/looks-like").status_code == 404


def test_a_picture_that_a_seller_uploads_is_found_once_the_relay_has_brought_it(
    shop: Shop, client: TestClient
) -> None:
    change_product(shop, "new-plate", title="Plate", status="published")
    file = io.BytesIO()
    drawn("stripes", "green", seed=5, side=300).save(file, "PNG")
    rendition = render(file.getvalue())
    url = store(rendition, folder=shop.pictures)
    size = {"width": rendition.width, "height": rendition.height}
    keeper = Keeper("test", None)
    with shop.database.write() as session:
        add_picture(session, keeper, "new-plate", url=url, alt="", **size, expected=None, at=shop.clock())
    pictures = PictureIndex(shop.settings, artifacts=shop.artifacts, database=shop.database)
    relay_once(shop.engine, database=shop.database, artifacts=shop.artifacts, clock=shop.clock, pictures=pictures)
    assert look(client, file.getvalue())["hits"][0]["id"] == "new-plate"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"no picture", "not a whole picture"),
        (bomb(8_000, 8_000), "megapixels"),
        (b"\xff" * (10 * 2**20 + 1), "at most 10 MB"),
        (b"", "as the file"),
    ],
    ids=["text", "bomb", "large", "empty"],
)
def test_what_is_no_picture_is_refused(client: TestClient, data: bytes, why: str) -> None:
    answer = client.post("/v1/search/picture", files={"file": ("photo.jpg", data)})
    assert answer.status_code == 400, answer.text
    assert why in answer.json()["detail"]


def test_a_form_without_a_picture_is_refused(client: TestClient) -> None:
    for sent in ({"content": b"x"}, {"data": {"file": "text"}}, {"json": {}}, {}):
        assert client.post("/v1/search/picture", **sent).status_code == 400  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong", [{"sort": "loudest"}, {"attribute": "x"}, {"facet": "nothing"}, {"q": "x" * 600}]
)
def test_wishes_that_make_no_sense_are_refused(shop: Shop, client: TestClient, wrong: dict[str, str]) -> None:
    product, data = photograph(shop, client)
    answers = (
        client.post("/v1/search/picture", params=wrong, files={"file": ("photo.jpg", data)}),
        client.get(f"/v1/products/{product}/looks-like", params=wrong),
    )
    assert [answer.status_code for answer in answers] == [400, 400]


def test_before_anything_was_built_the_answer_says_what_to_do(empty_client: TestClient) -> None:
    file = io.BytesIO()
    drawn("disc", "red", seed=1).save(file, "PNG")
    answer = empty_client.post("/v1/search/picture", files={"file": ("photo.png", file.getvalue())})
    assert answer.status_code == 503
    assert "merx index build" in answer.json()["detail"]
