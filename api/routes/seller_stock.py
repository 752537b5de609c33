"""/v1/seller/variants/{variant}: stock, and what moved."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session

from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas_goods import LevelOut, MovementOut, MovementsOut, StockIn
from api.selling import Trader
from api.texts import PathId
from core import shelf
from core.errors import InvalidInput
from core.goods import keeper_of

router = APIRouter(prefix="/v1/seller/variants/{variant}", tags=["sellers"], responses=PROBLEM_RESPONSES)


@router.post("/stock", summary="Pieces that came, went, or were counted")
def post_stock(shop: ShopDep, caller: Trader, variant: PathId, body: StockIn) -> LevelOut:
    """`delta` is a delivery or a write-off, `count` sets the level; never below what is promised."""
    if (body.delta is None) == (body.count is None) or body.delta == 0:
        raise InvalidInput("give either `count`, or a `delta` that is not 0")
    at = shop.clock()

    def work(session: Session) -> LevelOut:
        keeper = keeper_of(session, caller)
        if body.count is not None:
            level = shelf.count_stock(session, keeper, variant, count=body.count, at=at)
        else:
            level = shelf.move_stock(session, keeper, variant, delta=body.delta or 0, at=at)
        return LevelOut(variant=variant, stock=level.quantity, reserved=level.reserved, available=level.available)

    return shop.database.transact(work)


@router.get("/movements", summary="What moved, newest first")
def get_movements(
    shop: ShopDep,
    caller: Trader,
    variant: PathId,
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="the `next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> MovementsOut:
    """Their sum is the level."""
    with shop.database.read() as session:
        keeper = keeper_of(session, caller)
        found = shelf.movements(session, keeper, variant, before=before, limit=limit + 1)
    page = [MovementOut(**asdict(movement)) for movement in found[:limit]]
    return MovementsOut(movements=page, next=page[-1].number if len(found) > limit else None)
