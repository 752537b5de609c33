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

from sqlalchemy import case, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from core.bulk import table_of
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
    levels = (
        select(col(StockLevel.variant_id), col(StockLevel.quantity), col(StockLevel.reserved))
        .where(col(StockLevel.variant_id).in_(sorted(set(variants))))
        .order_by(col(StockLevel.variant_id))
        .with_for_update()
    )
    return {variant: Level(quantity, reserved) for variant, quantity, reserved in session.execute(levels)}


def reserve(session: Session, pieces: Mapping[int, int], *, at: datetime) -> None:
    """Promise so many pieces of each variant (row number -> pieces); all of them or none.

    Raises OutOfStock, whose ids name the variants that there are too few of.
    """
    _lock(session, pieces)
    wanted = _case(pieces)
    done = session.execute(
        update(StockLevel)
        .where(col(StockLevel.variant_id).in_(list(pieces)))
        .where(col(StockLevel.quantity) - col(StockLevel.reserved) >= wanted)
        .values(reserved=col(StockLevel.reserved) + wanted, updated_at=at)
        .execution_options(synchronize_session=False)
    )
    if _count(done) != len(pieces):
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
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    fresh = {"variant_id": variant_row, "quantity": 0, "reserved": 0, "updated_at": now}
    session.execute(dialect.insert(table_of(StockLevel)).values(fresh).on_conflict_do_nothing())
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
    listed = ", ".join(f"{name} ({available} left)" for name, available in short.items())
    return OutOfStock(f"not enough of {listed or 'what was asked for'}", variants=short)


def _lock(session: Session, pieces: Mapping[int, int]) -> None:
    """One level needs no lock of its own: the conditional update takes it, and holds it for a shorter time."""
    if len(pieces) > 1:
        lock_levels(session, pieces)


def _shift(session: Session, pieces: Mapping[int, int], *, quantity: int, reserved: int, at: datetime) -> None:
    _lock(session, pieces)
    count = _case(pieces)
    done = session.execute(
        update(StockLevel)
        .where(col(StockLevel.variant_id).in_(list(pieces)))
        .values(
            quantity=col(StockLevel.quantity) + count * quantity,
            reserved=col(StockLevel.reserved) + count * reserved,
            updated_at=at,
        )
        .execution_options(synchronize_session=False)
    )
    if _count(done) != len(pieces):
        raise NotFound("a variant has no stock level")


def _case(pieces: Mapping[int, int]) -> Any:
    if len(pieces) == 1:
        return next(iter(pieces.values()))
    return case(dict(pieces), value=col(StockLevel.variant_id))


def _count(result: Any) -> int:
    return int(result.rowcount)


def _move(session: Session, deltas: Mapping[int, int], reason: str, reference: str, at: datetime) -> None:
    rows = [
        {"variant_id": variant, "delta": delta, "reason": reason, "reference": reference, "at": at}
        for variant, delta in sorted(deltas.items())
    ]
    session.execute(insert(StockMovement).values(rows))
