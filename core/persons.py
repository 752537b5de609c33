"""Personal data in its plain form: how it is normalised, looked up, and taken apart."""

from __future__ import annotations

from typing import Literal

from sqlmodel import Session

from core.database import vault_of

# What the sealed text of an address holds; the country stands beside it, because rules and reports need it.
ADDRESS_PARTS = ("recipient", "lines", "city", "postcode", "phone")


def find_by(session: Session, text: str, *, purpose: Literal["email", "phone"]) -> list[str]:
    """The keyed hashes under which an e-mail address or a phone number may be found; new rows take the first.

    Two spellings that reach the same person have the same hashes: letter case and spaces around do not count, nor
    does what stands between the digits of a number.
    """
    plain = text.strip().casefold()
    if purpose == "phone":
        plain = "".join(letter for letter in plain if letter.isdigit() or letter == "+")
    return vault_of(session).digests(plain, purpose=purpose)
