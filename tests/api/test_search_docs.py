"""The searches that docs/storefront.md shows find something in the sample shop; its tables name what there is."""

from __future__ import annotations

import re
import shlex

from fastapi.testclient import TestClient

from index.query import KEYWORD_FIELDS
from tests.api.curl import DOCS, requested, shell_lines


def test_the_documented_searches_find_something(client: TestClient) -> None:
    lines = [line for line in shell_lines("storefront.md") if "/v1/search" in line or "/v1/facets" in line]
    assert len(lines) == 4
    for line in lines:
        answer = requested(client, shlex.split(line))
        assert answer.status_code == 200, f"{line}\n{answer.text}"
        found = answer.json()
        assert found.get("hits") or found.get("values"), line


def test_every_parameter_of_the_search_is_documented(client: TestClient) -> None:
    text = (DOCS / "storefront.md").read_text().split("## Search\n")[1].split("\n## ")[0]
    named = set(re.findall(r"`([a-z_]+)`", text))
    described = client.get("/v1/openapi.json").json()["paths"]["/v1/search"]["get"]["parameters"]
    assert {parameter["name"] for parameter in described} <= named
    assert set(KEYWORD_FIELDS) <= named
