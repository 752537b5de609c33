"""Webhooks: who is told what happens in the shop, and what was sent to them (Standard Webhooks).

A seller's endpoint hears of the seller's own lines, the shop's own endpoints of everybody's. What they are sent
holds ids, amounts and states, and never a person. https://www.standardwebhooks.com
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlmodel import Session, col

from core.bulk import FRESH, insert_of, table_of
from core.database import vault_of
from core.errors import Conflict, InvalidInput, NotFound
from core.goods import Keeper, note
from core.ids import new_id
from core.tables import WebhookDelivery, WebhookEndpoint

KINDS = (
    *("order.placed", "order.paid", "order.cancelled", "order.part_cancelled", "order.shipped", "order.delivered"),
    *("payment.failed", "refund.requested", "refund.settled"),
    *("return.requested", "return.approved", "return.rejected", "return.withdrawn", "return.received"),
    *("stock.low", "review.published"),
)
TEST = "test"
MOST_ENDPOINTS = 20  # of one owner
BOTH_SECRETS = timedelta(hours=24)

_ENDPOINT = table_of(WebhookEndpoint)
_DELIVERY = table_of(WebhookDelivery)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something to tell endpoints: `shop` is what the shop's own hear, `sellers` what each seller (row) hears."""

    key: str
    kind: str
    at: datetime
    shop: Mapping[str, Any]
    sellers: Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class EndpointView:
    """An endpoint as its owner sees it. After `failures` in a row nothing is sent until `closed_until`."""

    id: str
    url: str
    kinds: tuple[str, ...]
    active: bool
    failures: int
    closed_until: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One message for an endpoint. `last_status` is the HTTP status of the last answer, if there was one."""

    id: str
    kind: str
    body: Mapping[str, Any]
    status: str
    attempts: int
    last_status: int | None
    last_error: str | None
    next_attempt_at: datetime | None
    created_at: datetime
    sent_at: datetime | None


def deliver_to_endpoints(session: Session, occurrences: Sequence[Occurrence], *, at: datetime) -> int:
    """Write down what every active endpoint that wants to know has to be told; returns how many deliveries."""
    if not occurrences:
        return 0
    wanted = select(_ENDPOINT.c.id, _ENDPOINT.c.seller_id, _ENDPOINT.c.kinds).where(_ENDPOINT.c.active)
    sellers = {seller for one in occurrences for seller in one.sellers}
    endpoints = session.execute(
        wanted.where(_ENDPOINT.c.seller_id.is_(None) | _ENDPOINT.c.seller_id.in_(sorted(sellers)))
    ).all()
    rows = [
        _row(endpoint.id, one.key, one.kind, data, happened=one.at, at=at)
        for one in occurrences
        for endpoint in endpoints
        if one.kind in endpoint.kinds
        and (data := one.shop if endpoint.seller_id is None else one.sellers.get(endpoint.seller_id)) is not None
    ]
    if not rows:
        return 0
    new = insert_of(session, _DELIVERY).values(rows).on_conflict_do_nothing()
    return len(session.execute(new.returning(_DELIVERY.c.id)).all())


def create_endpoint(
    session: Session, keeper: Keeper, *, url: str, kinds: Collection[str], at: datetime
) -> tuple[EndpointView, str]:
    """A new endpoint of the keeper's (of the shop for staff) and its secret, which is not shown again.

    Raises Conflict where there are MOST_ENDPOINTS already, InvalidInput for a kind that there is not.
    """
    count = select(func.count()).select_from(_ENDPOINT).where(_own(keeper))
    if session.execute(count).scalar_one() >= MOST_ENDPOINTS:
        raise Conflict(f"there are {MOST_ENDPOINTS} webhooks already: remove one")
    secret = new_secret()
    made = WebhookEndpoint(
        public_id=new_id("w-"),
        seller_id=keeper.seller,
        url=url,
        secret=vault_of(session).seal(secret),
        kinds=_known(kinds),
        created_at=at,
    )
    session.add(made)
    session.flush()
    note(session, keeper, action="webhook.create", subject=_subject(made.public_id), detail={"url": url}, at=at)
    return _view(made), secret


def list_endpoints(session: Session, keeper: Keeper) -> list[EndpointView]:
    """The keeper's endpoints, oldest first."""
    wanted = select(WebhookEndpoint).where(_own(keeper)).order_by(col(WebhookEndpoint.id))
    return [_view(row) for row in session.execute(wanted, execution_options=FRESH).scalars()]


def read_endpoint(session: Session, keeper: Keeper, name: str) -> EndpointView:
    """One of the keeper's endpoints; raises NotFound."""
    return _view(_found(session, keeper, name))


def change_endpoint(
    session: Session, keeper: Keeper, name: str, *, changes: Mapping[str, Any], at: datetime
) -> EndpointView:
    """Change `url`, `kinds` or `active`. Another address, or switching it on, opens one that failures closed.

    Raises NotFound, InvalidInput for a kind that there is not.
    """
    row = _found(session, keeper, name, lock=True)
    values = dict(changes)
    if "kinds" in values:
        values["kinds"] = _known(values["kinds"])
    if values.get("active") or "url" in values:
        values |= {"failures": 0, "closed_until": None}
    if values:
        session.execute(update(_ENDPOINT).where(_ENDPOINT.c.id == row.id).values(values))
    detail = {key: value for key, value in changes.items() if value is not None}
    note(session, keeper, action="webhook.change", subject=_subject(name), detail=detail, at=at)
    return read_endpoint(session, keeper, name)


def rotate_secret(session: Session, keeper: Keeper, name: str, *, at: datetime) -> str:
    """A new secret, from now on; for BOTH_SECRETS messages are signed with the old one too. Raises NotFound."""
    row = _found(session, keeper, name, lock=True)
    secret = new_secret()
    session.execute(
        update(_ENDPOINT)
        .where(_ENDPOINT.c.id == row.id)
        .values(
            secret=vault_of(session).seal(secret), previous_secret=row.secret, previous_until=at + BOTH_SECRETS
        )
    )
    note(session, keeper, action="webhook.secret", subject=_subject(name), detail={}, at=at)
    return secret


def remove_endpoint(session: Session, keeper: Keeper, name: str, *, at: datetime) -> None:
    """Remove an endpoint with its deliveries, what waits too; raises NotFound."""
    row = _found(session, keeper, name, lock=True)
    session.execute(delete(_DELIVERY).where(_DELIVERY.c.endpoint_id == row.id))
    session.execute(delete(_ENDPOINT).where(_ENDPOINT.c.id == row.id))
    note(session, keeper, action="webhook.remove", subject=_subject(name), detail={"url": row.url}, at=at)


def send_test(session: Session, keeper: Keeper, name: str, *, at: datetime) -> DeliveryView:
    """Have a message of kind "test" delivered; raises NotFound, Conflict for an endpoint that is switched off."""
    row = _found(session, keeper, name)
    if not row.active:
        raise Conflict(f"webhook {name} is switched off", webhook=name)
    values = _row(row.id or 0, new_id("test-"), TEST, {"webhook": name}, happened=at, at=at)
    session.execute(_DELIVERY.insert().values(values))
    return read_delivery(session, keeper, name, values["public_id"])


def deliveries(
    session: Session,
    keeper: Keeper,
    name: str,
    *,
    status: str | None = None,
    limit: int = 50,
    before: str | None = None,
) -> list[DeliveryView]:
    """What an endpoint was sent, newest first; `before` is the last id of the page before. Raises NotFound."""
    row = _found(session, keeper, name)
    wanted = select(WebhookDelivery).where(_DELIVERY.c.endpoint_id == row.id)
    if status is not None:
        wanted = wanted.where(_DELIVERY.c.status == status)
    if before is not None:
        wanted = wanted.where(_DELIVERY.c.id < _delivery(session, row, before).id)
    page = wanted.order_by(_DELIVERY.c.id.desc()).limit(limit)
    return [_delivery_view(found) for found in session.execute(page, execution_options=FRESH).scalars()]


def read_delivery(session: Session, keeper: Keeper, name: str, delivery: str) -> DeliveryView:
    """One delivery of one of the keeper's endpoints; raises NotFound."""
    return _delivery_view(_delivery(session, _found(session, keeper, name), delivery))


def redeliver(session: Session, keeper: Keeper, name: str, delivery: str, *, at: datetime) -> DeliveryView:
    """Send a message again, whatever became of it, with all its attempts and the same id. Raises NotFound."""
    found = _delivery(session, _found(session, keeper, name), delivery)
    session.execute(_again(at).where(_DELIVERY.c.id == found.id))
    return read_delivery(session, keeper, name, delivery)


def redeliver_failed(session: Session, keeper: Keeper, name: str, *, since: datetime, at: datetime) -> int:
    """Send everything again that was given up and written since a moment; returns how many. Raises NotFound."""
    row = _found(session, keeper, name)
    dead = _again(at).where(
        _DELIVERY.c.endpoint_id == row.id, _DELIVERY.c.status == "dead", _DELIVERY.c.created_at >= since
    )
    return len(session.execute(dead.returning(_DELIVERY.c.id)).all())


def new_secret() -> str:
    """A secret in the form of the specification: 32 random bytes."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _row(
    endpoint: int, key: str, kind: str, data: Mapping[str, Any], *, happened: datetime, at: datetime
) -> dict[str, Any]:
    moment = happened.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "public_id": new_id("m-"),
        "endpoint_id": endpoint,
        "event_key": key,
        "kind": kind,
        "body": {"type": kind, "timestamp": moment, "data": dict(data)},
        "status": "pending",
        "next_attempt_at": at,
        "created_at": at,
    }


def _again(at: datetime) -> Any:
    fresh = {"status": "pending", "attempts": 0, "next_attempt_at": at, "sent_at": None}
    return update(_DELIVERY).values(fresh).execution_options(synchronize_session=False)


def _own(keeper: Keeper) -> Any:
    if keeper.seller is None:
        return _ENDPOINT.c.seller_id.is_(None)
    return _ENDPOINT.c.seller_id == keeper.seller


def _found(session: Session, keeper: Keeper, name: str, *, lock: bool = False) -> WebhookEndpoint:
    wanted = select(WebhookEndpoint).where(_own(keeper), _ENDPOINT.c.public_id == name)
    if lock:
        wanted = wanted.with_for_update()
    row: WebhookEndpoint | None = session.execute(wanted, execution_options=FRESH).scalar_one_or_none()
    if row is None:
        raise NotFound(f"there is no webhook {name!r}", webhook=name)
    return row


def _delivery(session: Session, endpoint: WebhookEndpoint, name: str) -> WebhookDelivery:
    wanted = select(WebhookDelivery).where(_DELIVERY.c.endpoint_id == endpoint.id, _DELIVERY.c.public_id == name)
    row: WebhookDelivery | None = session.execute(wanted, execution_options=FRESH).scalar_one_or_none()
    if row is None:
        raise NotFound(f"there is no delivery {name!r}", delivery=name)
    return row


def _known(kinds: Collection[str]) -> list[str]:
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown or not kinds:
        raise InvalidInput(f"name kinds of events that there are, not {', '.join(unknown) or 'none'}")
    return [kind for kind in KINDS if kind in kinds]


def _subject(name: str) -> str:
    return f"webhook:{name}"


def _view(row: WebhookEndpoint) -> EndpointView:
    return EndpointView(
        row.public_id, row.url, tuple(row.kinds), row.active, row.failures, row.closed_until, row.created_at
    )


def _delivery_view(row: WebhookDelivery) -> DeliveryView:
    return DeliveryView(
        row.public_id,
        row.kind,
        row.body,
        row.status,
        row.attempts,
        row.last_status,
        row.last_error,
        row.next_attempt_at,
        row.created_at,
        row.sent_at,
    )
