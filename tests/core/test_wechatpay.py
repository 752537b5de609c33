"""Which of WeChat Pay's notifications are believed: those it signed, just now, with a key that is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from core.errors import BadSettings
from core.providers import Unverified
from core.providers.alipay import AlipayAccount, AlipayProvider
from core.providers.sandbox_keys import SandboxKeys, sandbox_keys
from core.providers.wechatpay import WechatAccount, WechatProvider
from tests.core.wechat_messages import (
    Post,
    Signed,
    account_of,
    encrypted,
    message,
    no_network,
    payment,
    poster,
    sign,
    valid_at,
)


@pytest.fixture(scope="module")
def keys(sandbox_key_folder: Path) -> SandboxKeys:
    return sandbox_keys(sandbox_key_folder)


@pytest.fixture(scope="module")
def now(keys: SandboxKeys) -> datetime:
    return valid_at(keys)


@pytest.fixture(scope="module")
def account(keys: SandboxKeys, sandbox_key_folder: Path) -> WechatAccount:
    return account_of(keys, sandbox_key_folder)


@pytest.fixture(scope="module")
def wechat(account: WechatAccount) -> WechatProvider:
    return WechatProvider(account)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with no_network(monkeypatch):
        yield


@pytest.fixture
def post(keys: SandboxKeys, now: datetime) -> Post:
    return poster(keys, now)


@pytest.fixture
def paid(keys: SandboxKeys, post: Post) -> Signed:
    return post(message(encrypted(payment(keys), keys.wechatpay_api_key)))


def test_no_flipped_bit_of_the_body_passes(wechat: WechatProvider, paid: Signed, now: datetime) -> None:
    headers, body = paid
    for place in range(len(body) * 8):
        flipped = bytearray(body)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(Unverified):
            wechat.read(headers, bytes(flipped), now=now)


@pytest.mark.parametrize("name", ["nonce", "serial", "signature", "signature-type", "timestamp"])
def test_no_flipped_bit_of_a_header_passes(wechat: WechatProvider, paid: Signed, now: datetime, name: str) -> None:
    headers, body = paid
    text = headers[f"wechatpay-{name}"].encode("latin-1")
    for place in range(len(text) * 8):
        flipped = bytearray(text)
        flipped[place // 8] ^= 1 << place % 8
        changed = {**headers, f"wechatpay-{name}": bytes(flipped).decode("latin-1")}
        with pytest.raises(Unverified):
            wechat.read(changed, body, now=now)
    with pytest.raises(Unverified):
        wechat.read({key: value for key, value in headers.items() if not key.endswith(name)}, body, now=now)


@pytest.mark.parametrize("seconds", [-301, -300, 300, 301])
def test_it_is_fresh_for_five_minutes_in_both_directions(
    wechat: WechatProvider, paid: Signed, now: datetime, seconds: int
) -> None:
    at = now + timedelta(seconds=seconds)
    if abs(seconds) <= 300:
        assert wechat.read(*paid, now=at) is not None
    else:
        with pytest.raises(Unverified, match="stale"):
            wechat.read(*paid, now=at)


def test_only_known_certificates_count(
    wechat: WechatProvider, keys: SandboxKeys, post: Post, paid: Signed, now: datetime
) -> None:
    """For one that is not known nothing is fetched: whoever writes a message cannot make the shop call anybody."""
    headers, body = paid
    serial = keys.wechatpay_platform_serial
    for other in (
        "",
        "0",
        serial.lower() + "A",
        f" {serial}",
        f"0x{serial}",
        "4" * 40,
        "not hexadecimal",
        "Ａ" * 40,
    ):
        with pytest.raises(Unverified):
            wechat.read({**headers, "wechatpay-serial": other}, body, now=now)
        with pytest.raises(Unverified):
            wechat.read(*post(body, serial=other), now=now)
    # The merchant's own key and serial vouch for nothing, nor does the SDK's other spelling of the headers.
    mine = {"pem": keys.wechatpay_merchant_private, "serial": keys.wechatpay_merchant_serial}
    with pytest.raises(Unverified):
        wechat.read(*post(body, **mine), now=now)
    django = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    with pytest.raises(Unverified):
        wechat.read(django, body, now=now)


def certified(folder: Path, *, valid_from: datetime, valid_to: datetime) -> tuple[str, str]:
    """A certificate that lies in a folder: the PEM of its private key, and its serial number."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com Root CA")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid_from)
        .not_valid_after(valid_to)
        .sign(key, SHA256())
    )
    folder.mkdir(exist_ok=True)
    (folder / "any-name.pem").write_bytes(made.public_bytes(Encoding.PEM))
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return pem, f"{made.serial_number:X}"


def test_a_certificate_counts_while_it_is_valid(account: WechatAccount, keys: SandboxKeys, tmp_path: Path) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    pem, serial = certified(tmp_path, valid_from=start, valid_to=start + timedelta(days=2))
    (tmp_path / "notes.pem").write_text("not a certificate")
    body = message(encrypted(payment(keys), keys.wechatpay_api_key))
    wechat = WechatProvider(replace(account, certificates=tmp_path))
    for hours, valid in ((-1, False), (1, True), (47, True), (49, False)):
        at = start + timedelta(hours=hours)
        signed = sign(body, at, pem=pem, serial=serial)
        if valid:
            assert wechat.read(*signed, now=at) is not None
        else:
            with pytest.raises(Unverified, match="not valid"):
                wechat.read(*signed, now=at)


def test_a_public_key_that_has_a_name_counts_as_well(
    account: WechatAccount, keys: SandboxKeys, now: datetime, tmp_path: Path
) -> None:
    """What WeChat Pay gives to new merchants in the place of certificates."""
    name = "PUB_KEY_ID_0116000000002026030100000000000000"
    (tmp_path / f"{name}.pem").write_text(keys.alipay_public)
    (tmp_path / "PUB_KEY_ID_1.pem").write_text(keys.wechatpay_platform_certificate)
    (tmp_path / f"{keys.wechatpay_platform_serial}.pem").write_text(keys.alipay_public)
    wechat = WechatProvider(replace(account, certificates=tmp_path))
    body = message(encrypted(payment(keys), keys.wechatpay_api_key))
    assert wechat.read(*sign(body, now, pem=keys.alipay_private, serial=name), now=now) is not None
    # A certificate is called by the number in it, and a key without one by its file's name of that form alone.
    for serial, pem in (
        (name, keys.wechatpay_platform_private),
        ("PUB_KEY_ID_1", keys.wechatpay_platform_private),
        (keys.wechatpay_platform_serial, keys.alipay_private),
    ):
        with pytest.raises(Unverified):
            wechat.read(*sign(body, now, pem=pem, serial=serial), now=now)


def test_a_certificate_that_another_process_fetched_is_found(
    account: WechatAccount, keys: SandboxKeys, paid: Signed, now: datetime, tmp_path: Path
) -> None:
    wechat = WechatProvider(replace(account, certificates=tmp_path / "later"))
    with pytest.raises(Unverified, match="not known"):
        wechat.read(*paid, now=now)
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "x.pem").write_text(keys.wechatpay_platform_certificate)
    assert wechat.read(*paid, now=now) is not None


def test_sha1_does_not_count(wechat: WechatProvider, keys: SandboxKeys, post: Post, now: datetime) -> None:
    headers, body = post(message(encrypted(payment(keys), keys.wechatpay_api_key)), digest=SHA1())
    for kind in (headers["wechatpay-signature-type"], "WECHATPAY2-SHA1-RSA2048", "WECHATPAY2-SM2-WITH-SM3", ""):
        with pytest.raises(Unverified):
            wechat.read({**headers, "wechatpay-signature-type": kind}, body, now=now)


def test_the_time_and_the_nonce_cannot_take_a_piece_of_the_body(
    wechat: WechatProvider, keys: SandboxKeys, post: Post, now: datetime
) -> None:
    """What is signed is three lines: a line end within the nonce would move what is the body."""
    body = message(encrypted(payment(keys), keys.wechatpay_api_key))
    headers, moved = post(b"first\n" + body)
    with pytest.raises(Unverified, match="nonce"):
        wechat.read({**headers, "wechatpay-nonce": f"{headers['wechatpay-nonce']}\nfirst"}, moved[6:], now=now)
    for stamp in ("", "soon", " 5", "²", "9" * 13, "-5"):
        with pytest.raises(Unverified):
            wechat.read({**headers, "wechatpay-timestamp": stamp}, moved, now=now)


def test_another_provider_or_account_does_not_take_it(
    account: WechatAccount, keys: SandboxKeys, paid: Signed, now: datetime
) -> None:
    other = WechatProvider(replace(account, merchant_id="1600000000"))
    with pytest.raises(Unverified, match="another merchant"):
        other.read(*paid, now=now)
    alipay = AlipayProvider(
        AlipayAccount(
            app_id=keys.alipay_app_id,
            seller_id=keys.alipay_seller_id,
            private_key=keys.alipay_app_private,
            public_key=keys.alipay_public,
            gateway="https://openapi.alipay.com/gateway.do",
            currencies=("CNY",),
            notify_url="",
        )
    )
    with pytest.raises(Unverified):
        alipay.read(*paid, now=now)


def test_keys_that_are_none_stop_the_shop(account: WechatAccount) -> None:
    for broken in (replace(account, private_key="nonsense"), replace(account, api_key="short")):
        with pytest.raises(BadSettings):
            WechatProvider(broken)
    assert account.private_key not in repr(account)
    assert account.api_key not in repr(account)
