"""Payments with WeChat Pay v3: by scanning a code, or on a page inside WeChat (JSAPI).

The SDK (wechatpayv3) signs, verifies and decrypts. What it leaves open is closed here: it checks no timestamp, and
it would fetch certificates for a message with a serial number that it does not know.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.utils import load_private_key

from core.clock import Clock, system_clock
from core.errors import BadSettings, Conflict, InvalidInput, Unavailable
from core.providers import (
    Notice,
    PaymentRequest,
    ProviderPayment,
    ProviderRefund,
    RefundRequest,
    Started,
    Unverified,
)
from core.providers.wechatpay_certificates import PlatformKey, PlatformKeys, fetch_certificates
from core.providers.wechatpay_notices import number_of, payment_of, read_resource, refund_of, seal_of
from core.providers.wire import BEIJING

TIMEOUT = 10.0  # seconds
UNKNOWN = ("ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS")
OVER = ("ORDER_CLOSED", "ORDERCLOSED")
# Refusals that say nothing of the payment, but of the moment or of the account.
ELSEWHERE = (
    "SYSTEM_ERROR",
    "SYSTEMERROR",
    "FREQUENCY_LIMITED",
    "BIZERR_NEED_RETRY",
    "SIGN_ERROR",
    "NO_AUTH",
    "MCH_NOT_EXISTS",
    "APPID_MCHID_NOT_MATCH",
)
POOR = "NOT_ENOUGH"  # may be tried again when there is money
_KINDS = {"native": WeChatPayType.NATIVE, "jsapi": WeChatPayType.JSAPI}


@dataclass(frozen=True, slots=True)
class WechatAccount:
    """A merchant at WeChat Pay.

    `private_key` is PEM text, `merchant_serial` the serial number of its certificate, `api_key` the APIv3 key
    of 32 characters, `certificates` the folder of WeChat Pay's own (see wechatpay_certificates). `currencies`
    are those it can be paid in, ("*",) for any. WeChat Pay tells of payments at `notify_url`.
    """

    app_id: str
    merchant_id: str
    merchant_serial: str
    private_key: str = field(repr=False)
    api_key: str = field(repr=False)
    certificates: Path
    gateway: str
    currencies: tuple[str, ...]
    notify_url: str


class WechatProvider:
    """See the module, and core.providers.PaymentProvider."""

    name = "wechatpay"
    methods = ("native", "jsapi")
    acknowledgement = ""

    def __init__(self, account: WechatAccount, *, clock: Clock = system_clock) -> None:
        """Raises BadSettings for keys that are none. Makes no network call."""
        self._account = account
        self._clock = clock
        self._keys = PlatformKeys(account.certificates)
        self._clients: dict[str, WeChatPay] = {}
        if len(account.api_key.encode()) != 32:
            raise BadSettings("MERX_WECHATPAY_API_KEY is not the APIv3 key of 32 characters")
        try:
            load_private_key(account.private_key)
        except Exception:  # the SDK raises nothing more exact; not chained: what the file holds may be a secret
            raise BadSettings("MERX_WECHATPAY_PRIVATE_KEY holds no private key") from None

    def takes(self, currency: str) -> bool:
        """Whether the account can be paid in a currency."""
        return "*" in self._account.currencies or currency in self._account.currencies

    def create(self, request: PaymentRequest) -> Started:
        """Order a payment: {"kind": "native", "code": ...} to scan, or what WeChat's own page needs to ask for it.

        The transaction has a name only when it is paid, so there is no reference yet.
        """
        method = request.method or self.methods[0]
        if method not in self.methods:
            raise InvalidInput(f"WeChat Pay cannot be paid by {method!r}")
        if method == "jsapi" and not request.payer:
            raise InvalidInput("WeChat Pay needs to know who pays (the openid) for a payment inside WeChat")
        if not self.takes(request.amount.currency):
            raise InvalidInput(f"this WeChat Pay account takes no {request.amount.currency}")
        number, expires = number_of(request.id), request.expires_at
        code, said = self._ask(
            lambda client: client.pay(
                description=f"Order {request.order}",
                out_trade_no=number,
                amount={"total": request.amount.minor, "currency": request.amount.currency},
                time_expire=expires.astimezone(BEIJING).isoformat(timespec="seconds") if expires else None,
                payer={"openid": request.payer} if method == "jsapi" else None,
                pay_type=_KINDS[method],
            )
        )
        if said.get("code") == "PARAM_ERROR" and method == "jsapi":
            raise InvalidInput(f"WeChat Pay does not know who pays: {_why(said)}")
        if code != 200:
            raise Conflict(f"WeChat Pay refuses payment {request.id}: {_why(said)}", payment=request.id)
        if method == "native":
            return Started(None, {"kind": "native", "code": _text(said, "code_url")})
        return Started(None, self._jsapi(_text(said, "prepay_id")))

    def query(self, request: PaymentRequest, *, reference: str | None) -> ProviderPayment:
        """What WeChat Pay says of a payment; one that it does not know is pending."""
        number = number_of(request.id)
        code, said = self._ask(lambda client: client.query(out_trade_no=number))
        if code == 200:
            return self._payment(said, request)
        if said.get("code") in UNKNOWN:
            return ProviderPayment(f"{number}:pending", number, None, "pending", request.amount)
        raise Unavailable(f"WeChat Pay does not tell of payment {request.id}: {_why(said)}")

    def read(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notice:
        """The notification that arrived."""
        seal = seal_of(headers, now=now)
        key = self._keys.find(seal.serial, at=now)
        if key is None:
            raise Unverified("the notification is signed with a certificate that is not known, or not valid")
        try:
            # This client knows the key by the name in the message: the SDK has no cause to fetch any.
            message = self._client(key).callback(seal.headers, body)
        except Exception as error:  # not UTF-8, not JSON, too deep, another algorithm: the SDK checks no shapes
            raise Unverified("the notification cannot be read") from error
        if not isinstance(message, dict):
            raise Unverified("the notification is not signed by WeChat Pay, or not encrypted for this merchant")
        return read_resource(message, app_id=self._account.app_id, merchant_id=self._account.merchant_id)

    def refund(self, request: RefundRequest) -> ProviderRefund:
        """Ask for a refund, which WeChat Pay makes later; raises Conflict for one that it will not make."""
        payment, refund = number_of(request.payment), number_of(request.id)
        amount = {
            "refund": request.amount.minor,
            "total": request.paid.minor,
            "currency": request.amount.currency,
        }
        code, said = self._ask(
            lambda client: client.refund(out_refund_no=refund, out_trade_no=payment, amount=amount)
        )
        if code == 200:
            return self._refund(said, request)
        if said.get("code") == POOR:
            return ProviderRefund(request.id, "", "failed", request.amount, _why(said))
        raise Conflict(f"WeChat Pay refuses refund {request.id}: {_why(said)}", refund=request.id)

    def query_refund(self, request: RefundRequest) -> ProviderRefund | None:
        """What became of a refund; None where WeChat Pay knows none with this id."""
        refund = number_of(request.id)
        code, said = self._ask(lambda client: client.query_refund(out_refund_no=refund))
        if code == 200:
            return self._refund(said, request)
        if said.get("code") in UNKNOWN:
            return None
        raise Unavailable(f"WeChat Pay does not tell of refund {request.id}: {_why(said)}")

    def close(self, request: PaymentRequest, *, reference: str | None) -> ProviderPayment:
        """End a payment. One that WeChat Pay cannot close is what it says it is: paid, or being paid."""
        number = number_of(request.id)
        code, said = self._ask(lambda client: client.close(out_trade_no=number))
        if code == 204 or said.get("code") in UNKNOWN or said.get("code") in OVER:
            return ProviderPayment(f"{number}:closed", number, None, "closed", request.amount)
        return self.query(request, reference=reference)

    def _jsapi(self, prepay_id: str) -> dict[str, str]:
        """What WeixinJSBridge takes, signed by the merchant."""
        stamp, nonce, package = str(int(self._clock().timestamp())), uuid4().hex, f"prepay_id={prepay_id}"
        signed = self._own_client().sign([self._account.app_id, stamp, nonce, package])
        return {
            "kind": "jsapi",
            "appId": self._account.app_id,
            "timeStamp": stamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": signed,
        }

    def _payment(self, said: Mapping[str, Any], request: PaymentRequest) -> ProviderPayment:
        account = self._account
        try:
            payment = payment_of(said, event=None, otherwise=request.amount)
        except Unverified as error:
            raise Unavailable("WeChat Pay's answer cannot be read") from error
        whose = (said.get("appid"), said.get("mchid"), payment.payment)
        if whose != (account.app_id, account.merchant_id, request.id):
            raise Unavailable("WeChat Pay's answer is about another payment")
        return payment

    def _refund(self, said: Mapping[str, Any], request: RefundRequest) -> ProviderRefund:
        try:
            refund = refund_of(said, status="status")
        except Unverified as error:
            raise Unavailable("WeChat Pay's answer cannot be read") from error
        if (refund.refund, said.get("out_trade_no")) != (request.id, request.payment):
            raise Unavailable("WeChat Pay's answer is about another refund")
        return refund

    def _ask(self, call: Callable[[WeChatPay], tuple[int, str | bytes]]) -> tuple[int, dict[str, Any]]:
        """Status and content of an answer: a success, which the SDK has verified, or a refusal.

        Refusals are not always signed by WeChat Pay, and the SDK does not look. Raises Unavailable for all else.
        """
        client = self._own_client()
        try:
            code, text = call(client)
            said = json.loads(text) if text else {}
        except Exception as error:  # network, signature, JSON: the SDK raises bare Exceptions for some of it
            raise Unavailable("WeChat Pay does not answer") from error
        self._keys.keep(client._core._certificates)
        if not isinstance(said, dict):
            raise Unavailable("WeChat Pay's answer cannot be read")
        if code in (401, 429) or code >= 500 or said.get("code") in ELSEWHERE:
            raise Unavailable(f"WeChat Pay cannot do that now: {_why(said)}")
        return code, said

    def _own_client(self) -> WeChatPay:
        """A client for requests of our own, with a key of WeChat Pay's that is valid now, fetched if need be."""
        account, now = self._account, self._clock()
        known = self._keys.newest(at=now)
        if known is None:
            self._keys.keep(
                fetch_certificates(
                    gateway=account.gateway,
                    merchant_id=account.merchant_id,
                    merchant_serial=account.merchant_serial,
                    private_key=account.private_key,
                    api_key=account.api_key,
                    timeout=TIMEOUT,
                )
            )
            known = self._keys.newest(at=now)
        if known is None:
            raise Unavailable("WeChat Pay has no certificate that is valid now")
        return self._client(known)

    def _client(self, key: PlatformKey) -> WeChatPay:
        """The SDK with one key of WeChat Pay's: given none, it fetches certificates when it is made."""
        client = self._clients.get(key.name)
        if client is None:
            account = self._account
            client = WeChatPay(
                wechatpay_type=WeChatPayType.NATIVE,
                mchid=account.merchant_id,
                private_key=account.private_key,
                cert_serial_no=account.merchant_serial,
                appid=account.app_id,
                apiv3_key=account.api_key,
                notify_url=account.notify_url,
                timeout=TIMEOUT,
                public_key=key.pem,
                public_key_id=key.name,
            )
            # The SDK knows production's address alone and has no parameter for another.
            client._core._gate_way = account.gateway
            self._clients[key.name] = client
        return client


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value:
        raise Unavailable(f"WeChat Pay's answer has no {name}")
    return value


def _why(said: Mapping[str, Any]) -> str:
    return f"{said.get('code', '')} {said.get('message', '')}".strip()
