"""/v1/events, and the sample shoppers of a demonstration."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter

from fastapi import APIRouter

from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas import EventIn, EventsIn, EventsOut, ShopperSample, ShopperSamples
from core.behaviour import NewEvent, admit_shopper, record_events
from core.errors import InvalidInput, NotFound
from core.ids import new_id
from core.shoppers import sample_shoppers

router = APIRouter(prefix="/v1", tags=["events"], responses=PROBLEM_RESPONSES)

MAX_AHEAD = 300.0  # seconds a shopper's clock may run before ours


@router.post("/events", status_code=202, summary="Report what shoppers did")
def post_events(shop: ShopDep, body: EventsIn) -> EventsOut:
    """Record events, all of them or none. An event whose `id` was reported before is counted as a duplicate.

    The next recommendations for the shopper take them into account.
    """
    now = shop.clock()

    def event(given: EventIn) -> NewEvent:
        at = given.at or now
        if (at - now).total_seconds() > MAX_AHEAD:
            raise InvalidInput(f"an event cannot be in the future: {at.isoformat()}")
        return NewEvent(
            id=given.id or new_id("e-"),
            kind=given.kind,
            at=min(at, now),
            product=given.product,
            query=given.query,
            position=given.position,
            request_id=given.request,
            quantity=given.quantity,
        )

    accepted = 0
    with shop.database.write() as session:
        by_shopper = sorted(body.events, key=attrgetter("shopper"))
        for shopper, given in groupby(by_shopper, key=attrgetter("shopper")):
            admit_shopper(session, shopper, at=now)
            accepted += record_events(session, [event(item) for item in given], shopper=shopper)
    return EventsOut(accepted=accepted, duplicates=len(body.events) - accepted)


@router.get("/shoppers/samples", summary="Shoppers to look at the shop as")
def samples(shop: ShopDep) -> ShopperSamples:
    """Busy shoppers with different tastes, for a demonstration. There are none in production."""
    if shop.settings.mode == "production":
        raise NotFound("sample shoppers are for demonstrations")
    with shop.database.read() as session:
        found = sample_shoppers(session)
    return ShopperSamples(
        shoppers=[
            ShopperSample(
                key=shopper.key,
                label=f"Buys {shopper.department or 'a bit of everything'} ({shopper.orders} orders)",
            )
            for shopper in found
        ]
    )
