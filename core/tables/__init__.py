"""The tables. Importing this package registers all of them with SQLModel's metadata.

Table classes do not validate; input is checked at the edge, and what must always hold is a constraint here.
"""

from core.tables.access import IdempotencyKey, LoginLock, LoginSession, RefreshToken
from core.tables.behaviour import Event, Exposure, HiddenProduct, ShopperKey
from core.tables.catalogue import Category, Picture, PriceChange, Product, Seller, Variant
from core.tables.imports import ImportRun
from core.tables.messages import AuditEntry, AuditHead, Lease, Notification, OutboxEvent
from core.tables.orders import Cart, CartLine, Order, OrderLine
from core.tables.payments import MoneyMovement, Payment, PaymentEvent, Refund, RefundLine
from core.tables.people import Address, Erasure, Favourite, User
from core.tables.returns import Return, ReturnLine
from core.tables.reviews import Review, ReviewPicture, ReviewVote
from core.tables.shipping import Shipment, ShipmentLine
from core.tables.stock import Device, StockAlert, StockLevel, StockMovement, StockReport
from core.tables.synonyms import Synonym
from core.tables.transitions import Transition
from core.tables.vouchers import Voucher, VoucherTally
from core.tables.webhooks import WebhookDelivery, WebhookEndpoint

__all__ = [
    "Address",
    "AuditEntry",
    "AuditHead",
    "Cart",
    "CartLine",
    "Category",
    "Device",
    "Erasure",
    "Event",
    "Exposure",
    "Favourite",
    "HiddenProduct",
    "IdempotencyKey",
    "ImportRun",
    "Lease",
    "LoginLock",
    "LoginSession",
    "MoneyMovement",
    "Notification",
    "Order",
    "OrderLine",
    "OutboxEvent",
    "Payment",
    "PaymentEvent",
    "Picture",
    "PriceChange",
    "Product",
    "RefreshToken",
    "Refund",
    "RefundLine",
    "Return",
    "ReturnLine",
    "Review",
    "ReviewPicture",
    "ReviewVote",
    "Seller",
    "Shipment",
    "ShipmentLine",
    "ShopperKey",
    "StockAlert",
    "StockLevel",
    "StockMovement",
    "StockReport",
    "Synonym",
    "Transition",
    "User",
    "Variant",
    "Voucher",
    "VoucherTally",
    "WebhookDelivery",
    "WebhookEndpoint",
]
