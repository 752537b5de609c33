"""/v1/orders/{order}/payments, and what payment providers tell the shop."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from sqlmodel import Session
from starlette.responses import Response

from api.guard import Member
from api.once import OnceDep, replay_headers
from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas_trade import DecideIn, MethodsOut, OrderOut, PayIn, PaymentBegun, PaymentOut
from api.selling import limited
from api.state import Shop
from api.texts import Currency, PathId
from api.trade import order_out, payment_out
from core import orders, payments
from core.errors import Conflict, InvalidInput, NotFound
from core.providers import PaymentProvider, ProviderRefund
from core.providers.local import LocalProvider
from core.refunds import settle_refund
from core.transitions import Cause

router = APIRouter(prefix="/v1", tags=["payments"], responses=PROBLEM_RESPONSES)

MOST_BYTES = 2**20


async def _body(request: Request) -> bytes:
    return b"".join([part async for part in limited(request, MOST_BYTES)])


@router.get("/payment-methods", summary="How an order can be paid")
def get_methods(
    shop: ShopDep, currency: Annotated[Currency | None, Query(description="only those that take it")] = None
) -> MethodsOut:
    """The providers, each with its ways to pay, the usual one first."""
    names = sorted(
        name for name, provider in shop.providers.items() if currency is None or provider.takes(currency)
    )
    return MethodsOut(providers=names, methods={name: list(shop.providers[name].methods) for name in names})


@router.post(
    "/orders/{order}/payments",
    status_code=201,
    summary="Begin to pay",
    response_model=PaymentOut,
    response_model_exclude_none=True,
)
def post_payment(shop: ShopDep, caller: Member, once: OnceDep, order: PathId, body: PayIn) -> Response:
    """The answer's `action` says what the shopper has to do. One that is under way with a provider is taken up."""
    provider = _provider(shop, body.provider)
    method = body.method or provider.methods[0]
    if method not in provider.methods:
        raise InvalidInput(f"{provider.name} has no method {method!r}", provider=provider.name)
    cause = Cause(caller.actor, shop.clock())

    def begin(session: Session) -> PaymentBegun:
        attempt = payments.start_payment(
            session, order, user=caller.row, provider=provider.name, method=method, cause=cause
        )
        if not provider.takes(attempt.amount.currency):
            raise Conflict(f"{provider.name} takes no payments in {attempt.amount.currency}", order=order)
        return PaymentBegun(id=attempt.id)

    answer, replayed = once.answer(begin, body=body, status=201)
    attempt = _attempt(shop, PaymentBegun.model_validate_json(answer.text).id)
    if attempt.status == "created":  # nobody has asked the provider yet, or was stopped before writing it down
        page = f"{shop.settings.public_url}/orders/{order}"
        started = provider.create(payments.request_for(attempt, return_url=page, payer=body.payer))
        shop.database.transact(lambda session: payments.attach(session, attempt.id, started, cause=cause))
    with shop.database.read() as session:
        held = orders.get_order(session, order, user=caller.row)
    shown = payment_out(next(payment for payment in held.payments if payment.id == attempt.id))
    return Response(
        shown.model_dump_json(exclude_none=True), 201, replay_headers(replayed), media_type="application/json"
    )


@router.post("/payments/notify/{provider}", summary="What a provider says about a payment")
def post_notification(
    shop: ShopDep, provider: PathId, request: Request, body: Annotated[bytes, Depends(_body)]
) -> Response:
    """For providers alone: what is not signed by the provider changes nothing."""
    told = _provider(shop, provider)
    _take(shop, told, dict(request.headers), body)
    if told.acknowledgement:
        return Response(told.acknowledgement, media_type="text/plain")
    return Response(status_code=204)


@router.post(
    "/test-provider/{payment}", summary="Decide a payment of the test provider", response_model_exclude_none=True
)
def post_decision(shop: ShopDep, caller: Member, payment: PathId, body: DecideIn) -> OrderOut:
    """What a shopper does on a provider's own page. There is no test provider in production."""
    sandbox = shop.providers.get("test")
    if not isinstance(sandbox, LocalProvider):
        raise NotFound("there is no test provider here")
    with shop.database.read() as session:
        attempt = payments.find_attempt(session, payment, user=caller.row)
    _take(shop, sandbox, *sandbox.decide(payment, body.outcome, now=shop.clock()))
    with shop.database.read() as session:
        return order_out(orders.get_order(session, attempt.order, user=caller.row))


def _provider(shop: Shop, name: str) -> PaymentProvider:
    if name not in shop.providers:
        raise NotFound(f"there is no payment provider {name!r}", provider=name)
    return shop.providers[name]


def _take(shop: Shop, provider: PaymentProvider, headers: dict[str, str], body: bytes) -> None:
    said = provider.read(headers, body, now=shop.clock())
    if said is None:
        return
    name, at = provider.name, shop.clock()
    if isinstance(said, ProviderRefund):
        shop.database.transact(lambda session: settle_refund(session, said, provider=name, at=at))
    else:
        shop.database.transact(lambda session: payments.settle(session, said, provider=name, at=at))


def _attempt(shop: Shop, payment: str) -> payments.Attempt:
    with shop.database.read() as session:
        return payments.find_attempt(session, payment)
