"""Command lines of curl, as the documentation shows them, asked of a client."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from fastapi.testclient import TestClient
from httpx import Response

DOCS = Path(__file__).parents[2] / "docs"


def shell_lines(page: str) -> list[str]:
    """The lines of all blocks of shell of a page, in their order."""
    text = (DOCS / page).read_text()
    return [
        line for block in re.findall(r"^```shell\n(.*?)^```", text, re.M | re.S) for line in block.splitlines()
    ]


def requested(client: TestClient, words: list[str], files: Mapping[str, bytes] | None = None) -> Response:
    """What a command line of curl asks for; `files` is what lies in its folder."""
    method, address, headers, form, content = "GET", "", {}, [], None
    there = files or {}
    rest = iter(words[1:])
    for word in rest:
        match word:
            case "-X":
                method = next(rest)
            case "-H":
                name, _, value = next(rest).partition(": ")
                headers[name] = value
            case "-d":
                content = next(rest).encode()
            case "--data-binary":
                content = there[next(rest).removeprefix("@")]
            case "-F":
                form.append(next(rest).split("=", 1))
            case _:
                address = word.removeprefix("http://127.0.0.1:8000")
    if not form:
        return client.request(method, address, headers=headers, content=content)
    uploads = {name: (value[1:], there[value[1:]]) for name, value in form if value.startswith("@")}
    texts = {name: value for name, value in form if not value.startswith("@")}
    return client.request(method, address, headers=headers, files=uploads, data=texts)
