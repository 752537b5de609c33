"""Accounts on both databases: logins, lockout and registration hold when many come at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlalchemy import func
from sqlmodel import select

from core import lockout, registration, staffing
from core.accounts import caller_of
from core.database import Database
from core.errors import Conflict, InvalidInput, NotFound, TooMany, Unauthorized
from core.logins import forget_old, logins_of, open_login, renew_login
from core.persons import ADDRESS_PARTS
from core.profiles import MAX_ADDRESSES, add_address
from core.senders import opened_messages
from core.tables import LoginLock, Seller, User
from core.tokens import Access
from tests.core.people import LETTERS, LIFE, NOW, PASSWORD_HASH, TOKENS, account, add_user, enter

T = TypeVar("T")
ANN = "ann@example.com"


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """What `work` gives for 0, 1, ... when all begin together."""
    together = threading.Barrier(count)

    def run(number: int) -> T:
        together.wait(10)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def is_alive(database: Database, user: str, session_id: str) -> bool:
    try:
        with database.read() as session:
            caller_of(session, Access(user, session_id))
    except Unauthorized:
        return False
    return True


def renewals(database: Database, token: str, *, count: int) -> list[str | None]:
    def renew(_: int) -> str | None:
        login = database.transact(lambda session: renew_login(session, token, at=NOW, life=LIFE))
        return None if login is None else login.refresh

    return at_once(count, renew)


def test_of_refreshes_at_once_one_wins_and_the_others_end_the_session(database: Database) -> None:
    add_user(database)
    login, other = enter(database), enter(database)
    given = [token for token in renewals(database, login.refresh, count=8) if token is not None]
    assert len(given) == 1
    assert not is_alive(database, login.user, login.session)
    assert renewals(database, given[0], count=1) == [None]
    assert is_alive(database, other.user, other.session)


def test_a_token_lives_as_long_as_it_is_used(database: Database) -> None:
    ann = add_user(database)
    token, at = enter(database).refresh, NOW
    for _ in range(3):
        at += LIFE - timedelta(seconds=1)
        with database.write() as session:
            login = renew_login(session, token, at=at, life=LIFE)
        assert login is not None
        token = login.refresh
    with database.write() as session:
        assert [view.renewed_at for view in logins_of(session, ann.row, at=at)] == [at]
        assert renew_login(session, token, at=at + LIFE, life=LIFE) is None
        assert logins_of(session, ann.row, at=at + LIFE) == []


def test_a_password_that_changes_while_it_is_checked_lets_nobody_in(database: Database) -> None:
    ann = add_user(database)
    with database.write() as session:
        registration.set_password(session, ann, password_hash="another", at=NOW)
    with pytest.raises(Unauthorized), database.write() as session:
        open_login(session, ann, at=NOW, life=LIFE)
    with pytest.raises(Conflict), database.write() as session:
        registration.set_password(session, ann, password_hash="a third", at=NOW)


def begin(database: Database, *scopes: lockout.Scope, after: timedelta = timedelta(0)) -> bool:
    try:
        database.transact(lambda session: lockout.begin(session, scopes, at=NOW + after))
    except TooMany:
        return False
    return True


def test_of_attempts_at_once_exactly_the_limit_are_let_through(database: Database) -> None:
    ann, host = lockout.account(ANN), lockout.address("203.0.113.7")
    assert sum(at_once(16, lambda _: begin(database, ann, host))) == 5
    assert sum(at_once(16, lambda n: begin(database, lockout.account(f"a{n}@b.cd"), host))) == 15
    assert begin(database, lockout.account("new@b.cd"), lockout.address("203.0.113.8"))


def test_a_lock_opens_after_its_time_and_counts_from_one(database: Database) -> None:
    ann = lockout.account(ANN)
    assert [begin(database, ann) for _ in range(6)] == [True] * 5 + [False]
    with pytest.raises(TooMany) as locked, database.write() as session:
        lockout.begin(session, [ann], at=NOW + timedelta(minutes=5))
    assert locked.value.ids == {"wait": 600}
    assert [begin(database, ann, after=lockout.LOCKED) for _ in range(6)] == [True] * 5 + [False]


def test_failures_far_apart_do_not_add_up(database: Database) -> None:
    ann = lockout.account(ANN)
    assert all(begin(database, ann, after=lockout.WINDOW * number) for number in range(12))


def test_a_success_takes_its_own_failure_away_and_no_others(database: Database) -> None:
    ann, host = lockout.account(ANN), lockout.address("2001:db8::1")
    for _ in range(19):
        assert begin(database, lockout.mail("x@y.zz")) or begin(database, host)
    with database.read() as session:
        kept = {lock.failures for lock in session.exec(select(LoginLock))}
    assert kept == {5, 14}
    begin(database, ann, host)
    with database.write() as session:
        lockout.succeeded(session, [ann, host])
    neighbour = lockout.address("2001:db8::ffff")  # of the same network
    assert [begin(database, neighbour) for _ in range(7)] == [True] * 6 + [False]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.8", False),
        ("203.0.113.7", "::ffff:203.0.113.7", True),
        ("::ffff:203.0.113.7", "::ffff:203.0.113.8", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("unknown", "testclient", False),
    ],
)
def test_an_internet_address_is_what_one_customer_has(one: str, other: str, same: bool) -> None:
    assert (lockout.address(one) == lockout.address(other)) is same


def test_old_counts_are_forgotten_and_live_locks_are_not(database: Database) -> None:
    for _ in range(5):
        begin(database, lockout.account("locked@b.cd"), after=timedelta(minutes=14))
    begin(database, lockout.account(ANN))
    with database.write() as session:
        assert lockout.forget_old(session, at=NOW + lockout.WINDOW) == 1
        assert session.exec(select(func.count()).select_from(LoginLock)).one() == 1


def test_of_registrations_at_once_one_makes_the_account(database: Database) -> None:
    def register(number: int) -> None:
        newcomer = registration.Newcomer("Ann@Example.com" if number % 2 else ANN, shopper="guest-key")
        database.transact(
            lambda session: registration.register(
                session, newcomer, password_hash=PASSWORD_HASH, letters=LETTERS, at=NOW
            )
        )

    at_once(6, register)
    with database.read() as session:
        assert session.exec(select(func.count()).select_from(User)).one() == 1
        kinds = [kind for _, kind, _ in opened_messages(session, limit=10)]
    assert kinds == ["verify-email"] * 6


def test_a_blocked_user_is_out_at_once_and_gets_no_messages(database: Database) -> None:
    ann = add_user(database)
    login = enter(database)
    with database.write() as session:
        staffing.block(session, ann.user, reason="fraud", actor="user:staff", at=NOW)
    assert not is_alive(database, login.user, login.session)
    assert renewals(database, login.refresh, count=1) == [None]
    with database.write() as session:
        registration.ask_for_reset(session, ANN, letters=LETTERS, at=NOW)
        newcomer = registration.Newcomer(ANN)
        registration.register(session, newcomer, password_hash="mine", letters=LETTERS, at=NOW)
        assert list(opened_messages(session, limit=10)) == []
        assert account(session, ANN).password_hash == PASSWORD_HASH
    with pytest.raises(Conflict), database.write() as session:
        staffing.block(session, ann.user, reason="again", actor="user:staff", at=NOW)
    with database.write() as session:
        assert staffing.unblock(session, ann.user, reason="sorry", actor="user:staff", at=NOW).status == "active"
    enter(database)


def test_a_seller_is_a_row_of_its_own_for_one_user(database: Database) -> None:
    ann, ben = add_user(database), add_user(database, "ben@example.com")
    with database.write() as session:
        session.add(Seller(public_id="s-old", name="Old seller", created_at=NOW))

    def grant(user: str, role: str = "seller", **more: str) -> str | None:
        with database.write() as session:
            made = staffing.grant(session, user, role=role, actor="user:staff", at=NOW, **more)
            assert made.role == role
            return staffing.seller_of_user(session, made.row)

    with pytest.raises(InvalidInput):
        grant(ann.user)
    with pytest.raises(NotFound):
        grant(ann.user, seller="s-none")
    assert grant(ann.user, seller="s-old") == "s-old"
    with pytest.raises(Conflict):
        grant(ben.user, seller="s-old")
    new = grant(ben.user, seller_name="New seller")
    assert new not in (None, "s-old")
    assert grant(ben.user, role="customer") == new
    assert grant(ben.user) == new
    with pytest.raises(Conflict), database.write() as session:
        staffing.grant(session, ann.user, role="staff", actor=f"user:{ann.user}", at=NOW)


def test_the_last_place_for_an_address_is_given_once(database: Database) -> None:
    ann = add_user(database)
    parts = dict.fromkeys(ADDRESS_PARTS, "x")

    def add(_: int) -> bool:
        try:
            database.transact(lambda session: add_address(session, ann.row, parts=parts, country="GB", at=NOW))
        except Conflict:
            return False
        return True

    assert all(add(number) for number in range(MAX_ADDRESSES - 1))
    assert sum(at_once(6, add)) == 1


def test_tokens_whose_time_is_over_are_forgotten(database: Database) -> None:
    add_user(database)
    enter(database)
    late = enter(database, at=NOW + timedelta(days=1))
    with database.write() as session:
        assert forget_old(session, at=NOW + LIFE) == 1
        assert renew_login(session, late.refresh, at=NOW + LIFE, life=LIFE) is not None


def test_a_new_address_that_was_taken_meanwhile_is_refused(database: Database) -> None:
    ann = add_user(database)
    with database.write() as session:
        registration.ask_for_change(session, ann, new="new@example.com", letters=LETTERS, at=NOW)
        token = next(opened_messages(session, limit=1))[2]["link"].partition("#token=")[2]
    link = TOKENS.read_link(token, purpose="change-email", now=NOW)
    assert "new@example.com" not in link.carried
    add_user(database, "New@Example.com")
    with pytest.raises(Conflict), database.write() as session:
        registration.change_email(session, link, letters=LETTERS, at=NOW)
    with database.read() as session:
        assert account(session, ANN).user == ann.user
