"""A shop in use: people of every role with things of their own, and for every route a request that makes sense."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.testclient import TestClient
from PIL import Image

from core.accounts import find_account
from core.logins import Login, open_login
from tests.api.buying import HOME, checkout, filled, key, pay
from tests.api.people import PASSWORD, Person, member, shop_of

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class World:
    """People by what they are, and the ids of their things: Ann's (customer) and Sue's (seller)."""

    client: TestClient
    people: dict[str, Person]
    ids: dict[str, str]
    cart_key: str

    def login(self, who: str) -> Login:
        """A fresh session of one of the people."""
        shop = shop_of(self.client)
        with shop.database.write() as session:
            account = find_account(session, self.people[who].email)
            assert account is not None
            return open_login(session, account, at=shop.clock(), life=shop.tokens.access_life)

    def headers(self, who: str) -> dict[str, str]:
        """What a request of theirs carries: a fresh token, the key of the guest's cart, or nothing."""
        if who == "nobody":
            return {}
        if who == "guest":
            return {"Merx-Cart-Key": self.cart_key}
        shop, login = shop_of(self.client), self.login(who)
        token = shop.tokens.access(user=login.user, session=login.session, at=shop.clock())
        return {"Authorization": f"Bearer {token}"}


def furnish(client: TestClient) -> World:
    """Fill a shop."""
    people = {
        "customer": member(client, "ann@example.com"),
        "other customer": member(client, "bob@example.com"),
        "seller": member(client, "sue@example.com", role="seller", seller="Sue"),
        "other seller": member(client, "sid@example.com", role="seller", seller="Sid"),
        "staff": member(client, "tom@example.com", role="staff"),
    }
    ann, sue, tom = people["customer"], people["seller"], people["staff"]

    def made(path: str, who: Person, status: int = 201, **request: Any) -> dict[str, Any]:
        answer = client.post(path, headers=who.headers | key(), **request)
        assert answer.status_code == status, (path, answer.text)
        return dict(answer.json())

    lamp = made("/v1/seller/products", sue, json={"title": "Brass lamp"})
    path = f"/v1/seller/products/{lamp['id']}"
    variant = made(f"{path}/variants", sue, json={"price_minor": 999, "currency": "GBP"})["variants"][0]["id"]
    picture = made(f"{path}/pictures", sue, files={"file": ("lamp.png", photo())})["pictures"][0]["id"]
    made(f"{path}/publish", sue, 200)
    made(f"/v1/seller/variants/{variant}/stock", sue, 200, json={"delta": 500})
    draft = made("/v1/seller/products", sue, json={"title": "Not shown yet"})
    hidden = made(
        f"/v1/seller/products/{draft['id']}/variants", sue, json={"price_minor": 100, "currency": "GBP"}
    )["variants"][0]["id"]
    device = made("/v1/seller/devices", sue, json={"name": "Scanner", "public_key": public_key()})
    paid = checkout(client, ann, variant, 4)
    pay(client, ann, paid["id"])
    shipment = made(f"/v1/seller/orders/{paid['id']}/shipments", sue, json={"lines": [{"line": 1, "quantity": 1}]})
    delivered = checkout(client, ann, variant, 3)
    pay(client, ann, delivered["id"])
    parcel = made(f"/v1/seller/orders/{delivered['id']}/shipments", sue, json={})["id"]
    made(f"/v1/seller/shipments/{parcel}/send", sue, 200, json={})
    made(f"/v1/seller/shipments/{parcel}/delivered", sue, 200)
    back = {"lines": [{"line": 1, "quantity": 1}]}
    returned = made(f"/v1/orders/{delivered['id']}/returns", ann, json=back)["returns"][0]
    reviews = f"/v1/orders/{delivered['id']}/lines/1/reviews"
    review = made(reviews, ann, json={"score": 4, "title": "A fine lamp"})["id"]
    shown = made(f"/v1/me/reviews/{review}/pictures", ann, files={"file": ("lamp.png", photo())})["pictures"][0]
    answered = made(reviews, ann, json={"subject": "seller", "score": 5})["id"]
    buyer_review = made(f"/v1/seller{reviews.removeprefix('/v1')}", sue, json={"score": 5})["id"]
    unpaid = checkout(client, ann, variant)
    payment = made(f"/v1/orders/{unpaid['id']}/payments", ann, json={"provider": "test"})
    new = {"code": "TEN", "kind": "percent", "value": 1000, "currency": "GBP"}
    voucher = made("/v1/staff/vouchers", tom, json=new)
    hook = made("/v1/seller/webhooks", sue, json={"url": "https://sue.example/hook", "kinds": ["order.paid"]})
    delivery = made(f"/v1/seller/webhooks/{hook['id']}/test", sue)
    client.post("/v1/auth/password/forgot", json={"email": ann.email})
    message = client.get("/v1/me/messages", headers=ann.headers).json()["messages"][0]
    guest = client.post("/v1/carts").json()
    ids = {
        "product": lamp["id"],
        "draft": draft["id"],
        "variant": variant,
        "hidden": hidden,
        "picture": picture,
        "seller": lamp["seller"],
        "device": device["id"],
        "address": paid_address(client, ann),
        "cart": filled(client, ann, variant)["id"],
        "guest_cart": guest["id"],
        "order": paid["id"],
        "delivered": delivered["id"],
        "return_": returned["id"],
        "line": "1",
        "review": review,
        "synonym": "sofas",
        "review_picture": shown["id"],
        "answered": answered,
        "buyer_review": buyer_review,
        "unpaid": unpaid["id"],
        "payment": payment["id"],
        "shipment": shipment["id"],
        "session": ann.login["session"],
        "webhook": hook["id"],
        "delivery": delivery["id"],
        "message": message["id"],
        "user": people["other customer"].id,
        "voucher": voucher["id"],
    }
    return World(client, people, ids, guest["key"])


def paid_address(client: TestClient, who: Person) -> str:
    """The id of an address of somebody who has bought."""
    return str(client.get("/v1/me/addresses", headers=who.headers).json()["addresses"][0]["id"])


def photo() -> bytes:
    """A small picture."""
    written = BytesIO()
    Image.new("RGB", (30, 20), "red").save(written, "PNG")
    return written.getvalue()


def public_key() -> str:
    """The public half of a device's key."""
    return base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()


def feed_line() -> bytes:
    """A feed of one product."""
    variant = {"id": "feed-v", "price": "9.50", "stock": 3}
    return json.dumps({"type": "product", "id": "feed", "title": "x", "variants": [variant]}).encode()


def request_for(world: World, route: str, who: str) -> dict[str, Any]:
    """What else a request to a route (METHOD path) has: a body that is right for it, and its queries."""
    email = world.people[who].email if who in world.people else "nobody@example.com"
    line, pieces = {"price_minor": 999, "currency": "GBP"}, {"lines": [{"line": 1, "quantity": 1}]}
    bodies: dict[str, Any] = {
        "POST /v1/auth/register": {"email": "new@example.com", "password": PASSWORD},
        "POST /v1/auth/verify": {"token": "t"},
        "POST /v1/auth/login": {"email": "bob@example.com", "password": PASSWORD},
        "POST /v1/auth/logout": {},
        "POST /v1/auth/password/forgot": {"email": "nobody@example.com"},
        "POST /v1/auth/password/reset": {"token": "t", "password": PASSWORD},
        "POST /v1/auth/email": {"token": "t"},
        "PATCH /v1/me": {"name": "Another"},
        "DELETE /v1/me": {"password": PASSWORD},  # all of them have something under way, or a role
        "POST /v1/me/password": {"current": PASSWORD, "new": PASSWORD},
        "POST /v1/me/email": {"email": f"new-{email}", "password": PASSWORD},
        "POST /v1/me/addresses": HOME,
        "PUT /v1/me/addresses/{address}": HOME,
        "POST /v1/staff/users/{user}/role": {"role": "customer"},
        "POST /v1/staff/users/{user}/block": {"reason": "x"},
        "POST /v1/staff/users/{user}/unblock": {"reason": "x"},
        "POST /v1/staff/users/{user}/erase": {"reason": "x"},
        "POST /v1/events": {"events": [{"shopper": "guest-4f0c21b7d9", "kind": "query", "query": "lamp"}]},
        "POST /v1/seller/products": {"title": "New"},
        "PATCH /v1/seller/products/{product}": {"title": "Brass lamp"},
        "POST /v1/seller/products/{product}/variants": line,
        "PUT /v1/seller/products/{product}/pictures": {"pictures": [world.ids["picture"]]},
        "PATCH /v1/seller/variants/{variant}": {"active": True},
        "PUT /v1/seller/variants/{variant}/price": {"price_minor": 999},
        "POST /v1/seller/variants/{variant}/stock": {"delta": 1},
        "POST /v1/seller/devices": {"name": "Scanner", "public_key": public_key()},
        "POST /v1/seller/webhooks": {"url": "https://own.example/hook", "kinds": ["order.paid"]},
        "PATCH /v1/seller/webhooks/{webhook}": {"active": True},
        "POST /v1/seller/webhooks/{webhook}/redeliver": {"since": "2026-01-01T00:00:00Z"},
        "POST /v1/staff/webhooks": {"url": "https://own.example/hook", "kinds": ["order.paid"]},
        "PATCH /v1/staff/webhooks/{webhook}": {"active": True},
        "POST /v1/staff/webhooks/{webhook}/redeliver": {"since": "2026-01-01T00:00:00Z"},
        "PUT /v1/carts/{cart}/lines/{variant}": {"quantity": 1},
        "PUT /v1/carts/{cart}/voucher": {"code": "TEN"},
        "POST /v1/orders": {"cart": world.ids["cart"], "address": world.ids["address"], "total_minor": 1},
        "POST /v1/orders/{order}/cancel": {"reason": "x"} | pieces,
        "POST /v1/orders/{order}/payments": {"provider": "test"},
        "POST /v1/orders/{order}/returns": pieces,
        "POST /v1/orders/{order}/lines/{line}/reviews": {"score": 4},
        "PUT /v1/me/reviews/{review}": {"score": 3},
        "PUT /v1/seller/reviews/{review}/answer": {"text": "Thank you."},
        "PUT /v1/seller/reviews/{review}": {"score": 3},
        "POST /v1/seller/orders/{order}/lines/{line}/reviews": {"score": 4},
        "POST /v1/staff/reviews/{review}/publish": {"version": 2},
        "POST /v1/staff/reviews/{review}/reject": {"version": 2, "reason": "x"},
        "POST /v1/seller/returns/{return_}/approve": {"answer": "x"},
        "POST /v1/seller/returns/{return_}/reject": {"answer": "x"},
        "POST /v1/seller/returns/{return_}/receive": {"lines": [{"line": 1, "stock": "restored"}]},
        "POST /v1/staff/orders/{order}/refunds": pieces,
        "POST /v1/test-provider/{payment}": {"outcome": "failed"},
        "POST /v1/seller/orders/{order}/shipments": pieces,
        "POST /v1/seller/shipments/{shipment}/send": {"carrier": "DHL"},
        "POST /v1/staff/orders/{order}/cancel": {"reason": "x"} | pieces,
        "PUT /v1/staff/synonyms/{synonym}": {"rule": "sofa, couch"},
        "POST /v1/staff/vouchers": {"code": f"NEW-{who}", "kind": "amount", "value": 1, "currency": "GBP"},
    }
    shopper = {"shopper": "guest-0123456789"}
    queries: dict[str, dict[str, str]] = {
        "GET /v1/staff/users": {"email": email},
        "GET /v1/suggest": {"q": "lamp"},
        "GET /v1/recommendations/similar": {"product": world.ids["product"]},
        "GET /v1/recommendations/bought-together": {"product": world.ids["product"]},
        "GET /v1/recommendations/looks-similar": {"product": world.ids["product"]},
        "GET /v1/recommendations/recently-viewed": shopper,
        "GET /v1/recommendations/hidden": shopper,
        "PUT /v1/recommendations/hidden/{product}": shopper,
        "DELETE /v1/recommendations/hidden/{product}": shopper,
        "GET /v1/demo/messages": {"email": email},
    }
    if route == "POST /v1/auth/refresh":
        return {"json": {"refresh_token": world.login("other customer").refresh}}
    if route == "POST /v1/search/picture" or (route.startswith("POST ") and route.endswith("/pictures")):
        return {"files": {"file": ("lamp.png", photo())}}
    if route == "POST /v1/carts/{cart}/merge":
        return {"headers": {"Merx-Cart-Key": world.cart_key}}
    if route == "POST /v1/seller/feed":
        return {"content": feed_line()}
    if route in ("POST /v1/stock-reports", "POST /v1/payments/notify/{provider}"):
        return {"content": b"{}", "headers": JSON}
    return {
        **({"json": bodies[route]} if route in bodies else {}),
        **({"params": queries[route]} if route in queries else {}),
    }
