"""The keys that WeChat Pay signs with: in a folder, and how new ones come into it.

They are certificates of its platform, called by their serial numbers, or (for merchants of late) one public key
that is called PUB_KEY_ID_... and that the merchant lays into the folder, in a file of that name with ".pem".

A message that arrives never makes the shop fetch a certificate. New ones come in by the shop's own requests alone:
an answer that is signed with one that is not known makes the SDK fetch the list (encrypted with the APIv3 key),
and it is kept here. `merx payments reconcile` makes such requests even where no shopper does. Until then
notifications with the new certificate are refused, and WeChat Pay repeats them for a day.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from wechatpayv3.utils import aes_decrypt, build_authorization, load_private_key

from core.errors import Unavailable

PATH = "/v3/certificates"
PUBLIC = "PUB_KEY_ID_"


@dataclass(frozen=True, slots=True)
class PlatformKey:
    """A public key (PEM), by the name that messages call it, and while when it counts."""

    name: str
    pem: str
    starts: datetime
    ends: datetime

    def valid(self, at: datetime) -> bool:
        """Whether it counts at a moment."""
        return self.starts <= at <= self.ends


class PlatformKeys:
    """The keys in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, PlatformKey] = {}

    def find(self, name: str, *, at: datetime) -> PlatformKey | None:
        """The key of a name, if it is valid at a moment. Looks into the folder at most."""
        if name not in self._held:
            self._load()  # another process may have fetched it
        key = self._held.get(name)
        return key if key is not None and key.valid(at) else None

    def newest(self, *, at: datetime) -> PlatformKey | None:
        """The valid key that lasts longest; None where there is none."""
        self._load()
        valid = [key for key in self._held.values() if key.valid(at)]
        return max(valid, key=lambda key: (key.ends, key.name), default=None)

    def keep(self, certificates: Iterable[x509.Certificate]) -> None:
        """Write certificates that are new into the folder."""
        for certificate in certificates:
            key = _certified(certificate)
            if key is not None and key.name not in self._held:
                self._held[key.name] = key
                # A folder that cannot be written is no fault: this process has the key all the same.
                with suppress(OSError):
                    self._write(self._folder / f"{key.name}.pem", certificate.public_bytes(Encoding.PEM))

    def _write(self, path: Path, data: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{uuid4().hex}")
        draft.write_bytes(data)
        draft.replace(path)

    def _load(self) -> None:
        for path in sorted(self._folder.glob("*.pem")):
            try:
                data = path.read_bytes()
                if path.stem.startswith(PUBLIC):
                    key = _named(path.stem, load_pem_public_key(data))
                else:
                    key = _certified(x509.load_pem_x509_certificate(data))
            except (ValueError, OSError, UnsupportedAlgorithm):
                continue  # whatever else lies there vouches for nothing
            if key is not None:
                self._held[key.name] = key


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


def _certified(certificate: x509.Certificate) -> PlatformKey | None:
    key = _named(f"{certificate.serial_number:X}", certificate.public_key())
    if key is None:
        return None
    return replace(key, starts=certificate.not_valid_before_utc, ends=certificate.not_valid_after_utc)


def _named(name: str, key: object) -> PlatformKey | None:
    """A key without an end; None for one of another kind than WeChat Pay's."""
    if not isinstance(key, RSAPublicKey):
        return None
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return PlatformKey(name, pem, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
