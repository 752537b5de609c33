"""Stock as its seller keeps it: deliveries, write-offs, counts, and the list of what moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from core.counting import MOST_PIECES, Count, hold_level, newest_count, note_count, settle, waiting
from core.errors import Conflict
from core.goods import Held, Keeper, tell_only
from core.offers import variant_row
from core.stock import Level, adjust
from core.tables import StockMovement


@dataclass(frozen=True, slots=True)
class Movement:
    """Pieces that came (positive) or went. `number` orders the movements of all variants."""

    number: int
    delta: int
    reason: str
    reference: str
    at: datetime


def move_stock(session: Session, keeper: Keeper, variant: str, *, delta: int, at: datetime) -> Level:
    """A delivery (delta > 0) or a write-off (< 0), in pieces; returns the level after it.

    Raises OutOfStock when fewer pieces would remain than are promised, Conflict for more than MOST_PIECES.
    """
    row, product = variant_row(session, keeper, variant)
    before = hold_level(session, row, now=at)
    if before.quantity + delta > MOST_PIECES:
        raise Conflict(f"there cannot be more than {MOST_PIECES:,} pieces of a variant", variant=variant)
    reason = "delivery" if delta > 0 else "write-off"
    adjust(session, variant_row=row, delta=delta, reason=reason, reference=keeper.actor, at=at)
    # What devices say is missing although it is promised is filled first.
    count = newest_count(session, row)
    quantity = settle(
        session, variant_row=row, count=count, reason="count", source=keeper.actor, at=at, now=at
    ).quantity
    detail = {"variant": variant, "delta": delta, "quantity": quantity}
    held = Held(row, product, "", at)
    tell_only(session, keeper, held, kind="stock-changed", action=f"stock.{reason}", detail=detail)
    return Level(quantity, before.reserved)


def count_stock(session: Session, keeper: Keeper, variant: str, *, count: int, at: datetime) -> Level:
    """So many pieces lie there now; returns the level, which is that less what is sold and not packed yet.

    Raises Conflict when more are sold or promised.
    """
    row, product = variant_row(session, keeper, variant)
    before = hold_level(session, row, now=at)
    last = newest_count(session, row)
    at = max(at, last.at) if last is not None else at
    to_pack = waiting(session, row, at=at)
    quantity = count - to_pack
    if quantity < before.reserved:
        taken = (
            f"{before.reserved} pieces of {variant} are promised to open orders, {to_pack} are sold and not packed"
        )
        raise Conflict(taken, variant=variant, reserved=before.reserved, waiting=to_pack)
    if quantity != before.quantity:
        delta = quantity - before.quantity
        adjust(session, variant_row=row, delta=delta, reason="count", reference=keeper.actor, at=at)
    note_count(session, variant_row=row, count=Count(count, at))
    detail = {"variant": variant, "before": before.quantity, "count": count, "quantity": quantity}
    held = Held(row, product, "", at)
    tell_only(session, keeper, held, kind="stock-changed", action="stock.count", detail=detail)
    return Level(quantity, before.reserved)


def movements(
    session: Session, keeper: Keeper, variant: str, *, before: int | None = None, limit: int = 50
) -> list[Movement]:
    """What moved of a variant, newest first; `before` is the number of a movement to go on after."""
    row, _ = variant_row(session, keeper, variant)
    wanted = select(
        col(StockMovement.id),
        col(StockMovement.delta),
        col(StockMovement.reason),
        col(StockMovement.reference),
        col(StockMovement.at),
    ).where(col(StockMovement.variant_id) == row)
    if before is not None:
        wanted = wanted.where(col(StockMovement.id) < before)
    return [
        Movement(*found) for found in session.execute(wanted.order_by(col(StockMovement.id).desc()).limit(limit))
    ]
