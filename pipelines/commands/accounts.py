"""`merx users`, `merx keys` and `merx notifications`: accounts from the operator's side."""

from __future__ import annotations

import getpass
import json
import sys
from functools import partial
from typing import Annotated

import typer
from sqlmodel import Session

from core import audit, registration, staffing
from core.accounts import find_account
from core.database import Database
from core.errors import Conflict, InvalidInput, NotFound
from core.passwords import Passwords, require_good
from core.rotation import SEALED, Key, Sealed, left, rotate_batch
from core.senders import opened_messages
from core.tables.people import ROLES
from pipelines.console import Report, console, job, progress
from pipelines.house import open_house

users = typer.Typer(help="Accounts.", no_args_is_help=True)
keys = typer.Typer(help="The keys that personal data is sealed under.", no_args_is_help=True)

Email = Annotated[str, typer.Option(help="the user's e-mail address")]
Role = Annotated[str, typer.Option(help=f"one of: {', '.join(ROLES)}")]
SellerName = Annotated[str, typer.Option(help="the name of a new seller")]


@users.command()
def create(
    email: Email,
    role: Role = "customer",
    name: Annotated[str, typer.Option(help="the person's name")] = "",
    seller_name: SellerName = "",
) -> None:
    """Make an account whose address counts as confirmed. The password is asked for, or the first line of stdin."""
    if email.count("@") != 1 or not all(email.split("@")) or any(letter.isspace() for letter in email):
        raise InvalidInput(f"{email!r} is not an e-mail address")
    with open_house() as house, job("users create") as done:
        password = _password()
        require_good(password, email=email)
        fresh = Passwords().hash(password)
        at = house.clock()

        def make(session: Session) -> str:
            newcomer = registration.Newcomer(email, name=name)
            user = registration.create(session, newcomer, password_hash=fresh, at=at, verified=True)
            if user is None:
                raise Conflict("the address has an account")
            if role != "customer":
                staffing.grant(session, user, role=role, seller_name=seller_name, actor="system", at=at)
            return user

        done(f"{role} {house.database.transact(make)}")


@users.command()
def grant(email: Email, role: Role, seller_name: SellerName = "") -> None:
    """Give a user another role, and log the user out everywhere."""
    with open_house() as house, job("users grant") as done:
        at = house.clock()

        def change(session: Session) -> str:
            account = find_account(session, email)
            if account is None:
                raise NotFound("there is no user with this address")
            changed = staffing.grant(
                session, account.user, role=role, seller_name=seller_name or None, actor="system", at=at
            )
            return f"{changed.user} was {account.role} and is {changed.role}"

        done(house.database.transact(change))


@keys.command()
def rotate() -> None:
    """Seal all personal data again under the first of MERX_DATA_KEYS; stopped, it goes on where it was."""
    with open_house() as house, job("keys rotate") as done:
        with progress() as report:
            counts = rotate_keys(house.database, report=report)
        at = house.clock()
        current = house.settings.vault.current

        def close(session: Session) -> None:
            audit.reseal(session)
            audit.record(
                session, actor="system", action="keys.rotate", subject=f"key:{current}", detail=counts, at=at
            )

        house.database.transact(close)
        with house.database.read() as session:
            rest = sum(left(session, sealed) for sealed in SEALED)
        told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        done(f"{told} sealed again under key {current}; {rest:,} rows left under others")


def rotate_keys(database: Database, *, report: Report) -> dict[str, int]:
    """Seal everything again that the current key did not seal; returns how many rows of each kind."""
    return {sealed.name: _rotate(database, sealed, report=report) for sealed in SEALED}


def notifications(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="how many, the newest first")] = 10,
) -> None:
    """Print the newest messages to users, opened, as JSON lines: to follow their links. Not in production."""
    with open_house() as house:
        if house.settings.mode == "production":
            raise InvalidInput("messages are for their receivers: they are not shown in production")
        with house.database.read() as session:
            for at, kind, payload in opened_messages(session, limit=limit):
                line = {"at": at.isoformat(), "kind": kind, **payload}
                sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")


def _rotate(database: Database, sealed: Sealed, *, report: Report) -> int:
    with database.read() as session:
        total = left(session, sealed)
    done = 0
    after: Key | None = None
    while True:
        batch = database.transact(partial(rotate_batch, sealed=sealed, after=after))
        if batch.last is None:
            return done
        done, after = done + batch.rows, batch.last
        report(sealed.name, done, total)


def _password() -> str:
    """Never an argument: those can be read by others on the machine, and stay in the shell's history."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("password: ")
    if getpass.getpass("once more: ") != password:
        raise InvalidInput("the two were not the same")
    console.print("")
    return password
