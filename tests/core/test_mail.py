"""Mail through a real SMTP server: what is sent, what is tried again, what is given up, and who waits for whom."""

from __future__ import annotations

import email
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from sqlalchemy import select, update
from sqlmodel import col

from core.database import Database
from core.errors import BadSettings
from core.mail import SmtpCarrier, SmtpSender
from core.message_delivery import MAX_ATTEMPTS, Circuit, Letter, Refused, Round, deliver_messages
from core.senders import Message, message_log
from core.settings import Settings
from core.tables import Notification
from tests.core.people import add_user
from tests.keys import TEST_SECRET
from tests.services.certificates import make_certificate, server_context

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Postbox:
    """Takes mail; `answers` by receiver are what it says to RCPT, `breaks` are receivers at whom it hangs up."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.answers: dict[str, str] = {}
        self.said: str | None = None
        self.connections = 0

    async def handle_EHLO(  # noqa: N802
        self, _server: Any, session: Any, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.answers.get(address) == "hang up":
            server.transport.abort()
            return "451 gone"
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.said is not None:
            return self.said
        assert isinstance(envelope.content, bytes)
        self.taken.append(email.message_from_bytes(envelope.content, policy=default))
        return "250 OK"


class _Server(Controller):
    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # the one that was free
        super()._trigger_server()


@contextmanager
def serving(box: Postbox, **how: Any) -> Iterator[int]:
    """An SMTP server on a port of its own."""
    server = _Server(box, hostname="127.0.0.1", port=0, **how)
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


@pytest.fixture
def box() -> Postbox:
    return Postbox()


@pytest.fixture
def port(box: Postbox) -> Iterator[int]:
    with serving(box) as number:
        yield number


def carrier(port: int, **more: Any) -> SmtpCarrier:
    given = {"smtp_security": "none", "mail_from": "Merx Shop <shop@shop.example>", **more}
    return SmtpCarrier(Settings(smtp_host="127.0.0.1", smtp_port=port, **given))


def write(database: Database, *names: str, subject: str = "Your order", text: str = "It is on its way.") -> None:
    """A message to each of some new users."""
    for name in names:
        user = add_user(database, f"{name}@people.example")
        message = Message(user.row, user.email, "order-paid", subject, text, link="https://shop.example/orders/o")
        with database.write() as session:
            SmtpSender().send(session, message, at=NOW)


Bring = Callable[..., Round]


@pytest.fixture
def bring(database: Database) -> Bring:
    """Deliver what is due some minutes after NOW."""

    def deliver(by: SmtpCarrier, *, minutes: float = 0, circuit: Circuit | None = None) -> Round:
        clock = lambda: NOW + timedelta(minutes=minutes)  # noqa: E731
        return deliver_messages(by, database=database, clock=clock, circuit=circuit or Circuit(clock))

    return deliver


def states(database: Database) -> list[tuple[str, int, str | None]]:
    """Status, attempts and last error of each message, the oldest first."""
    with database.read() as session:
        logged = [one for one, _ in message_log(session, limit=100, opened=False)]
    return [(one.status, one.attempts, one.last_error) for one in reversed(logged)]


def test_a_message_arrives_as_it_was_written(database: Database, box: Postbox, port: int, bring: Bring) -> None:
    write(database, "ann", subject="你的订单 has é", text="Zwölf Stück, 12,00 €.\n\nhttps://shop.example/orders/o")
    assert bring(carrier(port)) == Round(1, 0)
    (mail,) = box.taken
    assert mail["To"] == "ann@people.example"
    assert mail["From"] == "Merx Shop <shop@shop.example>"
    assert mail["Subject"] == "你的订单 has é"
    assert mail.get_content().split() == ["Zwölf", "Stück,", "12,00", "€.", "https://shop.example/orders/o"]
    assert mail.get_content_charset() == "utf-8"
    assert mail["Date"].datetime == NOW
    assert mail["Auto-Submitted"] == "auto-generated"
    with database.read() as session:
        name = session.execute(select(col(Notification.public_id))).scalar_one()
    assert mail["Message-ID"] == f"<{name}@shop.example>"
    assert states(database) == [("sent", 1, None)]
    assert bring(carrier(port), minutes=60) == Round(0, 0)


def test_many_go_through_one_connection(database: Database, box: Postbox, port: int, bring: Bring) -> None:
    write(database, "ann", "bea", "cal")
    assert bring(carrier(port)) == Round(3, 0)
    assert [mail["To"] for mail in box.taken] == [f"{name}@people.example" for name in ("ann", "bea", "cal")]
    assert box.connections == 1


def test_a_subject_cannot_bring_headers_of_its_own(
    database: Database, box: Postbox, port: int, bring: Bring
) -> None:
    write(database, "ann", subject="Low stock: x\r\nBcc: eve@people.example\r\n\r\nhello\x00")
    assert bring(carrier(port)) == Round(1, 0)
    (mail,) = box.taken
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Low stock: x Bcc: eve@people.example hello"
    assert mail.get_content().strip() == "It is on its way."


@pytest.mark.parametrize(
    "to", ["a\r\nBcc: eve@x.example", "a b@x.example", "@x.example", "a@", "plain", "a@b@c", "<a@b.example>"]
)
def test_what_is_no_address_is_never_handed_to_a_server(to: str) -> None:
    with pytest.raises(Refused):
        carrier(1).mail(Letter("n", to, "k", "s", "t", "", NOW))


def test_an_address_of_another_script_is_written_for_the_wire() -> None:
    assert carrier(1).mail(Letter("n", "ann@bücher.example", "k", "s", "t", "", NOW))["To"] == (
        "ann@xn--bcher-kva.example"
    )


def test_who_is_refused_for_good_holds_nobody_up(
    database: Database, box: Postbox, port: int, bring: Bring
) -> None:
    write(database, "ann", "bea", "cal", "dan")
    box.answers = {
        "ann@people.example": "550 5.1.1 <ann@people.example> unknown",
        "bea@people.example": "451 4.7.1 later, bea",
        "cal@people.example": "hang up",
    }
    assert bring(carrier(port)) == Round(1, 3)
    assert [mail["To"] for mail in box.taken] == ["dan@people.example"]
    refused, later, broken, sent = states(database)
    assert refused == ("failed", 1, "the receiver was refused: 550 5.1.1")
    assert later == ("pending", 1, "the receiver was refused: 451 4.7.1")
    assert broken[:2] == ("pending", 1)
    assert sent == ("sent", 1, None)
    box.answers = {}
    assert bring(carrier(port), minutes=0.5) == Round(0, 0)
    assert bring(carrier(port), minutes=1) == Round(2, 0)
    assert [state[0] for state in states(database)] == ["failed", "sent", "sent", "sent"]


def test_it_is_tried_ten_times_at_growing_distances(
    database: Database, box: Postbox, port: int, bring: Bring
) -> None:
    write(database, "ann")
    box.said = "452 4.3.1 no room"
    at, tried = 0.0, []
    for attempt in range(MAX_ATTEMPTS):
        assert bring(carrier(port), minutes=at - 0.01) == Round(0, 0), attempt
        assert bring(carrier(port), minutes=at) == Round(0, 1), attempt
        tried.append(at)
        at += 2**attempt
    assert tried == [0, 1, 3, 7, 15, 31, 63, 127, 255, 511]
    assert states(database) == [("failed", 10, "the message was refused: 452 4.3.1")]
    assert bring(carrier(port), minutes=10**6) == Round(0, 0)


def test_a_dead_server_is_asked_for_one_message_at_a_time_and_costs_none_of_them_a_try(
    database: Database, box: Postbox, bring: Bring
) -> None:
    write(database, "ann", "bea", "cal")
    minutes = [0.0]
    circuit = Circuit(lambda: NOW + timedelta(minutes=minutes[0]))
    asked = []

    class Dead(SmtpCarrier):
        def _connect(self) -> Any:
            asked.append(minutes[0])
            return super()._connect()

    with serving(box) as port:
        pass  # nobody listens there any more
    dead = Dead(Settings(smtp_host="127.0.0.1", smtp_port=port, smtp_security="none", mail_from="s@shop.example"))
    while minutes[0] < 20:
        assert bring(dead, minutes=minutes[0], circuit=circuit) == Round(0, 0)
        minutes[0] += 0.25
    assert asked == [0, 0.5, 1.5, 3.5, 7.5, 12.5, 17.5]
    waiting = states(database)
    assert [state[:2] for state in waiting] == [("pending", 0)] * 3
    assert waiting[0][2] == "the mail server is away: ConnectionRefusedError"
    with serving(box) as port:
        minutes[0] = 30
        assert bring(carrier(port), minutes=30, circuit=circuit) == Round(3, 0)
    assert not circuit.closed


@pytest.mark.parametrize("how", ["starttls", "tls"])
def test_it_speaks_tls_with_whom_it_can_trust(
    database: Database,
    box: Postbox,
    bring: Bring,
    how: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    certificate = make_certificate(tmp_path)
    context = server_context(certificate)

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"merx", b"secret")
        return AuthResult(success=good, handled=False)

    secure = {"tls_context": context, "require_starttls": True} if how == "starttls" else {"ssl_context": context}
    accounts = {"authenticator": check, "auth_required": True, "auth_require_tls": how == "starttls"}
    login = {"smtp_security": how, "smtp_user": "merx", "smtp_password": "secret"}
    write(database, "ann")
    with serving(box, **secure, **accounts) as port:
        assert bring(carrier(port, **login)) == Round(0, 0)  # nobody vouches for it
        assert "SSLCertVerificationError" in (states(database)[0][2] or "")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert bring(carrier(port, **{**login, "smtp_password": "wrong"})) == Round(0, 0)
        assert states(database)[0] == (
            *("pending", 0),
            "the mail server is away: SMTPAuthenticationError 535 5.7.8",
        )
        assert bring(carrier(port, **login)) == Round(1, 0)
    assert [mail["To"] for mail in box.taken] == ["ann@people.example"]


def test_a_message_is_not_sent_in_the_clear_where_tls_is_wanted(
    database: Database, box: Postbox, port: int, bring: Bring
) -> None:
    write(database, "ann")
    assert bring(carrier(port, smtp_security="starttls")) == Round(0, 0)
    assert box.taken == []
    assert "SMTPNotSupportedError" in (states(database)[0][2] or "")


def test_a_message_that_cannot_be_opened_holds_nobody_up(
    database: Database, box: Postbox, port: int, bring: Bring
) -> None:
    write(database, "ann", "bea")
    first = select(col(Notification.id)).order_by(col(Notification.id)).limit(1).scalar_subquery()
    with database.write() as session:
        broken = f"{database.vault.current}.nonsense" if database.vault else ""
        session.execute(update(Notification).where(col(Notification.id) == first).values(payload=broken))
    assert bring(carrier(port)) == Round(1, 1)
    assert [mail["To"] for mail in box.taken] == ["bea@people.example"]
    assert states(database)[0] == ("pending", 1, "a sealed text was changed, or sealed by somebody else")


@pytest.mark.parametrize("address", ["", "nobody", "Shop <>", "Shop <shop@>"])
def test_the_shop_needs_an_address(address: str) -> None:
    with pytest.raises(BadSettings, match="MERX_MAIL_FROM"):
        carrier(25, mail_from=address)


# Delivers, and kills itself at the point given: before a message is handed over, or before that is written down.
VICTIM = """
import os, signal, sys
from datetime import UTC, datetime
from core import message_delivery
from core.database import Database
from core.mail import SmtpCarrier
from core.settings import Settings
from core.vault import Vault

url, secret, port, fatal = sys.argv[1:]
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
if fatal == "before":
    SmtpCarrier._carry = die
else:
    message_delivery._mark = die
clock = lambda: datetime(2026, 3, 1, 12, tzinfo=UTC)
settings = Settings(smtp_host="127.0.0.1", smtp_port=int(port), smtp_security="none", mail_from="s@shop.example")
database = Database(url, vault=Vault([secret]))
message_delivery.deliver_messages(
    SmtpCarrier(settings), database=database, clock=clock, circuit=message_delivery.Circuit(clock)
)
"""


@pytest.mark.parametrize(("fatal", "copies"), [("before", 1), ("after", 2)])
def test_a_killed_worker_loses_nothing_and_a_repeat_is_known_by_its_id(
    database: Database, box: Postbox, port: int, bring: Bring, fatal: str, copies: int
) -> None:
    write(database, "ann")
    command = [sys.executable, "-c", VICTIM, database.url, TEST_SECRET, str(port), fatal]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, check=False, env=os.environ)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert len(box.taken) == copies - 1
    assert bring(carrier(port, mail_from="s@shop.example")) == Round(1, 0)
    assert len(box.taken) == copies
    assert len({mail["Message-ID"] for mail in box.taken}) == 1
    assert bring(carrier(port), minutes=60) == Round(0, 0)
