"""Taking shipped goods back: what pieces are worth, where they go, and the money that is owed for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import case, func, select, update
from sqlmodel import Session, col

from core import audit, outbox, stock
from core.bulk import table_of
from core.errors import Conflict, InvalidInput
from core.holding import hold_order, lines_of
from core.payments import product_news
from core.refunds import RefundedLine, owe
from core.sharing import part
from core.tables import Order, OrderLine, Refund, Shipment, ShipmentLine
from core.transitions import Cause

Fate = Literal["restored", "written-off"]

_LINE = table_of(OrderLine)


@dataclass(frozen=True, slots=True)
class Back:
    """What became of the pieces of a line that came back.

    `quantity` may be left out for a return, which knows it. `amount_minor` gives back less than they are worth.
    """

    line: int
    stock: Fate
    quantity: int | None = None
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What taking goods back made: the refund, if any, and what is to be told."""

    refund: Refund | None
    news: tuple[outbox.News, ...]

    @property
    def refund_id(self) -> str | None:
        """The refund's public id."""
        return self.refund.public_id if self.refund else None


def refund_lines(session: Session, order: str, *, back: Sequence[Back], cause: Cause) -> str | None:
    """Give money of shipped pieces back without a return: lost, or not worth sending back. For staff.

    Returns the refund's id. Raises NotFound, InvalidInput, and Conflict where fewer pieces have left.
    """
    row = hold_order(session, order)
    if row.source != "shop":
        raise Conflict(f"order {order} was imported from {row.source}: refund it there", order=order)
    counted = {item.line: item.quantity or 0 for item in back}
    if not back or len(counted) < len(back) or min(counted.values()) < 1:
        raise InvalidInput("each line is named once, with the number of its pieces", order=order)
    taken = take_back(session, row, back, counted=counted, cause=cause)
    detail: dict[str, Any] = {"lines": {str(number): count for number, count in counted.items()}}
    outbox.emit(session, outbox.News("order", order, "part-refunded", detail), *taken.news, at=cause.at)
    detail["refund"] = taken.refund_id
    audit.record(
        session, actor=cause.actor, action="order-part-refunded", subject=order, detail=detail, at=cause.at
    )
    return taken.refund_id


def take_back(
    session: Session, order: Order, back: Sequence[Back], *, counted: Mapping[int, int], cause: Cause
) -> Taken:
    """So many shipped pieces by line number of a locked order are back: their stock moves, their money is owed.

    Raises InvalidInput for lines that it does not have and amounts above what the pieces are worth, Conflict where
    fewer have left and not come back.
    """
    lines = {line.line_number: line for line in lines_of(session, order)}
    waiting = _packed(session, order)
    gone: dict[int, int] = {}
    given: list[RefundedLine] = []
    for item in sorted(back, key=lambda item: item.line):
        line, count = lines.get(item.line), counted[item.line]
        if line is None:
            raise InvalidInput(f"order {order.public_id} has no line {item.line}", line=item.line)
        left = line.shipped - line.returned - waiting.get(line.id or 0, 0)
        if count > left:
            raise Conflict(f"line {item.line} of order {order.public_id} has {left} pieces to take back")
        full = worth(line, count)
        amount = full if item.amount_minor is None else item.amount_minor
        if amount > full:
            raise InvalidInput(f"{count} pieces of line {item.line} are worth {full}", line=item.line)
        gone[line.id or 0] = count
        given.append(RefundedLine(line.id or 0, line.variant_id, line.title, count, amount))
    session.execute(
        update(_LINE).where(_LINE.c.id.in_(gone)).values(returned=_LINE.c.returned + case(gone, value=_LINE.c.id))
    )
    fates = {item.line: item.stock for item in back}
    for fate in ("restored", "written-off"):
        pieces: dict[int, int] = {}
        for number, line in lines.items():
            if fates.get(number) == fate:
                pieces[line.variant_id] = pieces.get(line.variant_id, 0) + counted[number]
        if pieces and fate == "restored":
            stock.restore(session, pieces, reason="return", reference=order.public_id, at=cause.at)
        elif pieces:
            stock.write_off(session, pieces, reference=order.public_id, at=cause.at)
    amount = sum(line.amount_minor for line in given)
    if nothing_kept(lines.values(), {number: counted.get(number, 0) for number in lines}):
        amount += order.shipping_minor
    refund = owe(session, order=order, amount_minor=amount, lines=given, cause=cause)
    restored = [lines[number].variant_id for number, fate in fates.items() if fate == "restored"]
    return Taken(refund, tuple(product_news(session, restored, "stock-changed")))


def _packed(session: Session, order: Order) -> dict[int, int]:
    """Pieces by line (row number) in parcels that have not left: those can be unpacked, and cancelled then."""
    statement: Any = (
        select(col(ShipmentLine.order_line_id), func.sum(col(ShipmentLine.quantity)))
        .join(Shipment, col(Shipment.id) == col(ShipmentLine.shipment_id))
        .where(col(Shipment.order_id) == order.id, col(Shipment.status) == "prepared")
        .group_by(col(ShipmentLine.order_line_id))
    )
    return {line: int(count) for line, count in session.execute(statement)}


def worth(line: OrderLine, count: int) -> int:
    """What `count` more pieces of a paid line are worth (minor units), with their share of discount and tax.

    Whatever the steps in which pieces are cancelled and returned, the parts add up to what was paid for the line.
    """
    total = line.unit_price_minor * line.quantity - line.discount_minor + line.tax_minor
    return part(total, before=line.cancelled + line.returned, pieces=count, of=line.quantity)


def nothing_kept(lines: Iterable[OrderLine], going: Mapping[int, int]) -> bool:
    """Whether the buyer keeps nothing of an order when so many more pieces by line number go back."""
    return all(line.cancelled + line.returned + going.get(line.line_number, 0) == line.quantity for line in lines)
