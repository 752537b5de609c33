"""The keys that WeChat Pay signs with: certificates in a folder, and how new ones come into it.

A message that arrives never makes the shop fetch a certificate. New ones come in by the shop's own requests alone:
an answer that is signed with one that is not known makes the SDK fetch the list (encrypted with the APIv3 key),
and it is kept here. `merx payments reconcile` makes such requests even where no shopper does. Until then
notifications with the new certificate are refused, and WeChat Pay repeats them for a day.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from wechatpayv3.utils import aes_decrypt, build_authorization, load_private_key

from core.errors import Unavailable

PATH = "/v3/certificates"


class PlatformCertificates:
    """The certificates in a folder, by their serial numbers (upper-case hexadecimal)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, x509.Certificate] = {}

    def find(self, serial: str, *, at: datetime) -> x509.Certificate | None:
        """The certificate with a serial number, if it is valid at a moment. Looks into the folder at most."""
        if serial not in self._held:
            self._load()  # another process may have fetched it
        certificate = self._held.get(serial)
        return certificate if certificate is not None and _valid(certificate, at) else None

    def newest(self, *, at: datetime) -> tuple[str, x509.Certificate] | None:
        """The valid certificate that lasts longest, with its serial number; None where there is none."""
        self._load()
        valid = [(serial, held) for serial, held in self._held.items() if _valid(held, at)]
        return max(valid, key=lambda pair: (pair[1].not_valid_after_utc, pair[0]), default=None)

    def keep(self, certificates: Iterable[x509.Certificate]) -> None:
        """Write certificates that are new into the folder."""
        for certificate in certificates:
            serial = serial_of(certificate)
            if serial not in self._held:
                self._held[serial] = certificate
                # A folder that cannot be written is no fault: this process has the certificate all the same.
                with suppress(OSError):
                    self._write(self._folder / f"{serial}.pem", certificate.public_bytes(Encoding.PEM))

    def _write(self, path: Path, data: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{uuid4().hex}")
        draft.write_bytes(data)
        draft.replace(path)

    def _load(self) -> None:
        for path in sorted(self._folder.glob("*.pem")):
            try:
                certificate = x509.load_pem_x509_certificate(path.read_bytes())
            except (ValueError, OSError):
                continue  # whatever else lies there vouches for nothing
            self._held[serial_of(certificate)] = certificate


def serial_of(certificate: x509.Certificate) -> str:
    """A serial number as WeChat Pay writes it."""
    return f"{certificate.serial_number:X}"


def public_key_text(certificate: x509.Certificate) -> str:
    """The public key of a certificate, as PEM."""
    return certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def fetch_certificates(
    *, gateway: str, merchant_id: str, merchant_serial: str, private_key: str, api_key: str, timeout: float
) -> list[x509.Certificate]:
    """WeChat Pay's own list of its certificates, for a shop that has none of them yet.

    Nobody else can make it, as it is encrypted with the APIv3 key. Raises Unavailable where it cannot be read.
    The SDK does this in its constructor, when only the address of production is known to it.
    """
    key = load_private_key(private_key)
    headers = {
        "Accept": "application/json",
        "Authorization": build_authorization(PATH, "GET", merchant_id, merchant_serial, key),
    }
    try:
        answer = requests.get(gateway + PATH, headers=headers, timeout=timeout)
        answer.raise_for_status()
        return [_decrypted(entry["encrypt_certificate"], api_key) for entry in json.loads(answer.text)["data"]]
    except Exception as error:  # network, JSON of another shape, another key: in each case there is none to trust
        raise Unavailable("WeChat Pay's certificates cannot be fetched") from error


def _decrypted(sealed: dict[str, Any], api_key: str) -> x509.Certificate:
    text = aes_decrypt(sealed["nonce"], sealed["ciphertext"], sealed["associated_data"], api_key)
    if text is None:
        raise Unavailable("WeChat Pay's certificates are not encrypted with this APIv3 key")
    return x509.load_pem_x509_certificate(text.encode())


def _valid(certificate: x509.Certificate, at: datetime) -> bool:
    genuine = isinstance(certificate.public_key(), RSAPublicKey)
    return genuine and certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc
