"""A small shop that sells: sellers, goods in stock, users with an address, and the moves of a purchase."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from sqlmodel import Session, col

from core import payments, stock
from core.carts import find_cart, lines_of, open_cart, set_line, set_voucher
from core.charges import Charges, load_charges
from core.checkout import Checkout, check_out
from core.database import Database
from core.orders import OrderView, get_order
from core.pricing import quote
from core.sandbox import SandboxProvider
from core.settings import load_settings
from core.tables import (
    Address,
    Order,
    OrderLine,
    Payment,
    Product,
    Refund,
    Seller,
    StockLevel,
    StockMovement,
    User,
    Variant,
    Voucher,
    VoucherTally,
)
from core.transitions import Cause
from core.vouchers import voucher_by_code

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOLD = timedelta(minutes=30)


@dataclass
class Trade:
    """A shop in a database: goods v0, v1, ... of products p0, p1, ...; users u0, u1, ... with addresses a0, ..."""

    database: Database
    folder: Path
    charges: Charges = field(default_factory=lambda: load_charges(load_settings()))
    now: datetime = NOW

    @property
    def provider(self) -> SandboxProvider:
        return SandboxProvider(self.folder / "provider", "secret")

    def stocked(
        self, levels: Mapping[str, int] | list[int], *, users: int = 2, price: int = 1000, sellers: int = 1
    ) -> Trade:
        """Goods with so many pieces; the product of each variant is its own, sellers take turns."""
        counts = list(levels.values()) if isinstance(levels, Mapping) else levels
        with self.database.write() as session:
            vault = self.database.vault
            assert vault is not None
            rows = [{"public_id": f"s{n}", "name": f"Seller {n}", "created_at": NOW} for n in range(sellers)]
            owners = [row.id for row in session.execute(insert(Seller).returning(col(Seller.id)), rows)]
            for n, count in enumerate(counts):
                product = Product(
                    public_id=f"p{n}",
                    seller_id=owners[n % sellers],
                    title=f"Thing {n}",
                    created_at=NOW,
                    updated_at=NOW,
                )
                session.add(product)
                session.flush()
                variant = Variant(
                    public_id=f"v{n}", product_id=product.id, sku=f"SKU{n}", price_minor=price + n, currency="EUR"
                )
                session.add(variant)
                session.flush()
                assert variant.id is not None
                if count:
                    stock.adjust(
                        session, variant_row=variant.id, delta=count, reason="delivery", reference="", at=NOW
                    )
            people = [{"public_id": f"u{n}", "created_at": NOW} for n in range(users)]
            ids = [row.id for row in session.execute(insert(User).returning(col(User.id)), people)]
            home = json.dumps({"recipient": "R", "lines": "L 1", "city": "C", "postcode": "1", "phone": None})
            sealed = vault.seal(home)
            homes = [
                {"public_id": f"a{n}", "user_id": row, "country": "DE", "sealed": sealed, "created_at": NOW}
                for n, row in enumerate(ids)
            ]
            session.execute(insert(Address), homes)
        return self

    def user(self, session: Session, n: int) -> int:
        return session.execute(select(col(User.id)).where(col(User.public_id) == f"u{n}")).scalar_one() or 0

    def cart(self, n: int, wanted: Mapping[str, int], *, voucher: str = "") -> tuple[str, int]:
        """The cart of user n with exactly these pieces; returns its id and what checkout will cost."""
        with self.database.write() as session:
            user = self.user(session, n)
            keys = open_cart(session, user=user, currency="EUR", at=self.now)
            cart = find_cart(session, keys.id, user=user, key=None, at=self.now)
            unwanted = {line.variant: 0 for line in lines_of(session, cart.row)}
            for variant, quantity in {**unwanted, **wanted}.items():
                set_line(session, cart, variant=variant, quantity=quantity)
            held = voucher_by_code(session, voucher) if voucher else None
            set_voucher(session, cart, held.id if held else None)
            price = quote(
                lines_of(session, cart.row),
                currency="EUR",
                country="DE",
                voucher=held,
                used_by_user=0,
                charges=self.charges,
                now=self.now,
            )
            return cart.id, price.total_minor

    def place(self, n: int, cart: str, total: int, *, address: str = "") -> OrderView:
        """Check out a cart of user n, to their own address or another."""

        def work(session: Session) -> OrderView:
            return check_out(
                session,
                Checkout(cart, address or f"a{n}", total),
                user=self.user(session, n),
                user_id=f"u{n}",
                charges=self.charges,
                at=self.now,
                hold=HOLD,
            )

        return self.database.transact(work)

    def order(self, n: int, wanted: Mapping[str, int], *, voucher: str = "") -> str:
        """An unpaid order of user n; returns its id."""
        return self.place(n, *self.cart(n, wanted, voucher=voucher)).id

    def begin(self, n: int, order: str) -> payments.Attempt:
        """Begin to pay; returns the attempt."""
        cause = Cause(f"user:u{n}", self.now)
        attempt = self.database.transact(
            lambda session: payments.start_payment(
                session, order, user=self.user(session, n), provider="test", cause=cause
            )
        )
        started = self.provider.create(payments.request_for(attempt))
        self.database.transact(lambda session: payments.attach(session, attempt.id, started, cause=cause))
        return attempt

    def pay(self, n: int, order: str) -> str:
        """Pay an order through the sandbox; returns the payment's id."""
        attempt = self.begin(n, order)
        self.notify(*self.provider.decide(attempt.id, "captured", now=self.now))
        return attempt.id

    def notify(self, headers: Mapping[str, str], body: bytes) -> bool:
        """A notification arrives."""
        said = self.provider.read(headers, body, now=self.now)
        return self.database.transact(lambda session: payments.settle(session, said, provider="test", at=self.now))

    def see(self, order: str) -> OrderView:
        with self.database.read() as session:
            return get_order(session, order)

    def levels(self) -> dict[str, tuple[int, int]]:
        """Quantity and reserved of every variant that has a level."""
        with self.database.read() as session:
            rows: Any = select(col(Variant.public_id), col(StockLevel.quantity), col(StockLevel.reserved)).join(
                StockLevel, col(StockLevel.variant_id) == col(Variant.id)
            )
            return {name: (quantity, reserved) for name, quantity, reserved in session.execute(rows)}


def broken_invariants(session: Session) -> list[str]:
    """What must always hold and does not, in words; empty for a sound shop."""
    faults: list[str] = []

    def sums(key: Any, value: Any, *where: Any) -> dict[Any, int]:
        rows = session.execute(select(key, func.sum(value)).where(*where).group_by(key))
        return {name: int(total) for name, total in rows}

    moved = sums(col(StockMovement.variant_id), col(StockMovement.delta))
    promised = sums(col(OrderLine.variant_id), col(OrderLine.reserved))
    for level in session.execute(select(StockLevel)).scalars():
        if level.quantity != moved.get(level.variant_id, 0):
            faults.append(f"variant {level.variant_id}: {level.quantity} there, movements say {moved}")
        if level.reserved != promised.get(level.variant_id, 0):
            faults.append(f"variant {level.variant_id}: {level.reserved} reserved, orders say {promised}")
        if not 0 <= level.reserved <= level.quantity:
            faults.append(f"variant {level.variant_id} is oversold")
    refunds = sums(col(Refund.payment_id), col(Refund.amount_minor))
    for payment in session.execute(select(Payment)).scalars():
        if payment.refunded_minor != refunds.get(payment.id, 0):
            faults.append(f"payment {payment.public_id}: refunded {payment.refunded_minor}, refunds say {refunds}")
    for order in session.execute(select(Order)).scalars():
        faults += _order_faults(session, order)
    uses = sums(col(Order.voucher_id), 1, col(Order.status) != "cancelled", col(Order.voucher_id).is_not(None))
    tallies = sums(col(VoucherTally.voucher_id), col(VoucherTally.used))
    for voucher in session.execute(select(Voucher)).scalars():
        if not voucher.used == uses.get(voucher.id, 0) == tallies.get(voucher.id, 0):
            faults.append(f"voucher {voucher.code}: used {voucher.used}, orders {uses}, tallies {tallies}")
    return faults


def _order_faults(session: Session, order: Order) -> list[str]:
    """An order's lines add up to it, and the money that was kept is what its pieces are worth."""
    faults = []
    lines = list(session.execute(select(OrderLine).where(col(OrderLine.order_id) == order.id)).scalars())
    parts = (
        sum(line.unit_price_minor * line.quantity for line in lines),
        sum(line.discount_minor for line in lines),
        sum(line.tax_minor for line in lines),
    )
    if parts != (order.goods_minor, order.discount_minor, order.tax_minor):
        faults.append(f"order {order.public_id}: lines add up to {parts}")
    if order.status != "pending" and any(line.reserved for line in lines):
        faults.append(f"order {order.public_id} is {order.status} and still reserves")
    paid = list(session.execute(select(Payment).where(col(Payment.order_id) == order.id)).scalars())
    kept = sum(payment.captured_minor - payment.refunded_minor for payment in paid)
    worth = 0
    if order.status not in ("pending", "cancelled"):
        worth = order.shipping_minor
        for line in lines:
            whole = line.unit_price_minor * line.quantity - line.discount_minor + line.tax_minor
            worth += whole - whole * line.cancelled // line.quantity
    if kept != worth:
        faults.append(f"order {order.public_id} ({order.status}): {kept} kept for goods worth {worth}")
    return faults
