"""/v1/staff/orders and /v1/staff/vouchers: the back office's side of buying."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session
from starlette.responses import Response

from api.guard import Staff
from api.once import OnceDep
from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas_trade import (
    CancelIn,
    HistoryOut,
    OrderOut,
    TransitionOut,
    VoucherIn,
    VoucherOut,
    VouchersOut,
)
from api.texts import PathId
from api.trade import order_out, pieces_of
from core import audit, orders, vouchers
from core.cancel import cancel
from core.order_history import history_of
from core.transitions import Cause

router = APIRouter(prefix="/v1/staff", tags=["back office"], responses=PROBLEM_RESPONSES)


@router.get("/orders/{order}", summary="Any order", response_model_exclude_none=True)
def get_order(shop: ShopDep, caller: Staff, order: PathId) -> OrderOut:
    """Who looked is written to the audit log: an order names a person."""

    def work(session: Session) -> OrderOut:
        found = order_out(orders.get_order(session, order), for_buyer=False)
        audit.record(session, actor=caller.actor, action="order-read", subject=order, detail={}, at=shop.clock())
        return found

    return shop.database.transact(work)


@router.get("/orders/{order}/history", summary="What happened to an order")
def get_history(shop: ShopDep, _caller: Staff, order: PathId) -> HistoryOut:
    """Every change of state of the order and of its payments, refunds, shipments and returns, oldest first."""
    with shop.database.read() as session:
        found = history_of(session, orders.get_order(session, order))
    return HistoryOut(transitions=[TransitionOut(**asdict(transition)) for transition in found])


@router.post(
    "/orders/{order}/cancel", summary="Cancel an order", response_model=OrderOut, response_model_exclude_none=True
)
def post_cancel(shop: ShopDep, caller: Staff, once: OnceDep, order: PathId, body: CancelIn) -> Response:
    """All that has not been shipped, or pieces of it. What was paid for it is given back."""

    def work(session: Session) -> OrderOut:
        cause = Cause(caller.actor, shop.clock(), body.reason)
        cancel(session, order, pieces=pieces_of(body.lines), cause=cause)
        return order_out(orders.get_order(session, order), for_buyer=False)

    return once(work, body=body)


@router.get("/vouchers", summary="All vouchers", response_model_exclude_none=True)
def get_vouchers(
    shop: ShopDep,
    _caller: Staff,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> VouchersOut:
    """The newest first, with how many orders hold each."""
    with shop.database.read() as session:
        found = vouchers.list_vouchers(session, limit=limit, offset=offset)
    return VouchersOut(vouchers=[VoucherOut(**asdict(voucher)) for voucher in found])


@router.post("/vouchers", status_code=201, summary="A new voucher", response_model=VoucherOut)
def post_voucher(shop: ShopDep, caller: Staff, once: OnceDep, body: VoucherIn) -> Response:
    """Codes are the same in upper and lower case."""

    def work(session: Session) -> VoucherOut:
        new = vouchers.NewVoucher(**body.model_dump())
        made = vouchers.create_voucher(session, new, at=shop.clock())
        detail = body.model_dump(mode="json", exclude_none=True)
        audit.record(
            session, actor=caller.actor, action="voucher-created", subject=made.id, detail=detail, at=shop.clock()
        )
        return VoucherOut(**asdict(made))

    return once(work, body=body, status=201)


@router.post("/vouchers/{voucher}/end", status_code=204, summary="Let nobody use a voucher any more")
def post_end(shop: ShopDep, caller: Staff, voucher: PathId) -> Response:
    """Orders that hold it keep it."""

    def work(session: Session) -> None:
        vouchers.end_voucher(session, voucher)
        audit.record(
            session, actor=caller.actor, action="voucher-ended", subject=voucher, detail={}, at=shop.clock()
        )

    shop.database.transact(work)
    return Response(status_code=204)
