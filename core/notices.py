"""Who is told what when something happened to an order, a return, a review or a stock level.

A writer of the relay ("notify"): messages to buyers and sellers, webhook deliveries, and the mark that the event
was taken are one transaction. What they say is how things are when they are written, not when it happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from core import notice_facts as facts
from core.clock import Clock
from core.notice_texts import deadline, in_words, listed, one_line, parcel
from core.outbox import Message as Event
from core.senders import Message, Sender
from core.stock_alerts import Low, newly_low
from core.webhooks import Occurrence, deliver_to_endpoints

# After these the number of free pieces of an order's goods may be another.
MOVES_STOCK = ("placed", "cancelled", "part-cancelled")


@dataclass(frozen=True, slots=True)
class _Notice:
    """A message to a user (row number) before anybody looked for the address."""

    user: int
    kind: str
    event: str
    link: str
    said: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Notices:
    """Tells people through `sender`, and endpoints by webhooks; fewer free pieces than `low_stock` are few."""

    sender: Sender
    public_url: str
    low_stock: int
    clock: Clock
    name: str = "notify"
    size: int = 50

    def write(self, session: Session, events: Sequence[Event]) -> None:
        """Write down all that has to be said about these events."""
        told = _Told(session, self.public_url, _orders(session, events))
        for event in events:
            told.hear(event)
        low = newly_low(
            session, variants=told.moved, products=_moved(events), below=self.low_stock, at=self.clock()
        )
        if low:
            told.stock_low(low, events[-1])
        self._send(session, told.notices)
        deliver_to_endpoints(session, told.occurrences, at=self.clock())

    def _send(self, session: Session, notices: Sequence[_Notice]) -> None:
        to = facts.addresses_of(session, {notice.user for notice in notices})
        for notice in notices:
            if notice.user not in to:
                continue
            subject, text = in_words(notice.kind, link=notice.link, **notice.said)
            message = Message(
                notice.user, to[notice.user], notice.kind, subject, text, link=notice.link, event=notice.event
            )
            self.sender.send(session, message, at=self.clock())


class _Told:
    """What has to be said about some events, gathered one event after the other."""

    def __init__(self, session: Session, public_url: str, orders: Mapping[str, facts.OrderFacts]) -> None:
        self._session = session
        self._url = public_url
        self._orders = orders
        self._users = facts.users_of(session, {seller for order in orders.values() for seller in order.sellers})
        self.notices: list[_Notice] = []
        self.occurrences: list[Occurrence] = []
        self.moved: set[int] = set()

    def hear(self, event: Event) -> None:
        """Take an event; those that nobody is told of, and those about what is not there any more, are nothing."""
        if event.aggregate == "order" and (order := self._orders.get(event.aggregate_id)) is not None:
            if event.kind in MOVES_STOCK:
                self.moved.update(line.variant_row for line in order.lines)
            self._of_order(event, order)
        elif event.aggregate == "return":
            self._of_return(event)
        elif event.aggregate == "review" and event.kind == "published":
            self._of_review(event)

    def _of_order(self, event: Event, order: facts.OrderFacts) -> None:
        match event.kind:
            case "placed":
                until = deadline(order.expires_at) if order.status == "pending" else ""
                lines = listed((line.quantity, line.title) for line in order.lines)
                self._buyer(event, order, "order-placed", lines=lines, total=str(order.total), deadline=until)
                self._hook(event, order, "order.placed")
            case "paid":
                self._buyer(event, order, "order-paid", total=str(order.total))
                self._sellers(event, order, "seller-order-paid", {n.number: n.quantity for n in order.lines})
                self._hook(event, order, "order.paid")
            case "payment-failed" if order.status == "pending":
                until = deadline(order.expires_at)
                self._buyer(event, order, "payment-failed", total=str(order.total), deadline=until)
                self._hook(event, order, "payment.failed", sellers=())
            case "cancelled" | "part-cancelled":
                self._cancelled(event, order)
            case "shipment-shipped" | "shipment-delivered":
                self._shipment(event, order)
            case "refund-requested" | "refund-settled":
                self._refund(event, order)

    def _cancelled(self, event: Event, order: facts.OrderFacts) -> None:
        left = listed((n, line.title) for line in order.lines if (n := line.quantity - line.cancelled) > 0)
        self._buyer(event, order, f"order-{event.kind}", lines=left)
        gone = {int(number): int(count) for number, count in event.payload.get("lines", {}).items()}
        # Of an order that was never paid the sellers have not heard: there nothing counts as cancelled.
        paid = {line.number for line in order.lines if line.cancelled}
        self._sellers(event, order, "seller-order-cancelled", {n: count for n, count in gone.items() if n in paid})
        self._hook(event, order, f"order.{event.kind.replace('-', '_')}", pieces=gone)

    def _shipment(self, event: Event, order: facts.OrderFacts) -> None:
        sent = facts.shipment_of(self._session, str(event.payload.get("shipment")))
        if sent is None:
            return
        lines = _named(order, sent.pieces)
        known = parcel(sent.carrier, sent.tracking_number)
        if event.kind == "shipment-delivered":
            self._buyer(event, order, "order-delivered", lines=lines)
        else:
            part = "part-" if order.status == "part-shipped" else ""
            self._buyer(event, order, f"order-{part}shipped", lines=lines, parcel=known)
        kind = event.kind.replace("shipment-", "order.")
        shipment = {"shipment": {"id": sent.id, "status": sent.status}}
        self._hook(event, order, kind, sellers=(sent.seller,), pieces=sent.pieces, **shipment)

    def _refund(self, event: Event, order: facts.OrderFacts) -> None:
        refund = facts.refund_of(self._session, str(event.payload.get("refund")))
        if refund is None:
            return
        self._buyer(event, order, event.kind, amount=str(refund.amount))
        base = {
            "refund": refund.id,
            "status": refund.status,
            "order": order.id,
            "currency": refund.amount.currency,
        }
        sellers = {seller: {**base, "amount_minor": amount} for seller, amount in refund.by_seller.items()}
        shop = {**base, "amount_minor": refund.amount.minor}
        kind = event.kind.replace("-", ".")
        self.occurrences.append(Occurrence(event.key, kind, event.created_at, shop, sellers))

    def _of_return(self, event: Event) -> None:
        held = facts.return_of(self._session, event.aggregate_id)
        order = self._orders.get(str(event.payload.get("order")))
        if held is None or order is None:
            return
        lines = _named(order, held.pieces)
        if event.kind in ("requested", "approved", "rejected", "received"):
            self._buyer(event, order, f"return-{event.kind}", lines=lines, answer=held.answer)
        seller = self._users.get(held.seller)
        if seller is not None and event.kind in ("requested", "withdrawn", "received"):
            said = {"order": order.id, "name": held.id, "lines": lines}
            self.notices.append(_Notice(seller, f"seller-return-{event.kind}", event.key, "", said))
        if event.kind == "received":
            self.moved.update(line.variant_row for line in order.lines if line.number in held.pieces)
        data = {"return": held.id, "status": held.status, "order": order.id, "lines": _pieces(held.pieces)}
        kind = f"return.{event.kind}"
        self.occurrences.append(Occurrence(event.key, kind, event.created_at, data, {held.seller: data}))

    def _of_review(self, event: Event) -> None:
        review = facts.review_of(self._session, event.aggregate_id)
        if review is not None:
            data = {"review": review.id, review.subject: review.about, "score": review.score}
            told = Occurrence(event.key, "review.published", event.created_at, data, {review.seller: data})
            self.occurrences.append(told)

    def stock_low(self, low: Sequence[Low], event: Event) -> None:
        """Few pieces are left of these; `event` is the last one that was heard of."""
        owners: dict[int, list[Low]] = {}
        for one in low:
            owners.setdefault(one.seller, []).append(one)
        users = facts.users_of(self._session, owners)
        theirs: dict[int, list[Low]] = {}
        for seller, goods in owners.items():
            if seller in users:
                theirs.setdefault(users[seller], []).extend(goods)
        for user, goods in theirs.items():
            first = one_line(goods[0].title) + (f" and {len(goods) - 1} more" if len(goods) > 1 else "")
            lines = "\n".join(f"{one_line(one.title)} ({one.sku}): {one.available} left" for one in goods)
            self.notices.append(_Notice(user, "stock-low", event.key, "", {"first": first, "lines": lines}))
        data = {seller: {"variants": [_level(one) for one in goods]} for seller, goods in owners.items()}
        shop = {"variants": [_level(one) for one in low]}
        # The event has a delivery of its own kind already, maybe: this one is another.
        self.occurrences.append(Occurrence(f"{event.key}:low", "stock.low", event.created_at, shop, data))

    def _buyer(self, event: Event, order: facts.OrderFacts, kind: str, **said: str) -> None:
        if order.user is not None:
            link = f"{self._url}/orders/{order.id}"
            self.notices.append(_Notice(order.user, kind, event.key, link, {"order": order.id, **said}))

    def _sellers(self, event: Event, order: facts.OrderFacts, kind: str, pieces: Mapping[int, int]) -> None:
        """Tell each seller of their own pieces (by line number); one user may be several sellers."""
        theirs: dict[int, dict[int, int]] = {}
        for line in order.lines:
            user = self._users.get(line.seller) if line.seller is not None else None
            if user is not None and line.number in pieces:
                theirs.setdefault(user, {})[line.number] = pieces[line.number]
        for user, own in theirs.items():
            said = {"order": order.id, "lines": _named(order, own)}
            self.notices.append(_Notice(user, kind, event.key, "", said))

    def _hook(
        self,
        event: Event,
        order: facts.OrderFacts,
        kind: str,
        *,
        sellers: Sequence[int] | None = None,
        pieces: Mapping[int, int] | None = None,
        **more: Any,
    ) -> None:
        heard = order.sellers if sellers is None else sellers
        data = {seller: {**_order(order, seller, pieces), **more} for seller in heard}
        shop = {**_order(order, None, pieces), **more}
        self.occurrences.append(Occurrence(event.key, kind, event.created_at, shop, data))


def _orders(session: Session, events: Sequence[Event]) -> dict[str, facts.OrderFacts]:
    names = {event.aggregate_id for event in events if event.aggregate == "order"}
    names |= {str(event.payload["order"]) for event in events if event.aggregate == "return"}
    return facts.orders_of(session, names)


def _moved(events: Sequence[Event]) -> set[str]:
    """The products whose stock moved otherwise than by an order."""
    return {event.aggregate_id for event in events if event.aggregate == "stock"}


def _named(order: facts.OrderFacts, pieces: Mapping[int, int]) -> str:
    return listed((pieces[line.number], line.title) for line in order.lines if line.number in pieces)


def _pieces(pieces: Mapping[int, int]) -> list[dict[str, int]]:
    return [{"line": number, "quantity": count} for number, count in sorted(pieces.items())]


def _order(order: facts.OrderFacts, seller: int | None, pieces: Mapping[int, int] | None) -> dict[str, Any]:
    """An order as an endpoint sees it: a seller's with their own lines, and no amounts of others."""
    lines = order.of(seller)
    told: dict[str, Any] = {
        "order": order.id,
        "status": order.status,
        "currency": order.total.currency,
        "lines": [
            {
                "line": line.number,
                "variant": line.variant,
                "sku": line.sku,
                "quantity": line.quantity,
                "cancelled": line.cancelled,
                "shipped": line.shipped,
                "unit_price_minor": line.unit_price_minor,
            }
            for line in lines
        ],
    }
    if seller is None:
        told["total_minor"] = order.total.minor
    if pieces is not None:
        own = {line.number for line in lines}
        told["pieces"] = _pieces({number: n for number, n in pieces.items() if seller is None or number in own})
    return told


def _level(low: Low) -> dict[str, Any]:
    return {"variant": low.variant, "sku": low.sku, "available": low.available}
