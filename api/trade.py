"""Orders and what belongs to them, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from typing import Any

import segno

from api.schemas_trade import (
    OrderLineOut,
    OrderOut,
    PaymentOut,
    PiecesIn,
    RefundOut,
    ReturnOut,
    SellerLineOut,
    SellerOrderOut,
    ShipmentOut,
)
from core.errors import InvalidInput
from core.orders import OrderLineView, OrderView, PaymentView, ShipmentView
from core.payments import STILL_PAYABLE
from core.return_views import ReturnView
from core.seller_orders import SellerLine, SellerOrder


def order_out(order: OrderView, *, for_buyer: bool = True) -> OrderOut:
    """An order as its buyer sees it, or the shop's staff, who are not told how to pay it."""
    return OrderOut(
        id=order.id,
        status=order.status,  # type: ignore[arg-type]
        currency=order.currency,
        goods_minor=order.goods_minor,
        discount_minor=order.discount_minor,
        shipping_minor=order.shipping_minor,
        tax_minor=order.tax_minor,
        total_minor=order.total_minor,
        placed_at=order.placed_at,
        expires_at=order.expires_at,
        address=dict(order.address),
        lines=[OrderLineOut(**_numbered(line)) for line in order.lines],
        payments=[payment_out(payment, for_buyer=for_buyer) for payment in order.payments],
        refunds=[RefundOut(**asdict(refund)) for refund in order.refunds],
        shipments=[shipment_out(shipment) for shipment in order.shipments],
        returns=[return_out(item) for item in order.returns],
    )


def payment_out(payment: PaymentView, *, for_buyer: bool = True) -> PaymentOut:
    """An attempt to pay. What has to be done for it is the buyer's to know, and only while it can be done."""
    fields = {name: value for name, value in asdict(payment).items() if name != "captured_minor"}
    if not for_buyer or payment.status not in STILL_PAYABLE:
        fields["action"] = {}
    elif code := payment.action.get("code"):
        fields["action"] = {**payment.action, "picture": _code_picture(str(code))}
    return PaymentOut(**fields)


def shipment_out(shipment: ShipmentView) -> ShipmentOut:
    """A seller's part on its way."""
    return ShipmentOut(**_with_lines(shipment))


def return_out(item: ReturnView) -> ReturnOut:
    """Goods on their way back."""
    return ReturnOut(**_with_lines(item))


def seller_order_out(order: SellerOrder) -> SellerOrderOut:
    """An order as one of its sellers sees it."""
    return SellerOrderOut(
        id=order.id,
        status=order.status,
        placed_at=order.placed_at,
        address=dict(order.address),
        lines=[SellerLineOut(**_numbered(line)) for line in order.lines],
        shipments=[shipment_out(shipment) for shipment in order.shipments],
    )


@lru_cache(maxsize=1024)
def _code_picture(text: str) -> str:
    """A QR code (ISO/IEC 18004) to be scanned, as the address of an SVG picture."""
    code = segno.make_qr(text, error="m")
    return str(code.svg_data_uri(scale=5, border=4, dark="#000", light="#fff"))


def _numbered(line: OrderLineView | SellerLine) -> dict[str, Any]:
    """A line's fields, its number under the name that requests call it by."""
    return {("line" if name == "number" else name): value for name, value in asdict(line).items()}


def _with_lines(view: ShipmentView | ReturnView) -> dict[str, Any]:
    return {("lines" if name == "pieces" else name): value for name, value in asdict(view).items()}


def pieces_of(lines: list[PiecesIn] | None) -> dict[int, int] | None:
    """Pieces by line number; None for all that is left. Raises InvalidInput for a line that is named twice."""
    if lines is None:
        return None
    pieces = {line.line: line.quantity for line in lines}
    if len(pieces) < len(lines):
        raise InvalidInput("a line is named twice")
    return pieces
