"""Alipay through its SDK and over HTTP: the shop's provider against the sandbox's gateway."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from api.sandbox.alipay import Alipay
from core.clock import system_clock
from core.errors import Conflict, InvalidInput, Unavailable
from core.money import Money
from core.providers import PaymentRequest, ProviderPayment, RefundRequest
from core.providers.alipay import AlipayAccount, AlipayProvider
from tests.api.hearing import Ear, listening
from tests.services.sandbox import NOWHERE, Sandbox

SHOP = "http://127.0.0.1:9/orders/o-1"


def account_of(sandbox: Sandbox, **changes: Any) -> AlipayAccount:
    keys = sandbox.keys
    given = {
        "app_id": keys.alipay_app_id,
        "seller_id": keys.alipay_seller_id,
        "private_key": keys.alipay_app_private,
        "public_key": keys.alipay_public,
        "gateway": f"{sandbox.url}/alipay/gateway.do",
        "currencies": ("*",),
        "notify_url": NOWHERE,
        **changes,
    }
    return AlipayAccount(**given)


@pytest.fixture
def ear() -> Iterator[Ear]:
    with listening("success") as heard:
        yield heard


@pytest.fixture
def alipay(sandbox: Sandbox, ear: Ear) -> AlipayProvider:
    return AlipayProvider(account_of(sandbox, notify_url=ear.url))


def request(method: str = "page", *, id: str = "p-1", minor: int = 1999, currency: str = "CNY") -> PaymentRequest:
    expires = system_clock() + timedelta(minutes=30)
    return PaymentRequest(id, "o-1", Money(minor, currency), expires, SHOP, method)


def back(minor: int, id: str = "r-1", *, currency: str = "CNY") -> RefundRequest:
    return RefundRequest(id, "p-1", "", Money(minor, currency), Money(1999, currency))


def come(alipay: AlipayProvider, asked: PaymentRequest) -> str:
    """The shopper opens the page or scans the code; returns where they are then."""
    action = alipay.create(asked).action
    answer = httpx.get(action["page"] if asked.method == "page" else action["code"], follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return str(answer.url)


def pay(alipay: AlipayProvider, asked: PaymentRequest) -> None:
    answer = httpx.post(come(alipay, asked), data={"decision": "pay"})
    # A page leads back to the shop; who scanned a code came from nowhere.
    assert answer.headers.get("location") == (asked.return_url if asked.method == "page" else None)


def said(alipay: AlipayProvider, ear: Ear, count: int) -> list[ProviderPayment]:
    """The first so many notifications, verified."""
    heard = [alipay.read(message.headers, message.body, now=system_clock()) for message in ear.wait(count)]
    return [notice for notice in heard if notice is not None]


@pytest.mark.parametrize("method", ["page", "qr"])
@pytest.mark.parametrize("currency", ["CNY", "JPY", "KWD"])
def test_a_payment_is_made(alipay: AlipayProvider, ear: Ear, method: str, currency: str) -> None:
    asked = request(method, currency=currency)
    page = come(alipay, asked)
    assert str(asked.amount) in httpx.get(page).text
    waiting = alipay.query(asked, reference=None)
    assert (waiting.state, waiting.amount) == ("pending", asked.amount)
    assert httpx.post(page, data={"decision": "pay"}).status_code in (200, 303)
    paid = alipay.query(asked, reference=waiting.reference)
    assert (paid.state, paid.payment, paid.amount) == ("captured", "p-1", asked.amount)
    assert paid.reference == waiting.reference
    [told] = said(alipay, ear, 1)
    assert replace(told, event=paid.event) == paid


@pytest.mark.parametrize("method", ["page", "qr"])
def test_before_anybody_came_there_is_no_trade(sandbox: Sandbox, alipay: AlipayProvider, method: str) -> None:
    asked = request(method)
    alipay.create(asked)
    assert alipay.query(asked, reference=None) == ProviderPayment(
        "p-1:pending", "p-1", None, "pending", asked.amount
    )
    assert alipay.close(asked, reference=None).state == "closed"
    pay(alipay, asked)  # so it is at Alipay: a page that was handed out stays open until its time is over
    assert alipay.query(asked, reference=None).state == "captured"


def test_the_page_and_the_code_hold_until_the_order_does(sandbox: Sandbox, alipay: AlipayProvider) -> None:
    asked = request()
    come(alipay, asked)
    record = sandbox.bank.get("alipay", "p_1")
    assert asked.expires_at is not None
    assert record.expires_at == asked.expires_at.replace(microsecond=0)
    assert (record.title, record.return_url) == ("Order o-1", SHOP)


def test_a_payment_that_fails_can_be_tried_again(alipay: AlipayProvider, ear: Ear) -> None:
    asked = request()
    page = come(alipay, asked)
    httpx.post(page, data={"decision": "refuse"})
    assert alipay.query(asked, reference=None).state == "pending"
    httpx.post(page, data={"decision": "pay"})
    assert [notice.state for notice in said(alipay, ear, 1)] == ["captured"]  # of the failure nothing was told


def test_a_payment_that_was_not_made_is_closed(alipay: AlipayProvider, ear: Ear) -> None:
    asked = request()
    page = come(alipay, asked)
    closed = alipay.close(asked, reference=None)
    assert (closed.state, closed.amount) == ("closed", asked.amount)
    assert alipay.close(asked, reference=None).state == "closed"
    assert alipay.query(asked, reference=closed.reference).state == "closed"
    httpx.post(page, data={"decision": "pay"})
    assert alipay.query(asked, reference=closed.reference).state == "closed"
    assert [notice.state for notice in said(alipay, ear, 1)] == ["closed"]
    with pytest.raises(Conflict, match="TRADE_HAS_CLOSE"):
        alipay.create(replace(asked, method="qr"))


def test_one_that_was_made_is_not_closed(alipay: AlipayProvider) -> None:
    asked = request()
    pay(alipay, asked)
    assert alipay.close(asked, reference=None).state == "captured"
    with pytest.raises(Conflict, match="TRADE_HAS_SUCCESS"):
        alipay.create(replace(asked, method="qr"))


def test_asking_again_begins_no_second_payment(sandbox: Sandbox, alipay: AlipayProvider) -> None:
    assert alipay.create(request("qr")) == alipay.create(request("qr"))
    assert come(alipay, request()) == come(alipay, request())
    assert len(list(sandbox.bank.ledger.all())) == 1
    with pytest.raises(Conflict, match="CONTEXT_INCONSISTENT"):
        alipay.create(request("qr", minor=5))


@pytest.mark.parametrize("currency", ["CNY", "JPY"])
def test_refunds_in_parts_up_to_what_was_paid(alipay: AlipayProvider, ear: Ear, currency: str) -> None:
    asked = request(currency=currency)
    pay(alipay, asked)
    assert alipay.query_refund(back(999, currency=currency)) is None
    done = alipay.refund(back(999, currency=currency))
    assert (done.refund, done.state, done.amount) == ("r-1", "settled", Money(999, currency))
    assert alipay.query(asked, reference=None).state == "captured"
    assert alipay.refund(back(999, currency=currency)) == done  # again, and nothing is given back twice
    assert alipay.query_refund(back(999, currency=currency)) == done
    with pytest.raises(Conflict, match="DISCORDANT"):
        alipay.refund(back(998, currency=currency))
    with pytest.raises(Conflict, match="REFUND_AMT"):
        alipay.refund(back(1001, "r-2", currency=currency))
    assert alipay.refund(back(1000, "r-3", currency=currency)).state == "settled"
    with pytest.raises(Conflict, match="REFUND_AMT"):
        alipay.refund(back(1, "r-4", currency=currency))
    # All of it was given back, and Alipay calls the trade closed: it was paid all the same.
    assert alipay.query(asked, reference=None).state == "captured"
    assert {(n.state, n.amount) for n in said(alipay, ear, 3)} == {("captured", asked.amount)}
    assert sum(b"trade_status=TRADE_CLOSED" in message.body for message in ear.heard) == 1


def test_refunds_of_what_was_not_paid_are_refused(alipay: AlipayProvider) -> None:
    with pytest.raises(Conflict, match="TRADE_NOT_EXIST"):
        alipay.refund(back(1))
    assert alipay.query_refund(back(1)) is None
    come(alipay, request())
    with pytest.raises(Conflict, match="TRADE_STATUS_ERROR"):
        alipay.refund(back(1))


def test_it_tells_again_until_the_shop_has_taken_it(alipay: AlipayProvider, ear: Ear) -> None:
    ear.deaf = 2
    pay(alipay, request())
    told = said(alipay, ear, 3)
    assert len({notice.event for notice in told}) == 1  # the id that the shop knows a repeat by
    assert told[0] == told[1] == told[2]


def test_the_gateway_refuses_what_the_shop_did_not_sign(sandbox: Sandbox) -> None:
    account = account_of(sandbox)
    forged = AlipayProvider(replace(account, private_key=sandbox.keys.wechatpay_merchant_private))
    answer = httpx.get(forged.create(request()).action["page"])
    assert (answer.status_code, "isv.invalid-signature" in answer.text) == (400, True)
    for stranger in (forged, AlipayProvider(replace(account, app_id="2021000000000000"))):
        # Alipay does not sign this answer, so that it says nothing.
        with pytest.raises(Unavailable):
            stranger.query(request(), reference=None)
        with pytest.raises(Unavailable):
            stranger.close(request(), reference=None)
    assert list(sandbox.bank.ledger.all()) == []


def test_a_parameter_changed_on_the_way_is_noticed(sandbox: Sandbox, alipay: AlipayProvider) -> None:
    page = alipay.create(request()).action["page"]
    assert "19.99" in parse_qs(urlsplit(page).query)["biz_content"][0]
    assert httpx.get(page.replace("19.99", "00.01")).status_code == 400


def test_answers_that_another_key_signed_say_nothing(sandbox: Sandbox) -> None:
    other = AlipayProvider(account_of(sandbox, public_key=sandbox.keys.alipay_app_public))
    for call in (other.query, other.close):
        with pytest.raises(Unavailable):
            call(request(), reference=None)
    with pytest.raises(Unavailable):
        other.refund(back(1))
    with pytest.raises(Unavailable):
        other.query_refund(back(1))


def test_a_gateway_that_is_not_there_says_nothing(sandbox: Sandbox) -> None:
    for gateway in ("http://127.0.0.1:9/gateway.do", f"{sandbox.url}/nowhere", f"{sandbox.url}/pay.css"):
        absent = AlipayProvider(account_of(sandbox, gateway=gateway))
        with pytest.raises(Unavailable):
            absent.query(request(), reference=None)


def test_a_gateway_that_never_answers_is_waited_for_a_while(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.providers.alipay.TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        gateway = f"http://127.0.0.1:{silent.getsockname()[1]}/gateway.do"
        with pytest.raises(Unavailable):
            AlipayProvider(account_of(sandbox, gateway=gateway)).query(request(), reference=None)


def test_a_shop_that_sends_another_time_than_beijings_is_refused(sandbox: Sandbox) -> None:
    """So the sandbox would notice the time of a machine that stands elsewhere."""
    behind = AlipayProvider(account_of(sandbox), clock=lambda: system_clock() - timedelta(hours=8))
    with pytest.raises(Unavailable):
        behind.query(request(), reference=None)
    assert "isv.invalid-timestamp" in httpx.get(behind.create(request()).action["page"]).text


@pytest.mark.parametrize(
    "query",
    [
        "",
        "method=alipay.trade.query",
        "app_id=%00&sign=%FF",
        "method=alipay.trade.page.pay",
        "a=1;b=2&sign_type=RSA2",
        "sign=%ED%A0%80",
    ],
)
def test_nonsense_is_refused_without_a_signature(sandbox: Sandbox, query: str) -> None:
    answer = httpx.get(f"{sandbox.url}/alipay/gateway.do?{query}")
    assert answer.status_code in (200, 400)
    assert '"sign"' not in answer.text


def test_ids_and_ways_that_alipay_does_not_have(sandbox: Sandbox, alipay: AlipayProvider) -> None:
    for bad in (request("native"), request(id="p-a_b"), request(id="p-1-2"), request(id="p-" + "a" * 63)):
        with pytest.raises(InvalidInput):
            alipay.create(bad)
    euros = AlipayProvider(account_of(sandbox, currencies=("EUR", "CNY")))
    assert [euros.takes(currency) for currency in ("EUR", "CNY", "USD")] == [True, True, False]
    with pytest.raises(InvalidInput, match="takes no USD"):
        euros.create(request(currency="USD"))


def test_of_a_code_that_nobody_scanned_in_time_nothing_is_told(sandbox: Sandbox, alipay: AlipayProvider) -> None:
    asked = replace(request("qr"), expires_at=system_clock() - timedelta(minutes=1))
    with pytest.raises(Conflict, match="TRADE_HAS_CLOSE"):
        alipay.create(asked)
    record = sandbox.bank.get("alipay", "p_1")
    assert [event.kind for event in record.events] == ["closed"]
    assert Alipay(sandbox.bank).notification(record, record.events[0]) is None
