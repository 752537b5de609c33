"""Webhooks brought to real receivers: signed, repeated, given up, and kept away from who does not answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from sqlalchemy import update
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from core.database import Database
from core.errors import Conflict
from core.posting import Answer, post
from core.tables import WebhookEndpoint
from core.webhook_delivery import SCHEDULE, pause_after
from core.webhooks import deliveries, new_secret, redeliver, redeliver_failed, send_test
from tests.core.posting_desk import SHOP, Desk
from tests.core.receiving import Receiver, receiving
from tests.keys import TEST_SECRET


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as listening:
        yield listening


def test_a_message_is_brought_signed_and_once(desk: Desk, receiver: Receiver) -> None:
    name = desk.add(receiver)
    desk.happen(2)
    assert desk.courier.round() == (2, 0)
    assert [body["data"]["order"] for body in receiver.taken] == ["o-1", "o-2"]
    assert receiver.taken[0]["type"] == "order.paid"
    assert receiver.seen[0]["content-type"] == "application/json"
    assert len(set(receiver.ids())) == 2
    assert desk.states(name) == [("sent", 1, 204)] * 2
    assert desk.courier.round() == (0, 0)
    for secret, raw in ((new_secret(), b"o-1"), (receiver.secret, b"o-2")):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(receiver.raw[0].replace(b"o-1", raw), receiver.seen[0])


def test_the_same_event_is_written_once_for_an_endpoint(desk: Desk, receiver: Receiver) -> None:
    desk.add(receiver)
    desk.happen()
    desk.written = 0
    desk.happen()
    assert desk.courier.round() == (1, 0)


def test_a_failure_is_tried_again_on_the_schedule_with_the_same_id(desk: Desk, receiver: Receiver) -> None:
    name = desk.add(receiver)
    receiver.answers = [500] * len(SCHEDULE)
    desk.happen()
    tried = []
    for wait in (timedelta(), *SCHEDULE):
        desk.pass_by(seconds=wait.total_seconds() - 1)
        if wait:
            assert desk.courier.round() == (0, 0)
        desk.pass_by(seconds=1)
        reopen(desk)
        receiver.secret = ""  # its clock is not the one of the test
        tried.append(desk.courier.round())
    assert tried == [(0, 1)] * len(SCHEDULE) + [(1, 0)]
    assert len(set(receiver.ids())) == 1
    assert desk.states(name) == [("sent", 10, 204)]
    assert [wait.total_seconds() for wait in SCHEDULE] == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]


def reopen(desk: Desk) -> None:
    """As if its failures had been others'."""
    with desk.database.write() as session:
        session.execute(update(WebhookEndpoint).values(failures=0, closed_until=None))


def test_what_is_never_taken_is_given_up_and_can_be_sent_again(desk: Desk, receiver: Receiver) -> None:
    name = desk.add(receiver)
    receiver.answers = [503] * 20
    desk.happen(2)
    for wait in (timedelta(), *SCHEDULE):
        desk.now += wait
        for _ in range(2):
            reopen(desk)
            desk.courier.round()
    assert desk.states(name) == [("dead", 10, 503)] * 2
    desk.pass_by(days=2)
    assert desk.courier.round() == (0, 0)
    assert len(receiver.seen) == 20
    reopen(desk)
    with desk.database.write() as session:
        first, second = reversed(deliveries(session, SHOP, name))
        redeliver(session, SHOP, name, first.id, at=desk.now)
    receiver.secret = ""
    assert desk.courier.round() == (1, 0)
    assert receiver.ids()[-1] == first.id
    with desk.database.write() as session:
        assert redeliver_failed(session, SHOP, name, since=desk.now, at=desk.now) == 0
        assert redeliver_failed(session, SHOP, name, since=desk.opened, at=desk.now) == 1
    assert desk.courier.round() == (1, 0)
    assert receiver.ids()[-1] == second.id
    assert desk.states(name) == [("sent", 1, 204)] * 2


def test_who_is_gone_is_switched_off(desk: Desk, receiver: Receiver) -> None:
    name = desk.add(receiver)
    receiver.answers = [410]
    desk.happen(2)
    assert desk.courier.round() == (0, 1)
    assert not desk.endpoint(name).active
    assert desk.states(name) == [("dead", 1, 410), ("pending", 0, None)]
    desk.happen()
    desk.pass_by(days=1)
    assert desk.courier.round() == (0, 0)
    assert len(desk.states(name)) == 2
    with desk.database.write() as session, pytest.raises(Conflict):
        send_test(session, SHOP, name, at=desk.now)


def test_an_endpoint_that_fails_again_and_again_is_left_alone_for_longer_and_longer(
    desk: Desk, receiver: Receiver
) -> None:
    name = desk.add(receiver)
    receiver.answers = [500] * 8
    desk.happen(30)
    for _ in range(10):
        desk.courier.round()  # each tries one message: the first that is not taken ends it
    assert len(receiver.seen) == 5
    assert desk.endpoint(name).closed_until == desk.now + timedelta(minutes=1)
    for minutes in (1, 2, 4):
        desk.pass_by(minutes=minutes, seconds=-1)
        assert desk.courier.round() == (0, 0)
        desk.pass_by(seconds=1)
        desk.courier.round()
        desk.courier.round()
    assert len(receiver.seen) == 8  # one try each time
    assert desk.endpoint(name).failures == 8
    desk.pass_by(minutes=8)
    receiver.secret = ""
    assert desk.courier.round() == (30, 0)
    assert (desk.endpoint(name).failures, desk.endpoint(name).closed_until) == (0, None)


def test_the_pause_doubles_up_to_an_hour() -> None:
    pauses = [pause_after(failures) for failures in range(4, 14)]
    assert [pause and pause.total_seconds() / 60 for pause in pauses] == [None, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert pause_after(10_000) == timedelta(hours=1)


def test_one_endpoint_that_fails_does_not_keep_others_waiting(desk: Desk, receiver: Receiver) -> None:
    with receiving(Receiver(answers=[500])) as bad:
        desk.add(bad)
        good = desk.add(receiver)
        desk.happen(3)
        assert desk.courier.round() == (3, 1)
    assert desk.states(good) == [("sent", 1, 204)] * 3


def test_a_redirect_is_not_followed(desk: Desk, receiver: Receiver) -> None:
    with receiving(Receiver(answers=[307], headers={"location": receiver.url})) as moved:
        name = desk.add(moved)
        desk.happen()
        assert desk.courier.round() == (0, 1)
    assert desk.states(name) == [("pending", 1, 307)]
    assert receiver.seen == []


def test_of_an_answer_only_a_little_that_can_be_printed_is_kept(desk: Desk, receiver: Receiver) -> None:
    name = desk.add(receiver)
    receiver.answers, receiver.body = [400], b"no\x00\x1b[31m\r\n\xff " + b"y" * 100_000
    desk.happen()
    desk.courier.round()
    with desk.database.read() as session:
        (found,) = deliveries(session, SHOP, name)
    assert found.last_error is not None
    assert found.last_error.startswith("400 no [31m")
    assert len(found.last_error) == 200
    assert found.last_error.isprintable()


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Send a header's letters for as long as somebody reads them."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nx: ")
    for _ in range(200):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)


def test_a_receiver_that_is_slow_drop_by_drop_is_not_waited_for(receiver: Receiver) -> None:
    receiver.before = drip
    started = time.monotonic()
    answer = post(receiver.url, "{}", headers={}, local=True, seconds=0.5)
    assert time.monotonic() - started < 3
    assert answer == Answer(None, "no answer within 0.5 seconds")


def test_nobody_there_is_a_failure_like_others(desk: Desk) -> None:
    with receiving(Receiver()) as gone:
        name = desk.add(gone)
    desk.happen()
    assert desk.courier.round() == (0, 1)
    assert desk.states(name) == [("pending", 1, None)]


# Delivers, and kills itself before a message is handed over, or before it is written down that it was.
VICTIM = """
import os, signal, sys
from datetime import datetime
from core import webhook_delivery
from core.database import Database
from core.posting import post
from core.vault import Vault

url, secret, now, fatal = sys.argv[1:]
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
bring = lambda url, content, headers: post(url, content, headers=headers, local=True)
if fatal == "after":
    webhook_delivery._mark = die
clock = lambda: datetime.fromisoformat(now)
bring = die if fatal == "before" else bring
webhook_delivery.Courier(Database(url, vault=Vault([secret])), clock, bring).round()
"""


@pytest.mark.parametrize(("fatal", "copies"), [("before", 1), ("after", 2)])
def test_a_killed_worker_loses_nothing_and_repeats_with_the_same_id(
    desk: Desk, receiver: Receiver, fatal: str, copies: int
) -> None:
    name = desk.add(receiver)
    desk.happen()
    command = [sys.executable, "-c", VICTIM, desk.database.url, TEST_SECRET, desk.now.isoformat(), fatal]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, check=False, env=os.environ)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert desk.states(name) == [("pending", 0, None)]
    assert desk.courier.round() == (1, 0)
    assert len(receiver.seen) == copies
    assert len(set(receiver.ids())) == 1


def test_two_couriers_at_once_do_not_count_twice(desk: Desk, receiver: Receiver) -> None:
    name = desk.add(receiver)
    desk.happen(10)
    threads = [threading.Thread(target=desk.courier.round) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert desk.states(name) == [("sent", 1, 204)] * 10
    assert len(set(receiver.ids())) == 10
