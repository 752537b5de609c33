"""What shoppers were shown of recommendations, and the products they do not want to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import delete, select
from sqlmodel import Session

from core.behaviour import admit_shopper
from core.bulk import MOMENT, insert_frame, json_text, read_frame, table_of
from core.errors import NotFound
from core.tables import Event, Exposure, HiddenProduct, Product

MOST_HIDDEN = 1000  # of a shopper, the newest, are left out of recommendations

_HIDDEN, _PRODUCT, _EXPOSURE = table_of(HiddenProduct), table_of(Product), table_of(Exposure)


@dataclass(frozen=True, slots=True)
class Place:
    """A product (public id) at a position (from 1) of a row.

    `propensity` is the chance that it stood there.
    """

    row: str
    product: str
    position: int
    propensity: float


@dataclass(frozen=True, slots=True)
class Shown:
    """One answer: what a shopper was shown on a page by a version of the models."""

    request: str
    shopper: str
    page: str
    model: str
    at: datetime
    places: Sequence[Place]


def hide(session: Session, product: str, *, shopper: str, at: datetime) -> None:
    """Never recommend a product (public id) to a shopper again; raises NotFound for one that does not exist."""
    row = session.execute(select(_PRODUCT.c.id).where(_PRODUCT.c.public_id == product)).scalar_one_or_none()
    if row is None:
        raise NotFound(f"there is no product {product!r}", product=product)
    admit_shopper(session, shopper, at=at)
    frame = pl.DataFrame({"shopper": [shopper], "product_id": [row], "at": [at]}, schema_overrides={"at": MOMENT})
    insert_frame(session, HiddenProduct, frame, on_conflict="ignore")


def show_again(session: Session, product: str, *, shopper: str) -> None:
    """Take back `hide`; does nothing for a product that is not hidden."""
    row = select(_PRODUCT.c.id).where(_PRODUCT.c.public_id == product).scalar_subquery()
    session.execute(delete(_HIDDEN).where(_HIDDEN.c.shopper == shopper, _HIDDEN.c.product_id == row))


def hidden(session: Session, shopper: str) -> list[str]:
    """The products (public ids) that a shopper has hidden, the newest first."""
    statement = (
        select(_PRODUCT.c.public_id)
        .join(_HIDDEN, _HIDDEN.c.product_id == _PRODUCT.c.id)
        .where(_HIDDEN.c.shopper == shopper)
        .order_by(_HIDDEN.c.at.desc(), _HIDDEN.c.product_id)
        .limit(MOST_HIDDEN)
    )
    return list(session.execute(statement).scalars())


def record_shown(session: Session, answers: Sequence[Shown]) -> int:
    """Record what was shown; an answer that is recorded already is left out. Returns how many were new."""
    rows = [
        (
            answer.request,
            answer.shopper,
            answer.page,
            answer.model,
            answer.at,
            json_text([asdict(place) for place in answer.places]),
        )
        for answer in answers
    ]
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        **dict.fromkeys(("request_id", "shopper", "page", "model"), pl.String),
        "at": MOMENT,
        "shown": pl.String,
    }
    return insert_frame(session, Exposure, pl.DataFrame(rows, schema=schema, orient="row"), on_conflict="ignore")


def shown(session: Session, *, since: datetime) -> pl.DataFrame:
    """The places of all answers since a moment, one row each.

    Columns: `request`, `shopper`, `page`, `model`, `at`, `row`, `product` (public id), `position`, `propensity`.
    """
    e = _EXPOSURE.c
    columns = (e.request_id.label("request"), e.shopper, e.page, e.model, e.at, e.shown)
    answers = read_frame(session, select(*columns).where(e.at >= since).order_by(e.at, e.id))
    place = pl.Struct({"row": pl.String, "product": pl.String, "position": pl.Int64, "propensity": pl.Float64})
    places = answers.with_columns(pl.col("shown").str.json_decode(pl.List(place)))
    return places.explode("shown").drop_nulls("shown").unnest("shown")


def clicks(session: Session, *, since: datetime) -> pl.DataFrame:
    """`request` and `product` (public id) of the clicks since a moment that name the answer they followed."""
    event = table_of(Event)
    statement = (
        select(event.c.request_id.label("request"), _PRODUCT.c.public_id.label("product"))
        .join(_PRODUCT, _PRODUCT.c.id == event.c.product_id)
        .where(event.c.kind == "click", event.c.request_id.is_not(None), event.c.at >= since)
        .distinct()
    )
    return read_frame(session, statement)
