"""What the routes of recommendations have in common: what is asked, the shopper's past, and the answer."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query

from api.cards import card_fields
from api.schemas import PartOut
from api.schemas_recommendations import BecauseOut, RecommendationsOut, RecommendedOut, RowOut
from api.searching import Choices, Price
from api.state import Shop
from core.behaviour import Past, history
from core.ids import new_id
from core.shown import Place, Shown, hidden
from index.documents import Document
from index.query import AllOf, AnyOf, Between, Filter
from ranking.boosts import MOST as MOST_BOOSTS
from ranking.boosts import Boost, parse_boosts
from ranking.filter_language import parse_filter
from ranking.home import Themed
from ranking.reasons import say, title
from ranking.rows import Row
from ranking.serving import PAST, Served
from ranking.shelf import Shelf

MAX_ROW = 50

# What each part of a score goes by, for whoever asks why.
GENERATORS = {
    "popularity": "bought most over the years",
    "trending": "bought most of late",
    "taste": "popular in the categories of the past",
    "content": "alike in words, brand and category",
    "item_item": "owned by the same shoppers",
    "cooccurrence": "in the same baskets more often than chance",
    "transitions": "often next after what came before",
    "bridges": "often next after things like what came before",
    "session": "often next within a visit",
    "als": "fits the taste that the whole past shows",
    "ease": "fits the taste that the whole past shows",
    "substitutes": "looked at by shoppers who then bought the other",
    "learned": "moved by what shoppers took of such lists before",
    "repeat": "the chance that it is bought again this month",
    "risen": "log2 of how much more it sells than before, at least",
    "sold": "shoppers who bought it",
    "brand": "share of the past that is of its brand",
    "category": "share of the past that is of its category",
    "fit": "what all models together say of it, as a share of the best",
    "viewed": "the newest first",
    "picture": "how much its picture looks alike",
    "boost": "asked for by the storefront",
}

Shopper = Annotated[
    str,
    Query(pattern=r"^([A-Za-z0-9_-]{8,64})?$", description="a shopper's key", examples=["guest-4f0c21b7d9"]),
]
Product = Annotated[str, Query(max_length=200, examples=["85123A"])]


@dataclass(frozen=True, slots=True)
class Asked:
    """What every row can be asked for."""

    size: int | None
    where: Filter | None
    boosts: Sequence[Boost]
    country: str
    explain: bool
    started: float


def _asked(
    size: Annotated[int | None, Query(ge=1, le=MAX_ROW, description="products in a row")] = None,
    brand: Choices = None,
    category: Annotated[list[str] | None, Query(max_length=50, description="paths: Home > Lamps")] = None,
    price_min: Price = None,
    price_max: Price = None,
    filter_: Annotated[
        str,
        Query(alias="filter", max_length=5000, description="conditions as in /v1/search", examples=["rating>=4"]),
    ] = "",
    boost: Annotated[
        list[str] | None,
        Query(
            max_length=MOST_BOOSTS,
            description="brand:NAME^FACTOR, category:PATH^FACTOR or new^FACTOR; factors from 0.1 to 10",
            examples=[["brand:Acme^1.5"]],
        ),
    ] = None,
    country: Annotated[
        str, Query(max_length=64, description="where the shopper orders from; without it that of the last order")
    ] = "",
    explain: Annotated[bool, Query(description="say of each product what speaks for it")] = False,
) -> Asked:
    clauses: list[Filter] = [parse_filter(filter_)] if filter_.strip() else []
    clauses += [
        AnyOf(name, tuple(values)) for name, values in (("brand", brand), ("category", category)) if values
    ]
    if price_min is not None or price_max is not None:
        clauses.append(Between("price", price_min, price_max))
    return Asked(
        size,
        AllOf(tuple(clauses)) if clauses else None,
        parse_boosts(boost or ()),
        country,
        explain,
        time.perf_counter(),
    )


Wishes = Annotated[Asked, Depends(_asked)]


@dataclass(frozen=True, slots=True)
class Scene:
    """A request as it was met: the models, what can be shown, and what is known of the shopper at that moment."""

    shop: Shop
    served: Served
    shelf: Shelf
    asked: Asked
    at: datetime
    request: str
    shopper: str
    past: Sequence[Past]
    hidden: Sequence[str]
    newcomers: Sequence[str]

    @property
    def now(self) -> int:
        """The moment in epoch seconds."""
        return int(self.at.timestamp())

    @property
    def bought(self) -> set[str]:
        """What the shopper has."""
        return {item.product for item in self.past if item.kind == "purchase"}

    @property
    def country(self) -> str:
        """Where the shopper orders from; empty where nothing tells."""
        told = (item.country for item in reversed(self.past) if item.country)
        return self.asked.country or next(told, "")


def scene(shop: Shop, asked: Asked, *, shopper: str = "", newcomers: bool = False) -> Scene:
    """Meet a request; raises Unavailable before the first models and the first index."""
    served, at = shop.models(), shop.clock()
    past: list[Past] = []
    left_out: list[str] = []
    unknown: list[str] = []
    if shopper:
        with shop.database.read() as session:
            past = history(session, shopper, limit=PAST, until=at)
            left_out = hidden(session, shopper)
            unknown = shop.newcomers.of(served, session) if newcomers and past else []
    shelf = Shelf(shop.engine, where=asked.where)
    return Scene(shop, served, shelf, asked, at, new_id("r-"), shopper, past, left_out, unknown)


def answer(scene: Scene, page: str, rows: Sequence[Themed]) -> RecommendationsOut:
    """The rows as they leave, less those without products; what a shopper is shown is recorded behind it."""
    wanted = [item.item_id for row in rows for item in row.items]
    named = [name for row in rows for item in row.items for name in item.because]
    documents = scene.shelf.documents([*wanted, *named, *(row.about for row in rows if row.about)])
    told = [row for row in (_row(row, documents, explain=scene.asked.explain) for row in rows) if row.items]
    if scene.shopper and told:
        places = [
            Place(row.id, item.id, position, item.propensity)
            for row in told
            for position, item in enumerate(row.items, start=1)
        ]
        shown = Shown(scene.request, scene.shopper, page, scene.served.version, scene.at, places)
        scene.shop.exposures.note(shown)
    return RecommendationsOut(
        request_id=scene.request,
        model=scene.served.version,
        at=scene.at,
        rows=told,
        took_ms=round((time.perf_counter() - scene.asked.started) * 1000, 2),
    )


def widget(name: str, items: Sequence[Row], *, hidden: Collection[str] = ()) -> Themed:
    """One row by itself."""
    return Themed(name, name, [item for item in items if item.item_id not in hidden])


def _row(row: Themed, documents: Mapping[str, Document], *, explain: bool) -> RowOut:
    about = documents.get(row.about)
    named = about.title if about else row.named
    return RowOut(
        id=row.id,
        title=title(row.title, named),
        title_zh=title(row.title, (about.title_zh if about else "") or named, language="zh"),
        about=row.about or None,
        items=[_item(item, documents, explain=explain) for item in row.items if item.item_id in documents],
    )


def _item(row: Row, documents: Mapping[str, Document], *, explain: bool) -> RecommendedOut:
    first = documents.get(row.because[0]) if row.because else None
    named = first.title if first else row.named or (row.because[0] if row.because else "")
    return RecommendedOut(
        **card_fields(documents[row.item_id]),
        score=round(row.score, 6),
        reason=say(row.saying, named),
        reason_zh=say(row.saying, (first.title_zh if first else "") or named, language="zh"),
        propensity=row.propensity,
        why=_why(row) if explain else None,
        because=_because(row, documents) if explain else None,
    )


def _why(row: Row) -> list[PartOut]:
    return [
        PartOut(part=name, value=round(value, 6), note=GENERATORS.get(name, ""))
        for name, value in row.parts.items()
    ]


def _because(row: Row, documents: Mapping[str, Document]) -> list[BecauseOut]:
    return [
        BecauseOut(product=name, title=documents[name].title if name in documents else name, share=round(share, 6))
        for name, share in zip(row.because, row.shares, strict=True)
    ]
