"""Orders and refunds at WeChat Pay: what is done when the shop's signature is right, and what is refused.

A refund is taken at once and made later: the first answer says PROCESSING, a notification how it ended.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.sandbox.bank import Bank
from api.sandbox.books import Record
from core.errors import Conflict, InvalidInput, NotFound
from core.money import Money
from core.providers.wire import BEIJING

PROVIDER = "wechatpay"
Content = Mapping[str, Any]

_NUMBER = re.compile(r"[A-Za-z0-9_|*@-]{6,32}")
_STATES = {"pending": "NOTPAY", "failed": "PAYERROR", "closed": "CLOSED", "captured": "SUCCESS"}
_SAID = {"NOTPAY": "订单未支付", "PAYERROR": "支付失败", "CLOSED": "订单已关闭"}
_REFUND_STATES = {"pending": "PROCESSING", "settled": "SUCCESS", "failed": "ABNORMAL"}


class Refused(Exception):
    """What is answered instead."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status = status
        self.answer = {"code": code, "message": message}


class Orders:
    """What can be asked. Every answer is the content of a 200, None of a 204; every refusal is Refused."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    def native(self, sent: Content, *, base: str) -> dict[str, Any]:
        """Begin a payment by code. WeChat's own codes open in WeChat alone, these in any browser."""
        record = self._ordered(sent, method="native")
        return {"code_url": f"{base}pay/{PROVIDER}/{record.id}"}

    def jsapi(self, sent: Content) -> dict[str, Any]:
        """Begin a payment inside WeChat."""
        payer = sent.get("payer")
        openid = payer.get("openid") if isinstance(payer, dict) else None
        if not isinstance(openid, str) or re.fullmatch(r"[A-Za-z0-9_-]{1,128}", openid) is None:
            raise Refused(400, "PARAM_ERROR", "无效的openid")
        return {"prepay_id": self._ordered(sent, method="jsapi", openid=openid).extra["prepay_id"]}

    def query(self, number: str, merchant: str | None) -> dict[str, Any]:
        """What became of a payment, by the shop's number or WeChat Pay's."""
        self._own(merchant)
        record = self._order(number)
        return self.transaction(record, paid=record.state == "captured")

    def close(self, number: str, sent: Content) -> None:
        """End a payment that was not made."""
        self._own(sent.get("mchid"))
        if self._bank.close(PROVIDER, self._order(number).id).state == "captured":
            raise Refused(400, "ORDERPAID", "该订单已支付")

    def refund(self, sent: Content) -> dict[str, Any]:
        """Give money back, once for its out_refund_no."""
        number = str(sent.get("transaction_id") or sent.get("out_trade_no") or "")
        try:
            record = self._bank.get(PROVIDER, number)
        except NotFound as error:
            raise Refused(404, "RESOURCE_NOT_EXISTS", "订单不存在") from error
        refund, amount = sent.get("out_refund_no"), sent.get("amount")
        if not isinstance(refund, str) or re.fullmatch(r"[A-Za-z0-9_|*@-]{1,64}", refund) is None:
            raise Refused(400, "PARAM_ERROR", "out_refund_no格式错误")
        minor = amount.get("refund") if isinstance(amount, dict) else None
        if not isinstance(amount, dict) or type(minor) is not int or minor <= 0:
            raise Refused(400, "PARAM_ERROR", "退款金额格式错误")
        if (amount.get("total"), amount.get("currency")) != (record.amount_minor, record.currency):
            raise Refused(400, "PARAM_ERROR", "订单金额或退款金额与之前请求不一致，请核实后再试")
        name, new = f"50300{secrets.randbelow(10**20):020}", refund not in record.refunds
        if new:
            with self._bank.held(PROVIDER, record.id) as record:
                record.extra["refund_notify_url"] = str(sent.get("notify_url") or "")
        try:
            self._bank.refund(PROVIDER, record.id, refund=refund, reference=name, amount_minor=minor)
        except Conflict as error:
            raise Refused(400, "INVALID_REQUEST", "订单未支付，或申请退款金额大于可退金额") from error
        said = refund_resource(self._bank.get(PROVIDER, record.id), refund)
        return {**said, "status": "PROCESSING"} if new else said

    def query_refund(self, number: str) -> dict[str, Any]:
        """What became of a refund."""
        # The books are kept by payments; those of a sandbox are few.
        for record in self._bank.ledger.all():
            if record.provider == PROVIDER and number in record.refunds:
                return refund_resource(record, number)
        raise Refused(404, "RESOURCE_NOT_EXISTS", "退款单不存在")

    def prepaid(self, prepay_id: str) -> Record | None:
        """The payment that a prepay_id was given for."""
        for record in self._bank.ledger.all():
            if record.provider == PROVIDER and record.extra.get("prepay_id") == prepay_id:
                return record
        return None

    def transaction(self, record: Record, *, paid: bool) -> dict[str, Any]:
        """A payment as WeChat Pay describes it, with what it only knows of one that was `paid`."""
        state = "REFUND" if paid and record.refunded_minor else _STATES["captured" if paid else record.state]
        said: dict[str, Any] = {
            "appid": self._bank.keys.wechatpay_app_id,
            "mchid": self._bank.keys.wechatpay_merchant_id,
            "out_trade_no": record.id,
            "trade_state": state,
            "trade_state_desc": record.reason or _SAID.get(state, "支付成功"),
            "attach": "",
        }
        if not paid:
            return said
        at = next(event.at for event in record.events if event.kind == "captured")
        return {
            **said,
            "transaction_id": record.reference,
            "trade_type": record.method.upper(),
            "bank_type": "OTHERS",
            "success_time": beijing(at),
            "payer": {"openid": record.extra.get("openid") or "oSandboxShopper"},
            "amount": {
                "total": record.amount_minor,
                "payer_total": record.amount_minor,
                "currency": record.currency,
                "payer_currency": record.currency,
            },
        }

    def _own(self, merchant: object) -> None:
        if merchant != self._bank.keys.wechatpay_merchant_id:
            raise Refused(400, "PARAM_ERROR", "mchid与签名的商户号不一致")

    def _order(self, number: str) -> Record:
        try:
            return self._bank.get(PROVIDER, number)
        except NotFound as error:
            raise Refused(404, "ORDER_NOT_EXIST", "订单不存在") from error

    def _ordered(self, sent: Content, *, method: str, openid: str = "") -> Record:
        """The payment that is asked for, begun if it is new."""
        self._own(sent.get("mchid"))
        if sent.get("appid") != self._bank.keys.wechatpay_app_id:
            raise Refused(400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配")
        number, amount, told = sent.get("out_trade_no"), _money(sent.get("amount")), sent.get("notify_url")
        if not isinstance(number, str) or _NUMBER.fullmatch(number) is None:
            raise Refused(400, "PARAM_ERROR", "out_trade_no格式错误")
        title = sent.get("description")
        if not isinstance(title, str) or not title or not isinstance(told, str) or not told:
            raise Refused(400, "PARAM_ERROR", "缺少参数")
        at = self._bank.clock().astimezone(BEIJING)
        record = self._bank.open(
            Record(
                id=number,
                provider=PROVIDER,
                reference=f"42000{at:%Y%m%d}{secrets.randbelow(10**15):015}",
                amount_minor=amount.minor,
                currency=amount.currency,
                method=method,
                title=title,
                notify_url=told,
                expires_at=_expiry(sent.get("time_expire")),
                extra={"openid": openid, "prepay_id": f"wx{at:%d%H%M%S}{secrets.token_hex(13)}"},
            )
        )
        if (record.amount_minor, record.currency, record.method) != (amount.minor, amount.currency, method):
            raise Refused(403, "OUT_TRADE_NO_USED", "商户订单号重复")
        if record.state == "captured":
            raise Refused(400, "ORDERPAID", "该订单已支付")
        if record.state == "closed":
            raise Refused(400, "ORDER_CLOSED", "该订单已关闭")
        return record


def refund_resource(record: Record, refund: str) -> dict[str, Any]:
    """A refund as WeChat Pay describes it."""
    entry = record.refunds[refund]
    at = next(event.at for event in reversed(record.events) if event.refund == refund)
    said: dict[str, Any] = {
        "refund_id": entry.reference,
        "out_refund_no": refund,
        "transaction_id": record.reference,
        "out_trade_no": record.id,
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        "create_time": beijing(at),
        "status": _REFUND_STATES[entry.state],
        "amount": {
            "total": record.amount_minor,
            "refund": entry.amount_minor,
            "payer_total": record.amount_minor,
            "payer_refund": entry.amount_minor,
            "currency": record.currency,
        },
    }
    return {**said, "success_time": beijing(at)} if entry.state == "settled" else said


def beijing(at: datetime) -> str:
    """A moment as WeChat Pay writes it."""
    return at.astimezone(BEIJING).isoformat(timespec="seconds")


def _money(amount: object) -> Money:
    minor = amount.get("total") if isinstance(amount, dict) else None
    if not isinstance(amount, dict) or type(minor) is not int or minor <= 0:
        raise Refused(400, "PARAM_ERROR", "金额格式错误")
    try:
        return Money(minor, str(amount.get("currency", "CNY")))
    except InvalidInput as error:
        raise Refused(400, "PARAM_ERROR", "币种格式错误") from error


def _expiry(text: object) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise Refused(400, "PARAM_ERROR", "time_expire格式错误") from error
    if at.tzinfo is None:
        raise Refused(400, "PARAM_ERROR", "time_expire格式错误")
    return at
