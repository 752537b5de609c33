"""Who is told what: buyers of each step, sellers of what is theirs, and everybody once."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlmodel import Session, col

from core import returns, shipments
from core.cancel import cancel
from core.database import Database
from core.errors import InvalidInput
from core.notice_texts import TEXTS, in_words
from core.senders import LogSender, Message
from core.tables import Notification, OutboxEvent, User, WebhookDelivery
from core.taking_back import Back
from tests.core.noticing import URL, block, endpoint, hooks, kinds, last, notify, pack, peopled, seller_row, told
from tests.core.trade import Trade, counted
from tests.keys import TEST_SECRET


@pytest.fixture
def trade(database: Database, tmp_path: Path) -> Trade:
    """v0 and v2 are Seller 0's, v1 is Seller 1's."""
    return peopled(Trade(database, tmp_path).stocked([20, 20, 20], sellers=2))


def paid(trade: Trade, wanted: dict[str, int], *, user: int = 0) -> str:
    order = trade.order(user, wanted)
    trade.pay(user, order)
    return order


def arrive(trade: Trade, parcel: str) -> None:
    trade.do(lambda session: shipments.deliver(session, parcel, cause=trade.cause()))


def test_a_buyer_is_told_of_every_step(trade: Trade) -> None:
    order = trade.order(0, {"v0": 2, "v1": 1})
    assert notify(trade).failed == 0
    placed = last(trade, "u0")
    assert placed["to"] == "u0@people.example"
    assert placed["subject"] == f"Your order {order}"
    assert "2 x Thing 0\n1 x Thing 1" in placed["text"]
    assert "Total: 30.01 EUR" in placed["text"]
    assert "until 01 March 2026, 12:30 UTC" in placed["text"]
    assert placed["link"] == f"{URL}/orders/{order}"
    assert placed["link"] in placed["text"]
    trade.pay(0, order)
    notify(trade)
    parcel = pack(trade, order, "s0")
    notify(trade)
    assert "DHL" in last(trade, "u0")["text"]
    assert "Tracking number: JD0001" in last(trade, "u0")["text"]
    assert "Thing 1" not in last(trade, "u0")["text"]
    other = pack(trade, order, "s1")
    notify(trade)
    arrive(trade, parcel)
    arrive(trade, other)
    notify(trade)
    steps = ["order-placed", "order-paid", "order-part-shipped", "order-shipped", *["order-delivered"] * 2]
    assert kinds(trade, "u0") == steps
    assert kinds(trade, "u1") == []


def test_sellers_are_told_of_their_own_lines(trade: Trade) -> None:
    order = trade.order(0, {"v0": 2, "v1": 3})
    notify(trade)
    assert kinds(trade, "us0") == []
    trade.pay(0, order)
    notify(trade)
    (first,), (second,) = told(trade, "us0"), told(trade, "us1")
    assert (first[0], second[0]) == ("seller-order-paid",) * 2
    assert "2 x Thing 0" in first[1]["text"]
    assert "Thing 1" not in first[1]["text"]
    assert "3 x Thing 1" in second[1]["text"]
    trade.do(lambda session: cancel(session, order, pieces={2: 1}, cause=trade.cause()))
    notify(trade)
    assert kinds(trade, "us0") == ["seller-order-paid"]
    assert kinds(trade, "us1") == ["seller-order-paid", "seller-order-cancelled"]
    assert "1 x Thing 1" in last(trade, "us1")["text"]


def test_who_failed_to_pay_is_told_how_to_pay_again(trade: Trade) -> None:
    order = trade.order(0, {"v0": 1})
    attempt = trade.begin(0, order)
    trade.notify(*trade.provider.decide(attempt.id, "failed", now=trade.now))
    notify(trade)
    failed = last(trade, "u0")
    assert kinds(trade, "u0") == ["order-placed", "payment-failed"]
    assert "pay 10.00 EUR again" in failed["text"]
    assert failed["link"] in failed["text"]
    assert "12:30 UTC" in failed["text"]


def test_a_failure_that_was_overtaken_is_not_told(trade: Trade) -> None:
    order = trade.order(0, {"v0": 1})
    attempt = trade.begin(0, order)
    trade.notify(*trade.provider.decide(attempt.id, "failed", now=trade.now))
    trade.pay(0, order)
    notify(trade)
    assert kinds(trade, "u0") == ["order-placed", "order-paid"]


def test_a_cancelled_order_that_nobody_paid_is_no_news_to_sellers(trade: Trade) -> None:
    order = trade.order(0, {"v0": 1, "v1": 2})
    trade.do(lambda session: cancel(session, order, pieces={2: 1}, cause=trade.cause()))
    notify(trade)
    assert "1 x Thing 0\n1 x Thing 1" in last(trade, "u0")["text"]
    trade.do(lambda session: cancel(session, order, cause=trade.cause()))
    notify(trade)
    assert kinds(trade, "u0") == ["order-placed", "order-part-cancelled", "order-cancelled"]
    assert (kinds(trade, "us0"), kinds(trade, "us1")) == ([], [])


def test_money_that_goes_back_is_told_when_it_is_asked_for_and_when_it_is_there(trade: Trade) -> None:
    order = paid(trade, {"v0": 2, "v1": 1})
    trade.do(lambda session: cancel(session, order, pieces={1: 1}, cause=trade.cause()))
    notify(trade)
    assert trade.ask_providers().failed == 0
    notify(trade)
    steps = ["order-placed", "order-paid", "refund-requested", "order-part-cancelled", "refund-settled"]
    assert kinds(trade, "u0") == steps
    assert last(trade, "u0")["subject"] == f"10.00 EUR of order {order} were given back"


def test_both_sides_are_told_of_a_return(trade: Trade) -> None:
    order = paid(trade, {"v0": 2, "v1": 1})
    for seller in ("s0", "s1"):
        arrive(trade, pack(trade, order, seller))
    notify(trade)
    before, sold = len(kinds(trade, "u0")), len(kinds(trade, "us0"))
    (name,) = trade.do(
        lambda session: returns.request(
            session,
            order,
            user=trade.user(session, 0),
            pieces={1: 2},
            window=timedelta(days=14),
            cause=trade.cause("user:u0", "my own words"),
        )
    )
    notify(trade)
    s0 = seller_row(trade, "s0")
    trade.do(
        lambda session: returns.answer(
            session, name, seller=s0, approve=True, text="Send it to\nour shop", cause=trade.cause()
        )
    )
    notify(trade)
    assert "Send it to our shop" in last(trade, "u0")["text"]
    back = [Back(line=1, quantity=2, stock="restored")]
    trade.do(lambda session: returns.receive(session, name, seller=s0, back=back, cause=trade.cause()))
    notify(trade)
    mine = ["return-requested", "return-approved", "refund-requested", "return-received"]
    assert sorted(kinds(trade, "u0")[before:]) == sorted(mine)
    assert kinds(trade, "us0")[sold:] == ["seller-return-requested", "seller-return-received"]
    assert all("my own words" not in message["text"] for _, message in told(trade, "us0"))
    assert kinds(trade, "us1") == ["seller-order-paid"]


@pytest.mark.parametrize("how", ["blocked", "erased", "no address"])
def test_who_may_not_be_written_to_is_told_nothing(trade: Trade, how: str) -> None:
    paid(trade, {"v0": 1})
    if how == "no address":
        with trade.database.write() as session:
            session.execute(update(User).where(col(User.public_id) == "u0").values(email=None))
    else:
        block(trade, "u0", how)
    assert notify(trade).failed == 0
    assert kinds(trade, "u0") == []
    assert kinds(trade, "us0") == ["seller-order-paid"]


def again(trade: Trade) -> None:
    """Every event comes once more."""
    with trade.database.write() as session:
        session.execute(update(OutboxEvent).where(col(OutboxEvent.consumer) == "notify").values(status="pending"))


def rows(trade: Trade) -> tuple[int, int]:
    with trade.database.read() as session:
        counts = [
            session.execute(select(func.count(col(t.id)))).scalar_one() for t in (Notification, WebhookDelivery)
        ]
        return counts[0], counts[1]


def test_an_event_that_comes_twice_is_told_once(trade: Trade) -> None:
    endpoint(trade, "w")
    paid(trade, {"v0": 17, "v1": 1})
    notify(trade, low=5)
    before = rows(trade)
    assert before == (5, 3)  # placed, paid, two sellers, low stock; placed, paid, low stock
    again(trade)
    assert notify(trade, low=5).delivered == 3
    assert rows(trade) == before


def test_two_relays_at_once_tell_once(trade: Trade) -> None:
    for n in range(6):
        paid(trade, {"v0": 1}, user=n % 2)
    gate = threading.Barrier(4)

    def work() -> None:
        gate.wait()
        notify(trade)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(kinds(trade, "u0")), len(kinds(trade, "u1")), len(kinds(trade, "us0"))) == (6, 6, 6)


class Broken:
    """Takes some messages, then fails."""

    def __init__(self, fails_at: int) -> None:
        self.left = fails_at

    def send(self, session: Session, message: Message, *, at: datetime) -> None:
        if self.left == 0:
            raise InvalidInput("no")
        self.left -= 1
        LogSender().send(session, message, at=at)


def test_what_fails_half_way_tells_nobody_and_is_told_later(trade: Trade) -> None:
    endpoint(trade, "w")
    paid(trade, {"v0": 1, "v1": 1})
    done = notify(trade, sender=Broken(2))
    assert (done.delivered, done.failed) == (0, 3)
    assert rows(trade) == (0, 0)
    assert notify(trade, later=2).failed == 0
    assert rows(trade) == (4, 2)


def test_endpoints_hear_what_is_theirs_and_never_a_person(trade: Trade) -> None:
    endpoint(trade, "shop")
    endpoint(trade, "own", seller="s0")
    endpoint(trade, "other", seller="s1")
    endpoint(trade, "off", active=False)
    endpoint(trade, "some", kinds=["order.shipped"])
    order = paid(trade, {"v0": 2, "v1": 1})
    pack(trade, order, "s0")
    trade.do(lambda session: cancel(session, order, pieces={2: 1}, cause=trade.cause()))
    trade.ask_providers()
    notify(trade)
    kinds_of = {name: [body["type"] for body in hooks(trade, name)] for name in ("shop", "own", "other", "off")}
    assert kinds_of["shop"] == [
        *("order.placed", "order.paid", "order.shipped"),
        *("refund.requested", "order.part_cancelled", "refund.settled"),
    ]
    assert kinds_of["own"] == ["order.placed", "order.paid", "order.shipped", "order.part_cancelled"]
    assert kinds_of["other"] == [
        *("order.placed", "order.paid", "refund.requested", "order.part_cancelled", "refund.settled")
    ]
    assert kinds_of["off"] == []
    assert [body["type"] for body in hooks(trade, "some")] == ["order.shipped"]
    own = hooks(trade, "own")[1]["data"]
    assert [line["line"] for line in own["lines"]] == [1]
    assert "total_minor" not in own
    assert hooks(trade, "shop")[1]["data"]["total_minor"] == 3001
    assert hooks(trade, "other")[-1]["data"]["amount_minor"] == 1001
    assert hooks(trade, "own")[0]["timestamp"] == "2026-03-01T12:00:00.000Z"
    everything = str([hooks(trade, name) for name in ("shop", "own", "other")])
    assert not [part for part in ("people.example", "L 1", "JD0001", "DHL", "u0") if part in everything]


def test_personal_data_is_inside_the_sealed_payload_alone(trade: Trade) -> None:
    paid(trade, {"v0": 1})
    notify(trade)
    with trade.database.read() as session:
        everything = str(session.execute(text("SELECT * FROM notification")).all())
    assert "order-paid" in everything
    assert not [part for part in ("people.example", "Thing 0", "EUR") if part in everything]


def test_a_batch_takes_a_number_of_statements_that_does_not_grow_with_its_lines(trade: Trade) -> None:
    endpoint(trade, "w")
    seen: dict[int, int] = {}
    for goods in (1, 3):
        paid(trade, {f"v{n}": 1 for n in range(goods)})
        block(trade, "us1", "blocked")  # as many messages each time
        with counted(trade.database) as statements:
            assert notify(trade).delivered == 3
        seen[goods] = len(statements)
    assert seen[1] == seen[3] <= 20, seen


@pytest.mark.parametrize("kind", sorted(TEXTS))
def test_every_kind_is_in_words_whatever_the_titles_hold(kind: str) -> None:
    names = ("order", "lines", "total", "deadline", "link", "parcel", "amount", "answer", "name", "first")
    said: dict[str, Any] = dict.fromkeys(names, "{x}\r\nBcc: mallory@example.com\x00 % é")
    subject, body = in_words(kind, **said)
    assert subject == " ".join(subject.split())
    assert subject.isprintable()
    assert len(subject) <= 200
    assert body == body.strip()
    nothing = in_words(kind, **dict.fromkeys(names, ""))[1]
    assert "\n\n\n" not in nothing


# Tells, and kills itself without any chance to clean up: in the middle of its rows, or before they are committed.
VICTIM = """
import os, signal, sys
from datetime import UTC, datetime
from sqlalchemy import event
from core.database import Database
from core.notices import Notices
from core.relay import deliver
from core.senders import LogSender
from core.vault import Vault

url, secret, fatal = sys.argv[1:]
database = Database(url, vault=Vault([secret]))
clock = lambda: datetime(2026, 3, 1, 12, tzinfo=UTC)
seen = []

def count(_c, _cursor, statement, *_):
    seen.append(statement)
    if len(seen) == int(fatal):
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(database.engine, "after_cursor_execute", count)
deliver(Notices(LogSender(), "https://shop.example", 5, clock), database=database, clock=clock)
"""


def run_victim(trade: Trade, fatal: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", VICTIM, trade.database.url, TEST_SECRET, str(fatal)]
    return subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)


def test_a_killed_relay_tells_everybody_afterwards_and_nobody_twice(trade: Trade) -> None:
    endpoint(trade, "w")
    paid(trade, {"v0": 17, "v1": 1})
    fatal = 4
    while True:
        done = run_victim(trade, fatal)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert rows(trade) == (0, 0), fatal
        fatal += 6
    assert fatal >= 16  # it was killed at several points
    assert rows(trade) == (5, 3)
    assert notify(trade, low=5).delivered == 0
