"""A shop in which anything may happen in any order, as a state machine: what must hold is looked at each step."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, update
from sqlmodel import Session, col

from core import stock
from core.cancel import cancel, expire, expired
from core.charges import Charges, load_charges
from core.database import Database
from core.errors import Changed, Conflict, InvalidInput, NotFound, OutOfStock
from core.outbox_delivery import backlog
from core.payments import request_for, start_payment
from core.providers import ProviderRefund, RefundRequest
from core.providers.local import LocalProvider
from core.reconcile import reconcile
from core.returns import answer, receive, request, withdraw
from core.settings import load_settings
from core.settlement import Settlement
from core.shipments import deliver, prepare, send, unpack
from core.tables import Payment, Refund, Variant
from core.taking_back import Back, Fate, refund_lines
from core.transitions import Cause
from core.vouchers import NewVoucher, create_voucher
from tests.core.trade import NOW, Trade, broken_invariants
from tests.keys import TEST_VAULT

VARIANTS, USERS = 4, 2
WINDOW = timedelta(days=14)
# A refusal is an answer: the rules try what may not be possible any more.
REFUSALS = (Changed, Conflict, InvalidInput, NotFound, OutOfStock)

WAYS = st.sampled_from(["alipay", "wechatpay", "stripe"])
VOUCHERS = st.sampled_from(["", "", "SOME", "TWICE"])

Outcome = Literal["captured", "failed"]
Made = str | MultipleResults[str]
Packed = tuple[str, int] | MultipleResults[tuple[str, int]]
NewDatabase = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Reluctant(LocalProvider):
    """A provider that says of some refunds "pending" or "failed" before it makes them."""

    answers: dict[str, list[str]] = field(default_factory=dict)

    def refund(self, request: RefundRequest) -> ProviderRefund:
        # By its amount: what it answers must not depend on random ids.
        left = self.answers.setdefault(request.id, ["pending", "failed"][: request.amount.minor % 3])
        if left:
            return ProviderRefund(request.id, f"tr-{request.id}", left.pop(), request.amount)  # type: ignore[arg-type]
        return LocalProvider.refund(self, request)


@dataclass
class ReluctantTrade(Trade):
    """A shop whose provider is reluctant."""

    answers: dict[str, list[str]] = field(default_factory=dict)

    @property
    def provider(self) -> LocalProvider:
        return Reluctant(self.folder / "test-provider", self.secret, answers=self.answers)


class Shop(RuleBasedStateMachine):
    """Shoppers, sellers, a provider and the clock, each doing one thing at a time."""

    new_database: NewDatabase
    steps = 0

    orders: Bundle[str] = Bundle("orders")
    bought: Bundle[str] = Bundle("bought")
    attempts: Bundle[str] = Bundle("attempts")
    returns: Bundle[str] = Bundle("returns")
    shipments: Bundle[tuple[str, int]] = Bundle("shipments")  # with its seller

    users = st.integers(0, USERS - 1)
    variants = st.integers(0, VARIANTS - 1).map("v{}".format)
    pieces = st.integers(1, 3)

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="merx-properties-"))
        database = Database(type(self).new_database(), vault=TEST_VAULT)
        charges = load_charges(load_settings(shipping_flat="3.99", shipping_free_from="40", tax_rates="*=7"))
        self.trade = self.opened(database, charges)
        self.trade.stocked([6] * VARIANTS, users=USERS, sellers=2, price=999)
        self.owner: dict[str, int] = {}
        with database.write() as session:
            for code, value, limit in (("SOME", 333, None), ("TWICE", 1500, 2)):
                kind = "percent" if limit else "amount"
                new = NewVoucher(code=code, kind=kind, value=value, currency="EUR", usage_limit=limit)  # type: ignore[arg-type]
                create_voucher(session, new, at=NOW)

    def opened(self, database: Database, charges: Charges) -> Trade:
        """The shop, with its way to be paid."""
        return ReluctantTrade(database, self.folder, charges)

    def began(self, user: int, order: str, way: str, *, asked: bool, noted: bool) -> str:
        """Begin to pay; `asked` the provider or not, and `noted` its answer or not. The payment's id."""
        trade = self.trade
        if noted:
            return trade.begin(user, order).id
        cause = self.cause(f"user:u{user}")
        attempt = trade.do(
            lambda session: start_payment(
                session, order, user=trade.user(session, user), provider="test", cause=cause
            )
        )
        if asked:
            trade.provider.create(request_for(attempt))
        return attempt.id

    def done_there(self, payment: str, outcome: Outcome) -> None:
        """The shopper does something at the provider; raises Conflict where it is too late."""
        self.trade.provider.decide(payment, outcome, now=self.trade.now)

    def tell(self, payment: str) -> bool:
        """The provider tells how a payment stands; whether that was news."""
        return self.trade.notify(*self.trade.provider.notification(payment, now=self.trade.now))

    def kept_there(self, payment: str) -> int:
        """What the provider took for a payment and has not given back."""
        try:
            book = self.trade.provider.known(payment)
        except NotFound:  # the shop was stopped before it asked for it
            return 0
        taken = book.amount.minor if book.state == "captured" else 0
        return taken - self.trade.provider.given_back(payment).minor

    def settlement(self) -> Settlement:
        """What the shop asks providers by."""
        return Settlement(self.trade.database, lambda: self.trade.now, {"test": self.trade.provider})

    def teardown(self) -> None:
        try:
            self.time_passes(31)
            self.upkeep()
            self.books_agree()
        finally:
            self.trade.database.close()
            shutil.rmtree(self.folder)

    def books_agree(self) -> None:
        """When all that has to be asked was asked, the provider has kept what the shop thinks it has."""
        trade = self.trade
        begun = trade.now
        while True:
            done = trade.ask_providers()
            asked = reconcile(self.settlement(), patience=timedelta(0))  # which settles what is made later
            if not (done.delivered or done.failed or asked.finished or self.owes()):
                break
            trade.now += timedelta(minutes=5)  # more than the relay waits for what failed
            assert trade.now < begun + timedelta(days=30), "the provider is asked without end"
        with trade.database.read() as session:
            assert broken_invariants(session) == []
            assert [line for line in backlog(session, now=trade.now) if line.consumer == "payments"] == []
            assert set(session.execute(select(col(Refund.status))).scalars()) <= {"settled"}
            for payment in session.execute(select(Payment)).scalars():
                assert self.kept_there(payment.public_id) == payment.captured_minor - payment.refunded_minor

    def owes(self) -> bool:
        """Whether some refund is not settled."""
        with self.trade.database.read() as session:
            open_ones = select(col(Refund.id)).where(col(Refund.status) != "settled").limit(1)
            return session.execute(open_ones).first() is not None

    def attempt(self, work: Callable[[Session], object]) -> bool:
        """Try something in a transaction; False when the shop refused it."""
        try:
            self.trade.database.transact(work)
        except REFUSALS:
            return False
        return True

    def cause(self, actor: str = "system") -> Cause:
        return Cause(actor, self.trade.now, "because")

    @rule(target=orders, user=users, wanted=st.dictionaries(variants, pieces, min_size=1), voucher=VOUCHERS)
    def order(self, user: int, wanted: dict[str, int], voucher: str) -> Made:
        try:
            placed = self.trade.place(user, *self.trade.cart(user, wanted, voucher=voucher))
        except (Changed, OutOfStock):
            return multiple()
        self.owner[placed.id] = user
        assert placed.total_minor == self.trade.see(placed.id).total_minor
        return placed.id

    @rule(target=bought, user=users, wanted=st.dictionaries(variants, pieces, min_size=1), voucher=VOUCHERS)
    def buy(self, user: int, wanted: dict[str, int], voucher: str) -> Made:
        order = self.order(user, wanted, voucher)
        if isinstance(order, str) and self.trade.see(order).status == "pending":
            self.trade.pay(user, order)
        return order

    @rule(target=bought, user=users, wanted=st.dictionaries(variants, pieces, min_size=1), voucher=VOUCHERS)
    def buy_and_get(self, user: int, wanted: dict[str, int], voucher: str) -> Made:
        order = self.buy(user, wanted, voucher)
        if isinstance(order, str):
            self.trade.deliver(order)
        return order

    @rule(target=attempts, order=orders, way=WAYS, asked=st.booleans(), noted=st.sampled_from([True, True, False]))
    def begin_to_pay(self, order: str, way: str, asked: bool, noted: bool) -> Made:
        """The process may end before it asks the provider, or before it has written down what that said."""
        try:
            payment = self.began(self.owner[order], order, way, asked=asked or noted, noted=noted)
        except Conflict:
            return multiple()
        return payment if asked or noted else multiple()

    @rule(payment=attempts, outcome=st.sampled_from(["captured", "captured", "failed"]), times=st.integers(1, 3))
    def decide(self, payment: str, outcome: Outcome, times: int) -> None:
        try:
            self.done_there(payment, outcome)
        except Conflict:
            return
        for _ in range(times):
            self.tell(payment)
        assert not self.tell(payment)

    @rule(payment=attempts, outcome=st.sampled_from(["captured", "captured", "failed"]))
    def decide_without_telling(self, payment: str, outcome: Outcome) -> None:
        """The notification is lost, also that of a retry after a failure."""
        with suppress(Conflict):
            self.done_there(payment, outcome)

    @rule(payment=attempts)
    def tell_late(self, payment: str) -> None:
        self.tell(payment)

    @rule(order=orders | bought)
    def cancel_all(self, order: str) -> None:
        self.attempt(lambda session: cancel(session, order, cause=self.cause()))

    @rule(order=orders | bought | bought, line=st.integers(1, 3), count=pieces)
    def cancel_some(self, order: str, line: int, count: int) -> None:
        self.attempt(lambda session: cancel(session, order, pieces={line: count}, cause=self.cause()))

    @rule(
        target=shipments, order=bought, seller=st.integers(1, 2), line=st.sampled_from([0, 0, 1, 2]), count=pieces
    )
    def pack(self, order: str, seller: int, line: int, count: int) -> Packed:
        wanted = {line: count} if line else None
        made: list[str] = []
        self.attempt(
            lambda session: made.append(
                prepare(session, order, seller=seller, pieces=wanted, cause=self.cause()).id
            )
        )
        return (made[-1], seller) if made else multiple()

    @rule(shipment=shipments)
    def ship(self, shipment: tuple[str, int]) -> None:
        name, seller = shipment
        self.attempt(
            lambda session: send(
                session, name, seller=seller, carrier="C", tracking_number="1", cause=self.cause()
            )
        )

    @rule(shipment=consumes(shipments))
    def unpack(self, shipment: tuple[str, int]) -> None:
        name, seller = shipment
        self.attempt(lambda session: unpack(session, name, seller=seller, cause=self.cause()))

    @rule(shipment=shipments)
    def arrive(self, shipment: tuple[str, int]) -> None:
        self.attempt(lambda session: deliver(session, shipment[0], cause=self.cause()))

    @rule(target=returns, order=bought, line=st.integers(1, 3), count=pieces)
    def send_back(self, order: str, line: int, count: int) -> Made:
        made: list[str] = []
        trade, user = self.trade, self.owner[order]

        def ask(session: Session) -> None:
            row = trade.user(session, user)
            made.extend(request(session, order, user=row, pieces={line: count}, window=WINDOW, cause=self.cause()))

        self.attempt(ask)
        return multiple(*made)

    @rule(name=returns, seller=st.integers(1, 2), approve=st.sampled_from([True, True, False]))
    def answer_return(self, name: str, seller: int, approve: bool) -> None:
        self.attempt(
            lambda session: answer(session, name, seller=seller, approve=approve, text="", cause=self.cause())
        )

    @rule(name=returns, user=users)
    def withdraw_return(self, name: str, user: int) -> None:
        self.attempt(
            lambda session: withdraw(session, name, user=self.trade.user(session, user), cause=self.cause())
        )

    @rule(name=returns, fate=st.sampled_from(["restored", "written-off"]))
    def take_back(self, name: str, fate: Fate) -> None:
        with self.trade.database.read() as session:
            (view,) = self.trade.returns(session, name)
            seller = 1 + int(view.seller.removeprefix("s"))
        back = [Back(line, fate) for line in view.pieces]
        self.attempt(lambda session: receive(session, name, seller=seller, back=back, cause=self.cause()))

    @rule(order=bought, line=st.integers(1, 3), count=pieces, fate=st.sampled_from(["restored", "written-off"]))
    def staff_refund(self, order: str, line: int, count: int, fate: Fate) -> None:
        back = [Back(line, fate, count)]
        self.attempt(lambda session: refund_lines(session, order, back=back, cause=self.cause()))

    @rule()
    def reconcile(self) -> None:
        done = reconcile(self.settlement(), patience=timedelta(0))
        assert not done.failed

    @rule()
    def ask_providers(self) -> None:
        self.trade.ask_providers()

    @rule(order=orders | bought)
    def expire_early_or_late(self, order: str) -> None:
        before = self.trade.see(order)
        over = before.status == "pending" and before.expires_at is not None and before.expires_at <= self.trade.now
        done = self.trade.database.transact(lambda session: expire(session, order, cause=self.cause()))
        assert done == over

    @rule(minutes=st.sampled_from([1, 1, 5, 31]))
    def time_passes(self, minutes: int) -> None:
        self.trade.now += timedelta(minutes=minutes)

    @rule()
    def upkeep(self) -> None:
        with self.trade.database.read() as session:
            over = expired(session, now=self.trade.now)
        for order in over:
            assert self.trade.database.transact(
                lambda session, order=order: expire(session, order, cause=self.cause())  # type: ignore[misc]
            )

    @rule(variant=st.integers(1, VARIANTS), delta=st.sampled_from([-3, -1, 2, 5]))
    def stock_moves(self, variant: int, delta: int) -> None:
        self.attempt(
            lambda session: stock.adjust(
                session, variant_row=variant, delta=delta, reason="delivery", reference="", at=self.trade.now
            )
        )

    @rule(variant=variants, price=st.sampled_from([0, 1, 999, 2505]))
    def price_moves(self, variant: str, price: int) -> None:
        self.attempt(
            lambda session: session.execute(
                update(Variant).where(col(Variant.public_id) == variant).values(price_minor=price)
            )
        )

    @invariant()
    def sound(self) -> None:
        type(self).steps += 1
        with self.trade.database.read() as session:
            assert broken_invariants(session) == []


def run(new_database: NewDatabase, *, examples: int, steps: int, shop: type[Shop] = Shop, **more: object) -> int:
    """Run the machine; returns how many steps were checked."""
    machine = type("Machine", (shop,), {"new_database": staticmethod(new_database), "steps": 0, **more})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate, Phase.shrink],
            print_blob=True,
        ),
    )
    return int(machine.steps)
