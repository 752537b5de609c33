"""A client of the real application over a copy of the sample shop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.state import Shop
from core.settings import Settings, load_settings


@pytest.fixture
def shop(shop_settings: Settings) -> Shop:
    return Shop(shop_settings)


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with TestClient(create_app(shop.settings, shop=shop), raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def empty_client() -> Iterator[TestClient]:
    """A client of a home in which nothing was built yet."""
    settings = load_settings()
    shop = Shop(settings)
    shop.database.migrate()
    with TestClient(create_app(settings, shop=shop), raise_server_exceptions=False) as made:
        yield made
