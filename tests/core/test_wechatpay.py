"""WeChat Pay's notifications, verified completely and without the network."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from core.errors import BadSettings
from core.money import Money
from core.providers import ProviderPayment, ProviderRefund, Unverified
from core.providers.alipay import AlipayAccount, AlipayProvider
from core.providers.sandbox_keys import SandboxKeys, certificates, sandbox_keys
from core.providers.wechatpay import WechatAccount, WechatProvider

ID = "p-0123456789abcdefghjk"
Signed = tuple[dict[str, str], bytes]


@pytest.fixture(scope="module")
def keys(sandbox_key_folder: Path) -> SandboxKeys:
    return sandbox_keys(sandbox_key_folder)


@pytest.fixture(scope="module")
def now(keys: SandboxKeys) -> datetime:
    """A moment at which the certificate, made for this run, is valid."""
    return x509.load_pem_x509_certificate(keys.wechatpay_platform_certificate.encode()).not_valid_before_utc + (
        timedelta(days=1)
    )


@pytest.fixture(scope="module")
def account(keys: SandboxKeys, sandbox_key_folder: Path) -> WechatAccount:
    return WechatAccount(
        app_id=keys.wechatpay_app_id,
        merchant_id=keys.wechatpay_merchant_id,
        merchant_serial=keys.wechatpay_merchant_serial,
        private_key=keys.wechatpay_merchant_private,
        api_key=keys.wechatpay_api_key,
        certificates=certificates(sandbox_key_folder),
        gateway="https://api.mch.weixin.qq.com",
        currencies=("CNY",),
        notify_url="https://shop.example/notify",
    )


@pytest.fixture(scope="module")
def wechat(account: WechatAccount) -> WechatProvider:
    return WechatProvider(account)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No call is even tried: what it raises alone might be taken for a message that cannot be read."""
    calls: list[object] = []

    def refuse(*about: object, **_more: object) -> None:
        calls.append(about)
        raise OSError("a network call")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert calls == []


def payment(keys: SandboxKeys, **changes: object) -> dict[str, Any]:
    """What a notification about a payment has inside."""
    return {
        "appid": keys.wechatpay_app_id,
        "mchid": keys.wechatpay_merchant_id,
        "out_trade_no": ID,
        "transaction_id": "4200001234202603010000000001",
        "trade_type": "NATIVE",
        "trade_state": "SUCCESS",
        "trade_state_desc": "支付成功",
        "success_time": "2026-03-01T20:00:00+08:00",
        "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
        "amount": {"total": 1999, "payer_total": 1999, "currency": "CNY", "payer_currency": "CNY"},
        **changes,
    }


def refund(keys: SandboxKeys, status: str = "SUCCESS", **changes: object) -> dict[str, Any]:
    """What a notification about a refund in China has inside: no application, no currency."""
    return {
        "mchid": keys.wechatpay_merchant_id,
        "out_trade_no": ID,
        "transaction_id": "4200001234202603010000000001",
        "out_refund_no": "r-0123456789abcdefghjk",
        "refund_id": "50300001234202603010000000001",
        "refund_status": status,
        "amount": {"total": 1999, "refund": 999, "payer_total": 1999, "payer_refund": 999},
        **changes,
    }


def encrypted(resource: object, key: str, **changes: object) -> dict[str, object]:
    text = resource if isinstance(resource, str) else json.dumps(resource)
    data = AESGCM(key.encode()).encrypt(b"nonce-of-12b", text.encode(), b"transaction")
    return {
        "original_type": "transaction",
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(data).decode(),
        "associated_data": "transaction",
        "nonce": "nonce-of-12b",
        **changes,
    }


def message(sealed: object, kind: str = "TRANSACTION.SUCCESS", **changes: object) -> bytes:
    given = {
        "id": "EV-2026030112000000001",
        "create_time": "2026-03-01T20:00:00+08:00",
        "event_type": kind,
        "resource_type": "encrypt-resource",
        "summary": "支付成功",
        "resource": sealed,
        **changes,
    }
    return json.dumps(given, ensure_ascii=False).encode()


def sign(
    body: bytes, at: datetime, *, pem: str, serial: str, digest: SHA1 | SHA256 | None = None, nonce: str = "n0nce"
) -> Signed:
    """Headers and body as a server with a private key sends them."""
    stamp = str(int(at.timestamp()))
    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    text = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
    return {
        "content-type": "application/json",
        "wechatpay-nonce": nonce,
        "wechatpay-serial": serial,
        "wechatpay-signature": base64.b64encode(key.sign(text, PKCS1v15(), digest or SHA256())).decode(),
        "wechatpay-signature-type": "WECHATPAY2-SHA256-RSA2048",
        "wechatpay-timestamp": stamp,
    }, body


@pytest.fixture
def post(keys: SandboxKeys, now: datetime) -> Callable[..., Signed]:
    """Sign a body as WeChat Pay does, now."""
    return lambda body, at=now, **changes: sign(
        body,
        at,
        **{"pem": keys.wechatpay_platform_private, "serial": keys.wechatpay_platform_serial, **changes},
    )


@pytest.fixture
def paid(keys: SandboxKeys, post: Callable[..., Signed]) -> Signed:
    return post(message(encrypted(payment(keys), keys.wechatpay_api_key)))


def test_a_payment_is_read(wechat: WechatProvider, paid: Signed, now: datetime) -> None:
    assert wechat.read(*paid, now=now) == ProviderPayment(
        "EV-2026030112000000001", ID, "4200001234202603010000000001", "captured", Money(1999, "CNY")
    )


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        ("SUCCESS", "settled", ""),
        ("ABNORMAL", "failed", "WeChat Pay says ABNORMAL"),
        ("CLOSED", "failed", "WeChat Pay says CLOSED"),
    ],
)
def test_a_refund_is_read(
    wechat: WechatProvider,
    keys: SandboxKeys,
    post: Callable[..., Signed],
    now: datetime,
    status: Any,
    state: Any,
    reason: str,
) -> None:
    body = message(encrypted(refund(keys, status), keys.wechatpay_api_key), f"REFUND.{status}")
    assert wechat.read(*post(body), now=now) == ProviderRefund(
        "r-0123456789abcdefghjk", "50300001234202603010000000001", state, Money(999, "CNY"), reason
    )


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
    wechat: WechatProvider, keys: SandboxKeys, post: Callable[..., Signed], paid: Signed, now: datetime
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


def test_sha1_does_not_count(
    wechat: WechatProvider, keys: SandboxKeys, post: Callable[..., Signed], now: datetime
) -> None:
    headers, body = post(message(encrypted(payment(keys), keys.wechatpay_api_key)), digest=SHA1())
    for kind in (headers["wechatpay-signature-type"], "WECHATPAY2-SHA1-RSA2048", "WECHATPAY2-SM2-WITH-SM3", ""):
        with pytest.raises(Unverified):
            wechat.read({**headers, "wechatpay-signature-type": kind}, body, now=now)


@pytest.mark.parametrize(
    "changes",
    [
        {"appid": "wx0000000000000000"},
        {"appid": None},
        {"mchid": "1600000000"},
        {"mchid": None},
        {"out_trade_no": None},
        {"out_trade_no": "p-1"},
        {"out_trade_no": "p-" + "1" * 31},
        {"out_trade_no": [ID]},
        {"transaction_id": None},
        {"transaction_id": 42},
        {"trade_state": "WON"},
        {"trade_state": None},
        {"trade_state": ["SUCCESS"]},
        {"amount": None},
        {"amount": 1999},
        {"amount": {"currency": "CNY"}},
        {"amount": {"total": "1999", "currency": "CNY"}},
        {"amount": {"total": 1999.0, "currency": "CNY"}},
        {"amount": {"total": True, "currency": "CNY"}},
        {"amount": {"total": -1999, "currency": "CNY"}},
        {"amount": {"total": 1999, "currency": "yuan"}},
        {"amount": {"total": 1999, "currency": None}},
        {"amount": {"total": 1999, "currency": ["CNY"]}},
    ],
)
def test_other_payments_than_ours_are_refused(
    wechat: WechatProvider,
    keys: SandboxKeys,
    post: Callable[..., Signed],
    now: datetime,
    changes: Mapping[str, object],
) -> None:
    with pytest.raises(Unverified):
        wechat.read(*post(message(encrypted(payment(keys, **changes), keys.wechatpay_api_key))), now=now)


@pytest.mark.parametrize(
    "changes",
    [
        {"mchid": "1600000000"},
        {"out_refund_no": None},
        {"out_refund_no": "r"},
        {"refund_id": None},
        {"refund_status": "CLOSED"},  # while the notification says SUCCESS
        {"refund_status": None},
        {"amount": {"total": 1999}},
        {"amount": {"refund": 1.5}},
    ],
)
def test_other_refunds_than_ours_are_refused(
    wechat: WechatProvider,
    keys: SandboxKeys,
    post: Callable[..., Signed],
    now: datetime,
    changes: Mapping[str, object],
) -> None:
    sealed = encrypted(refund(keys, **changes), keys.wechatpay_api_key)  # type: ignore[arg-type]
    with pytest.raises(Unverified):
        wechat.read(*post(message(sealed, "REFUND.SUCCESS")), now=now)


def test_what_is_read_is_what_was_paid(
    wechat: WechatProvider, keys: SandboxKeys, post: Callable[..., Signed], now: datetime
) -> None:
    """Amount, currency and order are held against the payment by the core."""
    other = payment(keys, amount={"total": 1, "currency": "EUR"}, out_trade_no="p-other-one")
    said = wechat.read(*post(message(encrypted(other, keys.wechatpay_api_key))), now=now)
    assert isinstance(said, ProviderPayment)
    assert (said.amount, said.payment) == (Money(1, "EUR"), "p-other-one")


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("SUCCESS", "captured"),
        ("REFUND", "captured"),
        ("NOTPAY", "pending"),
        ("USERPAYING", "pending"),
        ("ACCEPT", "pending"),
        ("PAYERROR", "failed"),
        ("CLOSED", "closed"),
        ("REVOKED", "closed"),
    ],
)
def test_what_a_state_means(
    wechat: WechatProvider,
    keys: SandboxKeys,
    post: Callable[..., Signed],
    now: datetime,
    status: str,
    state: str,
) -> None:
    sealed = encrypted(payment(keys, trade_state=status), keys.wechatpay_api_key)
    said = wechat.read(*post(message(sealed)), now=now)
    assert isinstance(said, ProviderPayment)
    assert said.state == state


def test_a_genuine_message_about_something_else_says_nothing(
    wechat: WechatProvider, keys: SandboxKeys, post: Callable[..., Signed], now: datetime
) -> None:
    body = message(encrypted({"mchid": "1"}, keys.wechatpay_api_key), "COUPON.USE")
    assert wechat.read(*post(body), now=now) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"42",
        b'"text"',
        b"{",
        b"{}",
        b"\xff\xfe",
        b'{"resource_type": "encrypt-resource"}',
        b'{"resource_type": "encrypt-resource", "resource": []}',
        b'{"resource_type": "encrypt-resource", "resource": {"algorithm": "AEAD_AES_256_GCM"}}',
        b"[" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    ],
)
def test_nonsense_that_is_signed_is_refused_all_the_same(
    wechat: WechatProvider, post: Callable[..., Signed], now: datetime, body: bytes
) -> None:
    with pytest.raises(Unverified):
        wechat.read(*post(body), now=now)


@pytest.mark.parametrize(
    "changes",
    [
        {"algorithm": "AEAD_SM4_GCM"},
        {"algorithm": None},
        {"ciphertext": ""},
        {"ciphertext": "AAAA"},
        {"ciphertext": "%%%"},
        {"ciphertext": 5},
        {"associated_data": "refund"},
        {"associated_data": ""},
        {"associated_data": 5},
        {"nonce": "other-of-12b"},
        {"nonce": "n"},
        {"nonce": None},
    ],
)
def test_a_resource_is_decrypted_as_it_says_or_not_at_all(
    wechat: WechatProvider,
    keys: SandboxKeys,
    post: Callable[..., Signed],
    now: datetime,
    changes: Mapping[str, object],
) -> None:
    body = message(encrypted(payment(keys), keys.wechatpay_api_key, **changes))
    with pytest.raises(Unverified):
        wechat.read(*post(body), now=now)


def test_a_resource_of_another_kind_or_for_another_merchant_is_refused(
    wechat: WechatProvider, keys: SandboxKeys, post: Callable[..., Signed], now: datetime
) -> None:
    genuine = encrypted(payment(keys), keys.wechatpay_api_key)
    for body in (
        message(genuine, resource_type="plain"),
        message(payment(keys)),  # not encrypted at all
        message(encrypted(payment(keys), "0" * 32)),
        message(encrypted("[]", keys.wechatpay_api_key)),
        message(encrypted("{", keys.wechatpay_api_key)),
        message(genuine, id=""),
        message(genuine, id=7),
    ):
        with pytest.raises(Unverified):
            wechat.read(*post(body), now=now)


def test_the_time_and_the_nonce_cannot_take_a_piece_of_the_body(
    wechat: WechatProvider, keys: SandboxKeys, post: Callable[..., Signed], now: datetime
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
