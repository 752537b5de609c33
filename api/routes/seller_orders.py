"""/v1/seller/orders and /v1/seller/shipments: what a seller has to send."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from sqlmodel import Session
from starlette.responses import Response

from api.guard import SellerMember
from api.once import OnceDep
from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas_trade import (
    SellerOrderOut,
    SellerOrdersOut,
    SendIn,
    ShipmentIn,
    ShipmentOut,
)
from api.texts import PathId, PublicId
from api.trade import pieces_of, seller_order_out, shipment_out
from core import shipments
from core.accounts import Caller
from core.errors import Forbidden
from core.goods import keeper_of
from core.seller_orders import seller_order, seller_orders
from core.transitions import Cause

router = APIRouter(prefix="/v1/seller", tags=["sellers' orders"], responses=PROBLEM_RESPONSES)

Status = Literal["pending", "paid", "part-shipped", "shipped", "delivered", "cancelled"]


@router.get("/orders", summary="Orders with goods of mine", response_model_exclude_none=True)
def get_orders(
    shop: ShopDep,
    caller: SellerMember,
    status: Status | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    before: Annotated[PublicId | None, Query(description="the last id of the page before")] = None,
) -> SellerOrdersOut:
    """The newest first, each with the seller's own lines alone."""
    with shop.database.read() as session:
        found = seller_orders(
            session, seller=seller_row(session, caller), status=status, limit=limit, before=before
        )
    return SellerOrdersOut(orders=[seller_order_out(order) for order in found])


@router.get("/orders/{order}", summary="An order with goods of mine", response_model_exclude_none=True)
def get_order(shop: ShopDep, caller: SellerMember, order: PathId) -> SellerOrderOut:
    """The address is there once the order is paid."""
    with shop.database.read() as session:
        return seller_order_out(seller_order(session, order, seller=seller_row(session, caller)))


@router.post(
    "/orders/{order}/shipments", status_code=201, summary="Pack goods of an order", response_model=ShipmentOut
)
def post_shipment(shop: ShopDep, caller: SellerMember, once: OnceDep, order: PathId, body: ShipmentIn) -> Response:
    """All of the seller's pieces that are left, or some. What is packed cannot be cancelled any more."""

    def work(session: Session) -> ShipmentOut:
        made = shipments.prepare(
            session,
            order,
            seller=seller_row(session, caller),
            pieces=pieces_of(body.lines),
            cause=Cause(caller.actor, shop.clock()),
        )
        return shipment_out(made)

    return once(work, body=body, status=201)


@router.post("/shipments/{shipment}/send", summary="A shipment has left", response_model=ShipmentOut)
def post_send(shop: ShopDep, caller: SellerMember, once: OnceDep, shipment: PathId, body: SendIn) -> Response:
    """With the carrier and the tracking number that the buyer sees."""

    def work(session: Session) -> ShipmentOut:
        sent = shipments.send(
            session,
            shipment,
            seller=seller_row(session, caller),
            carrier=body.carrier,
            tracking_number=body.tracking_number,
            cause=Cause(caller.actor, shop.clock()),
        )
        return shipment_out(sent)

    return once(work, body=body)


@router.post("/shipments/{shipment}/unpack", summary="A packed shipment is not sent", response_model=ShipmentOut)
def post_unpack(shop: ShopDep, caller: SellerMember, once: OnceDep, shipment: PathId) -> Response:
    """Its pieces can be cancelled or packed again."""

    def work(session: Session) -> ShipmentOut:
        cause = Cause(caller.actor, shop.clock())
        return shipment_out(shipments.unpack(session, shipment, seller=seller_row(session, caller), cause=cause))

    return once(work)


@router.post("/shipments/{shipment}/delivered", summary="A shipment has arrived", response_model=ShipmentOut)
def post_delivered(shop: ShopDep, caller: SellerMember, once: OnceDep, shipment: PathId) -> Response:
    """As the carrier says; the buyer can say so too."""

    def work(session: Session) -> ShipmentOut:
        cause = Cause(caller.actor, shop.clock(), "delivered")
        return shipment_out(shipments.deliver(session, shipment, seller=seller_row(session, caller), cause=cause))

    return once(work)


def seller_row(session: Session, caller: Caller) -> int:
    """The seller (row number) that a caller is; raises Forbidden."""
    seller = keeper_of(session, caller).seller
    if seller is None:
        raise Forbidden("this is for sellers")
    return seller
