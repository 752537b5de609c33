"""How the page's files are served: policy, caching, and nothing but what is meant to be seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from core.letters import PAGES
from core.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "shop"


@pytest.fixture
def client(home: Path) -> Iterator[TestClient]:
    home.mkdir()
    with TestClient(create_app(Settings(home=home))) as opened:
        yield opened


def test_the_page_is_there_before_there_is_anything_to_show(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert client.head("/").status_code == 200


def test_nothing_in_the_page_is_inline_or_from_elsewhere(client: TestClient) -> None:
    answer = client.get("/")
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert "script-src" not in policy
    assert "style-src" not in policy
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", answer.text)
    assert not re.search(r"(src|href)=\"(?!/|#)", answer.text)


def test_every_file_the_page_names_is_served_and_kept_for_good(client: TestClient) -> None:
    named = set(re.findall(r"(?:src|href)=\"(/static/[^\"]+)\"", client.get("/").text))
    assert {Path(name).suffix for name in named} == {".css", ".js", ".svg"}
    for name in named:
        answer = client.get(name)
        assert answer.status_code == 200, name
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        tag = {"If-None-Match": answer.headers["etag"]}
        assert client.get(name, headers=tag).status_code == 304


def test_a_file_under_the_name_of_another_version_is_asked_for_again(client: TestClient) -> None:
    answer = client.get("/static/0000000000000000/app.js")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


def test_pictures_may_come_after_the_start(client: TestClient, home: Path) -> None:
    assert client.get("/pictures/a.svg").status_code == 404
    (home / "pictures").mkdir()
    (home / "pictures" / "a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    answer = client.get("/pictures/a.svg")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["cache-control"] == "public, max-age=86400"
    assert "sandbox" in answer.headers["content-security-policy"]  # it may hold a script


@pytest.mark.parametrize(
    "path",
    [
        "/pictures/../secret.txt",
        "/pictures/..%2fsecret.txt",
        "/pictures/%2e%2e/secret.txt",
        "/pictures/..%5csecret.txt",
        "/pictures/link.txt",
        "/pictures//etc/passwd",
        "/pictures/%00",
        "/pictures/",
        "/static/",
        "/static/x/",
        "/static/x/../../__init__.py",
        "/static/x/..%2f..%2f__init__.py",
        "/static/..%2f__init__.py",
    ],
)
def test_what_lies_beside_the_files_stays_hidden(client: TestClient, home: Path, path: str) -> None:
    (home / "secret.txt").write_text("secret")
    (home / "pictures").mkdir()
    (home / "pictures" / "link.txt").symlink_to(home / "secret.txt")
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text.replace("secret.txt", "")


def test_sample_shoppers_are_not_offered_in_production(home: Path) -> None:
    home.mkdir()
    settings = Settings(home=home, mode="production", secret="s" * 32, data_keys="k" * 32)
    with TestClient(create_app(settings)) as client:
        page = client.get("/").text
        assert "New guest" not in page
        assert "data-development" not in page
    with TestClient(create_app(Settings(home=home))) as client:
        page = client.get("/").text
        assert "New guest" in page
        assert "data-development" in page


def test_links_in_messages_lead_to_the_page(client: TestClient) -> None:
    page = client.get("/")
    for link in (*PAGES.values(), "checkout", "orders", "orders/o-4f0c21b7d9", "account", "account/security"):
        answer = client.get(f"/{link}")
        assert answer.status_code == 200, link
        assert answer.text == page.text
        assert answer.headers["content-security-policy"] == page.headers["content-security-policy"]
        assert client.head(f"/{link}").status_code == 200
    assert client.get("/account/verify/more").status_code == 404


def test_the_card_form_is_there_for_an_account_with_stripe_alone(client: TestClient, home: Path) -> None:
    assert client.get("/card").status_code == 404
    account = {
        "stripe_secret_key": "sk_test_hidden",
        "stripe_publishable_key": "pk_test_shown",
        "stripe_webhook_secret": "whsec_hidden",
    }
    with TestClient(create_app(Settings(home=home, **account))) as with_cards:
        page = with_cards.get("/card")
        policy = page.headers["content-security-policy"]
        assert with_cards.get("/card/card.js").headers["content-type"].startswith("text/javascript")
    assert "pk_test_shown" in page.text
    assert "hidden" not in page.text
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert set(re.findall(r"src=\"(https:[^\"]+)", page.text)) == {"https://js.stripe.com/v3/"}
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", page.text)
