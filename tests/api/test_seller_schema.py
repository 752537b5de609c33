"""Requests made up from the API's description, by a seller who is logged in: no answer is a server error."""

from __future__ import annotations

import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings

from tests.api.people import member


def test_no_request_of_a_seller_is_a_server_error(empty_client: TestClient) -> None:
    ann = member(empty_client, role="seller", seller="Ann")
    asked = 0
    for found in schemathesis.openapi.from_asgi("/v1/openapi.json", empty_client.app).get_all_operations():
        operation = found.ok()
        if not operation.path.startswith(("/v1/seller", "/v1/stock-reports")):
            continue

        @given(case=operation.as_strategy())
        @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        def ask(case: schemathesis.Case) -> None:
            answer = case.call(headers=ann.headers)
            assert answer.status_code < 500, answer.text

        ask()
        asked += 1
    assert asked >= 20
