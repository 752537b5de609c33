"""The accounts of a demonstration, with a password that everybody knows: there are none in production."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from core.accounts import find_account

PASSWORD = "a password for demonstrations"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """Somebody to log in as."""

    email: str
    role: str
    name: str
    label: str


ACCOUNTS = (
    DemoAccount("shopper@demo.example", "customer", "Sam Shopper", "a shopper"),
    DemoAccount("seller@demo.example", "seller", "Sal Seller", "a seller"),
    DemoAccount("staff@demo.example", "staff", "Stella Staff", "one of the staff"),
)


def made(session: Session) -> list[DemoAccount]:
    """Those of the accounts that are in the shop."""
    return [account for account in ACCOUNTS if find_account(session, account.email) is not None]
