"""The payment providers that a shop's settings set up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from core.clock import Clock, system_clock
from core.errors import BadSettings
from core.providers import PaymentProvider
from core.providers.alipay import AlipayAccount, AlipayProvider
from core.providers.cards import CardAccount, CardProvider
from core.providers.local import LocalProvider
from core.providers.sandbox_keys import certificates, sandbox_keys
from core.providers.wechatpay import WechatAccount, WechatProvider
from core.settings import Settings

Accounts = tuple[AlipayAccount | None, WechatAccount | None, CardAccount | None]


def open_providers(settings: Settings, *, clock: Clock = system_clock) -> dict[str, PaymentProvider]:
    """The providers by name: those with an account, and in development the sandbox's and the test provider.

    Neither moves money: there is none of them in production. Raises BadSettings naming the variables of an account
    that are missing or wrong.
    """
    alipay, wechat, cards = accounts_of(settings)
    if settings.sandbox_url:
        if settings.mode == "production":
            raise BadSettings("MERX_SANDBOX_URL: there are no sandbox providers in production")
        sandbox = sandbox_accounts(settings)
        alipay, wechat, cards = alipay or sandbox[0], wechat or sandbox[1], cards or sandbox[2]
    opened: list[PaymentProvider] = []
    if alipay:
        opened.append(AlipayProvider(alipay, clock=clock))
    if wechat:
        opened.append(WechatProvider(wechat, clock=clock))
    if cards:
        opened.append(CardProvider(cards))
    if settings.mode != "production":
        opened.append(LocalProvider(settings.home / "test-provider", settings.secret))
    return {provider.name: provider for provider in opened}


def notify_url(settings: Settings, provider: str) -> str:
    """Where a provider tells the shop what happened."""
    return f"{settings.public_url}/v1/payments/notify/{provider}"


def accounts_of(settings: Settings) -> Accounts:
    """The accounts that are set, None for each that is not; raises BadSettings for one that is set in part."""
    return _alipay(settings), _wechatpay(settings), _stripe(settings)


def sandbox_accounts(settings: Settings) -> tuple[AlipayAccount, WechatAccount, CardAccount]:
    """The shop's accounts with the sandbox at `sandbox_url`, by the keys in the home."""
    folder, url = settings.home / "sandbox", settings.sandbox_url
    keys = sandbox_keys(folder)
    return (
        AlipayAccount(
            app_id=keys.alipay_app_id,
            seller_id=keys.alipay_seller_id,
            private_key=keys.alipay_app_private,
            public_key=keys.alipay_public,
            gateway=f"{url}/alipay/gateway.do",
            currencies=("*",),
            notify_url=notify_url(settings, "alipay"),
        ),
        WechatAccount(
            app_id=keys.wechatpay_app_id,
            merchant_id=keys.wechatpay_merchant_id,
            merchant_serial=keys.wechatpay_merchant_serial,
            private_key=keys.wechatpay_merchant_private,
            api_key=keys.wechatpay_api_key,
            certificates=certificates(folder),
            gateway=f"{url}/wechatpay",
            currencies=("*",),
            notify_url=notify_url(settings, "wechatpay"),
        ),
        CardAccount(
            secret_key=keys.stripe_secret_key,
            publishable_key=keys.stripe_publishable_key,
            webhook_secret=keys.stripe_webhook_secret,
            gateway=f"{url}/stripe",
            pages=f"{url}/pay/stripe",
        ),
    )


def _alipay(settings: Settings) -> AlipayAccount | None:
    needed = ("alipay_app_id", "alipay_seller_id", "alipay_private_key", "alipay_public_key")
    if not _set(settings, needed):
        return None
    return AlipayAccount(
        app_id=settings.alipay_app_id,
        seller_id=settings.alipay_seller_id,
        private_key=_pem(settings, "alipay_private_key", _private_key),
        public_key=_pem(settings, "alipay_public_key", _public_key),
        gateway=settings.alipay_gateway,
        currencies=_currencies(settings.alipay_currencies),
        notify_url=notify_url(settings, "alipay"),
    )


def _wechatpay(settings: Settings) -> WechatAccount | None:
    parts = ("app_id", "merchant_id", "merchant_serial", "private_key", "api_key")
    if not _set(settings, tuple(f"wechatpay_{part}" for part in parts)):
        return None
    return WechatAccount(
        app_id=settings.wechatpay_app_id,
        merchant_id=settings.wechatpay_merchant_id,
        merchant_serial=settings.wechatpay_merchant_serial,
        private_key=_pem(settings, "wechatpay_private_key", _private_key),
        api_key=settings.wechatpay_api_key,
        certificates=settings.wechatpay_certificates or settings.home / "wechatpay",
        gateway=settings.wechatpay_gateway,
        currencies=_currencies(settings.wechatpay_currencies),
        notify_url=notify_url(settings, "wechatpay"),
    )


def _stripe(settings: Settings) -> CardAccount | None:
    beginnings: Mapping[str, tuple[str, ...]] = {
        "stripe_secret_key": ("sk_test_", "sk_live_", "rk_test_", "rk_live_"),
        "stripe_publishable_key": ("pk_test_", "pk_live_"),
        "stripe_webhook_secret": ("whsec_",),
    }
    if not _set(settings, tuple(beginnings)):
        return None
    for name, allowed in beginnings.items():
        if not getattr(settings, name).startswith(allowed):
            raise BadSettings(f"{_variable(name)}: must begin with {' or '.join(allowed)}")
    if settings.mode == "production" and "_live_" not in settings.stripe_secret_key:
        raise BadSettings("MERX_STRIPE_SECRET_KEY: a key of the test mode sells real goods for no money")
    if ("_live_" in settings.stripe_secret_key) != ("_live_" in settings.stripe_publishable_key):
        raise BadSettings("MERX_STRIPE_PUBLISHABLE_KEY: is of the other mode, live or test, than the secret key")
    return CardAccount(
        secret_key=settings.stripe_secret_key,
        publishable_key=settings.stripe_publishable_key,
        webhook_secret=settings.stripe_webhook_secret,
        gateway=settings.stripe_gateway,
    )


def _set(settings: Settings, names: tuple[str, ...]) -> bool:
    """Whether an account is set; raises BadSettings where it is in part."""
    missing = [_variable(name) for name in names if not getattr(settings, name)]
    if missing and len(missing) < len(names):
        raise BadSettings(f"{', '.join(missing)}: to be set too, as other parts of the account are")
    return not missing


def _pem(settings: Settings, name: str, load: Callable[[bytes], object]) -> str:
    path: Path = getattr(settings, name)
    try:
        text = path.read_bytes()
        load(text)
        return text.decode("ascii")
    except OSError as error:
        raise BadSettings(f"{_variable(name)}: {path} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError):  # not chained: what the file holds may be a secret
        raise BadSettings(f"{_variable(name)}: {path} does not hold such a key in PEM") from None


def _private_key(text: bytes) -> object:
    return load_pem_private_key(text, password=None)


def _public_key(text: bytes) -> object:
    return load_pem_public_key(text)


def _currencies(text: str) -> tuple[str, ...]:
    return tuple(currency.strip().upper() for currency in text.split(",") if currency.strip())


def _variable(name: str) -> str:
    return f"MERX_{name.upper()}"
