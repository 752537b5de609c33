"""The sample shop: a generated shop in which tastes, seasons, substitutes and complements are really present."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from core.errors import InvalidInput
from core.frames import Frames
from pipelines.sample.behaviour import build_behaviour
from pipelines.sample.chance import Floats, Ints
from pipelines.sample.goods import Good, Traits, draw_goods
from pipelines.sample.journeys import draw_journeys
from pipelines.sample.people import draw_people
from pipelines.sample.reviews import build_reviews, with_ratings
from pipelines.sample.tables import build_shelf
from pipelines.sample.trade import Purchases, build_trade, choose_variants
from pipelines.sample.vocabulary import vocabulary
from pipelines.sample.wishes import Wishes

DEFAULT_UNTIL = datetime(2026, 7, 1, tzinfo=UTC)
DAYS = 730
WISHES_PER_USER = 15.5


@dataclass(frozen=True, slots=True)
class SampleShop:
    """The frames to load, the goods they were made from (in the order of the products) and what moves demand.

    `categories_zh` maps category paths ("Kitchen > Mugs") to names.
    """

    frames: Frames
    goods: Sequence[Good]
    traits: Traits
    categories_zh: dict[str, str]


def generate_shop(
    *, seed: int = 7, products: int = 2000, users: int = 3000, until: datetime = DEFAULT_UNTIL
) -> SampleShop:
    """Two years of a shop up to `until` (a moment with timezone, taken back to midnight UTC).

    The same arguments give the same shop, byte for byte. Raises InvalidInput for a moment without timezone and for
    fewer than two products a kind or ten users.
    """
    words = vocabulary()
    if until.tzinfo is None:
        raise InvalidInput("the end of the sample needs a timezone")
    if products < 2 * len(words.kinds) or users < 10:
        raise InvalidInput(f"a sample shop has at least {2 * len(words.kinds)} products and 10 users")
    end = until.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start = end - timedelta(days=DAYS)
    goods, traits = draw_goods(words, seed=seed, products=products, days=DAYS)
    shelf = build_shelf(words, goods, traits, seed=seed, start=start)
    people = draw_people(
        words,
        seed=seed,
        users=users,
        days=DAYS,
        start=start,
        brands=int(traits.brand.max()) + 1,
        colours=int(traits.colour.max()) + 1,
    )
    count = round(users * WISHES_PER_USER)
    tastes = people.tastes
    journeys = draw_journeys(words, tastes, traits, seed=seed, count=count, start=start, days=DAYS)
    wishes, seen = journeys.wishes, journeys.seen
    behaviour = build_behaviour(goods, people, shelf, wishes, seen, seed=seed, start=start, days=DAYS)
    bought = _purchases(wishes, journeys.items, behaviour.visit_end)
    variant = choose_variants(words, tastes, shelf, traits.kind[bought.item], bought.user, bought.item, seed=seed)
    bought = replace(bought, variant=variant)
    trade = build_trade(people, shelf, bought, seed=seed, start=start, days=DAYS)
    reviews = build_reviews(goods, people, shelf, traits, bought, trade, seed=seed, start=start, days=DAYS)
    frames = Frames(
        sellers=shelf.sellers,
        products=with_ratings(shelf.products, reviews),
        variants=shelf.variants,
        pictures=shelf.pictures,
        stock=shelf.stock,
        users=people.users,
        addresses=people.addresses,
        orders=trade.orders,
        order_lines=trade.order_lines,
        refunds=trade.refunds,
        refund_lines=trade.refund_lines,
        reviews=reviews,
        events=behaviour.events,
    ).conformed(at=end)
    return SampleShop(frames, goods, traits, shelf.categories_zh)


def _purchases(wishes: Wishes, items: Ints, visit_end: Floats) -> Purchases:
    """The wishes that ended in a purchase: those of one visit are the lines of one order, sorted by time."""
    rows = np.flatnonzero(wishes.buys)
    at = visit_end[wishes.visit[rows]]
    rows = rows[np.lexsort((rows, wishes.visit[rows], at))]
    visit = wishes.visit[rows]
    first = np.diff(visit, prepend=-1) != 0
    order = np.cumsum(first) - 1
    line = np.arange(len(rows)) - np.flatnonzero(first)[order] + 1
    none = np.full(len(rows), -1, dtype=np.int64)
    return Purchases(wishes.user[rows], items[rows], none, order, line, visit_end[visit])
