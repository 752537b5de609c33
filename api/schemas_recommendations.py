"""The shapes of /v1/recommendations."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from api.schemas import Out, PartOut, ProductCard


class BecauseOut(Out):
    """A product of the shopper's past, or one that was asked about, that speaks for a recommended one."""

    product: str = Field(examples=["22423"])
    title: str = Field(examples=["REGENCY CAKESTAND 3 TIER"])
    share: float = Field(description="what it brings of the score", examples=[0.31])


class RecommendedOut(ProductCard):
    score: float
    reason: str = Field(examples=["Often bought together with REGENCY CAKESTAND 3 TIER"])
    reason_zh: str = Field("", examples=["常与“三层蛋糕架”一起购买"])
    propensity: float = Field(1.0, description="the chance that it stood in this place; 1 where nothing was drawn")
    why: list[PartOut] | None = Field(None, description="with explain=true: what each generator brought")
    because: list[BecauseOut] | None = Field(None, description="with explain=true, the strongest first")


class RowOut(Out):
    id: str = Field(examples=["because-bought"])
    title: str = Field(examples=["Because you bought REGENCY CAKESTAND 3 TIER"])
    title_zh: str = ""
    about: str | None = Field(None, description="the product that the title names", examples=["22423"])
    items: list[RecommendedOut]


class RecommendationsOut(Out):
    request_id: str = Field(description="hand it back as `request` of the events that follow from the answer")
    model: str = Field(description="the version that answered")
    at: datetime = Field(description="what had been done by then was taken into account")
    took_ms: float
    rows: list[RowOut]


class HiddenOut(Out):
    products: list[str] = Field(description="ids, the one that was hidden last first")
