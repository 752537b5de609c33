"""The way in, and out for good: registering, logging in, new passwords and addresses, erasing oneself.

Each takes several short transactions with the hashing of a password between them, which must not hold one open: an
attempt is counted, committed, and only then tried.
"""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request
from sqlmodel import Session

from api.state import Shop
from core import erasure, lockout, registration
from core.accounts import Account, Caller, account_of, find_account
from core.errors import Forbidden, Unauthorized
from core.logins import Login, open_login, renew_login
from core.passwords import require_good

WRONG = "the e-mail address or the password is wrong, or the address was not confirmed yet"


def host_of(request: Request) -> str:
    """The internet address a request comes from; behind a proxy, what a proxy that uvicorn trusts says."""
    return request.client.host if request.client else "unknown"


def register(shop: Shop, newcomer: registration.Newcomer, *, password: str, host: str) -> None:
    """Make an account or tell its owner, with the same effort. Raises InvalidInput for a bad password."""
    require_good(password, email=newcomer.email)
    _count(shop, lockout.mail(newcomer.email), lockout.asking(host))
    fresh = shop.passwords.hash(password)
    at = shop.clock()
    shop.database.transact(
        lambda session: registration.register(session, newcomer, password_hash=fresh, letters=shop.letters, at=at)
    )


def verify_email(shop: Shop, token: str) -> None:
    """Confirm an address by the link that was sent to it; raises InvalidInput for a link that is void."""
    at = shop.clock()
    link = shop.tokens.read_link(token, purpose="verify-email", now=at)
    shop.database.transact(lambda session: registration.verify_email(session, link, at=at))


def log_in(shop: Shop, *, email: str, password: str, host: str) -> Login:
    """Raises TooMany while the account or the address is locked out, Unauthorized for anything that is wrong."""
    scopes = (lockout.account(email), lockout.address(host))
    _count(shop, *scopes)
    with shop.database.read() as session:
        found = find_account(session, email)
    may = found is not None and found.status == "active" and found.verified
    right, renewed = shop.passwords.check(password, found.password_hash if found is not None and may else None)
    if found is None or not right:
        raise Unauthorized(WRONG)
    account, at = found, shop.clock()

    def enter(session: Session) -> Login:
        login = open_login(session, account, at=at, life=_life(shop), renewed_hash=renewed)
        lockout.succeeded(session, scopes)
        return login

    return shop.database.transact(enter)


def renew(shop: Shop, refresh: str) -> Login:
    """The next refresh token; raises Unauthorized for one that is not good. One used before ends its session."""
    at = shop.clock()
    login = shop.database.transact(lambda session: renew_login(session, refresh, at=at, life=_life(shop)))
    if login is None:
        raise Unauthorized("the refresh token is not good any more: log in again")
    return login


def ask_for_reset(shop: Shop, email: str, *, host: str) -> None:
    """Have a link to a new password sent, if there is such an account."""
    _count(shop, lockout.mail(email), lockout.asking(host))
    at = shop.clock()
    shop.database.transact(lambda session: registration.ask_for_reset(session, email, letters=shop.letters, at=at))


def reset_password(shop: Shop, token: str, *, password: str) -> None:
    """Choose a new password by the link that was sent; raises InvalidInput for a void link or a bad password."""
    at = shop.clock()
    link = shop.tokens.read_link(token, purpose="reset-password", now=at)
    with shop.database.read() as session:
        account = registration.link_account(session, link)
    require_good(password, email=account.email)
    fresh = shop.passwords.hash(password)

    def change(session: Session) -> None:
        registration.set_password(session, account, password_hash=fresh, at=at)
        lockout.succeeded(session, [lockout.account(account.email)])

    shop.database.transact(change)


def change_password(shop: Shop, caller: Caller, *, current: str, new: str, host: str) -> None:
    """Give oneself another password; all other sessions end. Raises Forbidden when `current` is wrong."""
    with shop.database.read() as session:
        account = account_of(session, caller.user)
    require_good(new, email=account.email)
    _confirm(shop, account, password=current, host=host)
    fresh = shop.passwords.hash(new)
    at = shop.clock()
    shop.database.transact(
        lambda session: registration.set_password(
            session, account, password_hash=fresh, at=at, keep=caller.session
        )
    )


def ask_for_email(shop: Shop, caller: Caller, *, email: str, password: str, host: str) -> None:
    """Have a link sent to a new address that makes it one's own. Raises Forbidden when the password is wrong."""
    with shop.database.read() as session:
        account = account_of(session, caller.user)
    _count(shop, lockout.mail(email), lockout.asking(host))
    _confirm(shop, account, password=password, host=host)
    at = shop.clock()
    shop.database.transact(
        lambda session: registration.ask_for_change(session, account, new=email, letters=shop.letters, at=at)
    )


def change_email(shop: Shop, token: str) -> None:
    """Make a new address one's own by the link that was sent to it; raises InvalidInput for a void link."""
    at = shop.clock()
    link = shop.tokens.read_link(token, purpose="change-email", now=at)
    shop.database.transact(lambda session: registration.change_email(session, link, letters=shop.letters, at=at))


def erase_oneself(shop: Shop, caller: Caller, *, password: str, host: str) -> None:
    """Erase one's own account. Raises Forbidden when the password is wrong, Conflict as `core.erasure` says."""
    with shop.database.read() as session:
        account = account_of(session, caller.user)
    _confirm(shop, account, password=password, host=host)
    at = shop.clock()
    shop.database.transact(lambda session: erasure.erase(session, caller.user, actor=caller.actor, at=at))


def _confirm(shop: Shop, account: Account, *, password: str, host: str) -> None:
    """Whether it is really the user who is logged in: guessing is counted as at the door."""
    scopes = (lockout.account(account.email), lockout.address(host))
    _count(shop, *scopes)
    right, _ = shop.passwords.check(password, account.password_hash)
    if not right:
        raise Forbidden("the current password is wrong")
    shop.database.transact(lambda session: lockout.succeeded(session, scopes))


def _count(shop: Shop, *scopes: lockout.Scope) -> None:
    at = shop.clock()
    shop.database.transact(lambda session: lockout.begin(session, scopes, at=at))


def _life(shop: Shop) -> timedelta:
    return timedelta(days=shop.settings.refresh_days)
