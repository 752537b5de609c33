"""The sandbox's frame, whatever the provider: keys, moves of a payment, messages that arrive, pages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter

from api.sandbox import app as sandbox_app
from api.sandbox.bank import Bank
from api.sandbox.books import Event, Ledger, Record
from api.sandbox.notifier import Faults, Notifier
from api.sandbox.protocol import Outgoing
from core.errors import Conflict, NotFound
from core.providers.sandbox_keys import certificates, sandbox_keys
from tests.services.sandbox import running_sandbox

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class Listener:
    """A shop that notes what it is told, and takes a message only after refusing it so many times."""

    refusals: int = 0
    told: list[str] = field(default_factory=list)
    url: str = ""

    def hear(self, body: str) -> int:
        self.told.append(body)
        self.refusals -= 1
        return 200 if self.refusals < 0 else 503


@pytest.fixture
def listener() -> Iterator[Listener]:
    heard = Listener()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            with lock:
                status = heard.hear(body)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Not on the tests' output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    heard.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield heard
    server.shutdown()
    server.server_close()
    thread.join(timeout=10)


class Plain:
    """A protocol of one word a message."""

    name = "plain"
    title = "Plain Pay"

    def __init__(self, bank: Bank) -> None:
        self.bank = bank

    def router(self) -> APIRouter:
        return APIRouter()

    def notification(self, record: Record, event: Event) -> Outgoing:
        body = f"{record.id} {event.kind}".encode()
        return Outgoing(record.notify_url, {}, body, lambda status, _body: status == 200)


def record(id: str = "p-1", **more: object) -> Record:
    return Record(id, "plain", f"ref-{id}", 1000, "EUR", **more)  # type: ignore[arg-type]


@pytest.fixture
def bank(sandbox_home: Path) -> Bank:
    """One whose notifier was not started: what happens stays in the books."""
    ledger = Ledger(sandbox_home / "sandbox")
    keys = sandbox_keys(sandbox_home / "sandbox")
    return Bank(keys, ledger, Notifier(ledger), clock=lambda: NOW, shop_url="http://127.0.0.1:9")


def test_two_that_come_at_once_have_the_same_keys_and_nobody_else_may_read_them(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: sandbox_keys(tmp_path / "sandbox"), range(4)))
    assert all(keys == made[0] for keys in made)
    files = [path for path in (tmp_path / "sandbox").rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert [path.name for path in certificates(tmp_path / "sandbox").iterdir()] == [
        f"{made[0].wechatpay_platform_serial}.pem"
    ]


def test_a_payment_is_made_once_and_kept(bank: Bank) -> None:
    bank.open(record())
    bank.decide("plain", "p-1", "failed", reason="no")
    bank.decide("plain", "p-1", "captured")
    bank.decide("plain", "p-1", "captured")
    with pytest.raises(Conflict, match="captured already"):
        bank.decide("plain", "p-1", "failed")
    assert bank.close("plain", "p-1").state == "captured"
    again = Bank(bank.keys, bank.ledger, bank.notifier, clock=bank.clock, shop_url="").get("plain", "ref-p-1")
    assert [event.kind for event in again.events] == ["failed", "captured"]
    assert bank.open(record(title="another")) == again


def test_a_payment_nobody_knows_is_said_to_be_unknown(bank: Bank) -> None:
    with pytest.raises(NotFound):
        bank.get("plain", "p-1")
    with pytest.raises(NotFound):
        bank.decide("plain", "p-1", "captured")


def test_a_payment_that_comes_too_late_is_over(bank: Bank) -> None:
    bank.open(record(expires_at=NOW))
    assert bank.get("plain", "p-1").state == "closed"
    with pytest.raises(Conflict, match="closed already"):
        bank.decide("plain", "p-1", "captured")
    bank.open(record("p-2", expires_at=NOW + timedelta(seconds=1)))
    assert bank.decide("plain", "p-2", "captured").state == "captured"


def test_refunds_never_exceed_what_was_paid_however_many_come_at_once(bank: Bank) -> None:
    bank.open(record())
    bank.decide("plain", "p-1", "captured")

    def give_back(number: int) -> int:
        try:
            bank.refund("plain", "p-1", refund=f"r-{number}", reference=f"x-{number}", amount_minor=300)
        except Conflict:
            return 0
        return 300

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(give_back, list(range(8)) * 2))
    there = bank.get("plain", "p-1")
    assert there.refunded_minor == 900
    assert sum(given) == 1800  # each of three twice, and told so both times
    with pytest.raises(Conflict, match="another amount"):
        first = next(iter(there.refunds))
        bank.refund("plain", "p-1", refund=first, reference="x", amount_minor=299)


def test_nothing_is_given_back_of_what_was_not_paid(bank: Bank) -> None:
    bank.open(record())
    with pytest.raises(Conflict, match="has 0 left"):
        bank.refund("plain", "p-1", refund="r-1", reference="x", amount_minor=1)


def test_a_message_is_repeated_until_it_is_taken(bank: Bank, listener: Listener) -> None:
    listener.refusals = 2
    bank.notifier.start({"plain": Plain(bank)})
    bank.open(record(notify_url=listener.url))
    bank.decide("plain", "p-1", "captured")
    assert bank.notifier.wait(20)
    bank.notifier.stop()
    assert listener.told == ["p-1 captured"] * 3
    assert [event.told for event in bank.get("plain", "p-1").events] == ["taken"]


def test_what_waits_is_told_by_the_next_run(bank: Bank, listener: Listener) -> None:
    bank.open(record(notify_url=listener.url))
    bank.decide("plain", "p-1", "captured")
    later = Notifier(bank.ledger)
    later.start({"plain": Plain(bank)})
    assert later.wait(20)
    later.stop()
    assert listener.told == ["p-1 captured"]


def test_faults_lose_and_repeat_as_the_seed_says(bank: Bank, listener: Listener) -> None:
    notifier = Notifier(bank.ledger, faults=Faults(drop=0.4, duplicate=3, shuffle=True, seed=1))
    bank.notifier = notifier
    notifier.start({"plain": Plain(bank)})
    for number in range(20):
        bank.open(record(f"p-{number}", notify_url=listener.url))
        bank.decide("plain", f"p-{number}", "captured")
    assert notifier.wait(20)
    notifier.stop()
    lost = {held.id for held in bank.ledger.all() if held.events[0].told == "lost"}
    assert 2 <= len(lost) <= 14
    told = [text.split()[0] for text in listener.told]
    assert set(told) == {f"p-{number}" for number in range(20)} - lost
    assert {told.count(name) for name in told} == {3}
    assert told != sorted(told, key=lambda name: int(name[2:]))


def test_the_page_says_what_is_paid_and_goes_back_to_the_shop(
    sandbox_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox_app, "PROTOCOLS", (Plain,))
    with running_sandbox(sandbox_home) as sandbox, httpx.Client(base_url=sandbox.url) as browser:
        sandbox.bank.open(record(title="<b>Lamp</b>", return_url="http://127.0.0.1:9/orders/o-1"))
        shown = browser.get("/pay/plain/ref-p-1")
        assert "10.00 EUR" in shown.text
        assert "&lt;b&gt;Lamp" in shown.text
        policy = shown.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "form-action 'self' http://127.0.0.1:9;" in policy
        refused = browser.post("/pay/plain/ref-p-1", data={"decision": "refuse"})
        assert (refused.status_code, refused.headers["location"]) == (303, "http://127.0.0.1:9/orders/o-1")
        assert "the shopper refused" in browser.get("/pay/plain/p-1").text
        assert browser.post("/pay/plain/p-1", data={"decision": "pay"}).status_code == 303
        assert "Paid" in browser.get("/pay/plain/p-1").text
        assert browser.get("/pay/plain/p-2").status_code == 404
        assert browser.get("/pay/other/p-1").status_code == 404
        assert browser.post("/pay/plain/p-1", data={"decision": "steal"}).status_code == 422
