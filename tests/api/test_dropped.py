"""One in five notifications never comes: two reconcile runs find what they would have told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from api.sandbox.notifier import Faults
from core.cancel import cancel
from tests.api.live_server import running
from tests.core.trade import broken_invariants
from tests.services.paying import PROVIDERS, PaidTrade, paid_trade
from tests.services.ports import free_port
from tests.services.sandbox import Sandbox

ORDERS = 12  # of each provider
DROPPED = 0.2


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def paid(request: pytest.FixtureRequest, start_sandbox: Callable[..., Sandbox]) -> Iterator[PaidTrade]:
    """A served shop; of what happens at its providers it is told out of order, twice, or not at all."""
    port = free_port()
    sandbox = start_sandbox(
        shop_url=f"http://127.0.0.1:{port}", faults=Faults(drop=DROPPED, duplicate=2, shuffle=True, seed=11)
    )
    trade = paid_trade(
        request.getfixturevalue(f"new_{request.param}")(), sandbox, public_url=f"http://127.0.0.1:{port}"
    )
    with ExitStack() as stack:
        stack.enter_context(running(trade.shop, port=port))
        yield trade


def test_two_runs_settle_what_nobody_told_of(paid: PaidTrade) -> None:
    bank = paid.sandbox.bank
    paid.restock("v0", 10 * ORDERS)
    bought, gone = [], []
    for provider in PROVIDERS:
        for number in range(ORDERS):
            order = paid.order(0, {"v0": 1})
            attempt = paid.start(0, order, provider)
            name = paid.id_there(attempt)
            if number % 4 == 0:
                bank.decide(provider, name, "failed", reason="no money")
            late = number % 3 == 0
            if late:  # the order is over before the money comes
                paid.do(lambda session, order=order: cancel(session, order, cause=paid.cause()))  # type: ignore[misc]
            bank.decide(provider, name, "captured")
            (gone if late else bought).append((order, attempt))
    assert bank.notifier.wait(60)
    lost = [event for record in bank.ledger.all() for event in record.events if event.told == "lost"]
    unheard = [order for order, _ in bought if paid.see(order).status != "paid"]
    assert lost
    assert unheard  # otherwise there would be nothing to find
    runs = 0
    while any(paid.see(order).status != "paid" for order, _ in bought) or any(
        refund.status != "settled" for order, _ in gone for refund in paid.see(order).refunds
    ):
        paid.reconcile()
        runs += 1
        assert runs <= 2
    assert [paid.see(order).status for order, _ in gone] == ["cancelled"] * len(gone)
    assert [len(paid.see(order).refunds) for order, _ in gone] == [1] * len(gone)
    for order, attempt in gone:
        assert paid.given_back(attempt) == paid.see(order).total_minor
    for _, attempt in bought:
        assert paid.given_back(attempt) == 0
    with paid.database.read() as session:
        assert broken_invariants(session) == []
