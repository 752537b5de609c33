"""What Alipay's messages say: a form as it came, and what its fields mean.

Field by field as in https://opendocs.alipay.com/open/270/105902 (asynchronous notifications).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import unquote_to_bytes

from core.errors import InvalidInput
from core.money import Money, exponent
from core.providers import ProviderPayment, State, Unverified
from core.providers.wire import BEIJING

# A notification that nobody takes is repeated after 4m, 10m, 10m, 1h, 2h, 6h and 15h, which Alipay calls 25 hours.
LATEST = timedelta(hours=25, minutes=5)
EARLIEST = timedelta(minutes=-5)  # how far the clocks may be apart

_NAME = re.compile(r"[a-z0-9_]{1,64}")
# What form encoders leave as it is, a space, and escapes in the upper case that they all write: so a text has one
# encoding of its length, and no changed bit is without effect.
_VALUE = re.compile(r"(?:[A-Za-z0-9._~!'()*-]|\+|%[0-9A-F]{2})*")
_OURS = re.compile(r"[a-z]-[a-z0-9]{1,62}")  # core.ids writes no "_", so nothing is lost in either direction
_THEIRS = re.compile(r"[a-z]_[a-z0-9]{1,62}")


def to_alipay(id: str) -> str:
    """Our id as an out_trade_no or out_request_no, which have no "-"; raises InvalidInput for another id."""
    if _OURS.fullmatch(id) is None:
        raise InvalidInput(f"{id!r} cannot be an id at Alipay")
    return id.replace("-", "_", 1)


def from_alipay(number: str) -> str:
    """The id of ours that a number was made of; raises Unverified for one that none was."""
    if _THEIRS.fullmatch(number) is None:
        raise Unverified("the message is about a payment that is not ours")
    return number.replace("_", "-", 1)


def amount_text(amount: Money) -> str:
    """An amount as Alipay writes it: major units, with all decimals of the currency."""
    return f"{amount.major():.{exponent(amount.currency)}f}"


def amount_of(text: str, currency: str) -> Money:
    """The amount that such a text means; raises Unverified for one that is written otherwise."""
    try:
        amount = Money.parse(text, currency)
    except InvalidInput as error:
        raise Unverified("the message's amount cannot be read") from error
    if amount.minor < 0 or amount_text(amount) != text:
        raise Unverified("the message's amount is not written as amounts are")
    return amount


def state_of(status: str, *, paid: bool) -> State | None:
    """What a trade_status means; None for one that says nothing of a payment.

    A trade is also closed when all of it was given back: it was `paid` then, which stays so.
    """
    if status == "TRADE_CLOSED":
        return "captured" if paid else "closed"
    states: dict[str, State] = {
        "WAIT_BUYER_PAY": "pending",
        "TRADE_SUCCESS": "captured",
        "TRADE_FINISHED": "captured",
    }
    return states.get(status)


def fields_of(body: bytes) -> dict[str, str]:
    """The fields of a form; raises Unverified for anything that could also be read in another way."""
    try:
        text = body.decode("ascii")
    except UnicodeDecodeError as error:
        raise Unverified("the notification is not a form") from error
    fields: dict[str, str] = {}
    for pair in text.split("&"):
        name, equals, value = pair.partition("=")
        if not equals or _NAME.fullmatch(name) is None or _VALUE.fullmatch(value) is None or name in fields:
            raise Unverified("the notification is not a form as Alipay writes it")
        try:
            fields[name] = unquote_to_bytes(value.replace("+", " ")).decode()
        except UnicodeDecodeError as error:
            raise Unverified("the notification is not UTF-8") from error
        # What is signed is the fields joined with "&": one that held it could be two of those that were signed.
        if "&" in fields[name]:
            raise Unverified("the notification has a field that could be two")
    return fields


def read_fields(
    fields: Mapping[str, str], *, app_id: str, seller_id: str, now: datetime
) -> ProviderPayment | None:
    """What the fields of a genuine notification say; None for one that is not about a payment.

    Raises Unverified for a notification that is stale, or not about this account.
    """
    if fields.get("charset", "").lower() != "utf-8":
        raise Unverified("the notification is not in UTF-8")
    if fields.get("app_id") != app_id:
        raise Unverified("the notification is for another application")
    try:
        sent = datetime.strptime(f"{fields.get('notify_time')} +0800", "%Y-%m-%d %H:%M:%S %z")
    except ValueError as error:
        raise Unverified("the notification has no time") from error
    if not EARLIEST <= now - sent <= LATEST:
        raise Unverified("the notification is stale")
    if fields.get("notify_type") != "trade_status_sync":
        return None
    if fields.get("seller_id") != seller_id:
        raise Unverified("the notification is about money of another seller")
    paid = bool(fields.get("gmt_payment") or fields.get("refund_fee"))
    state = state_of(fields.get("trade_status", ""), paid=paid)
    if state is None:
        return None
    event, reference = fields.get("notify_id"), fields.get("trade_no")
    if not event or not reference:
        raise Unverified("the notification has no id")
    amount = amount_of(fields.get("total_amount", ""), fields.get("trans_currency") or "CNY")
    return ProviderPayment(event, from_alipay(fields.get("out_trade_no", "")), reference, state, amount)


def beijing_time(at: datetime) -> str:
    """A moment as Alipay writes it."""
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
