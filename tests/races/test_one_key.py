"""Sixty-four requests at once with one Idempotency-Key: one order, and sixty-three times the same answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.state import Shop
from core.settings import Settings
from core.tables import LoginSession
from core.tokens import Tokens
from tests.core.trade import NOW, Trade, broken_invariants

AT_ONCE = 64
SECRET = "a secret for those who press twice"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    new: Callable[[], str] = request.getfixturevalue(f"new_{request.param}")
    made = Shop(Settings(home=tmp_path, database_url=new(), secret=SECRET), clock=lambda: NOW)
    yield made
    made.close()


def test_one_key_is_one_order(shop: Shop, tmp_path: Path) -> None:
    trade = Trade(shop.database, tmp_path, shop.charges).stocked([100, 100])
    with shop.database.write() as session:
        session.add(LoginSession(public_id="l", user_id=trade.user(session, 0), created_at=NOW))
    cart, total = trade.cart(0, {"v0": 2, "v1": 1})
    body = {"cart": cart, "address": "a0", "total_minor": total}
    token = Tokens(SECRET, access_minutes=60).access(user="u0", session="l", at=NOW)
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "pressed-twice"}
    client = TestClient(create_app(shop.settings, shop=shop))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: client.post("/v1/orders", json=body, headers=headers), range(AT_ONCE)))
    assert [answer.status_code for answer in answers] == [201] * AT_ONCE
    assert len({answer.text for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == AT_ONCE - 1
    assert len(client.get("/v1/orders", headers=headers).json()["orders"]) == 1
    assert trade.levels() == {"v0": (100, 2), "v1": (100, 1)}
    changed = client.post("/v1/orders", json={**body, "total_minor": total + 1}, headers=headers)
    assert changed.status_code == 422
    assert changed.json()["type"] == "/problems/idempotency-key-reused"
    with shop.database.read() as session:
        assert broken_invariants(session) == []
