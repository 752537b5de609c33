"""What WeChat Pay's notifications say, and about what: a genuine one may be about another's payment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from core.money import Money
from core.providers import ProviderPayment, ProviderRefund, Unverified
from core.providers.sandbox_keys import SandboxKeys, sandbox_keys
from core.providers.wechatpay import WechatAccount, WechatProvider
from tests.core.wechat_messages import (
    ID,
    Post,
    Signed,
    account_of,
    encrypted,
    message,
    no_network,
    payment,
    poster,
    refund,
    valid_at,
)


@pytest.fixture(scope="module")
def keys(sandbox_key_folder: Path) -> SandboxKeys:
    return sandbox_keys(sandbox_key_folder)


@pytest.fixture(scope="module")
def now(keys: SandboxKeys) -> datetime:
    return valid_at(keys)


@pytest.fixture(scope="module")
def account(keys: SandboxKeys, sandbox_key_folder: Path) -> WechatAccount:
    return account_of(keys, sandbox_key_folder)


@pytest.fixture(scope="module")
def wechat(account: WechatAccount) -> WechatProvider:
    return WechatProvider(account)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with no_network(monkeypatch):
        yield


@pytest.fixture
def post(keys: SandboxKeys, now: datetime) -> Post:
    return poster(keys, now)


@pytest.fixture
def paid(keys: SandboxKeys, post: Post) -> Signed:
    return post(message(encrypted(payment(keys), keys.wechatpay_api_key)))


def test_a_payment_is_read(wechat: WechatProvider, paid: Signed, now: datetime) -> None:
    assert wechat.read(*paid, now=now) == ProviderPayment(
        "EV-2026030112000000001", ID, "4200001234202603010000000001", "captured", Money(1999, "CNY")
    )


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        ("SUCCESS", "settled", ""),
        ("ABNORMAL", "failed", "WeChat Pay says ABNORMAL"),
        ("CLOSED", "failed", "WeChat Pay says CLOSED"),
    ],
)
def test_a_refund_is_read(
    wechat: WechatProvider,
    keys: SandboxKeys,
    post: Post,
    now: datetime,
    status: Any,
    state: Any,
    reason: str,
) -> None:
    body = message(encrypted(refund(keys, status), keys.wechatpay_api_key), f"REFUND.{status}")
    assert wechat.read(*post(body), now=now) == ProviderRefund(
        "r-0123456789abcdefghjk", "50300001234202603010000000001", state, Money(999, "CNY"), reason
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"appid": "wx0000000000000000"},
        {"appid": None},
        {"mchid": "1600000000"},
        {"mchid": None},
        {"out_trade_no": None},
        {"out_trade_no": "p-1"},
        {"out_trade_no": "p-" + "1" * 31},
        {"out_trade_no": [ID]},
        {"transaction_id": None},
        {"transaction_id": 42},
        {"trade_state": "WON"},
        {"trade_state": None},
        {"trade_state": ["SUCCESS"]},
        {"amount": None},
        {"amount": 1999},
        {"amount": {"currency": "CNY"}},
        {"amount": {"total": "1999", "currency": "CNY"}},
        {"amount": {"total": 1999.0, "currency": "CNY"}},
        {"amount": {"total": True, "currency": "CNY"}},
        {"amount": {"total": -1999, "currency": "CNY"}},
        {"amount": {"total": 1999, "currency": "yuan"}},
        {"amount": {"total": 1999, "currency": None}},
        {"amount": {"total": 1999, "currency": ["CNY"]}},
    ],
)
def test_other_payments_than_ours_are_refused(
    wechat: WechatProvider,
    keys: SandboxKeys,
    post: Post,
    now: datetime,
    changes: Mapping[str, object],
) -> None:
    with pytest.raises(Unverified):
        wechat.read(*post(message(encrypted(payment(keys, **changes), keys.wechatpay_api_key))), now=now)


@pytest.mark.parametrize(
    "changes",
    [
        {"mchid": "1600000000"},
        {"out_refund_no": None},
        {"out_refund_no": "r"},
        {"refund_id": None},
        {"refund_status": "CLOSED"},  # while the notification says SUCCESS
        {"refund_status": None},
        {"amount": {"total": 1999}},
        {"amount": {"refund": 1.5}},
    ],
)
def test_other_refunds_than_ours_are_refused(
    wechat: WechatProvider,
    keys: SandboxKeys,
    post: Post,
    now: datetime,
    changes: Mapping[str, object],
) -> None:
    sealed = encrypted(refund(keys, **changes), keys.wechatpay_api_key)  # type: ignore[arg-type]
    with pytest.raises(Unverified):
        wechat.read(*post(message(sealed, "REFUND.SUCCESS")), now=now)


def test_what_is_read_is_what_was_paid(
    wechat: WechatProvider, keys: SandboxKeys, post: Post, now: datetime
) -> None:
    """Amount, currency and order are held against the payment by the core."""
    other = payment(keys, amount={"total": 1, "currency": "EUR"}, out_trade_no="p-other-one")
    said = wechat.read(*post(message(encrypted(other, keys.wechatpay_api_key))), now=now)
    assert isinstance(said, ProviderPayment)
    assert (said.amount, said.payment) == (Money(1, "EUR"), "p-other-one")


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("SUCCESS", "captured"),
        ("REFUND", "captured"),
        ("NOTPAY", "pending"),
        ("USERPAYING", "pending"),
        ("ACCEPT", "pending"),
        ("PAYERROR", "failed"),
        ("CLOSED", "closed"),
        ("REVOKED", "closed"),
    ],
)
def test_what_a_state_means(
    wechat: WechatProvider,
    keys: SandboxKeys,
    post: Post,
    now: datetime,
    status: str,
    state: str,
) -> None:
    sealed = encrypted(payment(keys, trade_state=status), keys.wechatpay_api_key)
    said = wechat.read(*post(message(sealed)), now=now)
    assert isinstance(said, ProviderPayment)
    assert said.state == state


def test_a_genuine_message_about_something_else_says_nothing(
    wechat: WechatProvider, keys: SandboxKeys, post: Post, now: datetime
) -> None:
    body = message(encrypted({"mchid": "1"}, keys.wechatpay_api_key), "COUPON.USE")
    assert wechat.read(*post(body), now=now) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"42",
        b'"text"',
        b"{",
        b"{}",
        b"\xff\xfe",
        b'{"resource_type": "encrypt-resource"}',
        b'{"resource_type": "encrypt-resource", "resource": []}',
        b'{"resource_type": "encrypt-resource", "resource": {"algorithm": "AEAD_AES_256_GCM"}}',
        b"[" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    ],
)
def test_nonsense_that_is_signed_is_refused_all_the_same(
    wechat: WechatProvider, post: Post, now: datetime, body: bytes
) -> None:
    with pytest.raises(Unverified):
        wechat.read(*post(body), now=now)


@pytest.mark.parametrize(
    "changes",
    [
        {"algorithm": "AEAD_SM4_GCM"},
        {"algorithm": None},
        {"ciphertext": ""},
        {"ciphertext": "AAAA"},
        {"ciphertext": "%%%"},
        {"ciphertext": 5},
        {"associated_data": "refund"},
        {"associated_data": ""},
        {"associated_data": 5},
        {"nonce": "other-of-12b"},
        {"nonce": "n"},
        {"nonce": None},
    ],
)
def test_a_resource_is_decrypted_as_it_says_or_not_at_all(
    wechat: WechatProvider,
    keys: SandboxKeys,
    post: Post,
    now: datetime,
    changes: Mapping[str, object],
) -> None:
    body = message(encrypted(payment(keys), keys.wechatpay_api_key, **changes))
    with pytest.raises(Unverified):
        wechat.read(*post(body), now=now)


def test_a_resource_of_another_kind_or_for_another_merchant_is_refused(
    wechat: WechatProvider, keys: SandboxKeys, post: Post, now: datetime
) -> None:
    genuine = encrypted(payment(keys), keys.wechatpay_api_key)
    for body in (
        message(genuine, resource_type="plain"),
        message(payment(keys)),  # not encrypted at all
        message(encrypted(payment(keys), "0" * 32)),
        message(encrypted("[]", keys.wechatpay_api_key)),
        message(encrypted("{", keys.wechatpay_api_key)),
        message(genuine, id=""),
        message(genuine, id=7),
    ):
        with pytest.raises(Unverified):
            wechat.read(*post(body), now=now)
