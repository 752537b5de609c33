"""Which providers a shop's settings open, and what is said of settings that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import BadSettings
from core.providers.alipay import AlipayProvider
from core.providers.cards import CardProvider
from core.providers.opening import accounts_of, open_providers
from core.providers.sandbox_keys import sandbox_keys
from core.providers.wechatpay import WechatProvider
from core.settings import Settings, load_settings

PRODUCTION = {"mode": "production", "secret": "s" * 32, "data_keys": "k" * 32}
STRIPE = {
    "stripe_secret_key": "sk_live_1",
    "stripe_publishable_key": "pk_live_1",
    "stripe_webhook_secret": "whsec_1",
}


@pytest.fixture
def accounts(sandbox_home: Path, tmp_path: Path) -> dict[str, object]:
    """Settings of an account with each provider."""
    keys = sandbox_keys(sandbox_home / "sandbox")
    files = {
        "alipay_private_key": keys.alipay_app_private,
        "alipay_public_key": keys.alipay_public,
        "wechatpay_private_key": keys.wechatpay_merchant_private,
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return {
        **{name: tmp_path / name for name in files},
        **STRIPE,
        "alipay_app_id": keys.alipay_app_id,
        "alipay_seller_id": keys.alipay_seller_id,
        "wechatpay_app_id": keys.wechatpay_app_id,
        "wechatpay_merchant_id": keys.wechatpay_merchant_id,
        "wechatpay_merchant_serial": keys.wechatpay_merchant_serial,
        "wechatpay_api_key": keys.wechatpay_api_key,
        "alipay_currencies": "cny, HKD",
        "public_url": "https://shop.example",
    }


def opened(**given: object) -> list[str]:
    return sorted(open_providers(load_settings(**given)))


def test_accounts_open_their_providers(accounts: dict[str, object]) -> None:
    settings = load_settings(**PRODUCTION, **accounts)
    providers = open_providers(settings)
    kinds = {"alipay": AlipayProvider, "wechatpay": WechatProvider, "stripe": CardProvider}
    assert {name: type(provider) for name, provider in providers.items()} == kinds
    alipay, wechat, _ = accounts_of(settings)
    assert alipay is not None
    assert wechat is not None
    assert (alipay.currencies, wechat.currencies) == (("CNY", "HKD"), ("CNY",))
    assert alipay.notify_url == "https://shop.example/v1/payments/notify/alipay"
    assert wechat.certificates == settings.home / "wechatpay"


def test_without_accounts_there_is_the_test_provider_alone_and_nothing_in_production() -> None:
    assert opened() == ["test"]
    assert opened(**PRODUCTION) == []


def test_the_sandbox_stands_in_for_accounts_that_are_not_set(sandbox_home: Path) -> None:
    given: dict[str, object] = {"home": sandbox_home, "sandbox_url": "http://127.0.0.1:9/"}
    assert opened(**given) == ["alipay", "stripe", "test", "wechatpay"]
    own = open_providers(load_settings(**given, **STRIPE))["stripe"]
    assert isinstance(own, CardProvider)
    assert own.account.gateway == "https://api.stripe.com"


def test_there_is_no_sandbox_in_production(sandbox_home: Path) -> None:
    with pytest.raises(BadSettings, match="MERX_SANDBOX_URL"):
        opened(home=sandbox_home, sandbox_url="http://127.0.0.1:9", **PRODUCTION)


@pytest.mark.parametrize(
    "name",
    [
        *("alipay_app_id", "alipay_seller_id", "alipay_private_key", "alipay_public_key"),
        *("wechatpay_app_id", "wechatpay_merchant_id", "wechatpay_merchant_serial"),
        *("wechatpay_private_key", "wechatpay_api_key"),
        *STRIPE,
    ],
)
def test_an_account_that_is_set_in_part_is_named(accounts: dict[str, object], name: str) -> None:
    del accounts[name]
    with pytest.raises(BadSettings, match=f"MERX_{name.upper()}"):
        opened(**accounts)


@pytest.mark.parametrize("name", ["alipay_private_key", "alipay_public_key", "wechatpay_private_key"])
@pytest.mark.parametrize("text", [None, "", "c2VjcmV0", "a secret ￿"])
def test_keys_that_cannot_be_read_are_named_and_not_shown(
    accounts: dict[str, object], name: str, text: str | None
) -> None:
    path = accounts[name]
    assert isinstance(path, Path)
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    with pytest.raises(BadSettings, match=f"MERX_{name.upper()}") as told:
        opened(**accounts)
    assert not text or text not in str(told.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stripe_secret_key", "pk_live_1"),
        ("stripe_publishable_key", "sk_live_1"),
        ("stripe_publishable_key", "pk_test_1"),
        ("stripe_webhook_secret", "secret"),
        ("wechatpay_api_key", "short"),
        ("stripe_gateway", "api.stripe.com"),
        ("sandbox_url", "ftp://127.0.0.1"),
    ],
)
def test_values_that_cannot_be_are_named(accounts: dict[str, object], name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=f"MERX_{name.upper()}"):
        opened(**{**accounts, name: value})


def test_settings_show_no_keys() -> None:
    assert "sk_live_1" not in repr(accounts_of(Settings(**STRIPE)))  # type: ignore[arg-type]
