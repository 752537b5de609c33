"""Stock reports of devices: each taken once, whatever the order they arrive in. `core.counting` has the rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, or_, select
from sqlmodel import Session, col

from core.counting import Count, hold_level, is_superseded, newest_count, note_count, settle
from core.devices import Reporter
from core.errors import Conflict, InvalidInput, MerxError, NotFound, Unauthorized
from core.outbox import News, emit
from core.tables import Device, Product, StockReport, Variant

MOST_AHEAD = timedelta(minutes=5)  # that a device's clock may run before ours
OLDEST = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Report:
    """What a device saw: a count of pieces at `taken_at`, or a delta that came (positive) or went.

    `variant` is a public id or a SKU; `number` is the device's own and never used for another report.
    """

    number: int
    variant: str
    kind: str
    quantity: int
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a report: applied, superseded, short (`core.tables.StockReport`), or why it was refused."""

    number: int
    outcome: str
    refused: MerxError | None = None


@dataclass(frozen=True, slots=True)
class _Named:
    variant_row: int
    product: str
    seller: int


def take_reports(
    session: Session, reporter: Reporter, reports: Sequence[Report], *, now: datetime
) -> list[Answer]:
    """Take reports in the order of the list; returns what became of each.

    A number that was used before is answered as it was then, if the report is the same; otherwise it is refused
    with Conflict. Refused without a trace are also a variant that the device may not speak of or that does not
    exist (NotFound), and moments more than MOST_AHEAD from now or older than OLDEST (InvalidInput). Raises
    Unauthorized when the device was deactivated meanwhile.
    """
    # One device's reports wait for each other here, so that a repeat sees what became of the first.
    own = select(col(Device.id)).where(col(Device.id) == reporter.row, col(Device.active)).with_for_update()
    if session.execute(own).first() is None:
        raise Unauthorized("no active device signed this")
    known = _known(session, reporter, [report.number for report in reports])
    named = _named(session, [report.variant for report in reports])
    for row in sorted({item.variant_row for item in named.values() if _may(reporter, item)}):
        hold_level(session, row, now=now)
    news: dict[tuple[str, str], None] = {}
    answers: list[Answer] = []
    for report in reports:
        try:
            outcome = _take(session, reporter, report, known=known, named=named, news=news, now=now)
            answers.append(Answer(report.number, outcome))
        except (NotFound, Conflict, InvalidInput) as error:
            answers.append(Answer(report.number, "refused", error))
    moved = dict.fromkeys(product for product, _ in news)
    told = [News("product", product, kind) for product, kind in news]
    emit(session, *told, *(News("stock", product, "moved") for product in moved), at=now)
    return answers


def _take(
    session: Session,
    reporter: Reporter,
    report: Report,
    *,
    known: dict[int, Any],
    named: dict[str, _Named],
    news: dict[tuple[str, str], None],
    now: datetime,
) -> str:
    item = named.get(report.variant)
    if item is None or not _may(reporter, item):
        raise NotFound(f"there is no variant {report.variant!r}", variant=report.variant)
    earlier = known.get(report.number)
    if earlier is not None:
        said = (earlier.variant_id, earlier.kind, earlier.quantity, earlier.taken_at)
        says = (item.variant_row, report.kind, report.quantity, min(report.taken_at, earlier.received_at))
        if said != says:
            raise Conflict(f"number {report.number} was used for another report", number=report.number)
        return str(earlier.outcome)
    if report.taken_at > now + MOST_AHEAD or report.taken_at < now - OLDEST:
        raise InvalidInput(
            f"report {report.number} was not taken at {report.taken_at.isoformat()}", number=report.number
        )
    # A clock that runs ahead must not make a count of now cover what is sold in the next minutes.
    taken_at = min(report.taken_at, now)
    outcome = _apply(session, reporter, report, item, taken_at=taken_at, news=news, now=now)
    row = StockReport(
        device_id=reporter.row,
        number=report.number,
        variant_id=item.variant_row,
        kind=report.kind,
        quantity=report.quantity,
        taken_at=taken_at,
        received_at=now,
        outcome=outcome,
    )
    session.execute(insert(StockReport).values(row.model_dump(exclude={"id"})))
    known[report.number] = row
    return outcome


def _apply(
    session: Session,
    reporter: Reporter,
    report: Report,
    item: _Named,
    *,
    taken_at: datetime,
    news: dict[tuple[str, str], None],
    now: datetime,
) -> str:
    row = item.variant_row
    count = newest_count(session, row)
    if is_superseded(count, kind=report.kind, pieces=report.quantity, taken_at=taken_at):
        return "superseded"
    is_count = report.kind == "count"
    if is_count:
        count = Count(report.quantity, taken_at)
    settled = settle(
        session,
        variant_row=row,
        count=count,
        extra=0 if is_count else report.quantity,
        reason="count" if is_count else "delivery" if report.quantity > 0 else "write-off",
        source=f"{reporter.id}:{report.number}",
        at=taken_at,
        now=now,
    )
    if is_count and count is not None:
        note_count(session, variant_row=row, count=count)
    if settled.quantity != settled.before:
        news[item.product, "stock-changed"] = None
    if settled.short:
        news[item.product, "stock-short"] = None
    return "short" if settled.short else "applied"


def _may(reporter: Reporter, item: _Named) -> bool:
    return reporter.seller in (None, item.seller)


def _known(session: Session, reporter: Reporter, numbers: list[int]) -> dict[int, Any]:
    wanted = select(StockReport).where(col(StockReport.device_id) == reporter.row)
    found = session.execute(wanted.where(col(StockReport.number).in_(numbers))).scalars()
    return {report.number: report for report in found}


def _named(session: Session, names: list[str]) -> dict[str, _Named]:
    """The variants with these public ids or SKUs; where a name is both, the public id counts."""
    columns: Any = (Variant.id, Variant.public_id, Variant.sku, Product.public_id, Product.seller_id)
    wanted = select(*columns).join(Product, col(Product.id) == col(Variant.product_id))
    found = session.execute(
        wanted.where(or_(col(Variant.public_id).in_(names), col(Variant.sku).in_(names)))
    ).all()
    by_sku = {sku: _Named(row, product, seller) for row, _, sku, product, seller in found}
    return by_sku | {name: _Named(row, product, seller) for row, name, _, product, seller in found}
