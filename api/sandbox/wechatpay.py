"""WeChat Pay v3 as a shop sees it: https://pay.weixin.qq.com/doc/v3/merchant/4012062524.

This file has the envelope: who asked, what is signed, what is encrypted. What is done is in wechatpay_orders.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Annotated, Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api.sandbox.bank import Bank
from api.sandbox.books import Event, Record
from api.sandbox.pages import page
from api.sandbox.protocol import Outgoing
from api.sandbox.signing import encode, sign, signed
from api.sandbox.wechatpay_orders import Orders, Refused, beijing, refund_resource
from core.clock import system_clock
from core.ids import new_id

SCHEME = "WECHATPAY2-SHA256-RSA2048"
PREFIX = "/wechatpay"  # of the sandbox's addresses; WeChat Pay's own, which are signed, begin after it
SKEW = 300  # seconds

_FIELD = re.compile(r'(mchid|nonce_str|signature|timestamp|serial_no)="([^"]*)"')
_TOLD = {"settled": ("REFUND.SUCCESS", "退款成功"), "failed": ("REFUND.ABNORMAL", "退款异常")}


async def body_of(request: Request) -> bytes:
    """What was sent."""
    return await request.body()


Body = Annotated[bytes, Depends(body_of)]


class Wechat:
    """See the module."""

    name = "wechatpay"
    title = "WeChat Pay"

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._orders = Orders(bank)

    def router(self) -> APIRouter:
        """The interface under /v3, and what WeChat does with a payment on a page inside of it."""
        router, orders = APIRouter(prefix=PREFIX), self._orders

        def native(request: Request, body: Body) -> Response:
            return self._answer(request, body, lambda sent: orders.native(sent, base=str(request.base_url)))

        def jsapi(request: Request, body: Body) -> Response:
            return self._answer(request, body, orders.jsapi)

        def query(request: Request, body: Body, number: str) -> Response:
            return self._answer(request, body, lambda _: orders.query(number, request.query_params.get("mchid")))

        def close(request: Request, body: Body, number: str) -> Response:
            return self._answer(request, body, lambda sent: orders.close(number, sent))

        def refund(request: Request, body: Body) -> Response:
            return self._answer(request, body, orders.refund)

        def query_refund(request: Request, body: Body, number: str) -> Response:
            return self._answer(request, body, lambda _: orders.query_refund(number))

        def certificates(request: Request, body: Body) -> Response:
            return self._answer(request, body, lambda _: self._certificates())

        payments = "/v3/pay/transactions"
        router.add_api_route(f"{payments}/native", native, methods=["POST"])
        router.add_api_route(f"{payments}/jsapi", jsapi, methods=["POST"])
        router.add_api_route(f"{payments}/out-trade-no/{{number}}", query, methods=["GET"])
        router.add_api_route(f"{payments}/id/{{number}}", query, methods=["GET"])
        router.add_api_route(f"{payments}/out-trade-no/{{number}}/close", close, methods=["POST"])
        router.add_api_route("/v3/refund/domestic/refunds", refund, methods=["POST"])
        router.add_api_route("/v3/refund/domestic/refunds/{number}", query_refund, methods=["GET"])
        router.add_api_route("/v3/certificates", certificates, methods=["GET"])
        router.add_api_route("/bridge", self._bridge, methods=["GET"])
        return router

    def notification(self, record: Record, event: Event) -> Outgoing | None:
        """A message about a payment that was made, or a refund that ended: WeChat Pay tells of nothing else."""
        if event.kind == "captured":
            kind, summary, original = "TRANSACTION.SUCCESS", "支付成功", "transaction"
            url, resource = record.notify_url, self._orders.transaction(record, paid=True)
        elif event.kind == "refund" and event.state in _TOLD:
            (kind, summary), original = _TOLD[event.state], "refund"
            url, resource = str(record.extra.get("refund_notify_url", "")), self._refund_notice(record, event)
        else:
            return None
        if not url:
            return None
        message = {
            "id": event.id,
            "create_time": beijing(event.at),
            "event_type": kind,
            "resource_type": "encrypt-resource",
            "summary": summary,
            "resource": {"original_type": original, **self._sealed(json.dumps(resource), original)},
        }
        body = json.dumps(message, ensure_ascii=False).encode()
        headers = {"content-type": "application/json", **self._seal(body, at=self._bank.clock().timestamp())}
        return Outgoing(url, headers, body, lambda status, _body: status in (200, 204))

    def _refund_notice(self, record: Record, event: Event) -> dict[str, Any]:
        said = refund_resource(record, event.refund)
        said["refund_status"] = {"settled": "SUCCESS", "failed": "ABNORMAL"}[event.state]
        del said["status"]
        return {"mchid": self._bank.keys.wechatpay_merchant_id, **said}

    def _answer(
        self, request: Request, body: bytes, work: Callable[[Mapping[str, Any]], dict[str, Any] | None]
    ) -> Response:
        """Do what was asked, if the shop signed it; the answer is signed whatever it is."""
        status, said = 200, None
        try:
            said = work(self._checked(request, body))
            status = 200 if said is not None else 204
        except Refused as error:
            status, said = error.status, error.answer
        text = b"" if said is None else json.dumps(said, ensure_ascii=False).encode()
        headers = {**self._seal(text, at=self._bank.clock().timestamp()), "Request-ID": new_id()}
        return Response(text, status, headers, media_type="application/json; charset=utf-8")

    def _checked(self, request: Request, body: bytes) -> Mapping[str, Any]:
        """What was sent, if the Authorization is the merchant's."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        given, keys = dict(_FIELD.findall(rest)), self._bank.keys
        if scheme != SCHEME or len(given) != 5 or not re.fullmatch(r"[0-9]{1,12}", given["timestamp"]):
            raise Refused(401, "SIGN_ERROR", "Authorization不合法")
        if given["mchid"] != keys.wechatpay_merchant_id:
            raise Refused(401, "SIGN_ERROR", "商户号不存在")
        if given["serial_no"] != keys.wechatpay_merchant_serial:
            raise Refused(401, "SIGN_ERROR", "商户证书序列号有误")
        # The SDK writes the machine's time, whatever clock the shop has.
        if abs(system_clock().timestamp() - int(given["timestamp"])) > SKEW:
            raise Refused(401, "SIGN_ERROR", "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
        path = request.url.path.removeprefix(PREFIX) + (f"?{request.url.query}" if request.url.query else "")
        lines = (request.method, path, given["timestamp"], given["nonce_str"], body.decode("utf-8", "replace"))
        text = "".join(f"{line}\n" for line in lines)
        if not signed(text, given["signature"], public=keys.wechatpay_merchant_public):
            raise Refused(401, "SIGN_ERROR", "错误的签名，验签失败")
        if not body:
            return {}
        try:
            sent = json.loads(body)
        except (ValueError, RecursionError):
            sent = None
        if not isinstance(sent, dict):
            raise Refused(400, "PARAM_ERROR", "请求体不是JSON")
        return sent

    def _seal(self, body: bytes, *, at: float) -> dict[str, str]:
        """The headers that vouch for a body."""
        keys, stamp, nonce = self._bank.keys, str(int(at)), secrets.token_hex(16)
        signature = sign(f"{stamp}\n{nonce}\n{body.decode()}\n", private=keys.wechatpay_platform_private)
        return {
            "Wechatpay-Timestamp": stamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": keys.wechatpay_platform_serial,
            "Wechatpay-Signature": signature,
            "Wechatpay-Signature-Type": SCHEME,
        }

    def _sealed(self, text: str, associated: str) -> dict[str, str]:
        """A text encrypted with the merchant's APIv3 key."""
        nonce = secrets.token_hex(6)
        cipher = AESGCM(self._bank.keys.wechatpay_api_key.encode())
        data = cipher.encrypt(nonce.encode(), text.encode(), associated.encode())
        return {
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": encode(data),
            "associated_data": associated,
            "nonce": nonce,
        }

    def _certificates(self) -> dict[str, Any]:
        keys = self._bank.keys
        certificate = x509.load_pem_x509_certificate(keys.wechatpay_platform_certificate.encode())
        entry = {
            "serial_no": keys.wechatpay_platform_serial,
            "effective_time": beijing(certificate.not_valid_before_utc),
            "expire_time": beijing(certificate.not_valid_after_utc),
            "encrypt_certificate": self._sealed(keys.wechatpay_platform_certificate, "certificate"),
        }
        return {"data": [entry]}

    def _bridge(self, request: Request) -> Response:
        """What WeChat does when a page inside of it calls getBrandWCPayRequest with what the shop signed."""
        names = ("appId", "timeStamp", "nonceStr", "package", "signType", "paySign")
        given = {name: request.query_params.get(name, "") for name in names}
        text = "".join(f"{given[name]}\n" for name in names[:4])
        genuine = signed(text, given["paySign"], public=self._bank.keys.wechatpay_merchant_public)
        record = self._orders.prepaid(given["package"].removeprefix("prepay_id="))
        own = given["appId"] == self._bank.keys.wechatpay_app_id and given["signType"] == "RSA"
        if not genuine or not own or record is None:
            return page("problem.html", status=400, title=self.title, told="支付验证签名失败")
        return RedirectResponse(f"/pay/{self.name}/{quote(record.id)}", status_code=303)
