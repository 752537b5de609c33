"""/v1/orders: checkout, what became of an order, cancelling it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session
from starlette.responses import Response

from api.guard import Member
from api.once import OnceDep
from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas_trade import (
    CancelIn,
    CheckoutIn,
    HistoryOut,
    OrderOut,
    OrdersOut,
    OrderSummaryOut,
    ShipmentOut,
    TransitionOut,
)
from api.streams import STREAM_RESPONSES, EventStream
from api.texts import PathId, PublicId
from api.trade import order_out, pieces_of, shipment_out
from core import orders, shipments
from core.cancel import cancel
from core.checkout import Checkout, check_out
from core.order_history import history_of
from core.transitions import Cause

router = APIRouter(prefix="/v1/orders", tags=["orders"], responses=PROBLEM_RESPONSES)


@router.post("", status_code=201, summary="Check out", response_model=OrderOut, response_model_exclude_none=True)
def post_order(shop: ShopDep, caller: Member, once: OnceDep, body: CheckoutIn) -> Response:
    """A cart becomes an order, which keeps its stock until `expires_at` and is then to be paid.

    409 `changed` when the total or an offer is not what the shopper saw, `out-of-stock` when pieces are missing;
    then nothing happened and the cart can be looked at again.
    """

    def work(session: Session) -> OrderOut:
        placed = check_out(
            session,
            Checkout(body.cart, body.address, body.total_minor),
            user=caller.row,
            user_id=caller.user,
            charges=shop.charges,
            at=shop.clock(),
            hold=timedelta(minutes=shop.settings.reservation_minutes),
        )
        return order_out(placed)

    return once(work, body=body, status=201)


@router.get("", summary="My orders")
def get_orders(
    shop: ShopDep,
    caller: Member,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    before: Annotated[PublicId | None, Query(description="the last id of the page before")] = None,
) -> OrdersOut:
    """The newest first."""
    with shop.database.read() as session:
        found = orders.list_orders(session, user=caller.row, limit=limit, before=before)
    return OrdersOut(orders=[OrderSummaryOut(**asdict(order)) for order in found])


@router.get("/{order}", summary="One of my orders", response_model_exclude_none=True)
def get_order(shop: ShopDep, caller: Member, order: PathId) -> OrderOut:
    """With its lines, payments, refunds and shipments."""
    with shop.database.read() as session:
        return order_out(orders.get_order(session, order, user=caller.row))


@router.get("/{order}/history", summary="What happened to one of my orders")
def get_history(shop: ShopDep, caller: Member, order: PathId) -> HistoryOut:
    """Every change of state of the order and of its payments, refunds, shipments and returns, oldest first."""
    with shop.database.read() as session:
        found = history_of(session, orders.get_order(session, order, user=caller.row), for_buyer=True)
    return HistoryOut(transitions=[TransitionOut(**asdict(transition)) for transition in found])


@router.get(
    "/{order}/stream",
    summary="One of my orders, again after each change",
    response_class=Response,  # what the route makes is one; its class alone has no status to describe
    responses=STREAM_RESPONSES,
)
async def order_stream(shop: ShopDep, caller: Member, order: PathId) -> EventStream:
    """Server-sent events named `order`, each with the whole order."""

    def render() -> OrderOut:
        with shop.database.read() as session:
            return order_out(orders.get_order(session, order, user=caller.row))

    return EventStream(shop.streams, subjects=[("order", order)], render=render, name="order")


@router.post(
    "/{order}/cancel", summary="Cancel one of my orders", response_model=OrderOut, response_model_exclude_none=True
)
def post_cancel(shop: ShopDep, caller: Member, once: OnceDep, order: PathId, body: CancelIn) -> Response:
    """All that has not been shipped, or pieces of it. What was paid for it is given back."""

    def work(session: Session) -> OrderOut:
        cause = Cause(caller.actor, shop.clock(), body.reason)
        cancel(session, order, pieces=pieces_of(body.lines), user=caller.row, cause=cause)
        return order_out(orders.get_order(session, order, user=caller.row))

    return once(work, body=body)


@router.post("/shipments/{shipment}/received", summary="A shipment has arrived", response_model=ShipmentOut)
def post_received(shop: ShopDep, caller: Member, once: OnceDep, shipment: PathId) -> Response:
    """The order is delivered when all of its shipments have arrived."""

    def work(session: Session) -> ShipmentOut:
        cause = Cause(caller.actor, shop.clock(), "received")
        return shipment_out(shipments.deliver(session, shipment, user=caller.row, cause=cause))

    return once(work)
