"""Merx's own feed format, as pydantic models: one JSON object a line, told apart by `type`. See docs/feed.md."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    model_validator,
)

from core.errors import InvalidInput
from core.money import check_currency, exponent

_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)")


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("text must not hold a NUL character")
    return text


def _currency(code: str) -> str:
    try:
        return check_currency(code)
    except InvalidInput as error:
        raise ValueError(error.message) from error


def _moment(value: object) -> datetime:
    if not isinstance(value, str) or not _ISO.fullmatch(value):
        raise ValueError("a moment is ISO 8601 with an offset, like 2026-01-31T09:30:00Z")
    at = datetime.fromisoformat(value)
    if not 1970 <= at.year < 2200:
        raise ValueError("a moment lies between 1970 and 2200")
    return at.astimezone(UTC)


# Sums stay well within 64 bits.
MOST_MINOR = 10**15

Text = Annotated[str, AfterValidator(_no_nul)]
Id = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]{0,198}[^\x00-\x20\x7f])?$")]
CategoryName = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f>]+$", min_length=1, max_length=200)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Currency = Annotated[str, AfterValidator(_currency)]
# Money is a decimal string in major units: exact in every JSON reader, and readable.
Amount = Annotated[str, StringConstraints(pattern=r"^\d{1,12}(\.\d{1,3})?$")]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Pieces = Annotated[int, Field(ge=1, le=1_000_000_000)]
Attribute = Text | bool | Annotated[float, Field(ge=-1e15, le=1e15)]


def minor(amount: str, currency: str) -> int:
    """A decimal string in minor units; ValueError where the currency has no such fraction."""
    whole, _, fraction = amount.partition(".")
    places = exponent(currency)
    if len(fraction.rstrip("0")) > places:
        raise ValueError(f"{amount} is no amount of {currency}")
    return int(whole + fraction[:places].ljust(places, "0"))


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)


class FeedSeller(Strict):
    id: Id
    name: Annotated[Text, Field(min_length=1)]
    country: Text | None = None


class FeedPicture(Strict):
    url: Annotated[Text, Field(min_length=1, max_length=2000)]
    alt: Text = ""


class FeedRating(Strict):
    mean: Annotated[float, Field(ge=0, le=5)] | None = None
    count: Count = 0


class FeedVariant(Strict):
    """What is sold. `sku` is the id where it is left out; `stock` left out leaves the level alone."""

    id: Id
    sku: Id | None = None
    ean: Annotated[str, StringConstraints(pattern=r"^\d{8,14}$")] | None = None
    options: dict[Text, Text] = {}
    price: Amount
    list_price: Amount | None = None
    stock: Count | None = None
    active: bool = True


class FeedProduct(Strict):
    """What a shopper sees. The variants (and pictures) given are all it has."""

    type: Literal["product"]
    id: Id
    title: Annotated[Text, Field(min_length=1)]
    title_zh: Text = ""
    brand: Text = ""
    description: Text = ""
    category: list[CategoryName] = []
    attributes: dict[Text, Attribute] = {}
    codes: list[Id] = []
    status: Literal["draft", "published", "withdrawn"] = "published"
    seller: FeedSeller | None = None
    pictures: list[FeedPicture] = []
    rating: FeedRating = FeedRating()
    released_at: Moment | None = None
    created_at: Moment | None = None
    currency: Currency | None = None
    variants: list[FeedVariant] = []

    @model_validator(mode="after")
    def _prices(self) -> FeedProduct:
        if self.variants and self.currency is None:
            raise ValueError("variants need the product's currency")
        for variant in self.variants:
            for amount in filter(None, (variant.price, variant.list_price)):
                minor(amount, self.currency or "")
        for name, ids in (
            ("id", [variant.id for variant in self.variants]),
            ("sku", [variant.sku or variant.id for variant in self.variants]),
        ):
            if len(set(ids)) < len(ids):
                raise ValueError(f"two variants have the same {name}")
        return self


class FeedAddress(Strict):
    recipient: Annotated[Text, Field(min_length=1)]
    lines: Annotated[Text, Field(min_length=1)]
    city: Text
    postcode: Text = ""
    country: Text
    phone: Text | None = None


class FeedUser(Strict):
    """A person. Staff are not made by a feed."""

    type: Literal["user"]
    id: Id
    email: Annotated[Text, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=320)] | None = None
    name: Text = ""
    phone: Text | None = None
    country: Annotated[Text, Field(max_length=64)] | None = None
    role: Literal["customer", "seller"] = "customer"
    addresses: list[FeedAddress] = []
    created_at: Moment | None = None


class FeedOrderLine(Strict):
    variant: Id
    title: Annotated[Text, Field(min_length=1)]
    quantity: Pieces
    price: Amount
    discount: Amount = "0"
    tax: Amount = "0"


class FeedOrder(Strict):
    """An order. `discount`, `shipping` and `tax` are the order's own, on top of those of its lines."""

    type: Literal["order"]
    id: Id
    user: Id | None = None
    status: Literal["pending", "paid", "shipped", "delivered", "cancelled"] = "delivered"
    currency: Currency
    discount: Amount = "0"
    shipping: Amount = "0"
    tax: Amount = "0"
    country: Text | None = None
    address: FeedAddress | None = None
    placed_at: Moment
    lines: Annotated[list[FeedOrderLine], Field(min_length=1)]

    @model_validator(mode="after")
    def _adds_up(self) -> FeedOrder:
        amounts = [self.shipping, self.tax, *(line.tax for line in self.lines)]
        goods = sum(minor(line.price, self.currency) * line.quantity for line in self.lines)
        discounts = sum(
            minor(amount, self.currency) for amount in (self.discount, *(x.discount for x in self.lines))
        )
        if goods + sum(minor(amount, self.currency) for amount in amounts) < discounts:
            raise ValueError("the discounts are larger than the order")
        return self


class FeedRefundLine(Strict):
    """`order_line` counts the lines of the refund's order from 1."""

    variant: Id
    quantity: Pieces
    amount: Amount
    order_line: Pieces | None = None
    title: Text = ""


class FeedRefund(Strict):
    """Money given back (a credit note); `shipping` is what was given back of the carriage."""

    type: Literal["refund"]
    id: Id
    order: Id | None = None
    user: Id | None = None
    status: Literal["requested", "settled", "failed"] = "settled"
    currency: Currency
    shipping: Amount = "0"
    reason: Text = ""
    at: Moment
    lines: Annotated[list[FeedRefundLine], Field(min_length=1)]

    @model_validator(mode="after")
    def _amounts(self) -> FeedRefund:
        amounts = (self.shipping, *(line.amount for line in self.lines))
        if sum(minor(amount, self.currency) for amount in amounts) > MOST_MINOR:
            raise ValueError("the refund is larger than any money")
        if self.order is None and any(line.order_line is not None for line in self.lines):
            raise ValueError("order_line needs the refund's order")
        return self


class FeedReview(Strict):
    """A word on a product; `order` and `order_line` mark a bought one."""

    type: Literal["review"]
    id: Id
    product: Id
    user: Id | None = None
    order: Id | None = None
    order_line: Pieces | None = None
    score: Annotated[int, Field(ge=1, le=5)]
    title: Text = ""
    text: Text = ""
    status: Literal["pending", "published", "rejected"] = "published"
    created_at: Moment

    @model_validator(mode="after")
    def _line(self) -> FeedReview:
        if (self.order is None) != (self.order_line is None):
            raise ValueError("order and order_line go together")
        return self


class FeedEvent(Strict):
    """One thing a shopper did. Who: `user`, or `shopper`, the random key of a guest."""

    type: Literal["event"]
    id: Id
    user: Id | None = None
    shopper: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,64}$")] | None = None
    kind: Literal["view", "click", "add_to_cart", "purchase", "query"]
    product: Id | None = None
    query: Annotated[Text, Field(min_length=1, max_length=1000)] | None = None
    position: Count | None = None
    request_id: Id | None = None
    quantity: Pieces = 1
    at: Moment

    @model_validator(mode="after")
    def _complete(self) -> FeedEvent:
        if (self.user is None) == (self.shopper is None):
            raise ValueError("an event has either a user or a shopper")
        if self.kind == "query" and (self.query is None or self.product is not None):
            raise ValueError("a query event has a query and no product")
        if self.kind != "query" and self.product is None:
            raise ValueError(f"a {self.kind} event has a product")
        return self


FeedLine = FeedProduct | FeedUser | FeedOrder | FeedRefund | FeedReview | FeedEvent
FEED_LINE: TypeAdapter[Any] = TypeAdapter(Annotated[FeedLine, Field(discriminator="type")])
