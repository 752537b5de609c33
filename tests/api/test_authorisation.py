"""Who may come in: every route asked as every role, and tokens that are good for nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from starlette.routing import Mount

from core.settings import DEFAULT_SECRET
from core.staffing import block
from core.tokens import Tokens
from tests.api.buying import key
from tests.api.people import member, shop_of
from tests.api.world import World, furnish, request_for

ROLES = ("nobody", "guest", "customer", "seller", "staff")
MEMBERS = {"customer", "seller", "staff"}

# Who may come in, by role; "guest" has no login, but the key of a cart. What belongs to somebody is not told from
# what does not exist (test_ownership.py): there, whoever may come in can still be told 404.
TABLE: dict[str, set[str]] = {
    route: roles
    for roles, routes in (
        (
            set(ROLES),
            """
            GET /healthz
            GET /readyz
            GET /metrics
            GET /v1/openapi.json
            GET /v1/search
            GET /v1/facets/{field}
            GET /v1/suggest
            POST /v1/search/picture
            GET /v1/recommendations/home
            GET /v1/recommendations/similar
            GET /v1/recommendations/bought-together
            GET /v1/recommendations/cart
            GET /v1/recommendations/looks-similar
            GET /v1/recommendations/recently-viewed
            GET /v1/recommendations/hidden
            PUT /v1/recommendations/hidden/{product}
            DELETE /v1/recommendations/hidden/{product}
            GET /v1/products/{product}
            GET /v1/products/{product}/stream
            GET /v1/products/{product}/looks-like
            GET /v1/products/{product}/prices
            GET /v1/products/{product}/reviews
            GET /v1/sellers/{seller}
            GET /v1/sellers/{seller}/reviews
            GET /v1/shoppers/samples
            GET /v1/demo/accounts
            GET /v1/demo/messages
            POST /v1/events
            POST /v1/auth/register
            POST /v1/auth/verify
            POST /v1/auth/login
            POST /v1/auth/refresh
            POST /v1/auth/password/forgot
            POST /v1/auth/password/reset
            POST /v1/auth/email
            POST /v1/carts
            GET /v1/carts/{cart}
            PUT /v1/carts/{cart}/lines/{variant}
            PUT /v1/carts/{cart}/voucher
            DELETE /v1/carts/{cart}/voucher
            GET /v1/payment-methods
            POST /v1/payments/notify/{provider}
            """,
        ),
        (
            MEMBERS,
            """
            POST /v1/auth/logout
            GET /v1/me
            PATCH /v1/me
            DELETE /v1/me
            POST /v1/me/password
            POST /v1/me/email
            GET /v1/me/addresses
            POST /v1/me/addresses
            GET /v1/me/addresses/{address}
            PUT /v1/me/addresses/{address}
            DELETE /v1/me/addresses/{address}
            GET /v1/me/favourites
            PUT /v1/me/favourites/{product}
            DELETE /v1/me/favourites/{product}
            GET /v1/me/sessions
            DELETE /v1/me/sessions/{session}
            GET /v1/me/export
            GET /v1/me/messages
            POST /v1/carts/{cart}/merge
            POST /v1/orders
            GET /v1/orders
            GET /v1/orders/{order}
            GET /v1/orders/{order}/history
            GET /v1/orders/{order}/stream
            POST /v1/orders/{order}/cancel
            POST /v1/orders/{order}/payments
            POST /v1/orders/{order}/returns
            POST /v1/returns/{return_}/withdraw
            POST /v1/orders/shipments/{shipment}/received
            POST /v1/orders/{order}/lines/{line}/reviews
            GET /v1/me/reviews
            PUT /v1/me/reviews/{review}
            DELETE /v1/me/reviews/{review}
            POST /v1/me/reviews/{review}/pictures
            DELETE /v1/me/reviews/{review}/pictures/{picture}
            POST /v1/reviews/{review}/helpful
            DELETE /v1/reviews/{review}/helpful
            POST /v1/reviews/{review}/report
            POST /v1/test-provider/{payment}
            """,
        ),
        (
            {"seller", "staff"},
            """
            GET /v1/seller/products
            POST /v1/seller/products
            GET /v1/seller/products/{product}
            PATCH /v1/seller/products/{product}
            POST /v1/seller/products/{product}/publish
            POST /v1/seller/products/{product}/withdraw
            POST /v1/seller/products/{product}/variants
            POST /v1/seller/products/{product}/pictures
            PUT /v1/seller/products/{product}/pictures
            DELETE /v1/seller/products/{product}/pictures/{picture}
            PATCH /v1/seller/variants/{variant}
            PUT /v1/seller/variants/{variant}/price
            GET /v1/seller/variants/{variant}/prices
            POST /v1/seller/variants/{variant}/stock
            GET /v1/seller/variants/{variant}/movements
            POST /v1/seller/feed
            POST /v1/seller/devices
            GET /v1/seller/devices
            DELETE /v1/seller/devices/{device}
            """,
        ),
        (
            {"seller"},
            """
            GET /v1/seller/orders
            GET /v1/seller/orders/{order}
            GET /v1/seller/returns
            POST /v1/seller/returns/{return_}/approve
            POST /v1/seller/returns/{return_}/reject
            POST /v1/seller/returns/{return_}/receive
            POST /v1/seller/orders/{order}/shipments
            POST /v1/seller/shipments/{shipment}/send
            POST /v1/seller/shipments/{shipment}/unpack
            POST /v1/seller/shipments/{shipment}/delivered
            GET /v1/seller/webhooks
            POST /v1/seller/webhooks
            GET /v1/seller/webhooks/{webhook}
            PATCH /v1/seller/webhooks/{webhook}
            POST /v1/seller/webhooks/{webhook}/secret
            POST /v1/seller/webhooks/{webhook}/test
            GET /v1/seller/webhooks/{webhook}/deliveries
            POST /v1/seller/webhooks/{webhook}/deliveries/{delivery}/redeliver
            POST /v1/seller/webhooks/{webhook}/redeliver
            DELETE /v1/seller/webhooks/{webhook}
            GET /v1/seller/reviews
            PUT /v1/seller/reviews/{review}/answer
            PUT /v1/seller/reviews/{review}
            DELETE /v1/seller/reviews/{review}
            GET /v1/seller/orders/{order}/reviews
            POST /v1/seller/orders/{order}/lines/{line}/reviews
            """,
        ),
        (
            {"staff"},
            """
            GET /v1/staff/users
            GET /v1/staff/webhooks
            POST /v1/staff/webhooks
            GET /v1/staff/webhooks/{webhook}
            PATCH /v1/staff/webhooks/{webhook}
            POST /v1/staff/webhooks/{webhook}/secret
            POST /v1/staff/webhooks/{webhook}/test
            GET /v1/staff/webhooks/{webhook}/deliveries
            POST /v1/staff/webhooks/{webhook}/deliveries/{delivery}/redeliver
            POST /v1/staff/webhooks/{webhook}/redeliver
            DELETE /v1/staff/webhooks/{webhook}
            POST /v1/staff/users/{user}/role
            POST /v1/staff/users/{user}/block
            POST /v1/staff/users/{user}/unblock
            POST /v1/staff/users/{user}/erase
            GET /v1/staff/audit
            GET /v1/staff/outbox/dead
            POST /v1/staff/outbox/dead/{key}/resend
            GET /v1/staff/orders/{order}
            GET /v1/staff/orders/{order}/history
            POST /v1/staff/orders/{order}/cancel
            POST /v1/staff/orders/{order}/refunds
            GET /v1/staff/reviews
            POST /v1/staff/reviews/{review}/publish
            POST /v1/staff/reviews/{review}/reject
            GET /v1/staff/synonyms
            PUT /v1/staff/synonyms/{synonym}
            DELETE /v1/staff/synonyms/{synonym}
            GET /v1/staff/vouchers
            POST /v1/staff/vouchers
            POST /v1/staff/vouchers/{voucher}/end
            """,
        ),
        (set(), "POST /v1/stock-reports"),  # the signature of a device opens it, and no token does
    )
    for route in map(str.strip, routes.strip().splitlines())
}


OPERATION = ("/healthz", "/readyz", "/metrics")


def routes_of(client: TestClient) -> tuple[set[str], set[str]]:
    """The routes of the API (METHOD path), and the paths of pages and files."""
    asked, pages = set(), set()
    for route in iter_route_contexts(client.app.routes):  # type: ignore[attr-defined]
        path = route.path or ""
        if isinstance(route.original_route, Mount) or not path.startswith(
            ("/v1/", "/healthz", "/readyz", "/metrics")
        ):
            pages.add(path)
            assert (route.methods or {"GET"}) <= {"GET", "HEAD"}, f"{path} is a page that takes something"
        else:
            asked |= {f"{method} {path}" for method in (route.methods or ()) if method != "HEAD"}
    return asked, pages


def ask(world: World, route: str, who: str, *, role: str | None = None) -> Any:
    """The answer to a request that makes sense, with the ids of Ann's and Sue's things."""
    method, path = route.split()
    ids = {**world.ids, "provider": "test", "field": "brand", "key": "x-none"}
    if who == "guest":
        ids["cart"] = ids["guest_cart"]
    if path.endswith("/stream"):
        ids = dict.fromkeys(ids, "none")  # a stream that is there does not end
    request = request_for(world, route, who)
    headers = {**key(), **world.headers(role or who), **request.pop("headers", {})}
    return world.client.request(method, path.format(**ids), headers=headers, **request)


def test_every_route_is_in_the_table_and_every_role_is_let_in_or_refused(client: TestClient) -> None:
    there, pages = routes_of(client)
    assert there == set(TABLE)
    assert {"/", "/static", "/pictures"} <= pages
    world = furnish(client)
    for route, roles in TABLE.items():
        for who in ROLES:
            if who in roles:
                continue
            answer = ask(world, route, who)
            out = 401 if who not in MEMBERS or not roles else 403
            assert answer.status_code == out, (route, who, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            assert ("www-authenticate" in answer.headers) == (out == 401), (route, who)
    for route, roles in TABLE.items():
        for who in sorted(roles):
            answer = ask(world, route, who)
            refused = answer.status_code in (401, 403, 422) or answer.status_code >= 500
            assert not refused, (route, who, answer.status_code, answer.text)


def test_pages_are_the_same_for_everybody(client: TestClient) -> None:
    _, pages = routes_of(client)
    staff = member(client, "tom@example.com", role="staff")
    for page in pages - {"/static", "/pictures"}:
        shown = client.get(page)
        assert shown.status_code == 200, page
        assert client.get(page, headers=staff.headers).content == shown.content


def _unsigned(claims: dict[str, Any]) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."
    )


def _bad_tokens(client: TestClient) -> dict[str, Callable[[], str]]:
    """Ways to make a token that opens nothing, each from a login of its own."""
    shop = shop_of(client)
    ann = member(client, "ann@example.com")
    good = ann.login["access_token"]
    claims = jwt.decode(good, options={"verify_signature": False}, algorithms=["HS256"])
    names = {"user": ann.id, "session": ann.login["session"]}
    other = Tokens("another secret", access_minutes=10)

    def revoked() -> str:
        bea = member(client, "bea@example.com")
        assert client.post("/v1/auth/logout", json={}, headers=bea.headers).status_code == 204
        return str(bea.login["access_token"])

    def blocked() -> str:
        cal = member(client, "cal@example.com")
        with shop.database.write() as session:
            block(session, cal.id, reason="x", actor="system", at=shop.clock())
        return str(cal.login["access_token"])

    return {
        "too old": lambda: shop.tokens.access(
            **names, at=shop.clock() - shop.tokens.access_life - timedelta(seconds=1)
        ),
        "of a session that was ended": revoked,
        "of somebody who is blocked": blocked,
        "of another shop": lambda: other.access(**names, at=shop.clock()),
        "signed with the secret itself": lambda: jwt.encode(claims, DEFAULT_SECRET, algorithm="HS256"),
        "signed by nobody": lambda: _unsigned(claims),
        "another algorithm": lambda: jwt.encode(claims, "x" * 64, algorithm="HS512"),
        "changed": lambda: good[:-2] + ("AA" if good[-2:] != "AA" else "BB"),
        "for another's session": lambda: shop.tokens.access(
            user=member(client, "dan@example.com").id, session=names["session"], at=shop.clock()
        ),
        "a refresh token": lambda: str(ann.login["refresh_token"]),
        "a link": lambda: shop.tokens.link(
            "verify-email", user=ann.id, bound_to="", at=shop.clock(), life=timedelta(hours=1)
        ),
        "no token at all": lambda: "x",
        "of too many letters": lambda: good + "A" * 5000,
    }


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # the point of one of them
def test_a_token_that_is_not_good_opens_nothing(empty_client: TestClient) -> None:
    for kind, made in _bad_tokens(empty_client).items():
        headers = {"Authorization": f"Bearer {made()}"}
        for method, path in (("GET", "/v1/me"), ("POST", "/v1/carts"), ("GET", "/v1/staff/audit")):
            answer = empty_client.request(method, path, headers=headers)
            assert answer.status_code == 401, (kind, path, answer.text)
            assert answer.headers["www-authenticate"] == "Bearer", kind


@pytest.mark.parametrize("header", ["Basic YW5uOng=", "Bearer", "Bearer ", "bearer", "Token x"])
def test_another_way_to_say_who_one_is_is_none(empty_client: TestClient, header: str) -> None:
    assert empty_client.get("/v1/me", headers={"Authorization": header}).status_code == 401
