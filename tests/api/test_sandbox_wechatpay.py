"""WeChat Pay through its SDK and over HTTP: the shop's provider against the sandbox's /v3."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.clock import system_clock
from core.errors import Conflict, InvalidInput, Unavailable
from core.money import Money
from core.providers import Notice, PaymentRequest, ProviderPayment, ProviderRefund, RefundRequest, Unverified
from core.providers.sandbox_keys import certificates, sandbox_keys
from core.providers.wechatpay import WechatAccount, WechatProvider
from tests.api.hearing import Ear, listening
from tests.services.sandbox import NOWHERE, Sandbox

OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
ID = "p-0123456789abcdefghjk"


def account_of(sandbox: Sandbox, **changes: Any) -> WechatAccount:
    keys = sandbox.keys
    given = {
        "app_id": keys.wechatpay_app_id,
        "merchant_id": keys.wechatpay_merchant_id,
        "merchant_serial": keys.wechatpay_merchant_serial,
        "private_key": keys.wechatpay_merchant_private,
        "api_key": keys.wechatpay_api_key,
        "certificates": certificates(sandbox.home / "sandbox"),
        "gateway": f"{sandbox.url}/wechatpay",
        "currencies": ("*",),
        "notify_url": NOWHERE,
        **changes,
    }
    return WechatAccount(**given)


@pytest.fixture
def ear() -> Iterator[Ear]:
    with listening("") as heard:
        yield heard


@pytest.fixture
def wechat(sandbox: Sandbox, ear: Ear) -> WechatProvider:
    return WechatProvider(account_of(sandbox, notify_url=ear.url))


def request(method: str = "native", *, id: str = ID, minor: int = 1999, currency: str = "CNY") -> PaymentRequest:
    expires = system_clock() + timedelta(minutes=30)
    payer = OPENID if method == "jsapi" else ""
    return PaymentRequest(id, "o-1", Money(minor, currency), expires, "", method, payer)


def back(minor: int, id: str = "r-1aaaa") -> RefundRequest:
    return RefundRequest(id, ID, "", Money(minor, "CNY"), Money(1999, "CNY"))


def come(sandbox: Sandbox, wechat: WechatProvider, asked: PaymentRequest) -> str:
    """The shopper scans the code, or WeChat is asked for the payment by the page; returns where they are then."""
    action = wechat.create(asked).action
    at = action["code"] if asked.method == "native" else str(httpx.URL(bridge(sandbox), params=action))
    answer = httpx.get(at, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return str(answer.url)


def bridge(sandbox: Sandbox) -> str:
    return f"{sandbox.url}/wechatpay/bridge"


def pay(sandbox: Sandbox, wechat: WechatProvider, asked: PaymentRequest) -> None:
    assert httpx.post(come(sandbox, wechat, asked), data={"decision": "pay"}).status_code == 200


def said(wechat: WechatProvider, ear: Ear, count: int) -> list[Notice]:
    """The first so many notifications, verified."""
    return [wechat.read(message.headers, message.body, now=system_clock()) for message in ear.wait(count)]


@pytest.mark.parametrize("method", ["native", "jsapi"])
@pytest.mark.parametrize("currency", ["CNY", "JPY"])
def test_a_payment_is_made(sandbox: Sandbox, wechat: WechatProvider, ear: Ear, method: str, currency: str) -> None:
    asked = request(method, currency=currency)
    page = come(sandbox, wechat, asked)
    assert str(asked.amount) in httpx.get(page).text
    assert wechat.query(asked, reference=None) == ProviderPayment(
        f"{ID}:pending", ID, None, "pending", asked.amount
    )
    httpx.post(page, data={"decision": "pay"})
    paid = wechat.query(asked, reference=None)
    assert (paid.state, paid.payment, paid.amount) == ("captured", ID, asked.amount)
    [told] = said(wechat, ear, 1)
    assert isinstance(told, ProviderPayment)
    assert replace(told, event=paid.event) == paid


def test_what_the_page_is_given_is_signed_by_the_merchant(sandbox: Sandbox, wechat: WechatProvider) -> None:
    action = wechat.create(request("jsapi")).action
    assert sorted(action) == ["appId", "kind", "nonceStr", "package", "paySign", "signType", "timeStamp"]
    for name in ("appId", "nonceStr", "package", "timeStamp", "paySign", "signType"):
        changed = {**action, name: f"{action[name]}0"}
        assert httpx.get(bridge(sandbox), params=changed).status_code == 400
    assert httpx.get(bridge(sandbox), params=dict(action)).status_code == 303


def test_before_it_was_ordered_there_is_nothing(wechat: WechatProvider) -> None:
    assert wechat.query(request(), reference=None).state == "pending"
    assert wechat.close(request(), reference=None) == ProviderPayment(
        f"{ID}:closed", ID, None, "closed", request().amount
    )
    assert wechat.query_refund(back(1)) is None
    with pytest.raises(Conflict, match="RESOURCE_NOT_EXISTS"):
        wechat.refund(back(1))


def test_the_code_holds_until_the_order_does(sandbox: Sandbox, wechat: WechatProvider) -> None:
    asked = request()
    wechat.create(asked)
    record = sandbox.bank.get("wechatpay", ID)
    assert asked.expires_at is not None
    assert (record.expires_at, record.title) == (asked.expires_at.replace(microsecond=0), "Order o-1")


def test_a_payment_that_fails_can_be_tried_again(sandbox: Sandbox, wechat: WechatProvider, ear: Ear) -> None:
    page = come(sandbox, wechat, request())
    httpx.post(page, data={"decision": "refuse"})
    failed = wechat.query(request(), reference=None)
    assert (failed.state, failed.reason) == ("failed", "the shopper refused")
    httpx.post(page, data={"decision": "pay"})
    assert wechat.query(request(), reference=None).state == "captured"
    [told] = said(wechat, ear, 1)  # of the failure nothing was told
    assert isinstance(told, ProviderPayment)
    assert told.state == "captured"


def test_a_payment_that_was_not_made_is_closed(sandbox: Sandbox, wechat: WechatProvider) -> None:
    page = come(sandbox, wechat, request())
    for _ in range(2):
        assert wechat.close(request(), reference=None).state == "closed"
    httpx.post(page, data={"decision": "pay"})
    assert wechat.query(request(), reference=None).state == "closed"
    with pytest.raises(Conflict, match="ORDER_CLOSED"):
        wechat.create(request())


def test_one_that_was_made_is_not_closed(sandbox: Sandbox, wechat: WechatProvider) -> None:
    pay(sandbox, wechat, request())
    assert wechat.close(request(), reference=None).state == "captured"
    with pytest.raises(Conflict, match="ORDERPAID"):
        wechat.create(request())


def test_asking_again_begins_no_second_payment(sandbox: Sandbox, wechat: WechatProvider) -> None:
    assert wechat.create(request()) == wechat.create(request())
    assert len(list(sandbox.bank.ledger.all())) == 1
    with pytest.raises(Conflict, match="OUT_TRADE_NO_USED"):
        wechat.create(request(minor=5))


def test_refunds_in_parts_up_to_what_was_paid(sandbox: Sandbox, wechat: WechatProvider, ear: Ear) -> None:
    pay(sandbox, wechat, request())
    ear.wait(1)
    asked = wechat.refund(back(999))
    assert (asked.refund, asked.state, asked.amount) == ("r-1aaaa", "pending", Money(999, "CNY"))
    told = said(wechat, ear, 2)[1]
    done = wechat.query_refund(back(999))
    assert told == done == replace(asked, state="settled")
    assert wechat.refund(back(999)) == done  # again, and nothing is given back twice
    assert wechat.query(request(), reference=None).state == "captured"
    for refused in (back(998), back(1001, "r-2aaaa")):
        with pytest.raises(Conflict, match="INVALID_REQUEST"):
            wechat.refund(refused)
    wechat.refund(back(1000, "r-3aaaa"))
    with pytest.raises(Conflict, match="INVALID_REQUEST"):
        wechat.refund(back(1, "r-4aaaa"))
    last = said(wechat, ear, 3)[2]
    assert isinstance(last, ProviderRefund)
    assert (last.refund, last.state, last.amount) == ("r-3aaaa", "settled", Money(1000, "CNY"))
    assert wechat.query(request(), reference=None).state == "captured"


def test_a_refund_that_cannot_reach_the_shopper_has_failed(
    sandbox: Sandbox, wechat: WechatProvider, ear: Ear
) -> None:
    pay(sandbox, wechat, request())
    wechat.refund(back(5))
    ear.wait(2)
    with sandbox.bank.held("wechatpay", ID) as record:  # the shopper's bank account is gone
        record.refunds["r-1aaaa"].state = "failed"
        sandbox.bank.note(record, "refund", refund="r-1aaaa", state="failed")
    told = said(wechat, ear, 3)[2]
    assert isinstance(told, ProviderRefund)
    assert (told.state, told.reason) == ("failed", "WeChat Pay says ABNORMAL")
    assert wechat.query_refund(back(5)) == told


def test_an_answer_about_a_refund_of_another_payment_says_nothing(
    sandbox: Sandbox, wechat: WechatProvider
) -> None:
    pay(sandbox, wechat, request())
    wechat.refund(back(999))
    with pytest.raises(Unavailable, match="about another refund"):
        wechat.query_refund(replace(back(999), payment="p-another"))


def test_refunds_of_what_was_not_paid_are_refused(wechat: WechatProvider) -> None:
    wechat.create(request())
    with pytest.raises(Conflict, match="INVALID_REQUEST"):
        wechat.refund(back(1))


def test_it_tells_again_until_the_shop_has_taken_it(sandbox: Sandbox, wechat: WechatProvider, ear: Ear) -> None:
    ear.deaf = 2
    pay(sandbox, wechat, request())
    told = said(wechat, ear, 3)
    assert told[0] == told[1] == told[2]


def test_certificates_are_fetched_where_there_are_none(sandbox: Sandbox, tmp_path: Path, ear: Ear) -> None:
    folder = tmp_path / "none-yet"
    fresh = WechatProvider(account_of(sandbox, certificates=folder, notify_url=ear.url))
    assert not folder.exists()  # not by being set up
    fresh.create(request())
    assert [path.stem for path in folder.iterdir()] == [sandbox.keys.wechatpay_platform_serial]
    sandbox.bank.decide("wechatpay", ID, "captured")
    [told] = said(WechatProvider(account_of(sandbox, certificates=folder)), ear, 1)
    assert isinstance(told, ProviderPayment)
    assert told.state == "captured"


def test_a_new_certificate_comes_in_with_the_answers_to_our_own_requests(
    sandbox: Sandbox, tmp_path: Path, ear: Ear
) -> None:
    """The platform's certificate is rotated: notifications with it wait until the shop asked for something."""
    folder = tmp_path / "of-last-year"
    old = sandbox_keys(tmp_path / "old")
    shutil.copytree(certificates(tmp_path / "old"), folder)
    shop = WechatProvider(account_of(sandbox, certificates=folder, notify_url=ear.url))
    shop.create(request())
    (folder / f"{sandbox.keys.wechatpay_platform_serial}.pem").unlink()
    sandbox.bank.decide("wechatpay", ID, "captured")
    [message] = ear.wait(1)
    behind = WechatProvider(account_of(sandbox, certificates=folder))
    with pytest.raises(Unverified, match="certificate"):
        behind.read(message.headers, message.body, now=system_clock())
    assert behind.query(request(), reference=None).state == "captured"
    assert sorted(path.stem for path in folder.iterdir()) == sorted(
        [old.wechatpay_platform_serial, sandbox.keys.wechatpay_platform_serial]
    )
    assert behind.read(message.headers, message.body, now=system_clock()) is not None


def test_certificates_that_are_encrypted_for_another_are_not_taken(sandbox: Sandbox, tmp_path: Path) -> None:
    for changes in ({"api_key": "0" * 32}, {"gateway": f"{sandbox.url}/nowhere"}, {"merchant_id": "1600000000"}):
        stranger = WechatProvider(account_of(sandbox, certificates=tmp_path / "none", **changes))
        with pytest.raises(Unavailable):
            stranger.query(request(), reference=None)
        assert not (tmp_path / "none").exists()


def test_requests_that_the_merchant_did_not_sign_are_refused(sandbox: Sandbox) -> None:
    for changes in (
        {"private_key": sandbox.keys.alipay_app_private},
        {"merchant_serial": "00"},
        {"merchant_id": "1600000000"},
    ):
        forged = WechatProvider(account_of(sandbox, **changes))
        for call in (forged.query, forged.close):
            with pytest.raises(Unavailable, match="SIGN_ERROR"):
                call(request(), reference=None)
        with pytest.raises(Unavailable, match="SIGN_ERROR"):
            forged.create(request())
    answer = httpx.get(f"{sandbox.url}/wechatpay/v3/certificates")
    assert (answer.status_code, answer.json()["code"]) == (401, "SIGN_ERROR")
    assert list(sandbox.bank.ledger.all()) == []


def test_answers_that_another_key_signed_say_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    """Answers that name the right certificate and are signed with another's key."""
    wechat = WechatProvider(account_of(sandbox))
    wechat.create(request())
    sandbox.bank.keys = replace(
        sandbox.keys, wechatpay_platform_private=sandbox_keys(tmp_path / "other").wechatpay_platform_private
    )
    with pytest.raises(Unavailable):
        wechat.create(request())
    for call in (wechat.query, wechat.close):
        with pytest.raises(Unavailable):
            call(request(), reference=None)


def test_a_gateway_that_is_not_there_says_nothing(sandbox: Sandbox) -> None:
    for gateway in ("http://127.0.0.1:9", f"{sandbox.url}/pay.css#"):
        with pytest.raises(Unavailable):
            WechatProvider(account_of(sandbox, gateway=gateway)).query(request(), reference=None)


def test_a_gateway_that_never_answers_is_waited_for_a_while(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.providers.wechatpay.TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        wechat = WechatProvider(account_of(sandbox, gateway=f"http://127.0.0.1:{silent.getsockname()[1]}"))
        with pytest.raises(Unavailable):
            wechat.query(request(), reference=None)


def test_ids_ways_and_payers_that_wechat_pay_does_not_have(sandbox: Sandbox, wechat: WechatProvider) -> None:
    for bad in (
        request("page"),
        replace(request("jsapi"), payer=""),
        replace(request("jsapi"), payer="not an openid"),
        request(id="p-1"),
        request(id="p-" + "a" * 31),
        request(id="p-/../x"),
    ):
        with pytest.raises(InvalidInput):
            wechat.create(bad)
    euros = WechatProvider(account_of(sandbox, currencies=("EUR",)))
    assert (euros.takes("EUR"), euros.takes("CNY")) == (True, False)
    with pytest.raises(InvalidInput, match="takes no CNY"):
        euros.create(request())
