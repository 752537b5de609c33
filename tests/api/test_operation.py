"""Health, metrics, OpenAPI, and what is said before anything was built."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.state import Shop
from core.settings import Settings, load_settings


def test_a_shop_that_serves_is_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["ready"]
    assert answer.json()["models"].startswith("version ")


def test_a_shop_without_an_index_says_what_to_do(empty_client: TestClient) -> None:
    assert empty_client.get("/healthz").status_code == 200
    ready = empty_client.get("/readyz")
    assert ready.status_code == 503
    assert "merx index build" in ready.json()["index"]
    for path in ("/v1/search?q=lamp", "/v1/suggest?q=la", "/v1/recommendations/home"):
        answer = empty_client.get(path)
        assert answer.status_code == 503, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"]
        assert "merx " in answer.json()["detail"]
    assert empty_client.get("/v1/products/x").status_code == 404  # products are read from the core


def test_an_opensearch_that_does_not_answer_is_named(shop_settings: Settings) -> None:
    away = load_settings(
        home=shop_settings.home, engine="opensearch", opensearch_url="http://127.0.0.1:1", opensearch_timeout=1
    )
    with TestClient(create_app(away, shop=Shop(away)), raise_server_exceptions=False) as client:
        answer = client.get("/v1/search?q=lamp")
        assert answer.status_code == 503
        assert "127.0.0.1:1" in answer.json()["detail"]
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200


def test_requests_are_counted_by_route_not_by_path(client: TestClient) -> None:
    for name in ("a", "b"):
        client.get(f"/v1/products/{name}")
    text = client.get("/metrics").text
    assert 'merx_http_requests_total{method="GET",route="/v1/products/{product}",status="404"} 2.0' in text
    assert "merx_http_request_seconds_bucket" in text


def test_the_contract_describes_every_route_with_problems(client: TestClient) -> None:
    document = client.get("/v1/openapi.json").json()
    for path in (
        "/v1/search",
        "/v1/suggest",
        "/v1/products/{product}",
        "/v1/events",
        *(f"/v1/recommendations/{row}" for row in ("home", "similar", "bought-together", "cart")),
    ):
        (operation,) = document["paths"][path].values()
        assert operation["summary"]
        assert "application/problem+json" in operation["responses"]["400"]["content"]
    assert document["components"]["schemas"]["MoneyOut"]["properties"]["minor"]["examples"]


def test_new_models_are_picked_up_without_a_restart(client: TestClient, shop: Shop) -> None:
    before = client.get("/v1/recommendations/home").json()["model"]
    version = shop.artifacts.get("models", before)
    with shop.artifacts.create("models", name="copy", about=dict(version.about)) as folder:
        for path in version.path.rglob("*"):
            if path.is_file() and path.name != "manifest.json":
                target = folder / path.relative_to(version.path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
    shop.artifacts.publish("models", "copy")
    assert client.get("/v1/recommendations/home").json()["model"] == "copy"


def test_a_broken_version_does_not_take_recommendations_down(client: TestClient, shop: Shop) -> None:
    before = client.get("/v1/recommendations/home").json()["model"]
    with shop.artifacts.create("models", name="broken", about={}) as folder:
        (folder / "items.json").write_text('{"ids": [')
    shop.artifacts.publish("models", "broken")
    assert client.get("/v1/recommendations/home").json()["model"] == before


def test_production_hides_the_sample_shoppers(shop_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    production = load_settings(home=shop_settings.home, mode="production", secret="s" * 40, data_keys="k" * 40)
    with TestClient(create_app(production, shop=Shop(production))) as client:
        assert client.get("/v1/shoppers/samples").status_code == 404


def test_the_page_and_its_files_are_served_under_a_strict_policy(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert client.get("/pictures/none.webp").status_code == 404
    assert client.get("/pictures/..%2fmerx.db").status_code == 404


def test_the_home_is_not_served(client: TestClient, shop_settings: Settings) -> None:
    assert (Path(shop_settings.home) / "merx.db").exists()
    for path in ("/merx.db", "/static/../merx.db", "/pictures/%2e%2e/merx.db"):
        assert client.get(path).status_code == 404
