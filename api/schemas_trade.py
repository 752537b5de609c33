"""The shapes of buying: carts, orders, payments, shipments and vouchers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from api.schemas import In, MoneyOut, Out
from api.texts import Currency, Line, Minor, Moment, PublicId, VoucherCode


class LineIn(In):
    quantity: int = Field(ge=0, le=999, description="0 takes the line out", examples=[2])


class CodeIn(In):
    code: VoucherCode = Field(examples=["WELCOME10"])


class CartKeysOut(Out):
    id: str = Field(examples=["c-4f0c21b7d9k2m5x8z1q3"])
    key: str | None = Field(None, description="a guest's: send it as Merx-Cart-Key; it cannot be asked for again")


class CartLineOut(Out):
    variant: str
    product: str
    seller: str
    title: str
    title_zh: str = ""
    options: dict[str, Any]
    quantity: int
    price: MoneyOut
    price_seen: MoneyOut = Field(description="what it cost when it was put in")
    available: int = Field(description="pieces that can be bought now")
    changes: list[str] = Field(description="price, stock, gone: what is not as it was", examples=[["price"]])
    discount_minor: int = 0
    tax_minor: int = 0


class CartOut(Out):
    id: str
    currency: str
    lines: list[CartLineOut]
    goods_minor: int
    discount_minor: int
    shipping_minor: int
    tax_minor: int
    total_minor: int = Field(description="what checkout charges for the country asked about")
    voucher: str | None = None
    voucher_problem: str | None = Field(None, description="why the voucher takes nothing off")


class CheckoutIn(In):
    cart: PublicId
    address: PublicId = Field(description="one of the user's addresses")
    total_minor: Minor = Field(description="the total the shopper saw; another one is refused", examples=[2990])


class OrderLineOut(Out):
    line: int
    product: str
    variant: str
    seller: str | None = None
    title: str
    quantity: int
    cancelled: int
    shipped: int
    returned: int
    refunded: int
    unit_price_minor: int
    discount_minor: int
    tax_minor: int


class PaymentBegun(Out):
    """What is kept of a payment that was begun: how it stands is looked up."""

    id: str


class PaymentOut(Out):
    id: str
    provider: str
    method: str
    status: str
    amount_minor: int
    refunded_minor: int
    action: dict[str, Any] = Field(default_factory=dict, description="what the shopper has to do")
    failure: str = ""
    at: datetime


class RefundOut(Out):
    id: str
    status: str
    amount_minor: int
    reason: str
    at: datetime


class ShipmentOut(Out):
    id: str
    seller: str
    status: str
    carrier: str
    tracking_number: str
    lines: dict[int, int] = Field(description="pieces by line")
    at: datetime


class ReturnOut(Out):
    id: str
    order: str
    seller: str
    status: Literal["requested", "approved", "rejected", "withdrawn", "received"]
    lines: dict[int, int] = Field(description="pieces by line")
    reason: str = Field("", description="the buyer's")
    answer: str = Field("", description="the seller's")
    refund: str | None = Field(None, description="what was given back once the goods had come")
    at: datetime


class OrderOut(Out):
    id: str
    status: Literal["pending", "paid", "part-shipped", "shipped", "delivered", "cancelled"]
    currency: str
    goods_minor: int
    discount_minor: int
    shipping_minor: int
    tax_minor: int
    total_minor: int
    placed_at: datetime
    expires_at: datetime | None = Field(None, description="until when an unpaid order keeps its stock")
    address: dict[str, Any]
    lines: list[OrderLineOut]
    payments: list[PaymentOut]
    refunds: list[RefundOut]
    shipments: list[ShipmentOut]
    returns: list[ReturnOut]


class OrderSummaryOut(Out):
    id: str
    status: str
    currency: str
    total_minor: int
    placed_at: datetime


class OrdersOut(Out):
    orders: list[OrderSummaryOut]


class TransitionOut(Out):
    subject: str
    id: str
    before: str
    after: str
    actor: str
    reason: str
    at: datetime


class HistoryOut(Out):
    transitions: list[TransitionOut]


class PiecesIn(In):
    line: int = Field(ge=1, le=10_000)
    quantity: int = Field(ge=1, le=100_000)


class CancelIn(In):
    lines: list[PiecesIn] | None = Field(
        None, min_length=1, max_length=200, description="left out: all that is left"
    )
    reason: Line = Field("", examples=["ordered the wrong size"])


class PayIn(In):
    provider: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]{1,30}$")] = Field(examples=["test"])
    method: Annotated[str, StringConstraints(pattern=r"^[a-z]{0,20}$")] = Field(
        "", description="one of the provider's; left out: its usual one", examples=["qr"]
    )
    payer: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{0,128}$")] = Field(
        "", description="the payer's openid, for jsapi of wechatpay"
    )

    @model_validator(mode="after")
    def _payer_is_named(self) -> PayIn:
        if self.method == "jsapi" and not self.payer:
            raise ValueError("jsapi needs the payer's openid")
        return self


class MethodsOut(Out):
    providers: list[str]
    methods: dict[str, list[str]] = Field(examples=[{"alipay": ["page", "qr"]}])


class DecideIn(In):
    outcome: Literal["captured", "failed"] = "captured"


class ShipmentIn(In):
    lines: list[PiecesIn] | None = Field(
        None, min_length=1, max_length=200, description="left out: all that is left"
    )


class SendIn(In):
    carrier: Line = Field("", examples=["DHL"])
    tracking_number: Line = Field("", examples=["00340434161094042557"])


class SellerLineOut(Out):
    line: int
    variant: str
    sku: str
    title: str
    quantity: int
    cancelled: int
    shipped: int


class SellerOrderOut(Out):
    id: str
    status: str
    placed_at: datetime
    address: dict[str, Any] = Field(default_factory=dict, description="where to send it, once it is paid")
    lines: list[SellerLineOut]
    shipments: list[ShipmentOut]


class SellerOrdersOut(Out):
    orders: list[SellerOrderOut]


class VoucherIn(In):
    code: VoucherCode = Field(examples=["WELCOME10"])
    kind: Literal["percent", "amount"]
    value: int = Field(ge=1, le=10**12, description="hundredths of a percent, or minor units", examples=[1000])
    currency: Currency = Field(examples=["GBP"])
    minimum_minor: Minor = 0
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    usage_limit: int | None = Field(None, ge=1, le=10**9)
    user_limit: int | None = Field(None, ge=1, le=10**6)

    @model_validator(mode="after")
    def _fits(self) -> VoucherIn:
        if self.kind == "percent" and self.value > 10_000:
            raise ValueError("a percentage is at most 10000 hundredths")
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValueError("it ends before it starts")
        return self


class VoucherOut(Out):
    id: str
    code: str
    kind: str
    value: int
    currency: str
    minimum_minor: int
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    usage_limit: int | None = None
    user_limit: int | None = None
    used: int
    active: bool


class VouchersOut(Out):
    vouchers: list[VoucherOut]
