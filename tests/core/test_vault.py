"""Sealed texts and keyed hashes: what opens them, and what they give away."""

from __future__ import annotations

import pytest

from core.errors import BadSettings, BrokenArtifact
from core.vault import Vault

OLD, NEW = "the secret of last year", "the secret of this year"


def test_what_was_sealed_is_opened_by_its_key_alone() -> None:
    sealed = Vault([OLD]).seal("Ann Example 张三")
    assert "Ann" not in sealed
    assert Vault([OLD]).open(sealed) == "Ann Example 张三"
    assert Vault([NEW, OLD]).open(sealed) == "Ann Example 张三"
    with pytest.raises(BadSettings, match="MERX_DATA_KEYS"):
        Vault([NEW]).open(sealed)


def test_the_same_text_is_never_sealed_alike_and_always_hashed_alike() -> None:
    vault = Vault([OLD])
    assert vault.seal("Ann") != vault.seal("Ann")
    assert vault.digest("Ann", purpose="email") == vault.digest("Ann", purpose="email")
    assert vault.digest("Ann", purpose="email") != vault.digest("Ann", purpose="phone")
    assert vault.digest("Ann", purpose="email") != Vault([NEW]).digest("Ann", purpose="email")


# Not the last letter before the padding: some of its bits say nothing.
@pytest.mark.parametrize("place", [9, 40, -6])
def test_a_changed_text_is_refused(place: int) -> None:
    vault = Vault([OLD])
    sealed = vault.seal("Ann")
    letter = "A" if sealed[place] != "A" else "B"
    changed = list(sealed)
    changed[place] = letter
    with pytest.raises(BrokenArtifact):
        vault.open("".join(changed))


def test_new_texts_take_the_first_key_and_old_ones_are_known() -> None:
    both = Vault([NEW, OLD])
    old, new = Vault([OLD]).seal("Ann"), both.seal("Ann")
    assert not both.is_current(old)
    assert both.is_current(new)
    assert Vault([NEW]).open(new) == "Ann"
    digests = both.digests("Ann", purpose="email")
    assert digests == [Vault([key]).digest("Ann", purpose="email") for key in (NEW, OLD)]
    assert both.confirms(digests[1], "Ann", purpose="email")
    assert not both.confirms(digests[1], "Ben", purpose="email")


def test_a_vault_needs_a_secret() -> None:
    with pytest.raises(BadSettings):
        Vault([])
