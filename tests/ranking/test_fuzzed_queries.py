"""Whatever is typed, the API answers it or says clearly why not: never an error of its own."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.state import Shop
from core.settings import Settings
from pipelines.commands.index import build_index
from pipelines.house import open_house
from ranking.understanding import MAX_QUERY_LENGTH

SYNTAX = (
    *(
        "AND",
        "OR",
        "NOT",
        "&&",
        "||",
        "!",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "^2",
        '"',
        "~1",
        "*",
        "?",
        ":",
        "\\",
        "/",
    ),
    *("title:", "_exists_:x", "[* TO *]", "{!func}", "+lamp", "-lamp", '{"match_all":{}}', "/.*/", "<em>", "%00"),
    *("'; DROP TABLE product;--", "../../etc/passwd", "${7*7}", "{{7*7}}", "<script>alert(1)</script>", "\\u0000"),
)
WORDS = (
    "lamp",
    "red",
    "without",
    "no",
    "under 50",
    "200元以下",
    "蓝牙耳机",
    "lanya",
    "2l",
    "10x20cm",
    "under £9999999999",
)
PLANES = ((0, 0x7F), (0x80, 0x2FF), (0x300, 0x36F), (0x600, 0x6FF), (0x2000, 0x206F), (0x4E00, 0x9FFF))
ODD = (
    (0xD800, 0xDFFF),
    (0xE000, 0xF8FF),
    (0xFE00, 0xFE0F),
    (0xFFF0, 0xFFFF),
    (0x1F300, 0x1FAFF),
    (0x20000, 0x2FA1F),
)


def fuzzed(count: int, *, seed: int) -> Iterator[str]:
    """Queries of any Unicode, half of surrogate pairs among it, of query syntax, and of any length."""
    chance = random.Random(seed)
    for _ in range(count):
        longest = chance.choice((3, 20, 80, MAX_QUERY_LENGTH, 2500))
        said = ""
        while len(said) < longest * chance.random():
            kind = chance.randrange(4)
            if kind == 0:
                said += chance.choice(SYNTAX)
            elif kind == 1:
                said += f" {chance.choice(WORDS)} "
            else:
                low, high = chance.choice(PLANES + ODD)
                said += "".join(chr(chance.randint(low, high)) for _ in range(chance.randint(1, 8)))
        yield said


def ask(client: TestClient, query: str, *, suggest: bool) -> None:
    typed = quote(query.encode("utf-8", "surrogatepass"), safe="")
    answer = client.get(f"/v1/{'suggest' if suggest else 'search'}?q={typed}")
    assert answer.status_code in (200, 400, 422), (query, answer.status_code, answer.text[:500])
    if answer.status_code != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]


@pytest.fixture(params=["embedded", pytest.param("opensearch", marks=pytest.mark.opensearch)])
def client(request: pytest.FixtureRequest, shop_settings: Settings) -> Iterator[TestClient]:
    settings = shop_settings
    if request.param == "opensearch":
        url = request.getfixturevalue("opensearch_url")
        name = f"fuzzed-{uuid.uuid4().hex[:8]}"
        settings = settings.model_copy(update={"engine": "opensearch", "opensearch_url": url, "index_name": name})
        with open_house(settings) as house, house.engine() as engine:
            build_index(house, engine, publish=True)
    shop = Shop(settings)
    with TestClient(create_app(settings, shop=shop), raise_server_exceptions=False) as made:
        yield made
        if request.param == "opensearch":
            shop.engine.drop()


def test_some_fuzzed_queries(client: TestClient) -> None:
    for place, query in enumerate(fuzzed(150, seed=1)):
        ask(client, query, suggest=place % 5 == 4)


@pytest.mark.nightly
def test_ten_thousand_fuzzed_queries(client: TestClient) -> None:
    for place, query in enumerate(fuzzed(10_000, seed=2)):
        ask(client, query, suggest=place % 5 == 4)
