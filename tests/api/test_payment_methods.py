"""Which ways to pay a shop offers, and for which currency."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fastapi.testclient import TestClient

from core.providers.alipay import AlipayProvider
from core.providers.opening import open_providers, sandbox_accounts
from tests.api.buying import checkout, key
from tests.api.people import member, shop_of
from tests.api.shops import change_product


def test_only_what_takes_the_currency_is_offered(client: TestClient, sandbox_home: Path) -> None:
    shop = shop_of(client)
    settings = shop.settings.model_copy(update={"home": sandbox_home, "sandbox_url": "http://127.0.0.1:9"})
    shop.providers = open_providers(settings)
    yuan = replace(sandbox_accounts(settings)[0], currencies=("CNY",))
    shop.providers["alipay"] = AlipayProvider(yuan)
    every = client.get("/v1/payment-methods").json()
    assert every["providers"] == ["alipay", "stripe", "test", "wechatpay"]
    assert every["methods"]["alipay"] == ["page", "qr"]
    pounds = client.get("/v1/payment-methods", params={"currency": "GBP"}).json()
    assert pounds["providers"] == ["stripe", "test", "wechatpay"]
    assert client.get("/v1/payment-methods", params={"currency": "CNY"}).json()["providers"] == every["providers"]
    change_product(shop, "lamp", stock=5, title="Brass desk lamp")
    ann = member(client, "ann@example.com")
    order = checkout(client, ann, "lamp-v")
    path, headers = f"/v1/orders/{order['id']}/payments", {**ann.headers, **key()}
    refused = client.post(path, json={"provider": "alipay"}, headers=headers)
    assert (refused.status_code, refused.json()["detail"]) == (409, "alipay takes no payments in GBP")
    unknown = client.post(path, json={"provider": "stripe", "method": "qr"}, headers={**ann.headers, **key()})
    assert (unknown.status_code, unknown.json()["detail"]) == (400, "stripe has no method 'qr'")
    assert client.get(f"/v1/orders/{order['id']}", headers=ann.headers).json()["payments"] == []
