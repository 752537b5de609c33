"""Alipay's notifications, verified completely and without the network; what the shop signs and sends."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from core.errors import BadSettings, InvalidInput
from core.money import Money
from core.providers import PaymentRequest, ProviderPayment, RefundRequest, Unverified
from core.providers.alipay import AlipayAccount, AlipayProvider
from core.providers.alipay_notices import from_alipay, to_alipay
from core.providers.sandbox_keys import SandboxKeys, sandbox_keys
from core.providers.wechatpay import WechatAccount, WechatProvider

NOW = datetime(2026, 3, 1, 20, 30, tzinfo=UTC)  # half past four in the morning of the next day in Beijing
SENT = "2026-03-02 04:30:00"
ID = "p-0123456789abcdefghjk"


@pytest.fixture(scope="module")
def keys(sandbox_key_folder: Any) -> SandboxKeys:
    return sandbox_keys(sandbox_key_folder)


@pytest.fixture(scope="module")
def account(keys: SandboxKeys) -> AlipayAccount:
    return AlipayAccount(
        app_id=keys.alipay_app_id,
        seller_id=keys.alipay_seller_id,
        private_key=keys.alipay_app_private,
        public_key=keys.alipay_public,
        gateway="https://openapi.alipay.com/gateway.do",
        currencies=("CNY", "EUR"),
        notify_url="https://shop.example/notify",
    )


@pytest.fixture(scope="module")
def alipay(account: AlipayAccount) -> AlipayProvider:
    return AlipayProvider(account, clock=lambda: NOW)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No call is even tried: what it raises alone might be taken for a message that cannot be read."""
    calls: list[object] = []

    def refuse(*about: object, **_more: object) -> None:
        calls.append(about)
        raise OSError("a network call")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert calls == []


def fields(keys: SandboxKeys, **changes: str | None) -> dict[str, str]:
    """A notification's fields, as Alipay sends them for a payment; None leaves one out."""
    given: dict[str, str | None] = {
        "app_id": keys.alipay_app_id,
        "charset": "utf-8",
        "fund_bill_list": '[{"amount":"19.99","fundChannel":"ALIPAYACCOUNT"}]',
        "gmt_payment": "2026-03-02 04:29:58",
        "notify_id": "2026030200222042958000001",
        "notify_time": SENT,
        "notify_type": "trade_status_sync",
        "out_trade_no": to_alipay(ID),
        "seller_id": keys.alipay_seller_id,
        "subject": "Order o-1 订单",
        "total_amount": "19.99",
        "trade_no": "2026030222001400000000000001",
        "trade_status": "TRADE_SUCCESS",
        "version": "1.0",
        **changes,
    }
    return {name: value for name, value in given.items() if value is not None}


def sign(
    given: Mapping[str, str], pem: str, *, sign_type: str | None = "RSA2", digest: SHA1 | SHA256 | None = None
) -> bytes:
    """The form that a server with a private key makes of fields."""
    text = "&".join(f"{name}={value}" for name, value in sorted(given.items()))
    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    made = base64.b64encode(key.sign(text.encode(), PKCS1v15(), digest or SHA256())).decode()
    form = {**given, "sign": made} | ({"sign_type": sign_type} if sign_type is not None else {})
    return "&".join(f"{name}={quote_plus(value)}" for name, value in form.items()).encode()


def told(keys: SandboxKeys, **changes: str | None) -> bytes:
    return sign(fields(keys, **changes), keys.alipay_private)


def test_a_payment_is_read(alipay: AlipayProvider, keys: SandboxKeys) -> None:
    assert alipay.read({}, told(keys), now=NOW) == ProviderPayment(
        "2026030200222042958000001", ID, "2026030222001400000000000001", "captured", Money(1999, "CNY")
    )


def test_no_flipped_bit_passes(alipay: AlipayProvider, keys: SandboxKeys) -> None:
    """Every bit of the body, the signature's and those of escapes among them. Nothing of it is in headers."""
    body = told(keys, fund_bill_list=None, subject="Order+o-1~*订")
    assert alipay.read({}, body, now=NOW) is not None
    for place in range(len(body) * 8):
        flipped = bytearray(body)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(Unverified):
            alipay.read({}, bytes(flipped), now=NOW)


def test_what_is_read_changes_nothing(alipay: AlipayProvider, keys: SandboxKeys) -> None:
    body = told(keys)
    assert alipay.read({}, body, now=NOW) == alipay.read({}, body, now=NOW)


@pytest.mark.parametrize(
    ("sign_type", "digest"),
    [("RSA", SHA1()), ("RSA2", SHA1()), ("RSA", SHA256()), (None, SHA256()), (None, SHA1()), ("", SHA256())],
)
def test_only_rsa2_counts(
    alipay: AlipayProvider, keys: SandboxKeys, sign_type: str | None, digest: SHA1 | SHA256
) -> None:
    """A server that still signs with SHA-1, and one that does not say what it signs with."""
    with pytest.raises(Unverified):
        alipay.read({}, sign(fields(keys), keys.alipay_private, sign_type=sign_type, digest=digest), now=NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"app_id": "2021000000000000"},
        {"app_id": None},
        {"seller_id": "2088000000000000"},
        {"seller_id": None},
        {"charset": "gbk"},
        {"charset": None},
        {"out_trade_no": None},
        {"out_trade_no": ID},  # Alipay has no such number: another's payment
        {"out_trade_no": "p_0_1"},
        {"notify_id": None},
        {"notify_id": ""},
        {"trade_no": None},
        {"total_amount": None},
        {"total_amount": "19.9"},
        {"total_amount": "19.990"},
        {"total_amount": "-19.99"},
        {"total_amount": "１９.99"},
        {"total_amount": "1e3"},
        {"total_amount": "NaN"},
        {"total_amount": " 19.99"},
        {"trans_currency": "eur"},
        {"trans_currency": "JPY"},  # which has no decimals
        {"notify_time": None},
        {"notify_time": "soon"},
        {"subject": "Order o-1&total_amount=0.01"},
    ],
)
def test_other_fields_than_ours_are_refused(
    alipay: AlipayProvider, keys: SandboxKeys, changes: dict[str, str | None]
) -> None:
    with pytest.raises(Unverified):
        alipay.read({}, told(keys, **changes), now=NOW)


def test_what_is_read_is_what_was_paid(alipay: AlipayProvider, keys: SandboxKeys) -> None:
    """Amount, currency and order are not this shop's to guess: they are held against the payment by the core."""
    said = alipay.read({}, told(keys, total_amount="0.01", trans_currency="EUR", out_trade_no="p_2"), now=NOW)
    assert said is not None
    assert (said.amount, said.payment) == (Money(1, "EUR"), "p-2")


@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        (timedelta(), True),
        (timedelta(minutes=-5), True),
        (timedelta(minutes=-5, seconds=-1), False),
        (timedelta(hours=8), True),
        (timedelta(hours=-8), False),  # what one that is stamped with the local time would seem
        (timedelta(hours=25, minutes=5), True),
        (timedelta(hours=25, minutes=5, seconds=1), False),
        (timedelta(days=365), False),
    ],
)
def test_it_may_be_as_old_as_the_last_repeat(
    alipay: AlipayProvider, keys: SandboxKeys, age: timedelta, fresh: bool
) -> None:
    body = told(keys)
    if fresh:
        assert alipay.read({}, body, now=NOW + age) is not None
    else:
        with pytest.raises(Unverified, match="stale"):
            alipay.read({}, body, now=NOW + age)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"trade_status": "WAIT_BUYER_PAY", "gmt_payment": None}, "pending"),
        ({"trade_status": "TRADE_SUCCESS"}, "captured"),
        ({"trade_status": "TRADE_FINISHED"}, "captured"),
        ({"trade_status": "TRADE_CLOSED", "gmt_payment": None}, "closed"),
        # A trade of which all was given back is closed too, and was paid.
        ({"trade_status": "TRADE_CLOSED"}, "captured"),
        ({"trade_status": "TRADE_CLOSED", "gmt_payment": None, "refund_fee": "19.99"}, "captured"),
        ({"refund_fee": "5.00", "gmt_refund": f"{SENT}.000", "out_biz_no": "r_1"}, "captured"),
    ],
)
def test_what_a_status_means(
    alipay: AlipayProvider, keys: SandboxKeys, changes: dict[str, str | None], state: str
) -> None:
    said = alipay.read({}, told(keys, **changes), now=NOW)
    assert said is not None
    assert said.state == state


def test_of_a_payment_that_was_made_no_message_says_otherwise(alipay: AlipayProvider, keys: SandboxKeys) -> None:
    """So it does not matter in which order they arrive: those that say anything all say the same."""
    messages = [
        told(keys, notify_id="1", trade_status="WAIT_BUYER_PAY", gmt_payment=None),
        told(keys, notify_id="2"),
        told(keys, notify_id="3", refund_fee="5.00", out_biz_no="r_1"),
        told(keys, notify_id="4", refund_fee="19.99", out_biz_no="r_2", trade_status="TRADE_CLOSED"),
        told(keys, notify_id="5", trade_status="TRADE_FINISHED"),
    ]
    read = [alipay.read({}, message, now=NOW) for message in messages]
    assert [said and said.state for said in read] == ["pending", *["captured"] * 4]
    assert len({said.event for said in read if said}) == 5


@pytest.mark.parametrize("changes", [{"notify_type": "dut_user_sign"}, {"trade_status": "TRADE_PENDING"}])
def test_a_genuine_message_about_something_else_says_nothing(
    alipay: AlipayProvider, keys: SandboxKeys, changes: dict[str, str | None]
) -> None:
    assert alipay.read({}, told(keys, **changes), now=NOW) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda body: b"",
        lambda body: body + b"&",
        lambda body: b"&" + body,
        lambda body: body + b"&x",
        lambda body: body + b"&total_amount=0.01",  # a name twice: which of them was signed?
        lambda body: b"total_amount=0.01&" + body,
        lambda body: body.replace(b"&charset", b";charset"),
        lambda body: body.replace(b"%3A", b"%3a"),
        lambda body: body.replace(b"%3A", b":"),
        lambda body: body.replace(b"+", b" "),
        lambda body: body.replace(b"%22", b"%2"),
        lambda body: body.replace(b"19.99", b"%FF"),
        lambda body: body.replace(b"19.99", "19.99é".encode()),
        lambda body: body.replace(b"subject", b"Subject"),
        lambda body: body.replace(b"%3D%3D", b""),
        lambda body: body.replace(b"&sign=", b"&sign=%0A"),
        lambda body: body.replace(b"&sign=", b"&sing="),
        lambda body: b'{"sign_type": "RSA2"}',
        lambda body: b"\xff" * 40,
    ],
)
def test_a_form_is_read_in_one_way_or_not_at_all(alipay: AlipayProvider, keys: SandboxKeys, change: Any) -> None:
    body = told(keys)
    assert change(body) != body
    with pytest.raises(Unverified):
        alipay.read({}, change(body), now=NOW)


def test_two_fields_cannot_be_folded_into_one(alipay: AlipayProvider, keys: SandboxKeys) -> None:
    """What is signed is joined with "&": folded, a trade that was given back would seem to be unpaid."""
    genuine = fields(keys, trade_status="TRADE_CLOSED", fund_bill_list=None)
    signature = parse_qs(sign(genuine, keys.alipay_private).decode())["sign"][0]
    folded = {name: value for name, value in genuine.items() if name != "gmt_payment"}
    folded["charset"] += f"&gmt_payment={genuine['gmt_payment']}"
    form = {**folded, "sign": signature, "sign_type": "RSA2"}
    body = "&".join(f"{name}={quote_plus(value)}" for name, value in form.items()).encode()
    with pytest.raises(Unverified, match="could be two"):
        alipay.read({}, body, now=NOW)


def test_what_another_provider_sent_is_refused(
    alipay: AlipayProvider, account: AlipayAccount, keys: SandboxKeys, sandbox_key_folder: Any
) -> None:
    with pytest.raises(Unverified):
        alipay.read({}, sign(fields(keys), keys.wechatpay_platform_private), now=NOW)
    with pytest.raises(Unverified):  # what the shop itself signs
        alipay.read({}, sign(fields(keys), keys.alipay_app_private), now=NOW)
    wechat = WechatProvider(
        WechatAccount(
            app_id=keys.wechatpay_app_id,
            merchant_id=keys.wechatpay_merchant_id,
            merchant_serial=keys.wechatpay_merchant_serial,
            private_key=keys.wechatpay_merchant_private,
            api_key=keys.wechatpay_api_key,
            certificates=sandbox_key_folder / "wechatpay",
            gateway="https://api.mch.weixin.qq.com",
            currencies=("CNY",),
            notify_url="",
        )
    )
    with pytest.raises(Unverified):
        wechat.read({}, told(keys), now=NOW)


def test_the_page_is_signed_for_beijing(alipay: AlipayProvider, account: AlipayAccount) -> None:
    """Times are Beijing's whatever the machine's zone is, amounts are text with all decimals."""
    request = PaymentRequest(ID, "o-1", Money(1990, "CNY"), NOW + timedelta(minutes=30), "https://s.example/o", "")
    started = alipay.create(request)
    address = urlsplit(started.action["page"])
    assert (started.reference, started.action["kind"]) == (None, "page")
    assert f"{address.scheme}://{address.netloc}{address.path}" == account.gateway
    sent = {name: value for name, [value] in parse_qs(address.query).items()}
    assert sent["timestamp"] == SENT
    assert (sent["notify_url"], sent["return_url"]) == (account.notify_url, "https://s.example/o")
    assert (sent["method"], sent["sign_type"]) == ("alipay.trade.page.pay", "RSA2")
    assert json.loads(sent["biz_content"]) == {
        "out_trade_no": "p_0123456789abcdefghjk",
        "product_code": "FAST_INSTANT_TRADE_PAY",
        "subject": "Order o-1",
        "time_expire": "2026-03-02 05:00:00",
        "total_amount": "19.90",
    }


def test_another_currency_is_said(alipay: AlipayProvider) -> None:
    page = alipay.create(PaymentRequest(ID, "o-1", Money(5, "EUR"))).action["page"]
    content = json.loads(parse_qs(urlsplit(page).query)["biz_content"][0])
    assert (content["total_amount"], content["trans_currency"]) == ("0.05", "EUR")
    assert "time_expire" not in content


def test_numbers_and_ids_are_each_others() -> None:
    assert from_alipay(to_alipay(ID)) == ID
    for bad in ("p_1", "p1", "p-1-2", "", "p-ü", "P-1", "p-" + "1" * 63):
        with pytest.raises(InvalidInput):
            to_alipay(bad)


def test_keys_that_are_none_stop_the_shop(account: AlipayAccount) -> None:
    for broken in (replace(account, private_key="nonsense"), replace(account, public_key="")):
        with pytest.raises(BadSettings):
            AlipayProvider(broken)
    assert account.private_key not in repr(account)


def test_a_refund_that_moved_no_money_and_that_alipay_does_not_know_waits(
    account: AlipayAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    alipay = AlipayProvider(account, clock=lambda: NOW)
    answers = {
        "alipay.trade.refund": {"code": "10000", "fund_change": "N", "trade_no": "2026"},
        "alipay.trade.fastpay.refund.query": {"code": "10000"},
    }
    monkeypatch.setattr(alipay._sdk, "server_api", lambda method, _content, **_more: answers[method])
    asked = RefundRequest("r-1", ID, "2026", Money(500, "CNY"), Money(1999, "CNY"))
    assert alipay.refund(asked).state == "pending"
    answers["alipay.trade.refund"]["fund_change"] = "Y"
    assert alipay.refund(asked).state == "settled"
