"""`merx users` and `merx keys`: accounts from the operator's side."""

from __future__ import annotations

import getpass
import sys
from functools import partial
from typing import Annotated

import typer
from sqlmodel import Session

from core import audit, erasure, registration, staffing
from core.accounts import find_account
from core.database import Database
from core.errors import Conflict, InvalidInput, NotFound
from core.passwords import Passwords, require_good
from core.rotation import SEALED, Key, Sealed, left, rotate_batch
from core.tables.people import ROLES
from pipelines.commands.erasures import finish_now
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


@users.command("erase")
def erase_(
    who: Annotated[str, typer.Argument(metavar="EMAIL-OR-ID", help="the user's e-mail address or public id")],
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    later: Annotated[bool, typer.Option("--later", help="leave batch outputs to the next nightly run")] = False,
) -> None:
    """Erase a user: at once in the database, then in snapshots, models and files."""
    with open_house() as house:
        with house.database.read() as session:
            user = erasure.find_user(session, who)
        if not yes:
            typer.confirm(f"Erase user {user}? Nobody can undo it.", abort=True)
        with job("users erase") as done:
            at = house.clock()
            erased = house.database.transact(lambda session: erasure.erase(session, user, actor="system", at=at))
            done(f"{user} was erased before," if erased.again else f"{user} erased,")
            done("batch outputs are clean" if erased.finished_at else f"batch outputs are open ({erased.id})")
        if not later:
            finish_now(house)


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
