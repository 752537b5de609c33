"""docs/notifications.md: its requests are walked through, and its receiver takes what the shop sends."""

from __future__ import annotations

import re
import shlex
import string
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from core.posting import signed
from core.webhooks import KINDS, new_secret
from tests.api.curl import DOCS, requested, shell_lines
from tests.api.people import member

PAGE = "notifications.md"


def test_the_documented_requests_are_answered(empty_client: TestClient) -> None:
    sue = member(empty_client, "sue@example.com", role="seller", seller="Sue")
    known = {"TOKEN": sue.login["access_token"]}
    lines = shell_lines(PAGE)
    assert len(lines) == 8
    for line in lines:
        words = shlex.split(string.Template(line).substitute(known, ONCE=str(uuid4())))
        answer = requested(empty_client, words)
        assert answer.is_success, f"{line}\n{answer.text}"
        told = answer.json() if answer.content else {}
        for name, mark in (("WEBHOOK", "w-"), ("DELIVERY", "m-")):
            if str(told.get("id", "")).startswith(mark):
                known[name] = told["id"]


def receiver(secret: str) -> dict[str, Any]:
    """The receiver of the page, run; what it works on is kept instead of printed."""
    (code,) = re.findall(r"^```python\n(.*?)^```", (DOCS / PAGE).read_text(), re.M | re.S)
    made: dict[str, Any] = {}
    exec(code.replace("whsec_...", secret), made)  # the page's own code
    made["done"] = []
    made["work"] = made["done"].append
    return made


def test_the_documented_receiver_takes_what_is_signed_once() -> None:
    secret, content = new_secret(), '{"type": "order.paid", "data": {"sku": "Ü-1"}}'
    mine = receiver(secret)
    headers = signed(content, id="m-1", secrets=[secret], at=datetime.now(UTC))
    assert [mine["receive"](headers, content.encode()) for _ in range(2)] == [204, 204]
    assert mine["done"] == [{"type": "order.paid", "data": {"sku": "Ü-1"}}]
    both = signed(content, id="m-2", secrets=[new_secret(), secret], at=datetime.now(UTC))
    assert mine["receive"](both, content.encode()) == 204


@pytest.mark.parametrize("fault", ["secret", "body", "id", "old", "header"])
def test_the_documented_receiver_refuses_the_rest(fault: str) -> None:
    secret, content = new_secret(), '{"type": "order.paid"}'
    mine = receiver(new_secret() if fault == "secret" else secret)
    at = datetime(2026, 1, 1, tzinfo=UTC) if fault == "old" else datetime.now(UTC)
    headers = signed(content, id="m-1", secrets=[secret], at=at)
    if fault == "id":
        headers["webhook-id"] = "m-2"
    if fault == "header":
        del headers["webhook-signature"]
    body = content.replace("paid", "sent") if fault == "body" else content
    assert mine["receive"](headers, body.encode()) == 401
    assert mine["done"] == []


def test_every_kind_is_on_the_page() -> None:
    text = (DOCS / PAGE).read_text()
    assert [kind for kind in KINDS if f"`{kind}`" not in text] == []
