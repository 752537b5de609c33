"""The shapes of /v1: what comes in and what goes out, with an example for each."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.texts import ShopperKey


class Out(BaseModel):
    """Base of what goes out."""

    model_config = ConfigDict(frozen=True)


class In(BaseModel):
    """Base of what comes in: an unknown name is a mistake, and no input is repeated in an error."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class MoneyOut(Out):
    minor: int = Field(description="minor units", examples=[295])
    currency: str = Field(examples=["GBP"])


class PieceOut(Out):
    text: str
    match: bool


class PartOut(Out):
    """A named share of a score: the parts add up to it."""

    part: str = Field(examples=["text"])
    value: float = Field(examples=[0.93])
    note: str = Field(examples=["its words match 93% as well as the best match"])


class ProductCard(Out):
    """What a result list shows of a product."""

    id: str = Field(examples=["85123A"])
    title: str = Field(examples=["WHITE HANGING HEART T-LIGHT HOLDER"])
    title_zh: str = ""
    brand: str = ""
    category: list[str] = Field(default_factory=list, examples=[["Home", "Candles"]])
    price: MoneyOut | None = None
    list_price: MoneyOut | None = None
    rating: float | None = None
    rating_count: int = 0
    in_stock: bool = True
    picture: str = Field("", description="address of the first picture")


class VariantOut(Out):
    id: str
    sku: str
    options: dict[str, str]
    price: MoneyOut
    list_price: MoneyOut | None = None
    in_stock: bool
    stock: int


class HitOut(ProductCard):
    score: float
    highlights: dict[str, list[PieceOut]] = Field(
        description="texts in pieces that joined are the text; no markup"
    )
    snippet: list[PieceOut] | None = Field(None, description="of the description, where something in it matched")
    variant: VariantOut | None = Field(None, description="the one that the words or filters single out")
    why: list[PartOut] | None = Field(None, description="with explain=true")


class FacetValue(Out):
    value: str
    count: int


class FacetValuesOut(Out):
    field: str
    values: list[FacetValue]


class BranchOut(Out):
    """A category with what is below it."""

    name: str = Field(examples=["Lamps"])
    path: str = Field(examples=["Home > Lamps"])
    count: int
    below: list[BranchOut] = Field(default_factory=list)


class StatsOut(Out):
    """The bounds of a number, over the `count` products that have it."""

    min: float
    max: float
    mean: float
    count: int


class UnderstoodOut(Out):
    """What a stretch of the query, `text`, was taken to name."""

    kind: Literal["brand", "category", "colour", "size", "price", "without"]
    value: str
    text: str


class SearchOut(Out):
    query: str
    corrected: str | None = Field(None, description="the query that was searched, where words were corrected")
    did_you_mean: str | None = Field(None, description="a query that was not searched")
    understood: list[UnderstoodOut] = Field(default_factory=list)
    total: int
    page: int
    size: int
    generation: str = Field(description="the build of the index that answered")
    took_ms: float
    relaxed: list[str] = Field(default_factory=list, description="what was given up so that something is found")
    hits: list[HitOut]
    facets: dict[str, list[FacetValue]]
    categories: list[BranchOut] = Field(default_factory=list, description="the facet `category` as a tree")
    stats: dict[str, StatsOut] = Field(default_factory=dict)


class SuggestionOut(Out):
    text: str
    kind: Literal["query", "category", "brand", "product"]
    id: str | None = Field(None, description="a product's id, a brand's name, a category's path")
    highlights: list[PieceOut] = Field(default_factory=list, description="the text, cut where it was typed")
    count: int | None = Field(None, description="products of a category or a brand, now")
    category: str | None = Field(None, description="with scopes=true: the path to search a query in")
    reason: str | None = Field(None, examples=["like what you look at: Home > Lamps"])


class SuggestOut(Out):
    suggestions: list[SuggestionOut]


class ProductOut(ProductCard):
    description: str
    attributes: dict[str, str | float | bool]
    seller: str
    codes: list[str]
    variants: list[VariantOut]


class EventIn(In):
    """One thing a shopper did. `id` makes a repeat harmless; without it every post counts."""

    id: str | None = Field(None, max_length=64, pattern=r"^[\x21-\x7e]+$")
    shopper: ShopperKey
    kind: Literal["view", "click", "add_to_cart", "query"]
    product: str | None = Field(None, max_length=200)
    query: str | None = Field(None, max_length=512)
    position: int | None = Field(None, ge=0, le=100_000)
    request: str | None = Field(None, max_length=64)
    quantity: int = Field(1, ge=1, le=100_000)
    at: AwareDatetime | None = None


class EventsIn(In):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"events": [{"shopper": "guest-4f0c21b7d9", "kind": "view", "product": "85123A"}]}]
        },
    )

    events: list[EventIn] = Field(min_length=1, max_length=1000)


class EventsOut(Out):
    accepted: int
    duplicates: int


class ShopperSample(Out):
    key: str
    label: str


class ShopperSamples(Out):
    shoppers: list[ShopperSample]


class ReadyOut(Out):
    ready: bool
    database: str
    index: str
    models: str
    at: datetime
