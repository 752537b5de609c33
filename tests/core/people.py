"""Accounts for tests of the core, with hashes that are quickly made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from core.accounts import Account, find_account
from core.database import Database
from core.letters import Letters
from core.logins import Login, open_login
from core.passwords import Passwords
from core.registration import Newcomer, create
from core.senders import LogSender
from core.tokens import Tokens

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LIFE = timedelta(days=30)
QUICK = Passwords(memory_kib=64, passes=1)
TOKENS = Tokens("a secret", access_minutes=10)
LETTERS = Letters(LogSender(), TOKENS, "https://shop.example")
PASSWORD_HASH = QUICK.hash("a long sentence")


def account(session: Session, email: str) -> Account:
    """The account with an address, which must be there."""
    found = find_account(session, email)
    assert found is not None
    return found


def add_user(database: Database, email: str = "ann@example.com", *, name: str = "", phone: str = "") -> Account:
    """A user whose address is confirmed."""
    with database.write() as session:
        newcomer = Newcomer(email, name=name, phone=phone, country="GB")
        assert create(session, newcomer, password_hash=PASSWORD_HASH, at=NOW, verified=True) is not None
        return account(session, email)


def enter(database: Database, email: str = "ann@example.com", *, at: datetime = NOW) -> Login:
    """A login of a user."""
    with database.write() as session:
        return open_login(session, account(session, email), at=at, life=LIFE)
