"""Columnar loading into the core: all frames of an import in the caller's one write transaction.

Nothing is committed here, so a load that is killed in the middle has changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl
from sqlmodel import Session

from core.frames import SCHEMAS, Frames
from core.loading_goods import load_goods
from core.loading_trade import (
    load_addresses,
    load_events,
    load_orders,
    load_refunds,
    load_reviews,
    load_users,
)

Progress = Callable[[str, int, int], None]


def no_progress(_stage: str, _done: int, _total: int) -> None:
    """For callers that do not want to hear of it."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did.

    `products` has the columns `public_id` and `kind` (created, changed, price-changed, stock-changed, withdrawn)
    of the products to which something happened. The others have `public_id` and `change` (created, changed, same)
    of every thing that was given.
    """

    products: pl.DataFrame
    changes: dict[str, pl.DataFrame] = field(default_factory=dict)

    def changed(self, kind: str) -> set[str]:
        """The public ids of the things of a kind ("products", "users", ...) that this load created or changed."""
        if kind == "products":
            return set(self.products["public_id"])
        frame = self.changes.get(kind)
        return set() if frame is None else set(frame.filter(pl.col("change") != "same")["public_id"])


def load(
    session: Session, frames: Frames, *, at: datetime, actor: str = "system", progress: Progress = no_progress
) -> Loaded:
    """Bring the core to what `frames` say: insert what is new, update what differs, leave the rest alone.

    What happened to products is told in the outbox. `at` is the moment of the load, `actor` who asked for it;
    `progress` hears each stage when it is done. Raises InvalidInput for frames that do not fit `core.frames` and
    for references to things that neither exist nor are in the frames, Conflict where lines of a known order or
    refund would be lost.
    """
    given = frames.conformed(at=at)
    stages = 6
    loaded = Loaded(load_goods(session, given, at=at, actor=actor))
    progress("goods", 1, stages)
    if given.users is not None:
        loaded.changes["users"] = load_users(session, given.users, at=at)
    if given.addresses is not None:
        load_addresses(session, given.addresses)
    progress("users", 2, stages)
    if given.orders is not None:
        lines = given.order_lines if given.order_lines is not None else _none("order_lines")
        loaded.changes["orders"] = load_orders(session, given.orders, lines)
    progress("orders", 3, stages)
    if given.refunds is not None:
        lines = given.refund_lines if given.refund_lines is not None else _none("refund_lines")
        loaded.changes["refunds"] = load_refunds(session, given.refunds, lines)
    progress("refunds", 4, stages)
    if given.reviews is not None:
        loaded.changes["reviews"] = load_reviews(session, given.reviews)
    progress("reviews", 5, stages)
    if given.events is not None:
        loaded.changes["events"] = load_events(session, given.events, at=at)
    progress("events", 6, stages)
    return loaded


def _none(name: str) -> pl.DataFrame:
    return pl.DataFrame(schema={column: kind for column, (kind, _) in SCHEMAS[name].items()})
