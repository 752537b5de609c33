"""The commands that docs/returns.md shows, in their order, and the states that it names."""

from __future__ import annotations

import re
import shlex
import string
from typing import get_args
from uuid import uuid4

from fastapi.testclient import TestClient

from api.routes.returns import Status
from tests.api.buying import checkout, key, pay
from tests.api.curl import DOCS, requested, shell_lines
from tests.api.people import Person, member
from tests.api.world import furnish


def token_of(who: Person) -> str:
    return str(who.login["access_token"])


def test_the_documented_return_can_be_walked(client: TestClient) -> None:
    world = furnish(client)
    cleo, sue = member(client, "cleo@example.com"), world.people["seller"]
    order = str(checkout(client, cleo, world.ids["variant"], 2)["id"])
    pay(client, cleo, order)
    packed = client.post(f"/v1/seller/orders/{order}/shipments", json={}, headers=sue.headers | key()).json()["id"]
    sent = client.post(f"/v1/seller/shipments/{packed}/send", json={}, headers=sue.headers | key())
    assert sent.is_success, sent.text
    arrived = client.post(f"/v1/orders/shipments/{packed}/received", headers=cleo.headers | key())
    assert arrived.is_success, arrived.text

    known = {"ORDER": order, "TOKEN": token_of(cleo), "SELLER": token_of(sue)}
    known["STAFF"] = token_of(world.people["staff"])
    answers = []
    for line in shell_lines("returns.md"):
        words = shlex.split(string.Template(line).substitute(known, ONCE=str(uuid4())))
        answer = requested(client, words)
        assert answer.is_success, f"{line}\n{answer.text}"
        answers.append(answer.json())
        known.setdefault("RETURN", answers[0]["returns"][0]["id"])
    asked, before, listed, approved, received, refunded = answers
    assert [one["status"] for one in asked["returns"]] == ["requested"]
    assert before["returns"] == asked["returns"]
    assert known["RETURN"] in [one["id"] for one in listed["returns"]]
    assert (approved["status"], approved["answer"]) == ("approved", "Please use the enclosed label.")
    assert received["status"] == "received"
    assert received["refund"] in [refund["id"] for refund in refunded["refunds"]]
    assert refunded["lines"][0]["returned"] == 2
    assert sum(refund["amount_minor"] for refund in refunded["refunds"]) == before["total_minor"]


def test_the_page_names_every_state_of_a_return_and_no_other() -> None:
    text = (DOCS / "returns.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", text, re.M) == list(get_args(Status))
