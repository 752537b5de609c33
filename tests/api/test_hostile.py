"""What nobody sends by mistake: bodies that are not JSON, half characters, endless numbers, ids full of noise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from fastapi.testclient import TestClient
from httpx import Response

from tests.api.buying import key
from tests.api.test_authorisation import TABLE
from tests.api.world import JSON, World, furnish, request_for

TEXTS = ["\0", "a\0b", "\ud800", "\udfff\ud800", "x" * 300_000, "\u202e\u0007", "灯" * 5000, "'; DROP TABLE x; --"]
NUMBERS: list[Any] = [10**30, -(10**30), 2**63, -(2**63) - 1, 1e308, True, None, [], {}]
BODIES = [
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"{",
    b"\xff\xfe\x00{}",
    b"\xed\xa0\x80",
    b'{"\\ud800": 1}',
    b'{"\\u0000": "\\u0000"}',
    b'{"quantity": 1e999, "total_minor": NaN, "limit": -Infinity}',
    b'{"quantity": ' + b"9" * 10_000 + b"}",
    b"[" * 100_000,
    b'{"lines": ' * 50_000,
    b"<?xml version='1.0'?><x/>",
]
KINDS = [
    "text/plain",
    "application/xml",
    "multipart/form-data",
    "application/x-www-form-urlencoded",
    "\u00e9",
    "a/b;",
]
PATHS = ["\0", "\ud800", "x" * 5000, "..", "%", "a/b", "'", "\u202e", "\n", "-1", "1" * 40]
CALLER = {"/v1/staff": "staff", "/v1/seller": "seller"}  # everything else: a customer


def spoiled(body: Any) -> Iterator[Any]:
    """A body with each of its values in turn made something else."""
    if isinstance(body, dict):
        for name, value in body.items():
            for other in [*spoiled(value), *TEXTS, *NUMBERS]:
                yield {**body, name: other}
        yield {**body, "\ud800": 1}
        yield {**body, "x" * 10_000: 1}
    elif isinstance(body, list):
        for place, value in enumerate(body):
            yield from ([*body[:place], other, *body[place + 1 :]] for other in spoiled(value))
        yield body * 5000


def who_of(route: str) -> str:
    return next((who for prefix, who in CALLER.items() if f" {prefix}" in route), "customer")


def quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


class Asking:
    """Asks a route as somebody who may, and holds that no answer is a server error."""

    def __init__(self, world: World, route: str) -> None:
        self.world, self.route = world, route
        self.headers = {**key(), **world.headers(who_of(route))}

    def __call__(self, ids: dict[str, str] | None = None, query: str = "", **request: Any) -> Response:
        method, path = self.route.split()
        others = {"provider": "test", "field": "brand", "key": "x-none"}
        at = path.format(**{**self.world.ids, **others, **(ids or {})})
        headers = {**self.headers, **key(), **request.pop("headers", {})}
        answer: Response = self.world.client.request(method, at + query, headers=headers, **request)
        told = (self.route, at[:200], query[:200], str(request)[:300], answer.text[:500])
        assert answer.status_code < 500, told
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json", told
            assert answer.json()["status"] == answer.status_code
        return answer


def routes(*methods: str) -> list[str]:
    # A stream is asked for ids that are not there: one that is there does not end.
    return [route for route in TABLE if route.split()[0] in methods and not route.endswith("/stream")]


def test_no_body_is_too_strange(client: TestClient) -> None:
    world = furnish(client)
    for route in routes("POST", "PUT", "PATCH"):
        ask = Asking(world, route)
        for body in BODIES:
            ask(content=body, headers=JSON)
        for kind in KINDS:
            ask(content=b'{"a": 1}', headers={"Content-Type": kind.encode()})


def test_no_value_is_too_strange(client: TestClient) -> None:
    world = furnish(client)
    asked = 0
    for route in routes("POST", "PUT", "PATCH"):
        ask = Asking(world, route)
        for body in spoiled(request_for(world, route, who_of(route)).get("json")):
            if "\ud800" in str(body) or "\udfff" in str(body):
                assert ask(content=json.dumps(body).encode(), headers=JSON).status_code >= 400, (
                    route,
                    str(body)[:200],
                )
            else:
                ask(content=json.dumps(body).encode(), headers=JSON)
            asked += 1
    assert asked > 500


def test_no_id_is_too_strange(client: TestClient) -> None:
    world = furnish(client)
    for route in (route for route in TABLE if "{" in route):
        ask, request = Asking(world, route), request_for(world, route, who_of(route))
        for text in PATHS:
            ask(dict.fromkeys([*world.ids, "provider", "field", "key"], quoted(text)), **request)


def test_no_query_is_too_strange(client: TestClient) -> None:
    world = furnish(client)
    paths = client.app.openapi()["paths"]  # type: ignore[attr-defined]
    asked = 0
    for route in routes("GET", "POST", "PUT"):
        method, path = route.split()
        operation = paths.get(path, {}).get(method.lower(), {})
        names = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
        ask = Asking(world, route)
        request = request_for(world, route, who_of(route)) | {"params": None}
        for name in names:
            for text in ["\0", "\ud800", "x" * 5000, "9" * 30, "-1", "nan", "1e9", "[]"]:
                ask(query=f"?{name}={quoted(text)}", **request)
                asked += 1
    assert asked > 250


def test_no_header_is_too_strange(client: TestClient) -> None:
    world = furnish(client)
    names = ("Idempotency-Key", "Merx-Cart-Key", "If-Match", "Merx-Device", "Merx-Signature", "Authorization")
    for route in TABLE:
        if route.endswith("/stream"):
            continue
        ask = Asking(world, route)
        for value in (b"", b"\xff\xfe", "灯".encode(), b"x" * 10_000, b'"'):
            ask(headers=dict.fromkeys(names[:-1], value))
        ask(headers={names[-1]: b"Bearer \xff\xfe"})
