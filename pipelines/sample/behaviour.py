"""What a shopper does during a visit: searches or browses, looks, clicks, fills the cart, orders at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from pipelines.sample.chance import Floats, Ints, generator, opaque_ids
from pipelines.sample.choice import MOST_SEEN
from pipelines.sample.goods import Good
from pipelines.sample.people import People
from pipelines.sample.queries import Query, write_queries
from pipelines.sample.tables import Shelf, moments
from pipelines.sample.wishes import Bools, Wishes

SEARCH_CHANCE = 0.34
ABANDONED_CHANCE = 0.16  # of the wishes that end without a purchase, put into the cart nevertheless
GUEST_CHANCE = 0.12  # of the visits without a purchase, by someone who did not sign in
RECORDED_CHANCE = 0.82
STEP_SECONDS = 38.0
# The order of steps within a wish; what is looked at comes between the query and the cart.
QUERY, CORRECTED, LOOK, CART = 0, 1, 2, 100

_ROWS = {
    "wish": pl.Int64,
    "step": pl.Int64,
    "kind": pl.String,
    "item": pl.Int64,
    "query": pl.String,
    "position": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The events as the core loads them, and the end of each visit in days since the start, by visit number."""

    events: pl.DataFrame
    visit_end: Floats


def build_behaviour(
    goods: Sequence[Good],
    people: People,
    shelf: Shelf,
    wishes: Wishes,
    seen: Ints,
    *,
    seed: int,
    start: datetime,
    days: int,
) -> Behaviour:
    """Events of all visits that may be recorded; every event lies before the end of its visit."""
    random = generator(seed, "behaviour")
    visits = int(wishes.visit.max(initial=-1)) + 1
    visit_at = np.full(visits, np.inf)
    np.minimum.at(visit_at, wishes.visit, wishes.at)
    recorded = (random.random(visits) < RECORDED_CHANCE)[wishes.visit] & people.tastes.tracked[wishes.user]
    searches = recorded & (random.random(len(wishes)) < SEARCH_CHANCE) & (wishes.same < 0)
    rows = _rows(goods, people, wishes, seen, np.flatnonzero(recorded), searches, random)
    rows = rows.with_columns(
        visit=pl.Series(wishes.visit[rows["wish"]]), pause=random.gamma(2.0, STEP_SECONDS / 2, rows.height) + 1
    ).sort("visit", "wish", "step")
    rows = rows.with_columns(after=pl.col("pause").cum_sum().over("visit"))
    at = visit_at[rows["visit"]] + rows["after"].to_numpy() / 86_400
    # Visits of the last evening are cut off where the sample ends.
    rows, at = rows.filter(pl.Series(at < days - 1e-4)), at[at < days - 1e-4]
    end = visit_at.copy()
    np.maximum.at(end, rows["visit"].to_numpy(), at)
    buys = np.zeros(visits, dtype=bool)
    np.logical_or.at(buys, wishes.visit, wishes.buys)
    guest = ~buys & (random.random(visits) < GUEST_CHANCE)
    return Behaviour(
        _events(people, shelf, wishes, rows, at, guest, seed=seed, start=start),
        np.minimum(end + 90 / 86_400, days - 5e-5),
    )


def _rows(
    goods: Sequence[Good],
    people: People,
    wishes: Wishes,
    seen: Ints,
    recorded: Ints,
    searches: Bools,
    random: np.random.Generator,
) -> pl.DataFrame:
    searching = np.flatnonzero(searches)
    queries = write_queries(random, goods, people.tastes, wishes.user[searching], seen[searching, 0])
    parts = [
        _query_rows(searching, [query.typed for query in queries], QUERY),
        _query_rows(searching, [query.corrected for query in queries], CORRECTED),
        _look_rows(recorded, searches, seen, _matching(goods, seen, searching, queries), random),
    ]
    put = wishes.buys[recorded] | (random.random(len(recorded)) < ABANDONED_CHANCE)
    parts.append(_product_rows(recorded[put], np.full(put.sum(), CART), "add_to_cart", seen[recorded[put], 0]))
    return pl.concat(parts)


def _query_rows(wishes: Ints, texts: Sequence[str], step: int) -> pl.DataFrame:
    frame = pl.DataFrame({"wish": wishes, "query": pl.Series(texts, dtype=pl.String)}).filter(
        pl.col("query") != ""
    )
    return frame.select(
        wish="wish",
        step=pl.lit(step, pl.Int64),
        kind=pl.lit("query"),
        item=pl.lit(None, pl.Int64),
        query="query",
        position=pl.lit(None, pl.Int64),
    )


def _product_rows(
    wishes: Ints, steps: Ints, kind: str, items: Ints, positions: Ints | None = None
) -> pl.DataFrame:
    frame = pl.DataFrame({"wish": wishes, "step": steps, "item": items, "position": positions}, strict=False)
    return frame.select(
        pl.col("wish").cast(pl.Int64),
        pl.col("step").cast(pl.Int64),
        pl.lit(kind).alias("kind"),
        pl.col("item").cast(pl.Int64),
        pl.lit(None, pl.String).alias("query"),
        pl.col("position").cast(pl.Int64),
    )


def _look_rows(
    recorded: Ints, searches: Bools, seen: Ints, matches: Bools, random: np.random.Generator
) -> pl.DataFrame:
    """A look at each product that was considered, the one taken last; after a search a click comes first."""
    looks = seen[recorded]
    there = (looks >= 0) & matches[recorded]
    wish = np.repeat(recorded, MOST_SEEN).reshape(looks.shape)[there]
    step = np.broadcast_to(LOOK + 2 * (MOST_SEEN - np.arange(MOST_SEEN)), looks.shape)[there]
    item = looks[there]
    clicked = searches[wish]
    position = np.minimum(random.geometric(0.28, len(item)) - 1, 19)
    return pl.concat(
        [
            _product_rows(wish[clicked], step[clicked], "click", item[clicked], position[clicked]),
            _product_rows(wish, step + 1, "view", item),
        ]
    )


def _matching(goods: Sequence[Good], seen: Ints, searching: Ints, queries: Sequence[Query]) -> Bools:
    """Which of the products seen match the query, shape of `seen`: all where nothing was typed."""
    matches = np.ones(seen.shape, dtype=bool)
    for row, query in zip(searching, queries, strict=True):
        if query.facets:
            target = _facets(goods[seen[row, 0]], query.facets)
            matches[row] = [item >= 0 and _facets(goods[item], query.facets) == target for item in seen[row]]
    return matches


def _facets(good: Good, names: Sequence[str]) -> list[str]:
    values = {
        "style": good.style.en,
        "colour": good.colours[0].word.en,
        "brand": good.brand.word.en,
        "series": good.series,
    }
    return [values[name] for name in names]


def _events(
    people: People,
    shelf: Shelf,
    wishes: Wishes,
    rows: pl.DataFrame,
    at: Floats,
    guest: Bools,
    *,
    seed: int,
    start: datetime,
) -> pl.DataFrame:
    visits = len(guest)
    users = people.users["public_id"].gather(wishes.user[rows["wish"]])
    keys = opaque_ids(seed, "guest", visits).gather(rows["visit"])
    asked = opaque_ids(seed, "request", len(wishes)).gather(rows["wish"])
    by_guest = pl.Series(guest[rows["visit"]])
    return (
        rows.select("kind", "item", "query", "position")
        .with_columns(
            public_id=opaque_ids(seed, "event", rows.height),
            user=pl.select(pl.when(~by_guest).then(users)).to_series(),
            shopper=pl.select(pl.when(by_guest).then("guest-" + keys)).to_series(),
            product=shelf.product_ids.gather(rows["item"].fill_null(0)),
            at=moments(start, at),
            request_id=asked,
        )
        .with_columns(
            product=pl.when(pl.col("item").is_not_null()).then("product"),
            request_id=pl.when(pl.col("kind").is_in(["query", "click"])).then("request_id"),
        )
        .sort("at", "public_id")
        .select("public_id", "shopper", "user", "kind", "product", "query", "position", "request_id", "at")
    )
