"""Requests made up from the API's own description: whatever comes, no answer is a server error."""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, given, settings

from api.app import create_app
from api.state import Shop
from core.settings import Settings


def test_no_request_is_a_server_error(shop_settings: Settings) -> None:
    app = create_app(shop_settings, shop=Shop(shop_settings))
    asked: set[str] = set()
    for found in schemathesis.openapi.from_asgi("/v1/openapi.json", app).get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        def ask(case: schemathesis.Case) -> None:
            answer = case.call()
            assert answer.status_code < 500, answer.text
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == ["application/problem+json"], answer.text

        ask()
        asked.add(operation.path)
    assert {"/v1/search", "/v1/events", "/v1/recommendations/home"} <= asked
