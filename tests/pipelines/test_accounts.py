"""Accounts from the command line, and keys that are rotated under them."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from sqlmodel import select

from core import audit
from core.accounts import find_account
from core.bulk import insert_frame, json_text
from core.database import Database, open_database
from core.frames import MOMENT
from core.goods import Keeper
from core.idempotency import Answer, claim, keep
from core.passwords import Passwords
from core.persons import find_by
from core.profiles import add_address, addresses, profile
from core.registration import Newcomer, create
from core.rotation import SEALED, left
from core.senders import LogSender, opened_messages, written
from core.settings import load_settings
from core.tables import Order, User
from core.vault import Vault
from core.webhooks import create_endpoint, rotate_secret
from pipelines.commands.accounts import rotate_keys
from tests.core.people import NOW, PASSWORD_HASH, add_user
from tests.keys import TEST_SECRET
from tests.pipelines.conftest import Ran

Merx = Callable[..., Ran]

NEW_SECRET = "the secret of this year"
USERS = 1300  # three batches

# Rotates, and kills itself without any chance to clean up while it seals the text with the number given.
VICTIM = """
import os, signal, sys
from core.database import Database
from core.vault import Vault
from pipelines.commands.accounts import rotate_keys

url, new, old, fatal = sys.argv[1:]
seal, sealed = Vault.seal, [0]

def fateful(self, text):
    sealed[0] += 1
    if sealed[0] == int(fatal):
        os.kill(os.getpid(), signal.SIGKILL)
    return seal(self, text)

Vault.seal = fateful
rotate_keys(Database(url, vault=Vault([new, old])), report=lambda *_: None)
"""


STAFF = Keeper("user:tom", None)


def quiet(_stage: str, _done: int, _total: int) -> None:
    """No progress."""


def reopened(database: Database, *secrets: str) -> Database:
    return Database(database.url, vault=Vault(secrets))


def fill(database: Database) -> None:
    """Something in every sealed column, and users for several batches."""
    vault = database.vault
    assert vault is not None
    ann = add_user(database, name="Ann Example", phone="+44 20 7946 0958")
    with database.write() as session:
        emails = [f"user{number}@example.com" for number in range(USERS)]
        frame = pl.DataFrame(
            {
                "public_id": [f"u-{number}" for number in range(USERS)],
                "email": [vault.seal(email) for email in emails],
                "email_hash": [find_by(session, email, purpose="email")[0] for email in emails],
                "role": "customer",
                "status": "active",
            }
        )
        insert_frame(session, User, frame.with_columns(created_at=pl.lit(NOW).cast(MOMENT)))
        parts = {"recipient": "Ann", "lines": "1 High Street", "city": "London", "postcode": "", "phone": ""}
        add_address(session, ann.row, parts=parts, country="GB", at=NOW)
        LogSender().send(session, written("email-changed", user=ann.row, to=ann.email), at=NOW)
        assert claim(session, scope="user:ann", key="k", request="r", at=NOW) is None
        keep(session, Answer(201, '{"order": "o"}'), scope="user:ann", key="k")
        made, _ = create_endpoint(session, STAFF, url="https://x.example", kinds=["order.paid"], at=NOW)
        rotate_secret(session, STAFF, made.id, at=NOW)
        order = {"public_id": "o", "currency": "EUR", "goods_minor": 1, "total_minor": 1, "placed_at": NOW}
        session.add(Order(**order, user_id=ann.row, address=vault.seal(json_text(parts))))
        audit.record(session, actor="system", action="test", subject="test:1", detail={}, at=NOW)


def check_all_is_there(database: Database) -> None:
    """Everything can be read and looked up, and nobody can register an address again."""
    with database.write() as session:
        ann = find_account(session, "Ann@example.com")
        assert ann is not None
        assert (ann.email, profile(session, ann.row).phone) == ("ann@example.com", "+44 20 7946 0958")
        assert addresses(session, ann.row)[0].lines == "1 High Street"
        assert next(opened_messages(session, limit=1))[2]["to"] == "ann@example.com"
        kept = claim(session, scope="user:ann", key="k", request="r", at=NOW)
        assert kept == Answer(201, '{"order": "o"}')
        sealed = session.exec(select(Order.address)).one()
        assert database.vault is not None
        assert "High Street" in database.vault.open(sealed or "")
        for number in range(0, USERS, 97):
            found = find_account(session, f"user{number}@example.com")
            assert found is not None
            assert found.user == f"u-{number}"
            again = Newcomer(f"User{number}@example.com")
            assert create(session, again, password_hash=PASSWORD_HASH, at=NOW) is None


def rest(database: Database) -> dict[str, int]:
    with database.read() as session:
        return {sealed.name: left(session, sealed) for sealed in SEALED}


def test_a_killed_rotation_harms_nothing_and_the_next_goes_on(database: Database) -> None:
    fill(database)
    command = [sys.executable, "-c", VICTIM, database.url, NEW_SECRET, TEST_SECRET, "900"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    both = reopened(database, NEW_SECRET, TEST_SECRET)
    assert rest(both)["users"] == USERS + 1 - 500  # one batch was committed, the second was not
    check_all_is_there(both)
    assert rotate_keys(both, report=quiet)["users"] == USERS + 1 - 500
    assert set(rest(both).values()) == {0}
    check_all_is_there(both)
    new = reopened(database, NEW_SECRET)
    check_all_is_there(new)
    assert set(rotate_keys(new, report=quiet).values()) == {0}
    both.close()
    new.close()


def test_the_command_rotates_everything_and_says_so(
    sqlite: Database, merx: Merx, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite)
    sqlite.close()
    monkeypatch.setenv("MERX_DATABASE_URL", sqlite.url)
    monkeypatch.setenv("MERX_DATA_KEYS", NEW_SECRET)
    alone = merx("keys", "rotate")
    assert alone.code == 1
    assert "not among MERX_DATA_KEYS" in alone.said
    monkeypatch.setenv("MERX_DATA_KEYS", f"{NEW_SECRET},{TEST_SECRET}")
    current = Vault([NEW_SECRET]).current
    ran = merx("keys", "rotate")
    assert ran.code == 0
    assert f"{USERS + 1:,} users, 1 addresses, 1 orders, 0 returns, 1 notifications, 1 kept answers" in ran.said
    assert "1 webhook endpoints sealed again" in ran.said
    assert f"under key {current}; 0 rows left under others" in ran.said
    monkeypatch.setenv("MERX_DATA_KEYS", NEW_SECRET)
    assert merx("audit", "verify").code == 0
    check_all_is_there(reopened(sqlite, NEW_SECRET))


def give(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(line + "\n"))


def test_an_account_is_made_and_its_role_changed(merx: Merx, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, "a long sentence of mine")
    made = merx("users", "create", "--email", "staff@example.com", "--role", "staff", "--name", "Sam Staff")
    assert made.code == 0, made.said
    assert "users create: staff u-" in made.said
    give(monkeypatch, "a long sentence of mine")
    again = merx("users", "create", "--email", "Staff@example.com")
    assert (again.code, "the address has an account" in again.said) == (1, True)
    give(monkeypatch, "short")
    assert merx("users", "create", "--email", "ben@example.com").code == 1
    give(monkeypatch, "a long sentence of mine")
    assert merx("users", "create", "--email", "ben@example.com", "--role", "king").code == 1
    nameless = merx("users", "grant", "--email", "staff@example.com", "--role", "seller")
    assert (nameless.code, "needs a name" in nameless.said) == (1, True)
    granted = merx("users", "grant", "--email", "staff@example.com", "--role", "seller", "--seller-name", "Sam's")
    assert (granted.code, "was staff and is seller" in granted.said) == (0, True)
    with open_database(load_settings()).read() as session:
        account = find_account(session, "staff@example.com")
        assert account is not None
        assert account.verified
        assert Passwords().check("a long sentence of mine", account.password_hash) == (True, None)
        assert find_account(session, "ben@example.com") is None  # what failed left nothing behind
