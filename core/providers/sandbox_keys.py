"""The keys of the sandbox providers, and of the shop's accounts with them: random, made once for a home."""

from __future__ import annotations

import json
import os
import secrets
import string
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from core.clock import system_clock

BITS = 2048
VALID = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class SandboxKeys:
    """Keys are PEM text, serial numbers upper-case hexadecimal."""

    alipay_app_id: str
    alipay_seller_id: str
    alipay_app_private: str
    alipay_app_public: str
    alipay_private: str
    alipay_public: str

    wechatpay_app_id: str
    wechatpay_merchant_id: str
    wechatpay_merchant_private: str
    wechatpay_merchant_public: str
    wechatpay_merchant_serial: str
    wechatpay_platform_private: str
    wechatpay_platform_certificate: str
    wechatpay_platform_serial: str
    wechatpay_api_key: str

    stripe_secret_key: str
    stripe_publishable_key: str
    stripe_webhook_secret: str


def sandbox_keys(folder: Path) -> SandboxKeys:
    """The keys in a folder (`<home>/sandbox`), made at the first call; of two at once both get the same.

    WeChat Pay's certificate also lies in `certificates(folder)`, as its SDK wants it.
    """
    path = folder / "keys.json"
    if not path.exists():
        _put(path, json.dumps(asdict(_made()), indent=1))
    keys = SandboxKeys(**json.loads(path.read_text(encoding="utf-8")))
    certificate = certificates(folder) / f"{keys.wechatpay_platform_serial}.pem"
    if not certificate.exists():
        _put(certificate, keys.wechatpay_platform_certificate)
    return keys


def certificates(folder: Path) -> Path:
    """Where the certificates of WeChat Pay's platform lie, below the folder of the keys."""
    return folder / "wechatpay"


def _put(path: Path, text: str) -> None:
    """Write a file that only its owner may read; one that is there by now stays as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.parent.parent / f".{path.name}.{uuid4().hex}"  # that SDK reads every file of its folder
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _made() -> SandboxKeys:
    app, alipay, merchant, platform = (
        rsa.generate_private_key(public_exponent=65537, key_size=BITS) for _ in range(4)
    )
    serial = x509.random_serial_number()
    return SandboxKeys(
        alipay_app_id=f"2021{_digits(12)}",
        alipay_seller_id=f"2088{_digits(12)}",
        alipay_app_private=_private(app),
        alipay_app_public=_public(app),
        alipay_private=_private(alipay),
        alipay_public=_public(alipay),
        wechatpay_app_id=f"wx{secrets.token_hex(8)}",
        wechatpay_merchant_id=f"16{_digits(8)}",
        wechatpay_merchant_private=_private(merchant),
        wechatpay_merchant_public=_public(merchant),
        wechatpay_merchant_serial=f"{x509.random_serial_number():X}",
        wechatpay_platform_private=_private(platform),
        wechatpay_platform_certificate=_certificate(platform, serial),
        wechatpay_platform_serial=f"{serial:X}",
        wechatpay_api_key=_letters(32),
        stripe_secret_key=f"sk_test_{_letters(24)}",
        stripe_publishable_key=f"pk_test_{_letters(24)}",
        stripe_webhook_secret=f"whsec_{_letters(32)}",
    )


def _certificate(key: rsa.RSAPrivateKey, serial: int) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Merx sandbox of WeChat Pay")])
    now = system_clock()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def _private(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _public(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _digits(count: int) -> str:
    return "".join(secrets.choice(string.digits) for _ in range(count))


def _letters(count: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(count))
