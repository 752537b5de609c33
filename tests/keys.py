"""The keys that the tests' databases seal personal data under."""

from __future__ import annotations

from core.vault import Vault

TEST_SECRET = "a secret for the tests of the shop"
TEST_VAULT = Vault([TEST_SECRET])
