"""Messages and webhooks from the command line, and in the thread beside the relay."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest
from sqlalchemy import update
from sqlmodel import col

from core.goods import Keeper
from core.leases import Keeper as Lease
from core.senders import LogSender, Message, open_sender, written
from core.tables import WebhookEndpoint
from core.vault import Vault
from core.webhooks import (
    KINDS,
    DeliveryView,
    Occurrence,
    create_endpoint,
    deliver_to_endpoints,
    deliveries,
    new_secret,
)
from pipelines import notifying
from pipelines.house import House, open_house
from tests.core.people import add_user
from tests.core.receiving import Receiver, receiving
from tests.core.test_mail import Postbox, serving
from tests.pipelines.conftest import Ran

Merx = Callable[..., Ran]
SHOP = Keeper("user:tom", None)


@pytest.fixture
def house() -> Iterator[House]:
    with open_house() as opened:
        yield opened


def write(house: House, sender: str, name: str = "ann") -> None:
    """A message that the named sender takes."""
    user = add_user(house.database, f"{name}@people.example")
    message = Message(user.row, user.email, "order-paid", "Your order", "It is paid.", link="https://x.example/o")
    with house.database.write() as session:
        open_sender(sender).send(session, message, at=house.clock())


def add(house: House, receiver: Receiver) -> str:
    with house.database.write() as session:
        made, receiver.secret = create_endpoint(session, SHOP, url=receiver.url, kinds=KINDS, at=house.clock())
    return made.id


def happen(house: House, key: str) -> None:
    with house.database.write() as session:
        told = Occurrence(key, "order.paid", house.clock(), {"order": key}, {})
        deliver_to_endpoints(session, [told], at=house.clock())


def mailing(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """The settings of a shop that sends mail to a port of this machine."""
    for name, value in {
        "SENDER": "core.mail:SmtpSender",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(port),
        "SMTP_SECURITY": "none",
        "MAIL_FROM": "shop@shop.example",
    }.items():
        monkeypatch.setenv(f"MERX_{name}", value)


def test_a_round_delivers_mail_and_webhooks_and_says_so(merx: Merx, monkeypatch: pytest.MonkeyPatch) -> None:
    box = Postbox()
    with serving(box) as port, receiving(Receiver()) as receiver:
        mailing(monkeypatch, port)
        with open_house() as house:
            write(house, "core.mail:SmtpSender")
            add(house, receiver)
            happen(house, "x-1")
        ran = merx("notifications", "deliver")
        assert ran.code == 0, ran.said
        assert "1 messages and 1 webhooks delivered, 0 not taken" in ran.said
        assert "0 messages and 0 webhooks delivered" in merx("notifications", "deliver").said
    assert [mail["To"] for mail in box.taken] == ["ann@people.example"]
    assert receiver.taken[0]["data"] == {"order": "x-1"}


def test_nobody_delivers_by_hand_while_a_relay_does(merx: Merx, house: House) -> None:
    with Lease(house.database, notifying.LEASE, clock=house.clock):
        ran = merx("notifications", "deliver")
    assert (ran.code, "a relay is running" in ran.said) == (1, True)


def test_messages_are_posted_signed_to_a_service_of_ones_own(merx: Merx, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(Receiver(secret=new_secret())) as service:
        monkeypatch.setenv("MERX_SENDER", "core.webhook_sender:WebhookSender")
        monkeypatch.setenv("MERX_MESSAGES_URL", service.url)
        monkeypatch.setenv("MERX_MESSAGES_SECRET", service.secret)
        with open_house() as house:
            write(house, "core.webhook_sender:WebhookSender")
            write(house, "core.webhook_sender:WebhookSender", "bea")
        service.answers = [500]
        assert "1 messages and 0 webhooks delivered, 1 not taken" in merx("notifications", "deliver").said
    (told,) = service.taken
    assert told["type"] == "message"
    assert told["data"]["to"] == "bea@people.example"
    assert told["data"]["text"] == "It is paid."
    assert told["data"]["id"] == service.seen[1]["webhook-id"]
    waits = json.loads(merx("notifications", "--limit", 10).output.splitlines()[1])
    assert (waits["status"], waits["attempts"]) == ("pending", 1)
    assert waits["last_error"] == "the endpoint of messages answered 500"


@pytest.mark.parametrize(
    "sender", ["core.mail:SmtpSender", "core.webhook_sender:WebhookSender"], ids=["mail", "webhook"]
)
def test_a_sender_without_its_settings_is_refused(
    merx: Merx, monkeypatch: pytest.MonkeyPatch, sender: str
) -> None:
    monkeypatch.setenv("MERX_SENDER", sender)
    ran = merx("notifications")
    assert (ran.code, "must be set for" in ran.said) == (1, True)


def test_what_messages_say_is_shown_to_developers_alone(merx: Merx, monkeypatch: pytest.MonkeyPatch) -> None:
    assert merx("notifications").output == ""
    with open_house() as house:
        ann = add_user(house.database)
        link = "https://shop.example/account/verify#token=t"
        with house.database.write() as session:
            message = written("verify-email", user=ann.row, to=ann.email, link=link)
            LogSender().send(session, message, at=house.clock())
    shown = json.loads(merx("notifications").output)
    assert (shown["to"], shown["link"], shown["kind"]) == ("ann@example.com", link, "verify-email")
    assert (shown["status"], shown["channel"]) == ("sent", "log")
    monkeypatch.setenv("MERX_MODE", "production")
    monkeypatch.setenv("MERX_SECRET", "x" * 32)
    monkeypatch.setenv("MERX_DATA_KEYS", "y" * 32)  # which could not even open it
    hidden = merx("notifications")
    assert hidden.code == 0
    assert json.loads(hidden.output).keys() == shown.keys() - {"to", "link", "subject", "text", "user"}


@contextmanager
def running(house: House) -> Iterator[None]:
    stop = threading.Event()
    worker = threading.Thread(
        target=notifying.run_notifications, args=(house,), kwargs={"stop": stop}, daemon=True
    )
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join(20)
        assert not worker.is_alive()


def wait_until(fact: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not fact():
        assert time.monotonic() < until
        time.sleep(0.01)


def delivered_to(house: House, name: str) -> list[DeliveryView]:
    with house.database.read() as session:
        return deliveries(session, SHOP, name)


def test_who_is_slow_keeps_nobody_waiting(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifying, "INTERVAL", 0.02)
    let_go = threading.Event()

    def stall(_handler: BaseHTTPRequestHandler) -> None:
        let_go.wait(20)

    with receiving(Receiver(before=stall)) as slow, receiving(Receiver()) as quick:
        add(house, slow)
        add(house, quick)
        with running(house):
            happen(house, "x-1")
            wait_until(lambda: len(quick.taken) == 1 and len(slow.seen) == 1)
            happen(house, "x-2")
            wait_until(lambda: len(quick.taken) == 2)
            assert slow.taken == []
            let_go.set()
            wait_until(lambda: len(slow.taken) == 2)
    assert len(slow.seen) == 2  # while it was slow it was not asked again


def test_a_failure_of_one_delivery_is_not_the_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifying, "INTERVAL", 0.02)
    with receiving(Receiver()) as good, receiving(Receiver()) as bad:
        name = add(house, bad)
        add(house, good)
        with house.database.write() as session:  # sealed under a key that is not here
            lost = Vault(["a key that was thrown away"]).seal(new_secret())
            session.execute(
                update(WebhookEndpoint).where(col(WebhookEndpoint.public_id) == name).values(secret=lost)
            )
        with running(house):
            happen(house, "x-1")
            wait_until(lambda: len(good.taken) == 1)
            happen(house, "x-2")
            wait_until(lambda: len(good.taken) == 2)
            wait_until(lambda: [one.attempts for one in delivered_to(house, name)] == [1, 1])
    found = delivered_to(house, name)
    assert [one.status for one in found] == ["pending"] * 2
    assert "not among MERX_DATA_KEYS" in (found[0].last_error or "")
    assert bad.seen == []
