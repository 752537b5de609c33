"""What belongs to somebody else is answered like what does not exist, to the letter."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from tests.api.buying import HOME, filled, key
from tests.api.test_authorisation import TABLE
from tests.api.world import World, furnish, photo, request_for

GUEST_CART = "a guest's cart"

# By route, whose things a stranger of the right role asks for; `owner` is who may.
OWNED: dict[str, tuple[str, str]] = {
    route: (owner, f"other {owner}")
    for owner, routes in (
        (
            "customer",
            """
            GET /v1/me/addresses/{address}
            PUT /v1/me/addresses/{address}
            GET /v1/carts/{cart}
            PUT /v1/carts/{cart}/lines/{variant}
            PUT /v1/carts/{cart}/voucher
            DELETE /v1/carts/{cart}/voucher
            GET /v1/orders/{order}
            GET /v1/orders/{order}/history
            GET /v1/orders/{order}/stream
            POST /v1/orders/{unpaid}/payments
            POST /v1/test-provider/{payment}
            POST /v1/orders/shipments/{shipment}/received
            POST /v1/orders/{delivered}/returns
            POST /v1/returns/{return_}/withdraw
            POST /v1/orders/{order}/cancel
            POST /v1/orders/{delivered}/lines/{line}/reviews
            PUT /v1/me/reviews/{review}
            POST /v1/me/reviews/{review}/pictures
            DELETE /v1/me/reviews/{review}/pictures/{review_picture}
            DELETE /v1/me/reviews/{review}
            DELETE /v1/me/addresses/{address}
            DELETE /v1/me/sessions/{session}
            """,
        ),
        (
            "seller",
            """
            GET /v1/seller/products/{product}
            PATCH /v1/seller/products/{product}
            POST /v1/seller/products/{product}/variants
            PUT /v1/seller/products/{product}/pictures
            POST /v1/seller/products/{product}/pictures
            PATCH /v1/seller/variants/{variant}
            PUT /v1/seller/variants/{variant}/price
            GET /v1/seller/variants/{variant}/prices
            POST /v1/seller/variants/{variant}/stock
            GET /v1/seller/variants/{variant}/movements
            GET /v1/seller/orders/{order}
            POST /v1/seller/returns/{return_}/approve
            POST /v1/seller/returns/{return_}/receive
            POST /v1/seller/returns/{return_}/reject
            POST /v1/seller/orders/{order}/shipments
            POST /v1/seller/shipments/{shipment}/send
            POST /v1/seller/shipments/{shipment}/delivered
            POST /v1/seller/shipments/{shipment}/unpack
            POST /v1/seller/products/{product}/withdraw
            POST /v1/seller/products/{product}/publish
            DELETE /v1/seller/products/{product}/pictures/{picture}
            DELETE /v1/seller/devices/{device}
            GET /v1/seller/webhooks/{webhook}
            PATCH /v1/seller/webhooks/{webhook}
            POST /v1/seller/webhooks/{webhook}/secret
            POST /v1/seller/webhooks/{webhook}/test
            GET /v1/seller/webhooks/{webhook}/deliveries
            POST /v1/seller/webhooks/{webhook}/deliveries/{delivery}/redeliver
            POST /v1/seller/webhooks/{webhook}/redeliver
            DELETE /v1/seller/webhooks/{webhook}
            PUT /v1/seller/reviews/{answered}/answer
            GET /v1/seller/orders/{order}/reviews
            POST /v1/seller/orders/{delivered}/lines/{line}/reviews
            PUT /v1/seller/reviews/{buyer_review}
            DELETE /v1/seller/reviews/{buyer_review}
            """,
        ),
    )
    for route in map(str.strip, routes.strip().splitlines())
}
# Ids that are not anybody's own: everyone sees what is sold, staff see everything, and a mark is one's own.
SHARED = {
    "GET /v1/products/{product}",
    "GET /v1/products/{product}/looks-like",
    "GET /v1/products/{product}/stream",
    "GET /v1/products/{product}/prices",
    "GET /v1/products/{product}/reviews",
    "GET /v1/sellers/{seller}",
    "GET /v1/sellers/{seller}/reviews",
    "POST /v1/reviews/{review}/helpful",
    "DELETE /v1/reviews/{review}/helpful",
    "POST /v1/reviews/{review}/report",
    "PUT /v1/me/favourites/{product}",
    "DELETE /v1/me/favourites/{product}",
    "POST /v1/payments/notify/{provider}",
    "GET /v1/facets/{field}",
    "PUT /v1/recommendations/hidden/{product}",  # with the key of a shopper, which is what says whose
    "DELETE /v1/recommendations/hidden/{product}",
}

# Ids of the world by what routes call them: some want an order that is paid, or a review that is answered.
ALIKE = {
    "unpaid": "order",
    "delivered": "order",
    "answered": "review",
    "buyer_review": "review",
    "review_picture": "picture",
}


def told(
    world: World, route: str, ids: dict[str, str], headers: dict[str, str], **request: Any
) -> tuple[Any, ...]:
    """Status, kind and body of an answer, with the ids that were asked for taken out."""
    method, path = route.split()
    more = request.pop("headers", {})
    headers = {**key(), **headers, **more}
    answer = world.client.request(method, path.format(**ids), headers=headers, **request)
    text = answer.text
    for name in sorted(ids.values(), key=len, reverse=True):
        text = text.replace(name, "ID")
    return [answer.status_code, answer.headers.get("content-type"), answer.headers.get("etag"), text]


def absent(ids: dict[str, str]) -> dict[str, str]:
    """Ids of the same look that nothing has."""
    return {name: f"{text[:2]}{'0' * (len(text) - 2)}" for name, text in ids.items()}


def table_name(route: str) -> str:
    for name, one in ALIKE.items():
        route = route.replace(f"{{{name}}}", f"{{{one}}}")
    return route


def test_every_route_with_an_id_is_looked_at() -> None:
    with_ids = {route for route in TABLE if "{" in route and " /v1/staff/" not in route}
    looked_at = {table_name(route) for route in OWNED}
    assert with_ids - SHARED - looked_at == {"POST /v1/carts/{cart}/merge"}  # below, with the guest's cart


def test_a_stranger_learns_nothing_from_an_id(client: TestClient) -> None:
    world = furnish(client)
    ids = dict(world.ids)
    for route, (owner, stranger) in OWNED.items():
        request = request_for(world, table_name(route), owner)
        headers = world.headers(stranger)
        theirs = told(world, route, ids, headers, **request)
        nothing = told(world, route, absent(ids), headers, **request)
        assert theirs == nothing, route
        assert theirs[0] == 404, (route, theirs)
    for route, (owner, _) in OWNED.items():
        if not route.endswith("/stream"):  # which would not end
            own = told(world, route, ids, world.headers(owner), **request_for(world, table_name(route), owner))
            assert own[0] < 400 or own[0] == 409, (route, own)


def test_a_part_of_something_else_is_not_there(client: TestClient) -> None:
    """An id that is right under one that is another's, or somewhere else in the request."""
    world = furnish(client)
    ids, none = dict(world.ids), absent(world.ids)
    new = client.post("/v1/seller/products", json={"title": "x"}, headers=world.headers("other seller"))
    path = f"/v1/seller/products/{new.json()['id']}/pictures"
    sid, bob = "other seller", "other customer"
    hook = {"url": "https://sid.example/hook", "kinds": ["order.paid"]}
    made = client.post("/v1/seller/webhooks", json=hook, headers={**world.headers(sid), **key()})
    own_hook = f"/v1/seller/webhooks/{made.json()['id']}"
    own_cart = filled(client, world.people[bob], ids["variant"])
    own_home = client.post("/v1/me/addresses", json=HOME, headers=world.headers(bob)).json()["id"]
    agreed = {"cart": own_cart["id"], "address": own_home, "total_minor": own_cart["total_minor"]}

    def asked_with(known: dict[str, str]) -> list[tuple[str, str, dict[str, Any]]]:
        return [
            (f"DELETE {path}/{known['picture']}", sid, {}),
            (f"PUT {path}", sid, {"json": {"pictures": [known["picture"]]}}),
            ("GET /v1/seller/products", sid, {"params": {"seller": known["seller"]}}),
            ("GET /v1/seller/products", sid, {"params": {"after": known["product"]}}),
            ("GET /v1/seller/devices", sid, {"params": {"seller": known["seller"]}}),
            ("GET /v1/seller/orders", sid, {"params": {"before": known["order"]}}),
            ("GET /v1/seller/returns", sid, {"params": {"before": known["return_"]}}),
            ("GET /v1/orders", bob, {"params": {"before": known["order"]}}),
            ("GET /v1/me/messages", bob, {"params": {"before": known["message"]}}),
            (f"GET {own_hook}/deliveries", sid, {"params": {"before": known["delivery"]}}),
            (f"POST {own_hook}/deliveries/{known['delivery']}/redeliver", sid, {}),
            ("POST /v1/orders", bob, {"json": {**agreed, "cart": known["cart"]}}),
            ("POST /v1/orders", bob, {"json": {**agreed, "address": known["address"]}}),
        ]

    for (route, stranger, theirs), (other, _, nothing) in zip(asked_with(ids), asked_with(none), strict=True):
        headers = world.headers(stranger)
        seen = told(world, route, ids, headers, **theirs)
        assert seen == told(world, other, none, headers, **nothing), (route, theirs)
    assert client.post("/v1/orders", json=agreed, headers={**world.headers(bob), **key()}).status_code == 201


def test_what_is_not_shown_yet_is_not_there_for_shoppers(client: TestClient) -> None:
    world = furnish(client)
    hidden = {**world.ids, "product": world.ids["draft"], "variant": world.ids["hidden"]}
    for route in (
        "GET /v1/products/{product}",
        "GET /v1/products/{product}/looks-like",
        "GET /v1/products/{product}/stream",
        "GET /v1/products/{product}/prices",
        "PUT /v1/me/favourites/{product}",
        "PUT /v1/carts/{cart}/lines/{variant}",
    ):
        request, headers = request_for(world, route, "customer"), world.headers("customer")
        nothing = {**absent(hidden), "cart": world.ids["cart"]}
        assert told(world, route, hidden, headers, **request) == told(world, route, nothing, headers, **request), (
            route
        )
        assert told(world, route, hidden, headers, **request)[0] == 404, route


def test_a_guests_cart_opens_with_its_key_alone(client: TestClient) -> None:
    world = furnish(client)
    ids = {**world.ids, "cart": world.ids["guest_cart"]}
    other = client.post("/v1/carts").json()["key"]
    keys = ({}, {"Merx-Cart-Key": "k-wrong"}, {"Merx-Cart-Key": other})
    strangers = [*keys, *(world.headers(who) | {"Merx-Cart-Key": other} for who in ("customer", "staff"))]
    routes = [route for route in OWNED if "{cart}" in route]
    for route in routes:
        request = request_for(world, route, "customer")
        for headers in strangers:
            theirs = told(world, route, ids, headers, **request)
            assert theirs == told(world, route, absent(ids), headers, **request), (route, headers)
            assert theirs[0] == 404, (route, headers)
        assert told(world, route, ids, world.headers("guest"), **request)[0] == 200, route
    merge, wrong = "POST /v1/carts/{cart}/merge", {"Merx-Cart-Key": other}
    for cart in (ids, world.ids):  # a guest's, and a user's, which no key opens
        headers = world.headers("other customer") | wrong
        theirs = told(world, merge, cart, headers)
        assert theirs == told(world, merge, absent(cart), headers)
        assert theirs[0] == 404
    assert told(world, merge, ids, world.headers("other customer") | world.headers("guest"))[0] == 200
    assert told(world, merge, ids, world.headers("other customer") | world.headers("guest"))[0] == 404


def test_a_picture_of_anothers_product_is_not_even_read(client: TestClient) -> None:
    world = furnish(client)
    path = f"/v1/seller/products/{world.ids['product']}/pictures"
    for data in (photo(), b"no picture"):
        answer = client.post(path, files={"file": ("x", data)}, headers=world.headers("other seller"))
        assert answer.status_code == 404
