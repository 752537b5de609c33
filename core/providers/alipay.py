"""Payments with Alipay: on its page, or by scanning a code.

The SDK (python-alipay-sdk) signs and verifies. What it leaves open is closed here: times are Beijing's, answers
count only when they are signed, and what it is given to verify is a copy, for it changes its input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alipay import AliPay
from alipay.utils import AliPayConfig

from core.clock import Clock, system_clock
from core.errors import BadSettings, Conflict, InvalidInput, Unavailable
from core.money import Money
from core.providers import (
    PaymentRequest,
    ProviderPayment,
    ProviderRefund,
    RefundRequest,
    RefundState,
    Started,
    Unverified,
)
from core.providers.alipay_notices import (
    amount_of,
    amount_text,
    beijing_time,
    fields_of,
    read_fields,
    state_of,
    to_alipay,
)
from core.providers.wire import exact_base64

TIMEOUT = 10.0  # seconds
DONE = "10000"
REFUSED = "40004"
UNKNOWN = "ACQ.TRADE_NOT_EXIST"
POOR = "ACQ.SELLER_BALANCE_NOT_ENOUGH"  # may be tried again when there is money


@dataclass(frozen=True, slots=True)
class AlipayAccount:
    """An application at Alipay. Keys are PEM text: the application's private one, Alipay's public one.

    `currencies` are those it can be paid in, ("*",) for any. Alipay tells of payments at `notify_url`.
    """

    app_id: str
    seller_id: str
    private_key: str = field(repr=False)
    public_key: str
    gateway: str
    currencies: tuple[str, ...]
    notify_url: str


class AlipayProvider:
    """See the module, and core.providers.PaymentProvider."""

    name = "alipay"
    methods = ("page", "qr")
    acknowledgement = "success"

    def __init__(self, account: AlipayAccount, *, clock: Clock = system_clock) -> None:
        """Raises BadSettings for keys that are none."""
        self._account = account
        self._clock = clock
        try:
            self._sdk = AliPay(
                appid=account.app_id,
                app_notify_url=account.notify_url,
                app_private_key_string=account.private_key,
                alipay_public_key_string=account.public_key,
                sign_type="RSA2",
                config=AliPayConfig(timeout=TIMEOUT),
            )
        except (ValueError, IndexError, TypeError):
            # not chained: what the file holds may be a secret
            raise BadSettings("MERX_ALIPAY_PRIVATE_KEY or MERX_ALIPAY_PUBLIC_KEY holds no RSA key") from None
        # The SDK knows production and one sandbox of Alipay's and has no parameter for any other.
        self._sdk._gateway = account.gateway

    def takes(self, currency: str) -> bool:
        """Whether the account can be paid in a currency."""
        return "*" in self._account.currencies or currency in self._account.currencies

    def create(self, request: PaymentRequest) -> Started:
        """Sign the address of Alipay's page, or fetch the code to be scanned ({"kind": "qr", "code": ...}).

        Alipay names the trade only when the shopper comes, so there is no reference yet.
        """
        method = request.method or self.methods[0]
        if method not in self.methods:
            raise InvalidInput(f"Alipay cannot be paid by {method!r}")
        if not self.takes(request.amount.currency):
            raise InvalidInput(f"this Alipay account takes no {request.amount.currency}")
        content: dict[str, Any] = {
            "out_trade_no": to_alipay(request.id),
            "total_amount": amount_text(request.amount),
            "subject": f"Order {request.order}",
        }
        if request.amount.currency != "CNY":
            content["trans_currency"] = content["settle_currency"] = request.amount.currency
        if request.expires_at is not None:
            content["time_expire"] = beijing_time(request.expires_at)
        if method == "page":
            content["product_code"] = "FAST_INSTANT_TRADE_PAY"
            now, back = beijing_time(self._clock()), request.return_url
            signed = self._sdk.client_api("alipay.trade.page.pay", content, timestamp=now, return_url=back)
            return Started(None, {"kind": "page", "page": f"{self._account.gateway}?{signed}"})
        said = self._ask("alipay.trade.precreate", content)
        if said["code"] != DONE:
            raise Conflict(f"Alipay refuses payment {request.id}: {_why(said)}", payment=request.id)
        return Started(None, {"kind": "qr", "code": _text(said, "qr_code")})

    def query(self, request: PaymentRequest, *, reference: str | None) -> ProviderPayment:
        """What Alipay says of a payment; one that nobody came to pay is pending."""
        said = self._ask("alipay.trade.query", {"out_trade_no": to_alipay(request.id)})
        if said["code"] == DONE:
            return _payment(said, request)
        if _sub_code(said) == UNKNOWN:
            return ProviderPayment(f"{request.id}:pending", request.id, None, "pending", request.amount)
        raise Unavailable(f"Alipay does not tell of payment {request.id}: {_why(said)}")

    def read(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> ProviderPayment | None:
        """The notification that arrived. Nothing of it is in headers."""
        fields = fields_of(body)
        signature = fields.pop("sign", "")
        # The SDK takes a notification without a sign_type, and Alipay's older "RSA" is SHA-1.
        if fields.get("sign_type") != "RSA2":
            raise Unverified("the notification is not signed with RSA2")
        exact_base64(signature)
        if not self._sdk.verify(dict(fields), signature):
            raise Unverified("the signature is not Alipay's")
        return read_fields(fields, app_id=self._account.app_id, seller_id=self._account.seller_id, now=now)

    def refund(self, request: RefundRequest) -> ProviderRefund:
        """Give money back; raises Conflict for what Alipay will not give back."""
        content = {
            "out_trade_no": to_alipay(request.payment),
            "out_request_no": to_alipay(request.id),
            "refund_amount": amount_text(request.amount),
        }
        if request.amount.currency != "CNY":
            content["refund_currency"] = request.amount.currency
        said = self._ask("alipay.trade.refund", content)
        if said["code"] == DONE and said.get("fund_change") == "Y":
            return ProviderRefund(request.id, _refund_name(said, request), "settled", request.amount)
        if said["code"] == DONE:
            # No money moved: it was done before, or it is not certain yet.
            known = self.query_refund(request)
            return known or ProviderRefund(request.id, _refund_name(said, request), "pending", request.amount)
        if _sub_code(said) == POOR:
            return ProviderRefund(request.id, "", "failed", request.amount, _why(said))
        raise Conflict(f"Alipay refuses refund {request.id}: {_why(said)}", refund=request.id)

    def query_refund(self, request: RefundRequest) -> ProviderRefund | None:
        """What became of a refund; None where Alipay knows none with this id."""
        numbers = {"out_trade_no": to_alipay(request.payment), "out_request_no": to_alipay(request.id)}
        said = self._ask("alipay.trade.fastpay.refund.query", numbers)
        if said["code"] != DONE:
            if _sub_code(said) == UNKNOWN:
                return None
            raise Unavailable(f"Alipay does not tell of refund {request.id}: {_why(said)}")
        # Of a refund that was never asked for it says that all went well, and nothing else.
        if "out_request_no" not in said:
            return None
        if any(said.get(name) != number for name, number in numbers.items()):
            raise Unavailable("Alipay's answer is about another refund")
        amount = _amount(said, "refund_amount", request.amount.currency)
        state: RefundState = "settled" if said.get("refund_status") == "REFUND_SUCCESS" else "pending"
        return ProviderRefund(request.id, _refund_name(said, request), state, amount)

    def close(self, request: PaymentRequest, *, reference: str | None) -> ProviderPayment:
        """End a payment. One that Alipay cannot close is what it says it is: paid, or closed already."""
        said = self._ask("alipay.trade.close", {"out_trade_no": to_alipay(request.id)})
        if said["code"] == DONE or _sub_code(said) == UNKNOWN:
            name = said.get("trade_no") or None
            return ProviderPayment(f"{name or request.id}:closed", request.id, name, "closed", request.amount)
        return self.query(request, reference=reference)

    def _ask(self, method: str, content: dict[str, Any]) -> dict[str, Any]:
        """Alipay's signed answer, a success or a refusal of what was asked; raises Unavailable for any other."""
        try:
            # Named by server_api: the SDK's functions for each method take no timestamp, and the machine's local
            # time, which they would send, is not Beijing's.
            said = self._sdk.server_api(method, content, timestamp=beijing_time(self._clock()))
        except Exception as error:  # network, signature, JSON: the SDK lets all of them out as they come
            raise Unavailable(f"Alipay does not answer {method}") from error
        if not isinstance(said, dict) or said.get("code") not in (DONE, REFUSED):
            raise Unavailable(f"Alipay cannot do {method} now")
        if said["code"] == REFUSED and _sub_code(said).endswith("SYSTEM_ERROR"):
            raise Unavailable(f"Alipay cannot do {method} now: {_why(said)}")
        return said


def _payment(said: Mapping[str, Any], request: PaymentRequest) -> ProviderPayment:
    if said.get("out_trade_no") != to_alipay(request.id):
        raise Unavailable("Alipay's answer is about another payment")
    paid = bool(said.get("send_pay_date"))
    state, reference = state_of(_text(said, "trade_status"), paid=paid), _text(said, "trade_no")
    if state is None:
        raise Unavailable(f"Alipay's answer has a status of its own: {said.get('trade_status')}")
    amount = _amount(said, "total_amount", said.get("trans_currency") or "CNY")
    return ProviderPayment(f"{reference}:{state}", request.id, reference, state, amount)


def _amount(said: Mapping[str, Any], name: str, currency: str) -> Money:
    try:
        return amount_of(_text(said, name), currency)
    except Unverified as error:
        raise Unavailable("Alipay's answer has no amount that can be read") from error


def _refund_name(said: Mapping[str, Any], request: RefundRequest) -> str:
    """Alipay gives refunds no name but ours."""
    return f"{said.get('trade_no') or request.reference}:{to_alipay(request.id)}"


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value:
        raise Unavailable(f"Alipay's answer has no {name}")
    return value


def _sub_code(said: Mapping[str, Any]) -> str:
    return str(said.get("sub_code", ""))


def _why(said: Mapping[str, Any]) -> str:
    return f"{_sub_code(said)} {said.get('sub_msg', '')}".strip()
