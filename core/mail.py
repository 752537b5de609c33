"""Messages to users by e-mail: written down in the transaction that asks for them, sent by SMTP afterwards."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from sqlmodel import Session

from core.errors import BadSettings, Unavailable
from core.message_delivery import Carry, Letter, NotNow, Refused
from core.notice_texts import one_line
from core.senders import Message, write_down
from core.settings import Settings

CHANNEL = "smtp"
SECONDS = 20.0  # for each answer of the server
NO_ADDRESS = (MessageError, ValueError, IndexError, AttributeError)  # what the library says of one
PERMANENT = 500  # from here on the server will not change its mind


class SmtpSender:
    """Takes messages for the mail server; `SmtpCarrier` brings them there."""

    def send(self, session: Session, message: Message, *, at: datetime) -> None:
        """Write the message down, to be sent."""
        write_down(session, message, channel=CHANNEL, at=at)


class SmtpCarrier:
    """Sends messages through the mail server that the settings name. Raises BadSettings for a bad `mail_from`."""

    channel = CHANNEL

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        name, address = parseaddr(one_line(settings.mail_from))
        try:
            self._sender = Address(display_name=name, addr_spec=address)
        except NO_ADDRESS as error:
            raise BadSettings("MERX_MAIL_FROM is not an e-mail address") from error
        if not self._sender.domain:
            raise BadSettings("MERX_MAIL_FROM is not an e-mail address")

    @contextmanager
    def open(self) -> Iterator[Carry]:
        """A connection; raises Unavailable where there is none to be had, or the shop may not come in."""
        server = self._connect()
        try:
            yield lambda letter: self._carry(server, letter)
        finally:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()

    def mail(self, letter: Letter) -> EmailMessage:
        """The letter as it is sent, the same however often; raises Refused for what is no address."""
        receiver = _receiver(letter.to)
        mail = EmailMessage(policy=SMTP)
        mail["From"] = self._sender
        mail["To"] = receiver
        mail["Subject"] = one_line(letter.subject)
        mail["Date"] = format_datetime(letter.at)
        mail["Message-ID"] = f"<{letter.id}@{self._sender.domain}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's out-of-office answers it
        mail.set_content(letter.text, charset="utf-8")
        return mail

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        where = (settings.smtp_host, settings.smtp_port)
        server: smtplib.SMTP | None = None
        try:
            if settings.smtp_security == "tls":
                context = ssl.create_default_context()
                server = smtplib.SMTP_SSL(*where, timeout=SECONDS, context=context)
            else:
                server = smtplib.SMTP(*where, timeout=SECONDS)
            if settings.smtp_security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
        except (smtplib.SMTPException, OSError) as error:
            if server is not None:
                server.close()
            raise Unavailable(f"the mail server is away: {_reason(error)}") from error
        return server

    def _carry(self, server: smtplib.SMTP, letter: Letter) -> None:
        mail = self.mail(letter)
        try:
            server.send_message(mail, self._sender.addr_spec, [_receiver(letter.to).addr_spec])
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise _fault("the receiver was refused", code, said) from error
        except smtplib.SMTPSenderRefused as error:
            # That is about the shop, whoever the letter is for: it may be put right.
            raise NotNow(
                f"the shop's address was refused: {_answer(error.smtp_code, error.smtp_error)}"
            ) from error
        except smtplib.SMTPResponseException as error:
            raise _fault("the message was refused", error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise Refused("the server cannot write to such an address") from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotNow(f"the connection broke: {_reason(error)}") from error


def _receiver(text: str) -> Address:
    try:
        local, _, domain = text.rpartition("@")
        return Address(addr_spec=f"{local}@{domain.encode('idna').decode()}")
    except NO_ADDRESS as error:
        raise Refused("that is not an address to write to") from error


def _fault(what: str, code: int, said: bytes | str) -> Refused | NotNow:
    text = f"{what}: {_answer(code, said)}"
    return Refused(text) if code >= PERMANENT else NotNow(text)


def _answer(code: int, said: bytes | str) -> str:
    """The server's codes alone (RFC 5321, RFC 3463): its words may name the receiver."""
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else said
    enhanced = re.match(r"\d\.\d{1,3}\.\d{1,3}(?=\s|$)", text)
    return f"{code} {enhanced[0]}" if enhanced else str(code)


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__} {_answer(error.smtp_code, error.smtp_error)}"
    return type(error).__name__
