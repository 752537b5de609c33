"""Signatures as the providers make them (RSA with SHA-256, PKCS #1 v1.5, in base64), without their SDKs."""

from __future__ import annotations

import base64
import binascii
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key


def sign(text: str, *, private: str) -> str:
    """The signature of a text with a private key (PEM)."""
    return encode(_private(private).sign(text.encode(), PKCS1v15(), SHA256()))


def encode(data: bytes) -> str:
    """Base64 as text."""
    return base64.b64encode(data).decode()


def signed(text: str, signature: str, *, public: str) -> bool:
    """Whether a signature of a text was made with the private half of a public key (PEM)."""
    try:
        data = base64.b64decode(signature, validate=True)
        _public(public).verify(data, text.encode("utf-8", "surrogatepass"), PKCS1v15(), SHA256())
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True


@cache  # reading a key takes ten times as long as signing with it
def _private(pem: str) -> RSAPrivateKey:
    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    return key


@cache
def _public(pem: str) -> RSAPublicKey:
    key = load_pem_public_key(pem.encode())
    assert isinstance(key, RSAPublicKey)
    return key
