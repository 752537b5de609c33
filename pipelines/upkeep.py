"""Upkeep: what has to happen because time has passed, done by one process at a time."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial

from core import idempotency, lockout, logins, pictures, retention
from core.cancel import expire, expired
from core.leases import Keeper
from core.logs import get_logger
from core.transitions import Cause
from pipelines.house import House

INTERVAL = 2.0  # seconds between two looks for orders whose time is over
FORGET_EVERY = 3600.0  # seconds between two removals of what nobody asks for any more

log = get_logger("upkeep")


@dataclass(frozen=True, slots=True)
class Kept:
    """How many unpaid orders were cancelled, and how much was removed that is old: answers, logins, locks, files,
    and what the settings say is not to be kept any longer."""

    expired: int
    forgotten: int


def expire_orders(house: House) -> int:
    """Cancel the unpaid orders whose time is over, each in a transaction of its own; returns how many.

    One that cannot be cancelled is logged and does not hold up the others; the next look tries it again.
    """
    done = 0
    stuck: set[str] = set()
    while True:
        with house.database.read() as session:
            over = expired(session, now=house.clock(), but=stuck)
        if not over:
            return done
        cancelled = {order for order in over if _expire(house, order)}
        done += len(cancelled)
        stuck.update(set(over) - cancelled)


def upkeep(house: House) -> Kept:
    """Do now all that has to be done."""
    cancelled = expire_orders(house)
    at = house.clock()
    forgotten = house.database.transact(lambda session: idempotency.forget(session, now=at))
    forgotten += house.database.transact(lambda session: logins.forget_old(session, at=at))
    forgotten += house.database.transact(lambda session: lockout.forget_old(session, at=at))
    forgotten += forget_old(house)
    with house.database.read() as session:
        forgotten += pictures.tidy(session, folder=house.home / "pictures", now=at)
    return Kept(cancelled, forgotten)


def forget_old(house: House) -> int:
    """Forget what was kept as long as the settings say, in short transactions; returns how much."""
    policy, now = retention.policy_of(house.settings), house.clock()
    total = 0
    while gone := sum(house.database.transact(partial(retention.forget, policy=policy, now=now)).values()):
        total += gone
    return total


def run_upkeep(house: House, *, stop: threading.Event) -> None:
    """Do it until told to stop; where another process does, stand by. A failure is logged and tried again."""
    with Keeper(house.database, "upkeep", clock=house.clock) as keeper:
        waited = FORGET_EVERY
        while not stop.wait(INTERVAL):
            waited += INTERVAL
            try:
                if keeper.held and waited >= FORGET_EVERY:
                    upkeep(house)
                    waited = 0.0
                elif keeper.held:
                    expire_orders(house)
            except Exception as error:  # the database was away, say; its time comes again
                log.error("upkeep failed", exc_info=error)


def _expire(house: House, order: str) -> bool:
    cause = Cause("system", house.clock(), "not paid in time")
    try:
        return house.database.transact(lambda session: expire(session, order, cause=cause))
    except Exception as error:
        log.error("an order could not be cancelled", order=order, exc_info=error)
        return False
