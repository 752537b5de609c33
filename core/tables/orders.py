"""Carts, orders and their lines. An order keeps its own copy of prices, discounts, taxes and address."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from core.tables.columns import check, counter, moment, one_of, reference

CART_STATUSES = ("open", "ordered", "merged", "abandoned")
ORDER_STATUSES = ("pending", "paid", "part-shipped", "shipped", "delivered", "cancelled")
_OPEN = text("status = 'open'")


class Cart(SQLModel, table=True):
    """A user has one open cart; a guest's is opened with the key of which `guest_key_hash` is the hash."""

    __tablename__ = "cart"
    __table_args__ = (
        one_of("status", CART_STATUSES),
        Index("uq_cart_open_user_id", "user_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    user_id: int | None = reference("app_user.id", nullable=True)
    guest_key_hash: str | None = None
    voucher_id: int | None = reference("voucher.id", nullable=True)
    status: str = "open"
    currency: str
    created_at: datetime = moment()
    updated_at: datetime = moment()


class CartLine(SQLModel, table=True):
    __tablename__ = "cart_line"
    __table_args__ = (
        UniqueConstraint("cart_id", "variant_id"),
        check("quantity > 0", name="quantity_positive"),
    )

    id: int | None = Field(default=None, primary_key=True)
    cart_id: int = reference("cart.id", index=False)
    variant_id: int = reference("variant.id")
    quantity: int
    price_seen_minor: int = Field(sa_type=BigInteger)


class Order(SQLModel, table=True):
    """`address` is the sealed copy of where it goes. A pending order keeps its stock until `expires_at`."""

    __tablename__ = "customer_order"  # `order` is a reserved word everywhere
    __table_args__ = (
        one_of("status", ORDER_STATUSES),
        check("length(currency) = 3", name="currency_code"),
        check("total_minor = goods_minor - discount_minor + shipping_minor + tax_minor", name="total_adds_up"),
        check("total_minor >= 0", name="total_not_negative"),
    )

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(unique=True)
    user_id: int | None = reference("app_user.id", nullable=True)
    status: str = "pending"
    source: str = "shop"
    currency: str
    goods_minor: int = Field(sa_type=BigInteger)
    discount_minor: int = Field(default=0, sa_type=BigInteger)
    shipping_minor: int = Field(default=0, sa_type=BigInteger)
    tax_minor: int = Field(default=0, sa_type=BigInteger)
    total_minor: int = Field(sa_type=BigInteger)
    country: str | None = None
    address: str | None = None
    voucher_id: int | None = reference("voucher.id", nullable=True)
    placed_at: datetime = moment(index=True)
    expires_at: datetime | None = moment(nullable=True, index=True)


class OrderLine(SQLModel, table=True):
    """`title` is the product's as sold; a line is one row of the order even when two rows are alike.

    Of its `quantity` pieces, `reserved` are promised and not paid yet, `cancelled` were paid and taken back before
    they left, `shipped` are in a shipment; of those, `returned` came back.
    """

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "line_number"),
        Index(None, "variant_id", "order_id"),
        check("quantity > 0", name="quantity_positive"),
        check("unit_price_minor >= 0", name="price_not_negative"),
        check("discount_minor >= 0 AND tax_minor >= 0", name="parts_not_negative"),
        check("reserved >= 0 AND cancelled >= 0 AND shipped >= 0", name="pieces_not_negative"),
        check("returned >= 0 AND returned <= shipped", name="returned_within_shipped"),
        check("reserved + cancelled + shipped <= quantity", name="pieces_within_quantity"),
    )

    id: int | None = Field(default=None, primary_key=True)
    order_id: int = reference("customer_order.id", index=False)
    line_number: int
    variant_id: int = reference("variant.id", index=False)
    title: str
    quantity: int
    unit_price_minor: int = Field(sa_type=BigInteger)
    discount_minor: int = Field(default=0, sa_type=BigInteger)
    tax_minor: int = Field(default=0, sa_type=BigInteger)
    seller_id: int | None = reference("seller.id", nullable=True)
    reserved: int = counter()
    cancelled: int = counter()
    shipped: int = counter()
    returned: int = counter()
