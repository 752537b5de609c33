"""The tables. Importing this package registers all of them with SQLModel's metadata.

Table classes do not validate; input is checked at the edge, and what must always hold is a constraint here.
"""

from core.tables.behaviour import Event, ShopperKey
from core.tables.catalogue import Category, Picture, Product, Seller, Variant
from core.tables.imports import ImportRun
from core.tables.messages import AuditEntry, Notification, OutboxEvent
from core.tables.orders import Cart, CartLine, Order, OrderLine
from core.tables.payments import Payment, PaymentEvent, Refund, RefundLine
from core.tables.people import Address, User
from core.tables.reviews import Review, SellerReview
from core.tables.stock import StockLevel, StockMovement

__all__ = [
    "Address",
    "AuditEntry",
    "Cart",
    "CartLine",
    "Category",
    "Event",
    "ImportRun",
    "Notification",
    "Order",
    "OrderLine",
    "OutboxEvent",
    "Payment",
    "PaymentEvent",
    "Picture",
    "Product",
    "Refund",
    "RefundLine",
    "Review",
    "Seller",
    "SellerReview",
    "ShopperKey",
    "StockLevel",
    "StockMovement",
    "User",
    "Variant",
]
