"""What is written to users about their accounts: messages with links that are signed, and good for one thing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from core.accounts import Account
from core.database import vault_of
from core.senders import Sender, written
from core.tokens import LinkPurpose, Tokens

# The pages of a storefront that links lead to; the token is behind the #, where no server logs it.
PAGES: dict[LinkPurpose, str] = {
    "verify-email": "account/verify",
    "change-email": "account/email",
    "reset-password": "account/password",
}
LIVES: dict[LinkPurpose, timedelta] = {
    "verify-email": timedelta(hours=24),
    "change-email": timedelta(hours=24),
    "reset-password": timedelta(hours=1),
}


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes to users, in the session's transaction."""

    sender: Sender
    tokens: Tokens
    public_url: str

    def verify_email(self, session: Session, account: Account, *, at: datetime) -> None:
        """A link that confirms the address the account was registered with."""
        link = self._link("verify-email", account, at=at)
        self.sender.send(session, written("verify-email", user=account.row, to=account.email, link=link), at=at)

    def reset_password(self, session: Session, account: Account, *, at: datetime) -> None:
        """A link by which a new password is chosen."""
        link = self._link("reset-password", account, at=at)
        self.sender.send(session, written("reset-password", user=account.row, to=account.email, link=link), at=at)

    def already_registered(self, session: Session, account: Account, *, at: datetime) -> None:
        """To the owner of an address that somebody wanted to register again, with a link to a new password."""
        link = self._link("reset-password", account, at=at)
        message = written("already-registered", user=account.row, to=account.email, link=link)
        self.sender.send(session, message, at=at)

    def change_email(self, session: Session, account: Account, *, new: str, at: datetime) -> None:
        """To a new address: a link that makes it the account's."""
        link = self._link("change-email", account, at=at, carries=vault_of(session).seal(new))
        self.sender.send(session, written("change-email", user=account.row, to=new, link=link), at=at)

    def email_changed(self, session: Session, account: Account, *, at: datetime) -> None:
        """To the address that was the account's until now."""
        self.sender.send(session, written("email-changed", user=account.row, to=account.email), at=at)

    def _link(self, purpose: LinkPurpose, account: Account, *, at: datetime, carries: str = "") -> str:
        token = self.tokens.link(
            purpose, user=account.user, bound_to=account.state, at=at, life=LIVES[purpose], carries=carries
        )
        return f"{self.public_url}/{PAGES[purpose]}#token={token}"
