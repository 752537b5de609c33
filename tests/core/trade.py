"""A small shop that sells: sellers, goods in stock, users with an address, and the moves of a purchase."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import event, func, insert, select
from sqlmodel import Session, col

from core import payments, shipments, stock
from core.carts import find_cart, lines_of, open_cart, set_line, set_voucher
from core.charges import Charges, load_charges
from core.checkout import Checkout, check_out
from core.database import Database
from core.errors import Conflict, NotFound
from core.orders import OrderView, get_order
from core.pricing import quote
from core.providers.local import LocalProvider
from core.relay import Delivery, deliver
from core.return_views import ReturnView, returns_of
from core.settings import load_settings
from core.settlement import Settlement
from core.tables import (
    Address,
    MoneyMovement,
    Order,
    OrderLine,
    OutboxEvent,
    Payment,
    Product,
    Refund,
    RefundLine,
    Return,
    Seller,
    Shipment,
    ShipmentLine,
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

Done = TypeVar("Done")


@dataclass
class Trade:
    """A shop in a database: goods v0, v1, ... of products p0, p1, ...; users u0, u1, ... with addresses a0, ..."""

    database: Database
    folder: Path
    charges: Charges = field(default_factory=lambda: load_charges(load_settings()))
    now: datetime = NOW
    secret: str = "secret"

    @property
    def provider(self) -> LocalProvider:
        return LocalProvider(self.folder / "test-provider", self.secret)

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

    def do(self, work: Callable[[Session], Done]) -> Done:
        """Something in a transaction of its own."""
        return self.database.transact(work)

    def cause(self, actor: str = "system", reason: str = "") -> Cause:
        return Cause(actor, self.now, reason)

    def told(self, aggregate: str) -> list[tuple[str, str]]:
        """Whom the outbox told of, and what: all events of an aggregate, the oldest first."""
        with self.database.read() as session:
            wanted: Any = select(col(OutboxEvent.aggregate_id), col(OutboxEvent.kind)).order_by(
                col(OutboxEvent.id)
            )
            return [
                (name, kind) for name, kind in session.execute(wanted.where(OutboxEvent.aggregate == aggregate))
            ]

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

    def deliver(self, order: str, *, sellers: Iterable[int] = (1, 2)) -> None:
        """All that is left of these sellers' lines of a paid order is packed, sent and delivered."""
        for seller in sellers:
            try:
                packed = self.do(
                    lambda session, seller=seller: shipments.prepare(  # type: ignore[misc]
                        session, order, seller=seller, pieces=None, cause=self.cause()
                    )
                )
            except (NotFound, Conflict):
                continue
            self.do(
                lambda session, name=packed.id, seller=seller: shipments.send(  # type: ignore[misc]
                    session, name, seller=seller, carrier="C", tracking_number="1", cause=self.cause()
                )
            )
            self.do(lambda session, name=packed.id: shipments.deliver(session, name, cause=self.cause()))  # type: ignore[misc]

    def returns(self, session: Session, name: str) -> list[ReturnView]:
        """A return as it is now."""
        order = select(col(Order.id)).join(Return).where(col(Return.public_id) == name)
        found = returns_of(session, session.execute(order).scalar_one() or 0)
        return [item for item in found if item.id == name]

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

    def ask_providers(self) -> Delivery:
        """Hand the relay's events of payments over once, as far as they are due."""
        settlement = Settlement(self.database, lambda: self.now, {"test": self.provider})
        return deliver(settlement, database=self.database, clock=lambda: self.now)

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


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that are sent to the database meanwhile, a batch of several counted as several."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, parameters: object, _x: object, many: bool) -> None:
        seen.extend([statement] * (len(parameters) if many and isinstance(parameters, list) else 1))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def broken_invariants(session: Session) -> list[str]:
    """What must always hold and does not, in words; empty for a sound shop."""
    faults: list[str] = []
    moved = _sums(session, StockMovement.delta, StockMovement.variant_id)
    promised = _sums(session, OrderLine.reserved, OrderLine.variant_id)
    for level in session.execute(select(StockLevel)).scalars():
        row = (level.variant_id,)
        if level.quantity != moved.get(row, 0):
            faults.append(f"variant {level.variant_id}: {level.quantity} there, movements say {moved}")
        if level.reserved != promised.get(row, 0):
            faults.append(f"variant {level.variant_id}: {level.reserved} reserved, orders say {promised}")
        if not 0 <= level.reserved <= level.quantity:
            faults.append(f"variant {level.variant_id} is oversold")
    refunds = _sums(session, Refund.amount_minor, Refund.payment_id)
    for payment in session.execute(select(Payment)).scalars():
        if payment.refunded_minor != refunds.get((payment.id,), 0):
            faults.append(f"payment {payment.public_id}: refunded {payment.refunded_minor}, refunds say {refunds}")
    kept, holders = col(Order.status) != "cancelled", (Order.voucher_id, Order.user_id)
    uses = _sums(session, 1, *holders, where=(kept, col(Order.voucher_id).is_not(None)))
    tallies = _sums(session, VoucherTally.used, VoucherTally.voucher_id, VoucherTally.user_id)
    if uses != {holder: used for holder, used in tallies.items() if used}:
        faults.append(f"orders hold vouchers {uses}, tallies say {tallies}")
    for voucher in session.execute(select(Voucher)).scalars():
        if voucher.used != sum(used for (row, _), used in uses.items() if row == voucher.id):
            faults.append(f"voucher {voucher.code}: used {voucher.used}, orders {uses}")
    in_shipments, given_back = _pieces_sent(session), _sums(session, RefundLine.quantity, RefundLine.order_line_id)
    for line in session.execute(select(OrderLine)).scalars():
        if line.shipped != in_shipments.get((line.id,), 0):
            faults.append(f"line {line.id}: {line.shipped} shipped, shipments say {in_shipments}")
        if given_back.get((line.id,), 0) > line.cancelled + line.returned:
            faults.append(f"line {line.id}: {line.cancelled} cancelled, refunds give back {given_back}")
        if line.returned > line.shipped:
            faults.append(f"line {line.id}: {line.returned} of {line.shipped} shipped pieces came back")
    faults += _ledger_faults(session)
    for order in session.execute(select(Order)).scalars():
        faults += _order_faults(session, order)
    return faults


def _ledger_faults(session: Session) -> list[str]:
    """The ledger has each capture and each settled refund, once, and nothing else."""
    booked = _sums(session, MoneyMovement.amount_minor, MoneyMovement.payment_id)
    settled = _sums(session, Refund.amount_minor, Refund.payment_id, where=(col(Refund.status) == "settled",))
    faults = []
    for payment in session.execute(select(Payment)).scalars():
        due = payment.captured_minor - settled.get((payment.id,), 0)
        if booked.get((payment.id,), 0) != due:
            faults.append(f"payment {payment.public_id}: {due} captured and not refunded, the ledger has {booked}")
    return faults


def _sums(session: Session, value: Any, *keys: Any, where: tuple[Any, ...] = ()) -> dict[tuple[Any, ...], int]:
    """The sum of a column by the values of others."""
    rows = session.execute(select(*keys, func.sum(value)).where(*where).group_by(*keys))
    return {tuple(key): int(total) for *key, total in rows}


def _pieces_sent(session: Session) -> dict[tuple[Any, ...], int]:
    """Pieces in shipments that are not cancelled, by order line."""
    sent = select(col(Shipment.id)).where(col(Shipment.status) != "cancelled")
    where = (col(ShipmentLine.shipment_id).in_(sent),)
    return _sums(session, ShipmentLine.quantity, ShipmentLine.order_line_id, where=where)


def _order_faults(session: Session, order: Order) -> list[str]:
    """An order's lines add up to it, its money is what its pieces are worth, its state what its shipments say."""
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
    sold = order.status not in ("pending", "cancelled")
    paid = list(session.execute(select(Payment).where(col(Payment.order_id) == order.id)).scalars())
    if sold and order.total_minor and order.total_minor not in [payment.captured_minor for payment in paid]:
        faults.append(f"order {order.public_id} is {order.status}, and nobody paid {order.total_minor}")
    kept = sum(payment.captured_minor - payment.refunded_minor for payment in paid)
    keeps = sold and any(line.quantity > line.cancelled + line.returned for line in lines)
    worth = order.shipping_minor if keeps else 0
    for line in lines if sold else ():
        whole = line.unit_price_minor * line.quantity - line.discount_minor + line.tax_minor
        worth += whole - whole * (line.cancelled + line.returned) // line.quantity
    if kept != worth:
        faults.append(f"order {order.public_id} ({order.status}): {kept} kept for goods worth {worth}")
    of_order = select(col(Shipment.status)).where(col(Shipment.order_id) == order.id)
    states = set(session.execute(of_order).scalars()) - {"cancelled"}
    waiting = any(line.quantity > line.cancelled + line.shipped for line in lines)
    if order.status not in _statuses(states, waiting=waiting):
        faults.append(f"order {order.public_id} is {order.status} with shipments {states}, {waiting=}")
    return faults


def _statuses(shipments: set[str], *, waiting: bool) -> tuple[str, ...]:
    """The states that an order may be in whose shipments are in these, and of which pieces may wait for one."""
    if shipments <= {"prepared"}:
        if shipments or not waiting:
            return ("paid",) if shipments else ("cancelled",)
        return ("pending", "paid", "cancelled")  # of one that was never paid nothing counts as taken back
    if waiting or "prepared" in shipments:
        return ("part-shipped",)
    return ("shipped",) if "shipped" in shipments else ("delivered",)
