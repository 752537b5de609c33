"""The stock ledger: what lies there, what of it is promised, and the one place that moves either.

`quantity` is the sum of the movements and never below `reserved`, what open orders were promised; what can be sold
is the difference. A change of one level is a conditional update; levels of several variants are locked first, in
the order of their row numbers, so that two orders over the same goods wait for each other instead of deadlocking.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, select, update
from sqlmodel import Session, col

from core.bulk import insert_of, insert_rows, table_of
from core.errors import NotFound, OutOfStock
from core.tables import StockLevel, StockMovement, Variant


@dataclass(frozen=True, slots=True)
class Level:
    """Pieces there, and how many of them are promised."""

    quantity: int
    reserved: int

    @property
    def available(self) -> int:
        """Pieces that can be sold now."""
        return self.quantity - self.reserved


def lock_levels(session: Session, variants: Iterable[int]) -> dict[int, Level]:
    """The levels of these variants (row numbers) that have one, locked until the transaction ends."""
    rows = session.execute(_LOCK, {"variants": sorted(set(variants))})
    return {variant: Level(quantity, reserved) for variant, quantity, reserved in rows}


def reserve(session: Session, pieces: Mapping[int, int], *, at: datetime) -> None:
    """Promise so many pieces of each variant (row number -> pieces); all of them or none.

    Raises OutOfStock, whose ids name the variants that there are too few of.
    """
    if len(pieces) == 1:
        # The conditional update takes the lock itself, and holds it for a shorter time.
        ((variant, count),) = pieces.items()
        done = session.execute(_RESERVE, {"variant": variant, "count": count, "at": at})
        enough = _count(done) == 1
    else:
        levels = lock_levels(session, pieces)
        enough = all(v in levels and levels[v].available >= count for v, count in pieces.items())
        if enough:
            _shift(session, pieces, quantity=0, reserved=1, at=at, locked=True)
    if not enough:
        raise out_of_stock(session, pieces)


def release(session: Session, pieces: Mapping[int, int], *, at: datetime) -> None:
    """Take promises back."""
    _shift(session, pieces, quantity=0, reserved=-1, at=at)


def sell(session: Session, pieces: Mapping[int, int], *, reference: str, at: datetime) -> None:
    """What was promised is paid: the pieces are not the shop's any more."""
    _shift(session, pieces, quantity=-1, reserved=-1, at=at)
    _move(session, {variant: -count for variant, count in pieces.items()}, "sale", reference, at)


def restore(session: Session, pieces: Mapping[int, int], *, reason: str, reference: str, at: datetime) -> None:
    """Pieces that were sold are back, for a `reason` of `core.tables.stock.MOVEMENT_REASONS`."""
    _shift(session, pieces, quantity=1, reserved=0, at=at)
    _move(session, pieces, reason, reference, at)


def write_off(session: Session, pieces: Mapping[int, int], *, reference: str, at: datetime) -> None:
    """Pieces that were sold are back and cannot be sold again: they come and go, and the level stays."""
    _move(session, pieces, "return", reference, at)
    _move(session, {variant: -count for variant, count in pieces.items()}, "write-off", reference, at)


def adjust(
    session: Session,
    *,
    variant_row: int,
    delta: int,
    reason: str,
    reference: str,
    at: datetime,
    told_at: datetime | None = None,
) -> int:
    """Change what lies there by `delta` pieces (not 0) and write the movement; returns the new quantity.

    `at` is when it happened, `told_at` the present moment where that is another. A variant without a level gets
    one. Raises OutOfStock when fewer pieces would remain than are promised.
    """
    now = told_at or at
    fresh = {"variant_id": variant_row, "quantity": 0, "reserved": 0, "updated_at": now}
    session.execute(insert_of(session, table_of(StockLevel)).values(fresh).on_conflict_do_nothing())
    quantity = session.execute(
        update(StockLevel)
        .where(col(StockLevel.variant_id) == variant_row)
        .where(col(StockLevel.quantity) + delta >= col(StockLevel.reserved))
        .values(quantity=col(StockLevel.quantity) + delta, updated_at=now)
        .returning(col(StockLevel.quantity))
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if quantity is None:
        raise out_of_stock(session, {variant_row: -delta})
    _move(session, {variant_row: delta}, reason, reference, at)
    return int(quantity)


def out_of_stock(session: Session, pieces: Mapping[int, int]) -> OutOfStock:
    """The error that says of which variants there are fewer than `pieces` (row number -> pieces)."""
    levels: Any = (
        select(col(Variant.id), col(Variant.public_id), col(StockLevel.quantity), col(StockLevel.reserved))
        .outerjoin(StockLevel, col(StockLevel.variant_id) == col(Variant.id))
        .where(col(Variant.id).in_(list(pieces)))
        .order_by(col(Variant.id))
    )
    short = {
        name: max(0, (quantity or 0) - (reserved or 0))
        for row, name, quantity, reserved in session.execute(levels)
        if (quantity or 0) - (reserved or 0) < pieces[row]
    }
    return too_few(short)


def too_few(short: Mapping[str, int]) -> OutOfStock:
    """The error for variants (public ids) of which there are only so many pieces."""
    listed = ", ".join(f"{name} ({available} left)" for name, available in short.items())
    return OutOfStock(f"not enough of {listed or 'what was asked for'}", variants=dict(short))


def _shift(
    session: Session,
    pieces: Mapping[int, int],
    *,
    quantity: int,
    reserved: int,
    at: datetime,
    locked: bool = False,
) -> None:
    if len(pieces) > 1 and not locked:
        lock_levels(session, pieces)
    count: Any = case(dict(pieces), value=_LEVEL.c.variant_id) if len(pieces) > 1 else next(iter(pieces.values()))
    changes = {
        name: _LEVEL.c[name] + count * by for name, by in (("quantity", quantity), ("reserved", reserved)) if by
    }
    done = session.execute(
        update(_LEVEL).where(_LEVEL.c.variant_id.in_(list(pieces))).values(**changes, updated_at=at)
    )
    if _count(done) != len(pieces):
        raise NotFound("a variant has no stock level")


def _count(result: Any) -> int:
    return int(result.rowcount)


def _move(session: Session, deltas: Mapping[int, int], reason: str, reference: str, at: datetime) -> None:
    rows = [
        {"variant_id": variant, "delta": delta, "reason": reason, "reference": reference, "at": at}
        for variant, delta in sorted(deltas.items())
    ]
    insert_rows(session, StockMovement, rows)


_LEVEL = table_of(StockLevel)
_LOCK = (
    select(_LEVEL.c.variant_id, _LEVEL.c.quantity, _LEVEL.c.reserved)
    .where(_LEVEL.c.variant_id.in_(bindparam("variants", expanding=True)))
    .order_by(_LEVEL.c.variant_id)
    .with_for_update()
)
_RESERVE = (
    update(_LEVEL)
    .where(_LEVEL.c.variant_id == bindparam("variant"))
    .where(_LEVEL.c.quantity - _LEVEL.c.reserved >= bindparam("count"))
    .values(reserved=_LEVEL.c.reserved + bindparam("count"), updated_at=bindparam("at"))
)
