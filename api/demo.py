"""The accounts of a demonstration, with a password that everybody knows: there are none in production."""

from __future__ import annotations

from dataclasses import dataclass

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
