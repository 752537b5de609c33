"""A seller's day through the API: a product made, priced, pictured and shown, and what is refused on the way."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

from fastapi.testclient import TestClient
from PIL import Image

from api.state import Shop
from core.audit import entries
from tests.api.people import Person, member
from tests.api.shops import deliver

LAMP = {"title": "Zephyrine lamp", "attributes": {"watts": 8, "dim": True}, "category": ["Home", "Lamps"]}
PRICE = {"price_minor": 3990, "list_price_minor": 4990, "currency": "GBP"}


def seller(client: TestClient, name: str = "ann") -> Person:
    return member(client, f"{name}@example.com", role="seller", seller=f"{name} & Co")


def ask(client: TestClient, who: Person, method: str, path: str, status: int, **request: Any) -> Any:
    headers = {**who.headers, **request.pop("headers", {})}
    answer = client.request(method, f"/v1/seller{path}", headers=headers, **request)
    assert answer.status_code == status, answer.text
    return answer.json()


def made(client: TestClient, who: Person, *, publish: bool = True, **product: Any) -> dict[str, Any]:
    name = ask(client, who, "POST", "/products", 201, json=LAMP | product)["id"]
    lamp: dict[str, Any] = ask(client, who, "POST", f"/products/{name}/variants", 201, json=PRICE)
    return ask(client, who, "POST", f"/products/{name}/publish", 200) if publish else lamp


def photo(colour: str = "red", kind: str = "JPEG", size: tuple[int, int] = (300, 200)) -> bytes:
    written = BytesIO()
    Image.new("RGB", size, colour).save(written, kind)
    return written.getvalue()


def test_a_change_reaches_search_through_the_relay(client: TestClient, shop: Shop) -> None:
    ann = seller(client)

    def hits() -> list[dict[str, Any]]:
        deliver(shop)
        found: list[dict[str, Any]] = client.get("/v1/search", params={"q": "zephyrine"}).json()["hits"]
        return [hit for hit in found if "ephyrine" in hit["title"]]

    lamp = made(client, ann, publish=False)
    assert hits() == []
    ask(client, ann, "POST", f"/products/{lamp['id']}/publish", 200)
    (hit,) = hits()
    assert hit["price"] == {"minor": 3990, "currency": "GBP"}
    assert not hit["in_stock"]
    variant = lamp["variants"][0]["id"]
    ask(client, ann, "PUT", f"/variants/{variant}/price", 200, json={"price_minor": 2500})
    ask(client, ann, "POST", f"/variants/{variant}/stock", 200, json={"delta": 4})
    lamp = ask(
        client,
        ann,
        "POST",
        f"/products/{lamp['id']}/pictures",
        201,
        files={"file": ("x.html", photo())},
        data={"alt": "It"},
    )
    (hit,) = hits()
    assert hit["price"]["minor"] == 2500
    assert hit["in_stock"]
    assert hit["picture"] == lamp["pictures"][0]["address"] == lamp["pictures"][0]["sizes"]["600"]
    for address in lamp["pictures"][0]["sizes"].values():
        answer = client.get(address)
        assert answer.headers["content-type"] == "image/webp"
        assert Image.open(BytesIO(answer.content)).format == "WEBP"
    ask(client, ann, "POST", f"/products/{lamp['id']}/withdraw", 200)
    assert hits() == []


def test_a_product_is_changed_field_by_field(empty_client: TestClient) -> None:
    ann = seller(empty_client)
    lamp = made(empty_client, ann, brand="Lumo")
    changed = ask(empty_client, ann, "PATCH", f"/products/{lamp['id']}", 200, json={"title": "New"})
    assert (changed["title"], changed["brand"], changed["attributes"]) == ("New", "Lumo", LAMP["attributes"])
    assert changed["attributes"]["dim"] is True
    variant = lamp["variants"][0]["id"]
    edited = ask(empty_client, ann, "PATCH", f"/variants/{variant}", 200, json={"options": {"size": "M"}})
    assert edited["variants"][0]["options"] == {"size": "M"}
    assert edited["variants"][0]["active"]
    prices = ask(empty_client, ann, "GET", f"/variants/{variant}/prices", 200)
    assert [price["price_minor"] for price in prices["prices"]] == [3990]
    public = empty_client.get(f"/v1/products/{lamp['id']}/prices")
    assert public.json()["variants"][0]["lowest_30_days_minor"] == 3990


def test_a_change_from_an_old_version_is_refused(empty_client: TestClient) -> None:
    ann = seller(empty_client)
    name = made(empty_client, ann)["id"]
    tag = empty_client.get(f"/v1/seller/products/{name}", headers=ann.headers).headers["etag"]
    for status in (200, 409):
        ask(
            empty_client,
            ann,
            "PATCH",
            f"/products/{name}",
            status,
            json={"title": "Two"},
            headers={"If-Match": tag},
        )
    ask(empty_client, ann, "PATCH", f"/products/{name}", 200, json={"title": "Two"}, headers={"If-Match": "*"})


def test_nobody_else_gets_in(empty_client: TestClient) -> None:
    ann, bob = seller(empty_client), seller(empty_client, "bob")
    customer = member(empty_client, "carl@example.com")
    lamp = made(empty_client, ann)
    product, variant = f"/products/{lamp['id']}", f"/variants/{lamp['variants'][0]['id']}"
    requests: list[tuple[str, str, Any]] = [
        ("GET", product, None),
        ("PATCH", product, {"title": "x"}),
        ("POST", f"{product}/publish", None),
        ("POST", f"{product}/withdraw", None),
        ("POST", f"{product}/variants", PRICE),
        ("PUT", f"{product}/pictures", {"pictures": []}),
        ("DELETE", f"{product}/pictures/x", None),
        ("PATCH", variant, {"active": True}),
        ("PUT", f"{variant}/price", {"price_minor": 1}),
        ("GET", f"{variant}/prices", None),
        ("POST", f"{variant}/stock", {"count": 1}),
        ("GET", f"{variant}/movements", None),
    ]
    for method, path, body in requests:
        theirs = ask(empty_client, bob, method, path, 404, json=body)
        absent = path.replace(lamp["id"], "nothing").replace(lamp["variants"][0]["id"], "nothing")
        nothing = ask(empty_client, bob, method, absent, 404, json=body)
        told = theirs["detail"].replace(lamp["id"], "nothing").replace(lamp["variants"][0]["id"], "nothing")
        assert told == nothing["detail"]
        ask(empty_client, customer, method, path, 403, json=body)
        assert empty_client.request(method, f"/v1/seller{path}", json=body).status_code == 401
    files = {"file": ("a.jpg", photo())}
    ask(empty_client, bob, "POST", f"{product}/pictures", 404, files=files)
    ask(empty_client, customer, "POST", f"{product}/pictures", 403, files=files)
    ask(empty_client, customer, "POST", "/feed", 403, content=b"{}")
    assert ask(empty_client, bob, "GET", "/products", 200)["products"] == []


def test_staff_act_for_a_seller_and_are_written_down(empty_client: TestClient) -> None:
    ann = seller(empty_client)
    clerk = member(empty_client, "clerk@example.com", role="staff")
    lamp = made(empty_client, ann)
    ask(empty_client, clerk, "PATCH", f"/products/{lamp['id']}", 200, json={"title": "Checked"})
    ask(empty_client, clerk, "POST", f"/variants/{lamp['variants'][0]['id']}/stock", 200, json={"count": 3})
    ask(empty_client, clerk, "POST", "/products", 400, json=LAMP)
    ask(empty_client, clerk, "POST", "/products", 201, json=LAMP, params={"seller": lamp["seller"]})
    ask(empty_client, clerk, "POST", "/products", 404, json=LAMP, params={"seller": "nobody"})
    listed = ask(empty_client, clerk, "GET", "/products", 200, params={"seller": lamp["seller"], "limit": 1})
    rest = ask(
        empty_client, clerk, "GET", "/products", 200, params={"seller": lamp["seller"], "after": listed["next"]}
    )
    assert [len(listed["products"]), len(rest["products"]), rest["next"]] == [1, 1, None]
    with empty_client.app.state.shop.database.read() as session:  # type: ignore[attr-defined]
        actions = [entry.action for entry in entries(session) if entry.actor == f"user:{clerk.id}"]
    assert actions == ["product.create", "stock.count", "product.edit"]


NO_PRODUCTS: list[dict[str, Any]] = [
    {"title": ""},
    {"title": "a\0b"},
    {"title": "x", "attributes": {"a": [1]}},
    {"title": "x", "attributes": {"a": 10**30}},
    {"title": "x", "attributes": {"a\0": 1}},
    {"title": "x", "category": ["a > b"]},
    {"title": "x", "category": ["灯" * 200] * 10},
    {"title": "x", "released_at": "9999-12-31T23:59:59-23:59"},
    {"title": "x", "status": "published"},
]


def test_what_is_no_product_is_refused(empty_client: TestClient) -> None:
    ann = seller(empty_client)
    for body in NO_PRODUCTS:
        ask(empty_client, ann, "POST", "/products", 422, json=body)
    kind = {"Content-Type": "application/json"}
    for text in ('{"title": "\\ud800"}', '{"title": "x", "attributes": {"a": NaN}}', "{"):
        ask(empty_client, ann, "POST", "/products", 422, content=text.encode(), headers=kind)


def test_pictures_through_the_api(empty_client: TestClient) -> None:
    ann = seller(empty_client)
    name = made(empty_client, ann)["id"]
    path = f"/products/{name}/pictures"
    for colour in ("red", "blue"):
        lamp = ask(
            empty_client, ann, "POST", path, 201, files={"file": ("a", photo(colour, "PNG"))}, data={"alt": colour}
        )
    red, blue = (picture["id"] for picture in lamp["pictures"])
    lamp = ask(empty_client, ann, "PUT", path, 200, json={"pictures": [blue, red]})
    assert [picture["alt"] for picture in lamp["pictures"]] == ["blue", "red"]
    lamp = ask(empty_client, ann, "DELETE", f"{path}/{blue}", 200)
    assert [picture["alt"] for picture in lamp["pictures"]] == ["red"]
    ask(empty_client, ann, "POST", path, 400, files={"file": ("a.jpg", b"<html><script>alert(1)</script>")})
    ask(empty_client, ann, "POST", path, 400, files={"file": ("a.jpg", b"\0" * (11 * 2**20))})
    ask(empty_client, ann, "POST", path, 400, files={"file": ("a.jpg", photo())}, data={"alt": "a\0b"})
    ask(empty_client, ann, "POST", path, 400, files={"other": ("a.jpg", photo())})
    ask(empty_client, ann, "POST", path, 400, data={"file": "text"})
    ask(empty_client, ann, "POST", path, 400)
    broken = {"Content-Type": "multipart/form-data"}
    ask(empty_client, ann, "POST", path, 400, content=b"--x\r\n", headers=broken)
    ask(
        empty_client,
        ann,
        "POST",
        path,
        400,
        content=b"x",
        headers={"Content-Type": "multipart/form-data; boundary=q"},
    )


def line(name: str, **more: Any) -> dict[str, Any]:
    variant = {"id": f"{name}-v", "price": "9.50", "stock": 3}
    return {"type": "product", "id": name, "title": name, "currency": "GBP", "variants": [variant], **more}


def feed(*lines: Any) -> bytes:
    return "\n".join(json.dumps(each) if isinstance(each, dict) else each for each in lines).encode()


def test_a_feed_brings_a_sellers_own_products_alone(empty_client: TestClient) -> None:
    ann, bob = seller(empty_client), seller(empty_client, "bob")
    theirs = made(empty_client, bob)
    lines = feed(
        line("one", rating={"mean": 5.0, "count": 900}),
        line("two"),
        line(theirs["id"]),
        line("three", seller={"id": theirs["seller"], "name": "Stolen"}),
        line("four", variants=[{"id": theirs["variants"][0]["id"], "price": "1"}]),
        line("five", category=["x" * 200] * 11),
        {"type": "user", "id": "eve", "role": "seller"},
        "{",
    )
    answer = ask(empty_client, ann, "POST", "/feed", 200, content=lines)
    assert [answer[key] for key in ("read", "loaded", "merged", "rejected")] == [8, 2, 0, 6]
    assert [(reject["line"], reject["reason"]) for reject in answer["rejects"]] == [
        (3, "not-yours"),
        (4, "not-yours"),
        (5, "duplicate-code"),
        (6, "invalid"),
        (7, "not-a-product"),
        (8, "unreadable"),
    ]
    again = ask(empty_client, ann, "POST", "/feed", 200, content=lines)
    assert [again[key] for key in ("loaded", "merged", "rejected")] == [0, 2, 6]
    mine = ask(empty_client, ann, "GET", "/products", 200)["products"]
    assert [(product["id"], product["title"]) for product in mine] == [("one", "one"), ("two", "two")]
    one = ask(empty_client, ann, "GET", "/products/one", 200)
    assert one["variants"][0]["stock"] == 3
    with empty_client.app.state.shop.database.engine.connect() as connection:  # type: ignore[attr-defined]
        assert connection.exec_driver_sql("SELECT sum(rating_count) FROM product").scalar() == 0
        assert connection.exec_driver_sql("SELECT count(*) FROM app_user").scalar() == 2
        actors = connection.exec_driver_sql("SELECT DISTINCT actor FROM price_change").scalars().all()
    assert set(actors) == {f"user:{ann.id}", f"user:{bob.id}"}
    unchanged = ask(empty_client, bob, "GET", f"/products/{theirs['id']}", 200)
    assert unchanged["title"] == LAMP["title"]


def test_a_feed_has_an_end(empty_client: TestClient) -> None:
    ann = seller(empty_client)
    ask(empty_client, ann, "POST", "/feed", 400, content=b" " * (20 * 2**20 + 1))
    ask(empty_client, ann, "POST", "/feed", 400, content=b"\x1f\x8b\x08\x00packed")
    ask(empty_client, ann, "POST", "/feed", 400, content=b"PK\x03\x04")
    assert ask(empty_client, ann, "POST", "/feed", 200, content=b"")["read"] == 0


def test_stock_through_the_api(empty_client: TestClient) -> None:
    ann = seller(empty_client)
    path = f"/variants/{made(empty_client, ann)['variants'][0]['id']}"
    assert ask(empty_client, ann, "POST", f"{path}/stock", 200, json={"delta": 5})["available"] == 5
    assert ask(empty_client, ann, "POST", f"{path}/stock", 200, json={"count": 3})["stock"] == 3
    problem = ask(empty_client, ann, "POST", f"{path}/stock", 409, json={"delta": -4})
    assert problem["type"] == "/problems/out-of-stock"
    for body, status in (
        ({}, 400),
        ({"delta": 0}, 400),
        ({"delta": 1, "count": 1}, 400),
        ({"count": 100_001}, 422),
    ):
        ask(empty_client, ann, "POST", f"{path}/stock", status, json=body)
    page = ask(empty_client, ann, "GET", f"{path}/movements", 200, params={"limit": 1})
    assert [movement["delta"] for movement in page["movements"]] == [-2]
    page = ask(empty_client, ann, "GET", f"{path}/movements", 200, params={"before": page["next"]})
    assert [movement["delta"] for movement in page["movements"]] == [5]
    assert page["next"] is None
