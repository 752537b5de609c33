"""`merx explain-recommendation` says the numbers that the API said, also when more has happened since."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.state import Shop
from core.settings import Settings
from tests.pipelines.conftest import Ran

Merx = Callable[..., Ran]


@pytest.fixture
def shopper(sample: Settings) -> str:
    shop = Shop(sample)
    with TestClient(create_app(sample, shop=shop)) as client:
        key: str = client.get("/v1/shoppers/samples").json()["shoppers"][0]["key"]
    return key


def answer(sample: Settings, shopper: str) -> dict[str, Any]:
    """The home page of a shopper, who then looks at something else."""
    with TestClient(create_app(sample, shop=Shop(sample))) as client:
        asked: dict[str, str | bool | int] = {"shopper": shopper, "explain": True, "size": 12}
        told: dict[str, Any] = client.get("/v1/recommendations/home", params=asked).json()
        seen = told["rows"][0]["items"][0]["id"]
        events = [{"shopper": shopper, "kind": "view", "product": seen} for _ in range(3)]
        assert client.post("/v1/events", json={"events": events}).status_code == 202
    return told


def test_what_was_recommended_is_worked_out_again(sample: Settings, merx: Merx, shopper: str) -> None:
    told = answer(sample, shopper)
    row = told["rows"][0]
    assert row["id"] == "for-you"
    for item in row["items"][:4]:
        ran = merx(
            "explain-recommendation", shopper, item["id"], "--json", "--at", told["at"], "--model", told["model"]
        )
        assert ran.code == 0, ran.said
        again = json.loads(ran.output)
        assert again["score"] == pytest.approx(item["score"], abs=1e-5)
        assert again["saying"] == item["reason"]
        assert again["parts"] == pytest.approx({part["part"]: part["value"] for part in item["why"]}, abs=1e-5)
        shares = {source["product"]: source["share"] for source in again["sources"]}
        for because in item["because"]:
            assert shares[because["product"]] == pytest.approx(because["share"], abs=1e-5)
        assert sum(shares.values()) + again["base"] == pytest.approx(again["score"], rel=1e-3)
    later = json.loads(merx("explain-recommendation", shopper, row["items"][1]["id"], "--json").output)
    assert later["known"] == again["known"] + 3


def test_a_person_can_read_it(sample: Settings, merx: Merx, shopper: str) -> None:
    item = answer(sample, shopper)["rows"][0]["items"][0]
    shown = " ".join(merx("explain-recommendation", shopper, item["id"]).output.split())
    assert item["title"].split()[0] in shown
    assert "together" in shown
    assert "for anyone" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("guest-0123456789", "nothing"), "do not know the product"),
        (("guest-0123456789", "nothing", "--model", "none"), "none"),
        (("guest-0123456789", "nothing", "--at", "yesterday"), "is no moment"),
    ],
)
def test_what_makes_no_sense_is_told(sample: Settings, merx: Merx, words: tuple[str, ...], said: str) -> None:
    ran = merx("explain-recommendation", *words)
    assert (ran.code, said in ran.said) == (1, True), ran.said


def test_nothing_is_explained_before_there_are_models(merx: Merx) -> None:
    ran = merx("explain-recommendation", "guest-0123456789", "p0")
    assert (ran.code, "merx train" in ran.said) == (1, True)
