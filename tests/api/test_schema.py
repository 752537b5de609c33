"""Requests made up from the API's own description, as people of every role: none ends in a server error.

What is answered is what the description says: a status it names, a body of its schema, problem JSON for errors.
"""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.python import asgi
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.world import World, furnish

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
PROBLEM = "application/problem+json"


def ask_everything(client: TestClient, who: str, *, examples: int) -> set[str]:
    """Ask every operation `examples` times as one of the world's people; returns the operations asked."""
    world = furnish(client)
    api = schemathesis.openapi.from_asgi("/v1/openapi.json", client.app)
    asked = set()
    with asgi.get_client(client.app) as session:
        for found in api.get_all_operations():
            operation = found.ok()
            asked.add(operation.label)
            _ask(world, operation, who, session=session, examples=examples)
    return asked


def _ask(world: World, operation: Any, who: str, *, session: Any, examples: int) -> None:
    # A stream that is there does not end (test_streams.py follows some): here only those that are not.
    known = st.just(False) if operation.path.endswith("/stream") else st.booleans()

    @given(case=operation.as_strategy(), known=known)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case, known: bool) -> None:
        if known:  # the id of something that is there
            case.path_parameters.update(
                {name: world.ids.get(name, text) for name, text in case.path_parameters.items()}
            )
        answer = case.call(session=session, headers=world.headers(who))
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == [PROBLEM], answer.text

    ask()


@pytest.mark.parametrize("examples", [3, pytest.param(100, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("who", ["nobody", "customer", "seller", "staff"])
def test_no_request_is_a_server_error(client: TestClient, who: str, examples: int) -> None:
    asked = ask_everything(client, who, examples=examples)
    assert asked >= {"POST /v1/orders", "POST /v1/seller/feed", "POST /v1/seller/products/{product}/pictures"}
    assert len(asked) >= 90
