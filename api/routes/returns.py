"""Returns: /v1/orders/{order}/returns for buyers, /v1/seller/returns for sellers; refunds that staff give."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from sqlmodel import Session
from starlette.responses import Response

from api.guard import Member, SellerMember, Staff
from api.once import OnceDep
from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.routes.seller_orders import seller_row
from api.schemas_returns import ReceiveIn, RefundIn, ReturnAnswerIn, ReturnIn, ReturnsOut
from api.schemas_trade import OrderOut, ReturnOut
from api.texts import PathId, PublicId
from api.trade import order_out, pieces_of, return_out
from core import orders, returns
from core.return_views import order_returns, seller_return, seller_returns
from core.taking_back import Back, refund_lines
from core.transitions import Cause

router = APIRouter(prefix="/v1", responses=PROBLEM_RESPONSES)

Status = Literal["requested", "approved", "rejected", "withdrawn", "received"]


@router.post(
    "/orders/{order}/returns",
    status_code=201,
    summary="Send goods back",
    tags=["orders"],
    response_model=ReturnsOut,
    response_model_exclude_none=True,
)
def post_returns(shop: ShopDep, caller: Member, once: OnceDep, order: PathId, body: ReturnIn) -> Response:
    """Of what was delivered; one return for each seller. Send nothing before the seller has agreed."""

    def work(session: Session) -> ReturnsOut:
        made = returns.request(
            session,
            order,
            user=caller.row,
            pieces=pieces_of(body.lines) or {},
            window=timedelta(days=shop.settings.return_days),
            cause=Cause(caller.actor, shop.clock(), body.reason),
        )
        found = order_returns(session, order, names=made)
        return ReturnsOut(returns=[return_out(item) for item in found])

    return once(work, body=body, status=201)


@router.post("/returns/{return_}/withdraw", summary="Keep the goods after all", tags=["orders"])
def post_withdraw(shop: ShopDep, caller: Member, once: OnceDep, return_: PathId) -> Response:
    """Until the seller has received them."""

    def work(session: Session) -> ReturnOut:
        order = returns.withdraw(session, return_, user=caller.row, cause=Cause(caller.actor, shop.clock()))
        return return_out(order_returns(session, order, names=[return_])[0])

    return once(work)


@router.get("/seller/returns", summary="Returns to me", tags=["sellers' orders"], response_model_exclude_none=True)
def get_returns(
    shop: ShopDep,
    caller: SellerMember,
    status: Status | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    before: Annotated[PublicId | None, Query(description="the last id of the page before")] = None,
) -> ReturnsOut:
    """The newest first."""
    with shop.database.read() as session:
        found = seller_returns(
            session, seller=seller_row(session, caller), status=status, limit=limit, before=before
        )
    return ReturnsOut(returns=[return_out(item) for item in found])


@router.post(
    "/seller/returns/{return_}/approve",
    summary="Agree to a return",
    tags=["sellers' orders"],
    response_model=ReturnOut,
)
def post_approve(
    shop: ShopDep, caller: SellerMember, once: OnceDep, return_: PathId, body: ReturnAnswerIn
) -> Response:
    """The answer tells the buyer how to send the goods."""
    return _answer(shop, caller, once, return_, body, approve=True)


@router.post(
    "/seller/returns/{return_}/reject",
    summary="Refuse a return",
    tags=["sellers' orders"],
    response_model=ReturnOut,
)
def post_reject(
    shop: ShopDep, caller: SellerMember, once: OnceDep, return_: PathId, body: ReturnAnswerIn
) -> Response:
    """The answer tells the buyer why."""
    return _answer(shop, caller, once, return_, body, approve=False)


@router.post(
    "/seller/returns/{return_}/receive",
    summary="Returned goods are there",
    tags=["sellers' orders"],
    response_model=ReturnOut,
)
def post_receive(shop: ShopDep, caller: SellerMember, once: OnceDep, return_: PathId, body: ReceiveIn) -> Response:
    """Each line goes into stock again or is written off, and its money is given back."""

    def work(session: Session) -> ReturnOut:
        seller = seller_row(session, caller)
        back = [Back(line.line, line.stock, amount_minor=line.amount_minor) for line in body.lines]
        returns.receive(session, return_, seller=seller, back=back, cause=Cause(caller.actor, shop.clock()))
        return return_out(seller_return(session, return_, seller=seller))

    return once(work, body=body)


@router.post(
    "/staff/orders/{order}/refunds",
    status_code=201,
    summary="Give money back without a return",
    tags=["back office"],
    response_model=OrderOut,
    response_model_exclude_none=True,
)
def post_refund(shop: ShopDep, caller: Staff, once: OnceDep, order: PathId, body: RefundIn) -> Response:
    """Of pieces that were shipped: lost, broken, not worth sending back. They count as returned."""

    def work(session: Session) -> OrderOut:
        back = [Back(line.line, line.stock, line.quantity, line.amount_minor) for line in body.lines]
        refund_lines(session, order, back=back, cause=Cause(caller.actor, shop.clock(), body.reason))
        return order_out(orders.get_order(session, order), for_buyer=False)

    return once(work, body=body, status=201)


def _answer(
    shop: ShopDep, caller: SellerMember, once: OnceDep, name: str, body: ReturnAnswerIn, *, approve: bool
) -> Response:
    def work(session: Session) -> ReturnOut:
        seller = seller_row(session, caller)
        cause = Cause(caller.actor, shop.clock())
        returns.answer(session, name, seller=seller, approve=approve, text=body.answer, cause=cause)
        return return_out(seller_return(session, name, seller=seller))

    return once(work, body=body)
