"""Personal data at rest: sealed under a key from the settings, found again by a keyed hash.

Sealing is Fernet (AES-CBC with HMAC-SHA256, of the `cryptography` package); its key and that of the hash are
derived from one secret with HKDF-SHA256 (RFC 5869). Every text says which key made it, so that
keys can be rotated.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import BadSettings, BrokenArtifact


@dataclass(frozen=True, slots=True)
class _Key:
    name: str
    fernet: Fernet
    hashing: bytes


class Vault:
    """Keys for personal data. The first secret is the current one; the others only open what they sealed."""

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise BadSettings("a vault needs at least one secret")
        self._keys = {key.name: key for key in map(_derived, secrets)}
        self._current = next(iter(self._keys.values()))

    @property
    def current(self) -> str:
        """The name of the current key: what is sealed now begins with it and a dot."""
        return self._current.name

    def seal(self, text: str) -> str:
        """`text` under the current key; sealing it twice gives two different texts."""
        return f"{self._current.name}.{self._current.fernet.encrypt(text.encode()).decode()}"

    def open(self, sealed: str) -> str:
        """What was sealed; raises BadSettings where its key is not here, BrokenArtifact where it was changed."""
        name, _, token = sealed.partition(".")
        try:
            return self._key(name).fernet.decrypt(token.encode()).decode()
        except InvalidToken as error:
            raise BrokenArtifact("a sealed text was changed, or sealed by somebody else", key=name) from error

    def is_current(self, sealed: str) -> bool:
        """Whether a sealed text or a digest was made with the current key."""
        return sealed.startswith(f"{self._current.name}.")

    def digest(self, text: str, *, purpose: str) -> str:
        """A keyed hash (HMAC-SHA256) of `text` under the current key; each purpose has hashes of its own."""
        return _digest(self._current, text, purpose)

    def digests(self, text: str, *, purpose: str) -> list[str]:
        """The keyed hash under every key, the current one first: what to look up while keys are being rotated."""
        return [_digest(key, text, purpose) for key in self._keys.values()]

    def confirms(self, digest: str, text: str, *, purpose: str) -> bool:
        """Whether `digest` is that of `text`; raises BadSettings where its key is not here."""
        return hmac.compare_digest(digest, _digest(self._key(digest.partition(".")[0]), text, purpose))

    def _key(self, name: str) -> _Key:
        if name not in self._keys:
            raise BadSettings(f"data was sealed with key {name}, which is not among MERX_DATA_KEYS")
        return self._keys[name]


def _derived(secret: str) -> _Key:
    material = HKDF(SHA256(), 64, salt=None, info=b"merx personal data").derive(secret.encode())
    sealing, hashing = material[:32], material[32:]
    name = hashlib.sha256(b"name" + material).hexdigest()[:8]
    return _Key(name, Fernet(base64.urlsafe_b64encode(sealing)), hashing)


def _digest(key: _Key, text: str, purpose: str) -> str:
    message = "\x00".join((purpose, text)).encode()
    return f"{key.name}.{hmac.new(key.hashing, message, 'sha256').hexdigest()}"
