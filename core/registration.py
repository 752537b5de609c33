"""Becoming and staying a user: registering, confirming addresses, new passwords.

None of it tells a stranger whether an address has an account: what differs is said in a message to the address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from core.accounts import Account, account_of, find_account
from core.behaviour import admit_shopper, new_shopper
from core.bulk import insert_of, table_of
from core.database import vault_of
from core.errors import Conflict, InvalidInput, NotFound
from core.ids import new_id
from core.letters import Letters
from core.logins import revoke_logins
from core.persons import find_by
from core.tables import ShopperKey, User
from core.tokens import Link

_USER = table_of(User)
_KEY = table_of(ShopperKey)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who wants an account. `shopper` is the key the storefront knew the guest by."""

    email: str
    name: str = ""
    phone: str = ""
    country: str | None = None
    shopper: str | None = None


def register(session: Session, newcomer: Newcomer, *, password_hash: str, letters: Letters, at: datetime) -> None:
    """Make an account that waits for its address to be confirmed, and write to the address.

    One that still waits is made anew with what is given now, and older links to it are void. The owner of one that
    does not is told of the attempt instead.
    """
    account = find_account(session, newcomer.email)
    if account is None and create(session, newcomer, password_hash=password_hash, at=at):
        letters.verify_email(session, _found(session, newcomer.email), at=at)
        return
    account = _found(session, newcomer.email)
    if account.status != "active":
        return
    waiting = (_USER.c.email_verified_at.is_(None), _USER.c.password_hash.is_not(None))
    renewed = session.execute(
        update(_USER)
        .where(_USER.c.id == account.row, *waiting)
        .values(**_personal(session, newcomer), password_hash=password_hash)
    )
    if renewed.rowcount:  # type: ignore[attr-defined]
        letters.verify_email(session, _found(session, newcomer.email), at=at)
    else:
        letters.already_registered(session, account, at=at)


def create(
    session: Session, newcomer: Newcomer, *, password_hash: str, at: datetime, verified: bool = False
) -> str | None:
    """Insert a user with a shopper key, and return the public id; None where the address has an account."""
    if find_account(session, newcomer.email) is not None:
        return None
    email = newcomer.email.strip()
    made = session.execute(
        insert_of(session, _USER)
        .values(
            public_id=new_id("u-"),
            email=vault_of(session).seal(email),
            email_hash=find_by(session, email, purpose="email")[0],
            email_verified_at=at if verified else None,
            password_hash=password_hash,
            role="customer",
            status="active",
            created_at=at,
            **_personal(session, newcomer),
        )
        .on_conflict_do_nothing(index_elements=["email_hash"])
        .returning(_USER.c.id, _USER.c.public_id)
    ).first()
    if made is None:
        return None
    _give_key(session, made.id, newcomer.shopper, at=at)
    return str(made.public_id)


def verify_email(session: Session, link: Link, *, at: datetime) -> None:
    """Confirm the address an account was registered with; once more does nothing.

    Raises InvalidInput where the address or the password is another by now.
    """
    account = _of_link(session, link)
    if account.verified:
        return
    if not link.fits(account.state):
        raise InvalidInput("the link is not valid any more: there is a newer one")
    _change(session, account, email_verified_at=at)


def ask_for_reset(session: Session, email: str, *, letters: Letters, at: datetime) -> None:
    """Write to an address by which link a new password is chosen; does nothing where nobody has the address."""
    account = find_account(session, email)
    if account is not None and account.status == "active":
        letters.reset_password(session, account, at=at)


def link_account(session: Session, link: Link) -> Account:
    """Whose a link is; raises InvalidInput when it was used, or the address or the password is another by now."""
    account = _of_link(session, link)
    if not link.fits(account.state):
        raise InvalidInput("the link was used, or is not valid any more")
    return account


def set_password(
    session: Session, account: Account, *, password_hash: str, at: datetime, keep: str | None = None
) -> None:
    """Give an account another password and end its logins, but for the one with public id `keep`.

    Without `keep` it was a link in a message that allowed it, which confirms the address too. Raises Conflict when
    the password was changed since `account` was read.
    """
    confirmed = {} if keep else {"email_verified_at": at}
    _change(session, account, password_hash=password_hash, **confirmed)
    revoke_logins(session, user_row=account.row, reason="password changed", at=at, but=keep)


def ask_for_change(session: Session, account: Account, *, new: str, letters: Letters, at: datetime) -> None:
    """Write to a new address by which link it becomes the account's; its owner is told if it has an account."""
    other = find_account(session, new)
    if other is None:
        letters.change_email(session, account, new=new.strip(), at=at)
    elif other.status == "active" and other.row != account.row:
        letters.already_registered(session, other, at=at)


def change_email(session: Session, link: Link, *, letters: Letters, at: datetime) -> None:
    """Make the address that a link carries the account's; once more does nothing.

    Raises InvalidInput for a link that is void by now, Conflict when the address has become another's.
    """
    account = _of_link(session, link)
    new = vault_of(session).open(link.carried)
    if new == account.email:
        return
    if not link.fits(account.state):
        raise InvalidInput("the link is not valid any more")
    taken = Conflict("the address belongs to another account by now")
    if (other := find_account(session, new)) is not None and other.row != account.row:
        raise taken
    try:
        with session.begin_nested():
            digest = find_by(session, new, purpose="email")[0]
            _change(session, account, email=vault_of(session).seal(new), email_hash=digest, email_verified_at=at)
    except IntegrityError as error:
        raise taken from error
    letters.email_changed(session, account, at=at)


def _change(session: Session, account: Account, **values: object) -> None:
    """Change an account that is as it was read; raises Conflict when another change came first."""
    same = _USER.c.password_hash.is_not_distinct_from(account.password_hash)
    where = (_USER.c.id == account.row, _USER.c.status == "active", same)
    if session.execute(update(_USER).where(*where).values(**values).returning(_USER.c.id)).first() is None:
        raise Conflict("the account was changed in the meantime: try again")


def _personal(session: Session, newcomer: Newcomer) -> dict[str, object]:
    vault = vault_of(session)
    phone = newcomer.phone.strip()
    return {
        "name": vault.seal(newcomer.name.strip()) if newcomer.name.strip() else None,
        "phone": vault.seal(phone) if phone else None,
        "phone_hash": find_by(session, phone, purpose="phone")[0] if phone else None,
        "country": newcomer.country,
    }


def _give_key(session: Session, user_row: int, shopper: str | None, *, at: datetime) -> None:
    """The guest's key becomes the user's if it is nobody's yet; otherwise the user gets a fresh one."""
    if shopper is not None:
        admit_shopper(session, shopper, at=at)
    key = shopper or new_shopper(session, at=at)
    mine = update(_KEY).where(_KEY.c.user_id.is_(None)).values(user_id=user_row).returning(_KEY.c.key)
    if session.execute(mine.where(_KEY.c.key == key)).first() is None:
        session.execute(mine.where(_KEY.c.key == new_shopper(session, at=at)))


def _found(session: Session, email: str) -> Account:
    account = find_account(session, email)
    if account is None:
        raise Conflict("the account was changed in the meantime: try again")
    return account


def _of_link(session: Session, link: Link) -> Account:
    try:
        account = account_of(session, link.user)
    except NotFound as error:
        raise InvalidInput("the link is not valid any more") from error
    if account.status != "active":
        raise InvalidInput("the link is not valid any more")
    return account
