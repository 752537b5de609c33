"""Reconciling payments as time passes, done by one process at a time and in a thread of its own.

Providers may take their time to answer: what has to happen on time, as upkeep does, must not wait for them.
"""

from __future__ import annotations

import threading

from core.leases import Keeper
from core.logs import get_logger
from core.providers.opening import open_providers
from core.reconcile import reconcile
from core.settlement import Settlement
from pipelines.house import House

INTERVAL = 600.0  # seconds

log = get_logger("reconcile")


def run_reconcile(house: House, *, stop: threading.Event, interval: float = INTERVAL) -> None:
    """Do it until told to stop; where another process does, stand by. A failure is logged and tried again."""
    settlement = Settlement(house.database, house.clock, open_providers(house.settings, clock=house.clock))
    with Keeper(house.database, "reconcile", clock=house.clock) as keeper:
        while not stop.wait(interval):
            if not keeper.held:
                continue
            try:
                done = reconcile(settlement)
            except Exception as error:  # the database was away, say; its time comes again
                log.error("reconciling failed", exc_info=error)
                continue
            if done.finished or done.failed:
                log.info("reconciled", finished=done.finished, failed=len(done.failed))
