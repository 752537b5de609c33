"""The shapes of what sellers and devices send and get: products, variants, prices, pictures, stock, reports."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from api.schemas import In, Out
from api.texts import Currency, Description, Ean, Label, Line, Minor, Moment, PublicId, Sku, Title

MOST_PATH_BYTES = 2000  # of a category: what an index of the database can hold


def _path(names: list[str]) -> list[str]:
    if len(" > ".join(names).encode()) > MOST_PATH_BYTES:
        raise ValueError("the path is too long")
    return names


CategoryName = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f>]+$", min_length=1, max_length=200)]
Category = Annotated[list[CategoryName], Field(max_length=10), AfterValidator(_path)]
Value = (
    Annotated[bool, Field(strict=True)]
    | Annotated[int, Field(strict=True, ge=-(10**15), le=10**15)]
    | Annotated[float, Field(strict=True, ge=-1e15, le=1e15, allow_inf_nan=False)]
    | Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=2000)]
)
Attributes = Annotated[dict[Label, Value], Field(max_length=100)]
Options = Annotated[dict[Label, Line], Field(max_length=20)]


class ProductIn(In):
    title: Title = Field(examples=["Brass desk lamp"])
    title_zh: Line = ""
    brand: Line = ""
    description: Description = ""
    attributes: Attributes = Field(default_factory=dict, examples=[{"colour": "brass", "watts": 8}])
    category: Category = Field(default_factory=list, examples=[["Home", "Lamps"]])
    released_at: Moment | None = None


class ProductEdit(In):
    """Only what is named is changed."""

    title: Title = ""
    title_zh: Line = ""
    brand: Line = ""
    description: Description = ""
    attributes: Attributes = Field(default_factory=dict)
    category: Category = Field(default_factory=list)
    released_at: Moment | None = None


class PriceIn(In):
    price_minor: Minor = Field(examples=[3990])
    list_price_minor: Minor | None = Field(None, description="the price before a discount; not below the price")


class VariantIn(PriceIn):
    currency: Currency = Field(description="the same for all variants of a product", examples=["GBP"])
    sku: Sku | None = Field(None, description="unique in the shop; the variant's id where it is left out")
    ean: Ean | None = None
    options: Options = Field(default_factory=dict, examples=[{"colour": "brass"}])


class VariantEdit(In):
    """Only what is named is changed."""

    ean: Ean | None = None
    options: Options = Field(default_factory=dict)
    active: Annotated[bool, Field(strict=True)] = True


class PictureOrderIn(In):
    pictures: list[PublicId] = Field(max_length=100, description="ids of all pictures, in their order")


class StockIn(In):
    """One of the two: pieces that came or went, or how many there are."""

    delta: Annotated[int, Field(strict=True, ge=-100_000, le=100_000)] | None = None
    count: Annotated[int, Field(strict=True, ge=0, le=100_000)] | None = None


class DeviceIn(In):
    name: Label = Field(examples=["Scanner at gate 2"])
    public_key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/=]+$", max_length=64)] = Field(
        description="Ed25519, 32 bytes in base64"
    )


class ReportIn(In):
    number: int = Field(strict=True, ge=0, le=2**63 - 1, description="the device's own, used once")
    variant: PublicId = Field(description="id or SKU")
    kind: Literal["count", "delta"]
    quantity: int = Field(strict=True, ge=-100_000, le=100_000)
    taken_at: Moment


class VariantKept(Out):
    id: str
    sku: str
    ean: str | None
    options: dict[str, str]
    price_minor: int
    list_price_minor: int | None
    currency: str
    active: bool
    stock: int
    reserved: int = Field(description="of the stock, promised to open orders")


class PictureKept(Out):
    id: str
    url: str = Field(description="as a feed names it")
    address: str = Field(description="where it is served")
    sizes: dict[int, str] = Field(description="addresses by pixels of the longer side, of uploaded pictures")
    alt: str
    width: int | None
    height: int | None


class ProductListed(Out):
    id: str
    seller: str
    status: Literal["draft", "published", "withdrawn"]
    title: str
    title_zh: str
    brand: str
    category: list[str]
    created_at: datetime
    updated_at: datetime
    version: str = Field(description="what If-Match compares")


class ProductKept(ProductListed):
    description: str
    attributes: dict[str, bool | int | float | str]
    released_at: datetime | None
    variants: list[VariantKept]
    pictures: list[PictureKept]


class ProductsOut(Out):
    products: list[ProductListed]
    next: str | None = Field(description="the `after` of the next page; null for the last")


class PriceOut(Out):
    price_minor: int
    list_price_minor: int | None
    currency: str
    at: datetime


class PricesOut(Out):
    variant: str
    prices: list[PriceOut] = Field(description="newest first")
    lowest_30_days_minor: int | None = Field(
        description="the lowest price of the 30 days before the price was reduced; where it was not, until now"
    )


class ProductPricesOut(Out):
    variants: list[PricesOut]


class LevelOut(Out):
    variant: str
    stock: int
    reserved: int
    available: int


class MovementOut(Out):
    number: int
    delta: int
    reason: str
    reference: str
    at: datetime


class MovementsOut(Out):
    movements: list[MovementOut]
    next: int | None = Field(description="the `before` of the next page; null for the last")


class RejectOut(Out):
    line: int
    reason: str
    detail: str


class FeedOut(Out):
    """read = loaded + merged + rejected."""

    read: int
    loaded: int
    merged: int
    rejected: int
    reasons: dict[str, int]
    rejects: list[RejectOut] = Field(description="the first 100")


class DeviceOut(Out):
    id: str
    name: str
    seller: str | None
    public_key: str
    active: bool
    created_at: datetime


class DevicesOut(Out):
    devices: list[DeviceOut]


class ReportOut(Out):
    number: int
    outcome: Literal["applied", "superseded", "short", "refused"]
    code: str | None = Field(None, description="why it was refused", examples=["not-found"])
    detail: str | None = None


class ReportsOut(Out):
    reports: list[ReportOut]
