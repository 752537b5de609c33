"""Orders and what belongs to them, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

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
from core.return_views import ReturnView
from core.seller_orders import SellerLine, SellerOrder


def order_out(order: OrderView) -> OrderOut:
    """An order as its buyer and the shop's staff see it."""
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
        payments=[payment_out(payment) for payment in order.payments],
        refunds=[RefundOut(**asdict(refund)) for refund in order.refunds],
        shipments=[shipment_out(shipment) for shipment in order.shipments],
        returns=[return_out(item) for item in order.returns],
    )


def payment_out(payment: PaymentView) -> PaymentOut:
    """An attempt to pay."""
    return PaymentOut(**{k: v for k, v in asdict(payment).items() if k != "captured_minor"})


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
