"""What is there, from the newest count and all that happened since: the one rule of counts and late reports.

A variant's pieces are *as told*: the newest count, less what of it was sold already, plus every delta that a
device took after it, plus every other movement (sales, cancellations, returns, deliveries) after it. The level is
what is as told, but never below what is promised to open orders. It is worked out from the whole set each time, so
the order in which reports arrive does not matter:

- Who counts sees what lies there: also pieces that are sold (paid, not cancelled) and wait to be packed. Those
that
  waited at T are taken off a count of T. What was in a shipment at T lay on no shelf any more.

- A count taken at T replaces all that was taken at T or before, by whoever: those are in the count. When a newer
  count is known already, a count is superseded; of two of the same moment the lower one stands.
- A delta taken after the newest count is added, once. One taken at its moment or before is superseded, because it
  is in the count, also when it arrives later.
- Where fewer pieces are as told than are promised, the level stays at what is promised. The difference is not
  forgotten: pieces that come later fill it first.

A seller's count and one by a feed are counts like a device's, taken at the moment they are told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, or_, select, union_all, update
from sqlmodel import Session, col

from core.bulk import insert_of, table_of
from core.errors import Conflict
from core.stock import Level, adjust, lock_levels
from core.tables import OrderLine, Shipment, ShipmentLine, StockLevel, StockMovement, StockReport, Transition

# What the references of movements begin with that this rule made: they are its outcome, not what it starts from.
REPORT = "report:"
MOST_PIECES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Settled:
    """A level after it was worked out: what it was, is, and whether it is held up by promises."""

    before: int
    quantity: int
    short: bool


@dataclass(frozen=True, slots=True)
class Count:
    """Pieces that lay there at a moment, those that were sold and not packed yet among them."""

    pieces: int
    at: datetime


def hold_level(session: Session, variant_row: int, *, now: datetime) -> Level:
    """The level of a variant, locked until the transaction ends; one without a level gets an empty one."""
    fresh = {"variant_id": variant_row, "quantity": 0, "reserved": 0, "updated_at": now}
    session.execute(insert_of(session, table_of(StockLevel)).values(fresh).on_conflict_do_nothing())
    return lock_levels(session, [variant_row])[variant_row]


def newest_count(session: Session, variant_row: int) -> Count | None:
    """The count that a variant's level starts from."""
    wanted = select(col(StockLevel.counted), col(StockLevel.counted_at))
    found = session.execute(wanted.where(col(StockLevel.variant_id) == variant_row)).first()
    return Count(found[0], found[1]) if found is not None and found[1] is not None else None


def is_superseded(count: Count | None, *, kind: str, pieces: int, taken_at: datetime) -> bool:
    """Whether a report of this kind says nothing that `count` does not make up for."""
    if count is None or taken_at > count.at:
        return False
    return kind == "delta" or taken_at < count.at or pieces >= count.pieces


def settle(
    session: Session,
    *,
    variant_row: int,
    count: Count | None,
    extra: int = 0,
    reason: str,
    source: str,
    at: datetime,
    now: datetime,
) -> Settled:
    """Bring a level to what is as told since `count` and write the movement, which happened `at`.

    `extra` is a delta that is about to be recorded, `source` what made the level move. Raises Conflict for more
    than MOST_PIECES.
    """
    level = hold_level(session, variant_row, now=now)
    before, promised = level.quantity, level.reserved
    told = extra + _since(session, variant_row, count)
    if count is not None:
        told += count.pieces - waiting(session, variant_row, at=count.at)
    after = max(told, promised, 0)
    if after > MOST_PIECES:
        raise Conflict(f"there cannot be more than {MOST_PIECES:,} pieces of a variant")
    if after != before:
        adjust(
            session,
            variant_row=variant_row,
            delta=after - before,
            reason=reason,
            reference=f"{REPORT}{source}",
            at=at,
            told_at=now,
        )
    return Settled(before, after, told < after)


def note_count(session: Session, *, variant_row: int, count: Count) -> None:
    """Remember the newest count of a variant, whose level is there."""
    row = update(StockLevel).where(col(StockLevel.variant_id) == variant_row)
    session.execute(row.values(counted=count.pieces, counted_at=count.at))


def waiting(session: Session, variant_row: int, *, at: datetime) -> int:
    """Pieces of a variant that were sold and not packed yet at a moment."""
    statement = waiting_by_variant(at)
    variant, _ = statement.selected_columns
    found = session.execute(statement.where(variant == variant_row)).first()
    return int(found.waiting) if found is not None else 0


def waiting_by_variant(at: datetime) -> Select[Any]:
    """`variant_id` and `waiting`, the pieces sold and not packed yet at a moment, of variants that sold any by
    then.

    A shipment that was unpacked later was packed then: whether it counts is asked of its transitions.
    """
    sold: Any = select(col(StockMovement.variant_id), (-col(StockMovement.delta)).label("pieces")).where(
        col(StockMovement.reason).in_(("sale", "cancel")), col(StockMovement.at) <= at
    )
    unpacked = exists().where(
        col(Transition.subject) == "shipment",
        col(Transition.subject_id) == col(Shipment.public_id),
        col(Transition.after) == "cancelled",
        col(Transition.at) <= at,
    )
    packed: Any = (
        select(col(OrderLine.variant_id), (-col(ShipmentLine.quantity)).label("pieces"))
        .join(ShipmentLine, col(ShipmentLine.order_line_id) == col(OrderLine.id))
        .join(Shipment, col(Shipment.id) == col(ShipmentLine.shipment_id))
        .where(col(Shipment.created_at) <= at, ~unpacked)
    )
    both = union_all(sold, packed).subquery()
    return select(both.c.variant_id, func.sum(both.c.pieces).label("waiting")).group_by(both.c.variant_id)


def _since(session: Session, variant_row: int, count: Count | None) -> int:
    moved = select(func.coalesce(func.sum(col(StockMovement.delta)), 0)).where(
        col(StockMovement.variant_id) == variant_row, ~col(StockMovement.reference).startswith(REPORT)
    )
    reported = select(func.coalesce(func.sum(col(StockReport.quantity)), 0)).where(
        col(StockReport.variant_id) == variant_row,
        col(StockReport.kind) == "delta",
        or_(col(StockReport.outcome) == "applied", col(StockReport.outcome) == "short"),
    )
    if count is not None:
        moved = moved.where(col(StockMovement.at) > count.at)
        reported = reported.where(col(StockReport.taken_at) > count.at)
    return int(session.execute(moved).scalar_one()) + int(session.execute(reported).scalar_one())
