"""Alipay's gateway as a shop sees it: https://opendocs.alipay.com/open/270 (page) and /open/194 (codes)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api.sandbox.alipay_trades import (
    Content,
    Refused,
    Trades,
    amount_of,
    has_come,
    major,
    moment_of,
    paid_at,
    time_text,
    trade_status,
)
from api.sandbox.bank import Bank
from api.sandbox.books import Event, Record
from api.sandbox.pages import page
from api.sandbox.protocol import Outgoing
from api.sandbox.signing import sign, signed

SKEW = timedelta(minutes=15)  # less than the hours that Beijing is from anywhere else
OK = {"code": "10000", "msg": "Success"}


async def sent(request: Request) -> dict[str, str]:
    """The parameters of a call, from its address and its form."""
    pairs = parse_qsl(request.url.query, keep_blank_values=True)
    return dict(pairs + parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


class Alipay:
    """See the module."""

    name = "alipay"
    title = "Alipay"

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._trades = Trades(bank)
        self._methods: dict[str, Callable[[Content], dict[str, Any]]] = {
            "alipay.trade.query": self._trades.query,
            "alipay.trade.close": self._trades.close,
            "alipay.trade.refund": self._trades.refund,
            "alipay.trade.fastpay.refund.query": self._trades.refund_query,
        }

    def router(self) -> APIRouter:
        """The gateway, and where codes lead."""
        router = APIRouter(prefix="/alipay")

        def gateway(request: Request, params: Annotated[dict[str, str], Depends(sent)]) -> Response:
            if params.get("method") == "alipay.trade.page.pay":
                return self._page(params)
            return self._call(params, str(request.base_url))

        def scan(number: str) -> Response:
            with self._bank.held(self.name, number) as record:
                record.extra["came"] = True
            return RedirectResponse(f"/pay/{self.name}/{quote(number)}", status_code=303)

        router.add_api_route("/gateway.do", gateway, methods=["GET", "POST"])
        router.add_api_route("/code/{number}", scan, methods=["GET"])
        return router

    def notification(self, record: Record, event: Event) -> Outgoing | None:
        """A form about a payment; Alipay tells nothing of one that failed, as the shopper may try again."""
        if not record.notify_url or not has_come(record) or event.kind == "failed":
            return None
        fields = {
            **self._notice(record, event),
            "notify_id": event.id,
            "notify_time": time_text(self._bank.clock()),
            "notify_type": "trade_status_sync",
            "app_id": self._bank.keys.alipay_app_id,
            "auth_app_id": self._bank.keys.alipay_app_id,
            "charset": "utf-8",
            "version": "1.0",
        }
        signature = sign(_joined(fields), private=self._bank.keys.alipay_private)
        form = {**fields, "sign": signature, "sign_type": "RSA2"}
        body = "&".join(f"{name}={_escaped(value)}" for name, value in form.items())
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        return Outgoing(record.notify_url, headers, body.encode(), _taken)

    def _notice(self, record: Record, event: Event) -> dict[str, str]:
        """What a notification says of a payment as it was after an event."""
        upto = record.events[: record.events.index(event) + 1]
        back = [record.refunds[past.refund].amount_minor for past in upto if past.kind == "refund"]
        total, minor = amount_of(record), record.amount_minor
        state = "closed" if event.kind == "closed" else "captured"
        fields = {
            "trade_no": record.reference,
            "out_trade_no": record.id,
            "trade_status": trade_status(state, whole=sum(back) == minor),
            "total_amount": total,
            "subject": record.title,
            "seller_id": self._bank.keys.alipay_seller_id,
            "buyer_id": "2088000000000001",
            "gmt_create": time_text(record.created_at or event.at),
        }
        if record.currency != "CNY":
            fields["trans_currency"] = record.currency
        if state == "captured":
            fields |= {
                "gmt_payment": time_text(paid_at(record)),
                "receipt_amount": total,
                "buyer_pay_amount": total,
                "fund_bill_list": json.dumps([{"amount": total, "fundChannel": "ALIPAYACCOUNT"}]),
            }
        if event.kind == "refund":
            fields |= {
                "refund_fee": major(sum(back), record.currency),
                "gmt_refund": f"{time_text(event.at)}.000",
                "out_biz_no": event.refund,
            }
        return fields

    def _page(self, params: Mapping[str, str]) -> Response:
        """The page that the shopper is sent to: here the trade begins."""
        try:
            content = self._checked(params)
            record = self._trades.opened(params, content, method="page", came=True)
        except Refused as error:
            told = f"{error.answer['sub_code']}: {error.answer['sub_msg']}"
            return page("problem.html", status=400, title=self.title, told=told)
        return RedirectResponse(f"/pay/{self.name}/{quote(record.id)}", status_code=303)

    def _call(self, params: Mapping[str, str], base: str) -> Response:
        method = params.get("method", "")
        name = f"{method.replace('.', '_')}_response"
        try:
            content = self._checked(params)
        except Refused as error:
            return _json(f"{{{json.dumps(name)}:{_json_text(error.answer)}}}")
        try:
            if method == "alipay.trade.precreate":
                record = self._trades.opened(params, content, method="qr", came=False)
                code = f"{base}alipay/code/{quote(record.id)}"
                answer = {**OK, "out_trade_no": record.id, "qr_code": code}
            else:
                answer = {**OK, **self._methods[method](content)}
        except Refused as error:
            answer = error.answer
        node = _json_text(answer)
        # What is signed is the node as it is written here, to the letter.
        return _json(
            f'{{"{name}":{node},"sign":{json.dumps(sign(node, private=self._bank.keys.alipay_private))}}}'
        )

    def _checked(self, params: Mapping[str, str]) -> Content:
        """What a call is about, if the shop signed it."""
        refuse: dict[str, Any] = {"code": "40002", "msg": "Invalid Arguments"}
        keys = self._bank.keys
        if params.get("app_id") != keys.alipay_app_id:
            raise Refused("isv.invalid-app-id", "无效的AppID参数", **refuse)
        if params.get("sign_type") != "RSA2":
            raise Refused("isv.invalid-signature-type", "无效的签名类型", **refuse)
        text = _joined({name: value for name, value in params.items() if name != "sign" and value})
        if not signed(text, params.get("sign", ""), public=keys.alipay_app_public):
            raise Refused("isv.invalid-signature", "无效签名", **refuse)
        known = (*self._methods, "alipay.trade.precreate", "alipay.trade.page.pay")
        if params.get("method") not in known:
            raise Refused("isv.invalid-method", "不存在的方法名", **refuse)
        try:
            apart = abs(self._bank.clock() - moment_of(params.get("timestamp", "")))
        except ValueError:
            apart = timedelta.max
        if apart > SKEW:
            raise Refused("isv.invalid-timestamp", "非法的时间戳参数", **refuse)
        try:
            content = json.loads(params.get("biz_content", ""))
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise Refused("isv.invalid-parameter", "参数无效", **refuse)
        return content


def _joined(fields: Mapping[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in sorted(fields.items()))


def _escaped(value: str) -> str:
    """As Java writes forms."""
    return quote(value, safe="*-._ ").replace("~", "%7E").replace(" ", "+")


def _json_text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _json(text: str) -> Response:
    return Response(text.encode(), media_type="text/html;charset=utf-8")


def _taken(status: int, body: bytes) -> bool:
    return status == 200 and body.strip() == b"success"
