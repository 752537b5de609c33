"""Reconciling: what nobody told the shop about its payments and refunds, found by asking the providers.

Notifications get lost, processes are killed between a provider's answer and the commit, relays give up. Asking
again is always right: providers make a payment or a refund once for its id, and their word is taken once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from core import payments, refunds
from core.errors import MerxError
from core.logs import get_logger
from core.settlement import Settlement

# A notification is given this long to come by itself.
PATIENCE = timedelta(minutes=2)

log = get_logger("reconcile")


@dataclass(slots=True)
class Reconciled:
    """How many payments and refunds were asked about, how many of them that finished, and what went wrong.

    `failed` is by the id of the payment or refund: the provider could not be reached, say. The next run asks
    again.
    """

    payments: int = 0
    refunds: int = 0
    finished: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def reconcile(
    settlement: Settlement,
    *,
    patience: timedelta = PATIENCE,
    progress: Callable[[int], None] = lambda _asked: None,
) -> Reconciled:
    """Ask about every payment and refund older than `patience` whose end is not known; write down what is said.

    Each is asked about once, in a transaction of its own: one that fails does not hold up the others. `progress`
    is told how many were asked about so far.
    """
    done = Reconciled()
    before = settlement.clock() - patience
    last = 0
    while True:
        with settlement.database.read() as session:
            found = payments.stuck(session, before=before, after=last)
        if not found:
            break
        for one in found:
            done.payments += 1
            progress(done.payments)
            _ask(done, one.id, partial(_payment, settlement, one))
        last = found[-1].row
    last = 0
    while True:  # those that the payments have just brought to light come with the next run, or with the relay
        with settlement.database.read() as session:
            owed = refunds.unsettled(session, before=before, after=last)
        if not owed:
            return done
        for row, refund in owed:
            done.refunds += 1
            progress(done.payments + done.refunds)
            _ask(done, refund, partial(settlement.look_at_refund, refund))
            last = row


def _payment(settlement: Settlement, payment: payments.Stuck) -> bool:
    return bool(settlement.end(payment.id) if payment.over else settlement.look(payment.id))


def _ask(done: Reconciled, name: str, question: Callable[[], bool]) -> None:
    try:
        done.finished += question()
    except MerxError as error:
        done.failed[name] = error.message
    except Exception as error:  # what one provider answers must not keep the others from being asked
        done.failed[name] = type(error).__name__
        log.error("asking a provider failed", id=name, exc_info=error)
