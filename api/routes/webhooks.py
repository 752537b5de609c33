"""/v1/seller/webhooks and /v1/staff/webhooks: who is told what happens, a seller's own and the shop's."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from sqlmodel import Session

from api.guard import Member, SellerMember, Staff
from api.once import OnceDep
from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas_webhooks import (
    DeliveriesOut,
    DeliveryOut,
    NewWebhookOut,
    RedeliveredOut,
    RedeliverIn,
    SecretOut,
    WebhookChangeIn,
    WebhookIn,
    WebhookOut,
    WebhooksOut,
)
from api.state import Shop
from api.texts import PathId, PublicId
from core import webhooks
from core.goods import keeper_of
from core.outside import check_url


def _seller(_caller: SellerMember) -> None:
    """Lets sellers in."""


def _staff(_caller: Staff) -> None:
    """Lets staff in."""


# Whoever comes in manages their own: a seller the seller's, staff the shop's.
seller = APIRouter(
    prefix="/v1/seller/webhooks",
    tags=["sellers"],
    responses=PROBLEM_RESPONSES,
    dependencies=[Depends(_seller)],
)
staff = APIRouter(
    prefix="/v1/staff/webhooks", tags=["staff"], responses=PROBLEM_RESPONSES, dependencies=[Depends(_staff)]
)
router = APIRouter()


@seller.get("", summary="My webhooks")
@staff.get("", summary="The shop's webhooks")
def get_webhooks(shop: ShopDep, caller: Member) -> WebhooksOut:
    """The oldest first."""
    with shop.database.read() as session:
        found = webhooks.list_endpoints(session, keeper_of(session, caller))
    return WebhooksOut(webhooks=[WebhookOut(**asdict(one)) for one in found])


@seller.post("", status_code=201, summary="Add a webhook", response_model=NewWebhookOut)
@staff.post("", status_code=201, summary="Add a webhook of the shop", response_model=NewWebhookOut)
def post_webhook(shop: ShopDep, caller: Member, once: OnceDep, body: WebhookIn) -> Response:
    """From now on the address is told of these kinds of events. The secret is shown this once."""
    check_url(body.url, local=_local(shop))

    def work(session: Session) -> NewWebhookOut:
        keeper = keeper_of(session, caller)
        made, secret = webhooks.create_endpoint(session, keeper, url=body.url, kinds=body.kinds, at=shop.clock())
        return NewWebhookOut(**asdict(made), secret=secret)

    return once(work, body=body, status=201)


@seller.get("/{webhook}", summary="One of my webhooks")
@staff.get("/{webhook}", summary="One of the shop's webhooks")
def get_webhook(shop: ShopDep, caller: Member, webhook: PathId) -> WebhookOut:
    """How it stands."""
    with shop.database.read() as session:
        return WebhookOut(**asdict(webhooks.read_endpoint(session, keeper_of(session, caller), webhook)))


@seller.patch("/{webhook}", summary="Change a webhook")
@staff.patch("/{webhook}", summary="Change a webhook of the shop")
def patch_webhook(shop: ShopDep, caller: Member, webhook: PathId, body: WebhookChangeIn) -> WebhookOut:
    """Another address, other kinds, on or off. What waits for one that is off waits on."""
    if body.url is not None:
        check_url(body.url, local=_local(shop))
    changed = shop.database.transact(
        lambda session: webhooks.change_endpoint(
            session, keeper_of(session, caller), webhook, changes=body.changes, at=shop.clock()
        )
    )
    return WebhookOut(**asdict(changed))


@seller.delete("/{webhook}", status_code=204, summary="Remove a webhook")
@staff.delete("/{webhook}", status_code=204, summary="Remove a webhook of the shop")
def delete_webhook(shop: ShopDep, caller: Member, webhook: PathId) -> Response:
    """With all that was sent to it, and what waits."""
    shop.database.transact(
        lambda session: webhooks.remove_endpoint(session, keeper_of(session, caller), webhook, at=shop.clock())
    )
    return Response(status_code=204)


@seller.post("/{webhook}/secret", summary="A new secret", response_model=SecretOut)
@staff.post("/{webhook}/secret", summary="A new secret of a webhook of the shop", response_model=SecretOut)
def post_secret(shop: ShopDep, caller: Member, once: OnceDep, webhook: PathId) -> Response:
    """Shown this once. For 24 hours messages carry the signatures of both."""

    def work(session: Session) -> SecretOut:
        keeper = keeper_of(session, caller)
        return SecretOut(secret=webhooks.rotate_secret(session, keeper, webhook, at=shop.clock()))

    return once(work)


@seller.post("/{webhook}/test", status_code=201, summary="Send a test message")
@staff.post("/{webhook}/test", status_code=201, summary="Send a test message to a webhook of the shop")
def post_test(shop: ShopDep, caller: Member, webhook: PathId) -> DeliveryOut:
    """It is delivered like any other; what became of it is in the list of deliveries."""
    sent = shop.database.transact(
        lambda session: webhooks.send_test(session, keeper_of(session, caller), webhook, at=shop.clock())
    )
    return DeliveryOut(**asdict(sent))


@seller.get("/{webhook}/deliveries", summary="What a webhook was sent")
@staff.get("/{webhook}/deliveries", summary="What a webhook of the shop was sent")
def get_deliveries(
    shop: ShopDep,
    caller: Member,
    webhook: PathId,
    status: Literal["pending", "sent", "dead"] | None = None,
    before: Annotated[PublicId | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DeliveriesOut:
    """The newest first, with attempts and the last answer."""
    with shop.database.read() as session:
        found = webhooks.deliveries(
            session, keeper_of(session, caller), webhook, status=status, before=before, limit=limit + 1
        )
    page = [DeliveryOut(**asdict(one)) for one in found[:limit]]
    return DeliveriesOut(deliveries=page, next=page[-1].id if len(found) > limit else None)


@seller.post("/{webhook}/deliveries/{delivery}/redeliver", summary="Send a message again")
@staff.post("/{webhook}/deliveries/{delivery}/redeliver", summary="Send a message of the shop again")
def post_redeliver(shop: ShopDep, caller: Member, webhook: PathId, delivery: PathId) -> DeliveryOut:
    """With the same id, by which the receiver knows a repeat."""
    again = shop.database.transact(
        lambda session: webhooks.redeliver(session, keeper_of(session, caller), webhook, delivery, at=shop.clock())
    )
    return DeliveryOut(**asdict(again))


@seller.post("/{webhook}/redeliver", summary="Send all again that was given up")
@staff.post("/{webhook}/redeliver", summary="Send all again that was given up for a webhook of the shop")
def post_redeliver_failed(shop: ShopDep, caller: Member, webhook: PathId, body: RedeliverIn) -> RedeliveredOut:
    """What was written since a moment and is dead now."""
    count = shop.database.transact(
        lambda session: webhooks.redeliver_failed(
            session, keeper_of(session, caller), webhook, since=body.since, at=shop.clock()
        )
    )
    return RedeliveredOut(deliveries=count)


def _local(shop: Shop) -> bool:
    return shop.settings.mode == "development"


router.include_router(seller)
router.include_router(staff)
