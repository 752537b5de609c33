"""Signed tokens: each is good for its purpose, its time and its shop, and for nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import InvalidInput, Unauthorized
from core.tokens import Access, Tokens

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TOKENS = Tokens("a secret", access_minutes=10)


def test_an_access_token_says_who_until_it_is_too_old() -> None:
    token = TOKENS.access(user="u", session="s", at=NOW)
    assert TOKENS.read_access(token, now=NOW + timedelta(minutes=9, seconds=59)) == Access("u", "s")
    with pytest.raises(Unauthorized):
        TOKENS.read_access(token, now=NOW + timedelta(minutes=10))


@pytest.mark.parametrize(
    "change", [lambda t: t[:-2], lambda t: "", lambda t: t + "é", lambda t: t * 50, lambda t: "a.b.c"]
)
def test_a_changed_token_is_refused(change: object) -> None:
    token = TOKENS.access(user="u", session="s", at=NOW)
    with pytest.raises(Unauthorized):
        TOKENS.read_access(change(token), now=NOW)  # type: ignore[operator]


def test_a_token_of_another_shop_or_purpose_is_refused() -> None:
    with pytest.raises(Unauthorized):
        TOKENS.read_access(Tokens("another", access_minutes=10).access(user="u", session="s", at=NOW), now=NOW)
    link = TOKENS.link("verify-email", user="u", bound_to="a@b.cd", at=NOW, life=timedelta(hours=1))
    with pytest.raises(Unauthorized):
        TOKENS.read_access(link, now=NOW)
    with pytest.raises(InvalidInput):
        TOKENS.read_link(link, purpose="reset-password", now=NOW)


def test_a_link_fits_only_what_it_was_made_for() -> None:
    token = TOKENS.link("verify-email", user="u", bound_to="a@b.cd", at=NOW, life=timedelta(hours=1))
    link = TOKENS.read_link(token, purpose="verify-email", now=NOW)
    assert link.user == "u"
    assert link.fits("a@b.cd")
    assert not link.fits("a@b.ce")
    assert "a@b.cd" not in token
    with pytest.raises(InvalidInput):
        TOKENS.read_link(token, purpose="verify-email", now=NOW + timedelta(hours=1))
