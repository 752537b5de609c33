"""The commands that docs/reviews.md and docs/staff.md show about reviews, in their order."""

from __future__ import annotations

import re
import shlex
import string
from uuid import uuid4

from fastapi.testclient import TestClient
from httpx import Response

from tests.api.curl import DOCS, requested, shell_lines
from tests.api.people import Person, member
from tests.api.test_reviews import received
from tests.api.world import furnish, photo


def token_of(who: Person) -> str:
    return str(who.login["access_token"])


def test_the_documented_reviews_can_be_written_read_and_judged(client: TestClient) -> None:
    world = furnish(client)
    cleo = member(client, "cleo@example.com")
    world.people["cleo"] = cleo
    known = {"PRODUCT": world.ids["product"], "TOKEN": token_of(cleo), "STAFF": token_of(world.people["staff"])}
    known["ORDER"] = received(world, "cleo")

    def ask(line: str) -> Response:
        words = shlex.split(string.Template(line).substitute(known, ONCE=str(uuid4())))
        return requested(client, words, {"lamp.jpg": photo()})

    lines = shell_lines("reviews.md")
    assert len(lines) == 5
    answers = []
    for line in lines:
        answer = ask(line)
        assert answer.is_success, f"{line}\n{answer.text}"
        answers.append(answer.json())
        known.setdefault("REVIEW", answers[0]["id"])
    assert [found["score"] for found in answers[3]["reviews"]] == [5]
    assert len(answers[3]["reviews"][0]["pictures"]) == 1
    assert known["REVIEW"] in [found["id"] for found in answers[4]["reviews"]]
    look, publish, reject = (line for line in shell_lines("staff.md") if "/reviews" in line)
    assert known["REVIEW"] in [found["id"] for found in ask(look).json()["reviews"]]
    assert ask(publish).status_code == 409, "it was edited since its first version"
    known["REVIEW"] = world.ids["answered"]
    assert ask(publish).json()["status"] == "published"
    assert ask(reject).json()["verdict"] == "It names a person."


def test_every_documented_route_of_sellers_reviews_is_there(client: TestClient) -> None:
    text = (DOCS / "sellers.md").read_text().split("## Reviews\n")[1].split("\n## ")[0]
    paths = set(re.findall(r"(/v1/seller[s]?/[^`\s]+)", text))
    described = set(client.get("/v1/openapi.json").json()["paths"])
    assert len(paths) == 6
    assert paths <= described
