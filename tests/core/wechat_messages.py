"""What WeChat Pay sends, made here as its servers make it; and a shop that may not call anybody."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from core.providers.sandbox_keys import SandboxKeys, certificates
from core.providers.wechatpay import WechatAccount

ID = "p-0123456789abcdefghjk"
Signed = tuple[dict[str, str], bytes]
Post = Callable[..., Signed]


@contextmanager
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No call is even tried: what it raises alone might be taken for a message that cannot be read."""
    calls: list[object] = []

    def refuse(*about: object, **_more: object) -> None:
        calls.append(about)
        raise OSError("a network call")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert calls == []


def valid_at(keys: SandboxKeys) -> datetime:
    """A moment at which the certificate, made for this run, is valid."""
    made = x509.load_pem_x509_certificate(keys.wechatpay_platform_certificate.encode())
    return made.not_valid_before_utc + timedelta(days=1)


def account_of(keys: SandboxKeys, folder: Path) -> WechatAccount:
    """The shop's account, with the keys in a folder."""
    return WechatAccount(
        app_id=keys.wechatpay_app_id,
        merchant_id=keys.wechatpay_merchant_id,
        merchant_serial=keys.wechatpay_merchant_serial,
        private_key=keys.wechatpay_merchant_private,
        api_key=keys.wechatpay_api_key,
        certificates=certificates(folder),
        gateway="https://api.mch.weixin.qq.com",
        currencies=("CNY",),
        notify_url="https://shop.example/notify",
    )


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


def poster(keys: SandboxKeys, now: datetime) -> Post:
    """Sign a body as WeChat Pay does, now."""
    return lambda body, at=now, **changes: sign(
        body,
        at,
        **{"pem": keys.wechatpay_platform_private, "serial": keys.wechatpay_platform_serial, **changes},
    )
