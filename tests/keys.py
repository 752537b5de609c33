"""The keys that the tests' databases seal personal data under."""

from __future__ import annotations

from core.vault import Vault

TEST_VAULT = Vault(["a secret for the tests of the shop"])
