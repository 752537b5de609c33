"""What WeChat Pay's messages say: the headers that they are signed with, and what is in them when decrypted.

Field by field as in https://pay.weixin.qq.com/doc/v3/merchant/4012791902 (payments) and .../4012791906 (refunds).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.errors import InvalidInput
from core.money import Money
from core.providers import Notice, ProviderPayment, ProviderRefund, RefundState, State, Unverified
from core.providers.wire import exact_base64

FRESH = timedelta(seconds=300)
ALGORITHM = "WECHATPAY2-SHA256-RSA2048"

_NUMBER = re.compile(r"[A-Za-z0-9_|*@-]{6,32}")
_MARK = re.compile(r"[\x21-\x7e]{1,128}")  # without line ends: they divide what is signed
_STATES: dict[str, State] = {
    "SUCCESS": "captured",
    "REFUND": "captured",  # it was paid, and some of it was given back
    "NOTPAY": "pending",
    "USERPAYING": "pending",
    "ACCEPT": "pending",
    "PAYERROR": "failed",
    "CLOSED": "closed",
    "REVOKED": "closed",
}
_REFUND_STATES: dict[str, RefundState] = {
    "PROCESSING": "pending",
    "SUCCESS": "settled",
    "ABNORMAL": "failed",
    "CLOSED": "failed",
}
REFUND_EVENTS = {"REFUND.SUCCESS": "SUCCESS", "REFUND.ABNORMAL": "ABNORMAL", "REFUND.CLOSED": "CLOSED"}


@dataclass(frozen=True, slots=True)
class Seal:
    """The headers that vouch for a message."""

    serial: str
    timestamp: str
    nonce: str
    signature: str

    @property
    def headers(self) -> dict[str, str]:
        """The headers again, and no others: the SDK takes some under several names."""
        return {
            "wechatpay-serial": self.serial,
            "wechatpay-timestamp": self.timestamp,
            "wechatpay-nonce": self.nonce,
            "wechatpay-signature": self.signature,
            "wechatpay-signature-type": ALGORITHM,
        }


def seal_of(headers: Mapping[str, str], *, now: datetime) -> Seal:
    """What vouches for a message, if it is well formed and fresh; raises Unverified."""
    if headers.get("wechatpay-signature-type") != ALGORITHM:
        raise Unverified(f"the notification is not signed with {ALGORITHM}")
    timestamp, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
    signature = headers.get("wechatpay-signature", "")
    if re.fullmatch(r"[0-9]{1,12}", timestamp) is None or _MARK.fullmatch(nonce) is None:
        raise Unverified("the notification has no time or no nonce")
    if abs(now.timestamp() - int(timestamp)) > FRESH.total_seconds():
        raise Unverified("the notification is stale")
    exact_base64(signature)
    return Seal(headers.get("wechatpay-serial", ""), timestamp, nonce, signature)


def number_of(id: str) -> str:
    """Our id as an out_trade_no or out_refund_no, which it can be as it is; raises InvalidInput for another."""
    if _NUMBER.fullmatch(id) is None:
        raise InvalidInput(f"{id!r} cannot be an id at WeChat Pay")
    return id


def read_resource(message: Mapping[str, Any], *, app_id: str, merchant_id: str) -> Notice:
    """What a genuine, decrypted notification says; None for one about something else.

    Raises Unverified for one that is not about this account.
    """
    event, kind, resource = message.get("id"), message.get("event_type"), message.get("resource")
    if kind != "TRANSACTION.SUCCESS" and kind not in REFUND_EVENTS:
        return None
    if not isinstance(event, str) or not event or not isinstance(resource, dict):
        raise Unverified("the notification has no id or no resource")
    if resource.get("mchid") != merchant_id:
        raise Unverified("the notification is for another merchant")
    if kind == "TRANSACTION.SUCCESS":
        if resource.get("appid") != app_id:
            raise Unverified("the notification is for another application")
        return payment_of(resource, event=event, otherwise=None)
    if resource.get("refund_status") != REFUND_EVENTS[str(kind)]:
        raise Unverified("the notification says one thing and its resource another")
    return refund_of(resource, status="refund_status")


def payment_of(resource: Mapping[str, Any], *, event: str | None, otherwise: Money | None) -> ProviderPayment:
    """A payment as WeChat Pay describes it; raises Unverified for what cannot be read.

    Without an `event`, one is made of what is said. The amount is `otherwise` where none is given, as it is of a
    payment that was not made.
    """
    state = _STATES.get(str(resource.get("trade_state")))
    if state is None:
        raise Unverified("the message has a state that payments do not have")
    number, reference = resource.get("out_trade_no"), resource.get("transaction_id")
    if not isinstance(number, str) or _NUMBER.fullmatch(number) is None:
        raise Unverified("the message is about a payment that is not ours")
    if not isinstance(reference, str) or not reference:
        reference = None
    if state == "captured" and reference is None:
        raise Unverified("the message names no transaction")
    amount = otherwise
    if amount is None or state == "captured":
        amount = _amount(resource, "total")
    event = event or f"{reference or number}:{state}"
    reason = str(resource.get("trade_state_desc") or "") if state == "failed" else ""
    return ProviderPayment(event, number, reference, state, amount, reason)


def refund_of(resource: Mapping[str, Any], *, status: str) -> ProviderRefund:
    """A refund as WeChat Pay describes it, `status` naming the field of its state; raises Unverified."""
    said, number, reference = (resource.get(name) for name in (status, "out_refund_no", "refund_id"))
    state = _REFUND_STATES.get(str(said))
    named = isinstance(number, str) and _NUMBER.fullmatch(number) is not None
    if state is None or not named or not isinstance(reference, str) or not reference:
        raise Unverified("the message is about a refund that is not ours")
    reason = f"WeChat Pay says {said}" if state == "failed" else ""
    return ProviderRefund(str(number), reference, state, _amount(resource, "refund"), reason)


def _amount(resource: Mapping[str, Any], name: str) -> Money:
    amount = resource.get("amount")
    minor = amount.get(name) if isinstance(amount, dict) else None
    # bool is an int to Python
    if not isinstance(amount, dict) or type(minor) is not int or minor < 0:
        raise Unverified("the message has no amount")
    try:
        # Notifications about refunds in China name no currency.
        return Money(minor, amount.get("currency", "CNY"))
    except (InvalidInput, TypeError) as error:
        raise Unverified("the message's currency cannot be read") from error
