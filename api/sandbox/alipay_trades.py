"""Trades at Alipay: what the gateway does when the shop's signature is right, and what it refuses.

A trade begins when the shopper comes: until then Alipay knows none, even where a code was made for it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from api.sandbox.bank import Bank
from api.sandbox.books import Record
from core.errors import Conflict, InvalidInput, NotFound
from core.money import Money, exponent
from core.providers.wire import BEIJING

PROVIDER = "alipay"
SECONDS = "%Y-%m-%d %H:%M:%S"
Content = Mapping[str, Any]


class Refused(Exception):
    """What the gateway answers instead; it signs what it says about a trade, and nothing else."""

    def __init__(self, sub_code: str, sub_msg: str, *, code: str = "40004", msg: str = "Business Failed") -> None:
        super().__init__(sub_code)
        self.answer = {"code": code, "msg": msg, "sub_code": sub_code, "sub_msg": sub_msg}


class Trades:
    """What can be asked of trades. Every answer is what follows "code" and "msg"; every refusal is Refused."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    def opened(self, params: Mapping[str, str], content: Content, *, method: str, came: bool) -> Record:
        """The payment that is asked for, begun if it is new."""
        currency = str(content.get("trans_currency") or "CNY")
        number, amount = str(content.get("out_trade_no") or ""), _money(content.get("total_amount"), currency)
        if not number.replace("_", "a").isalnum() or not number.isascii() or len(number) > 64:
            raise Refused("ACQ.INVALID_PARAMETER", "参数无效：out_trade_no")
        expires = content.get("time_expire")
        try:
            expires_at = moment_of(str(expires)) if expires else None
        except ValueError as error:
            raise Refused("ACQ.INVALID_PARAMETER", "参数无效：time_expire") from error
        trade = f"{self._bank.clock().astimezone(BEIJING):%Y%m%d}22001{secrets.randbelow(10**15):015}"
        record = self._bank.open(
            Record(
                id=number,
                provider=PROVIDER,
                reference=trade,
                amount_minor=amount.minor,
                currency=amount.currency,
                method=method,
                title=str(content.get("subject") or ""),
                notify_url=params.get("notify_url", ""),
                return_url=params.get("return_url", ""),
                expires_at=expires_at,
                extra={"came": came},
            )
        )
        if Money(record.amount_minor, record.currency) != amount:
            raise Refused("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
        if record.state == "captured":
            raise Refused("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
        if record.state == "closed":
            raise Refused("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
        if came and not has_come(record):
            with self._bank.held(PROVIDER, record.id) as record:
                record.extra["came"] = True
        return record

    def _trade(self, content: Content) -> Record:
        try:
            record = self._bank.get(PROVIDER, str(content.get("trade_no") or content.get("out_trade_no") or ""))
        except NotFound as error:
            raise Refused("ACQ.TRADE_NOT_EXIST", "交易不存在") from error
        if not has_come(record):
            raise Refused("ACQ.TRADE_NOT_EXIST", "交易不存在")
        return record

    def query(self, content: Content) -> dict[str, Any]:
        """What became of a trade."""
        record = self._trade(content)
        paid, whole = record.state == "captured", record.refunded_minor == record.amount_minor
        answer = {
            "trade_no": record.reference,
            "out_trade_no": record.id,
            "trade_status": trade_status(record.state, whole=whole),
            "total_amount": amount_of(record),
            "buyer_logon_id": "san***@sandbox.com",
            "buyer_pay_amount": amount_of(record) if paid else "0.00",
        }
        if record.currency != "CNY":
            answer["trans_currency"] = record.currency
        if paid:
            answer["send_pay_date"] = time_text(paid_at(record))
        return answer

    def close(self, content: Content) -> dict[str, Any]:
        """End a trade that was not paid."""
        record = self._trade(content)
        if record.state == "closed" or self._bank.close(PROVIDER, record.id).state != "closed":
            raise Refused("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        return {"trade_no": record.reference, "out_trade_no": record.id}

    def refund(self, content: Content) -> dict[str, Any]:
        """Give money back, once for its out_request_no."""
        record, refund = self._trade(content), str(content.get("out_request_no") or content.get("out_trade_no"))
        amount = _money(content.get("refund_amount"), record.currency)
        if content.get("refund_currency", record.currency) != record.currency:
            raise Refused("ACQ.INVALID_PARAMETER", "参数无效：refund_currency")
        if record.state != "captured":
            raise Refused("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        before = refund in record.refunds
        try:
            self._bank.refund(PROVIDER, record.id, refund=refund, reference=refund, amount_minor=amount.minor)
        except Conflict as error:
            if "left" in error.ids:
                raise Refused("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限") from error
            raise Refused("ACQ.DISCORDANT_REPEAT_REQUEST", "请求信息不一致") from error
        return {
            "trade_no": record.reference,
            "out_trade_no": record.id,
            "fund_change": "N" if before else "Y",
            # of all refunds together, as at Alipay
            "refund_fee": major(self._bank.get(PROVIDER, record.id).refunded_minor, record.currency),
        }

    def refund_query(self, content: Content) -> dict[str, Any]:
        """What became of a refund; nothing of one that was never asked for."""
        record, refund = self._trade(content), str(content.get("out_request_no"))
        entry = record.refunds.get(refund)
        if entry is None:
            return {}
        answer = {
            "trade_no": record.reference,
            "out_trade_no": record.id,
            "out_request_no": refund,
            "total_amount": amount_of(record),
            "refund_amount": major(entry.amount_minor, record.currency),
        }
        return {**answer, "refund_status": "REFUND_SUCCESS"} if entry.state == "settled" else answer


def has_come(record: Record) -> bool:
    """Whether the shopper was here: before that there is no trade."""
    return bool(record.extra.get("came")) or record.state == "captured"


def trade_status(state: str, *, whole: bool) -> str:
    """What Alipay calls a state; a trade is closed too when the `whole` of it was given back."""
    if state == "captured":
        return "TRADE_CLOSED" if whole else "TRADE_SUCCESS"
    return "TRADE_CLOSED" if state == "closed" else "WAIT_BUYER_PAY"


def paid_at(record: Record) -> datetime:
    """When a captured payment was made."""
    return next(event.at for event in record.events if event.kind == "captured")


def _money(text: object, currency: str) -> Money:
    try:
        amount = Money.parse(str(text), currency)
    except InvalidInput as error:
        raise Refused("ACQ.INVALID_PARAMETER", "参数无效：金额") from error
    if amount.minor <= 0 or amount.major() != Decimal(str(text)):
        raise Refused("ACQ.INVALID_PARAMETER", "参数无效：金额")
    return amount


def amount_of(record: Record) -> str:
    """What is to be paid, as Alipay writes amounts."""
    return major(record.amount_minor, record.currency)


def major(minor: int, currency: str) -> str:
    """Minor units as Alipay writes amounts."""
    return f"{Money(minor, currency).major():.{exponent(currency)}f}"


def time_text(at: datetime) -> str:
    """A moment as Alipay writes it."""
    return at.astimezone(BEIJING).strftime(SECONDS)


def moment_of(text: str) -> datetime:
    """The moment that such a text means; raises ValueError."""
    return datetime.strptime(f"{text} +0800", f"{SECONDS} %z")
