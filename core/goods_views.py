"""A seller's products as the seller sees them: drafts too, variants that are switched off, stock and promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Row, func, select, true
from sqlmodel import Session, col

from core.errors import NotFound
from core.goods import Keeper, version_of
from core.tables import Category, Picture, Product, Seller, StockLevel, Variant
from core.upsert import rows_of


@dataclass(frozen=True, slots=True)
class VariantView:
    """A variant; `stock` pieces are there, of which `reserved` are promised to open orders."""

    id: str
    sku: str
    ean: str | None
    options: dict[str, str]
    price_minor: int
    list_price_minor: int | None
    currency: str
    active: bool
    stock: int
    reserved: int


@dataclass(frozen=True, slots=True)
class PictureView:
    """A picture; `url` as in `core.tables.Picture`."""

    id: str
    url: str
    alt: str
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class ProductSummary:
    """What a list shows. `seller` is a public id, `category` the names from the root."""

    id: str
    seller: str
    status: str
    title: str
    title_zh: str
    brand: str
    category: list[str]
    created_at: datetime
    updated_at: datetime
    version: str


@dataclass(frozen=True, slots=True)
class ProductView:
    """Everything about a product that its seller may change."""

    summary: ProductSummary
    description: str
    attributes: dict[str, Any]
    released_at: datetime | None
    variants: list[VariantView]
    pictures: list[PictureView]


def list_products(
    session: Session, keeper: Keeper, *, status: str | None = None, after: str | None = None, limit: int = 50
) -> list[ProductSummary]:
    """The keeper's products in the order they were made, those after the product `after` (public id)."""
    theirs = true() if keeper.seller is None else col(Product.seller_id) == keeper.seller
    statement = _PRODUCTS.where(theirs).order_by(col(Product.id)).limit(limit)
    if status is not None:
        statement = statement.where(col(Product.status) == status)
    if after is not None:
        start = select(col(Product.id)).where(col(Product.public_id) == after, theirs).scalar_subquery()
        statement = statement.where(col(Product.id) > start)
    return [_summary(row) for row in session.execute(statement)]


def read_product(session: Session, keeper: Keeper, product: str) -> ProductView:
    """One of the keeper's products whole; raises NotFound."""
    row = session.execute(_PRODUCTS.where(col(Product.public_id) == product)).first()
    if row is None or keeper.seller not in (None, row.seller_id):
        raise NotFound(f"there is no product {product!r}", product=product)
    return ProductView(
        summary=_summary(row),
        description=row.description,
        attributes=row.attributes,
        released_at=row.released_at,
        variants=[
            _variant(found) for found in session.execute(_VARIANTS.where(col(Variant.product_id) == row.id))
        ],
        pictures=pictures_of(session, row.id),
    )


def seller_name(session: Session, row: int) -> str:
    """The public id of the seller with this row number."""
    return str(session.execute(select(col(Seller.public_id)).where(col(Seller.id) == row)).scalar_one())


def product_owners(session: Session, names: pl.Series) -> pl.DataFrame:
    """`public_id`, `owner` (the seller's), `rating_count`, `rating_mean` of the products with these public ids.

    The ratings are those from elsewhere, as `core.frames` has them.
    """
    columns: Any = (
        col(Product.public_id),
        col(Seller.public_id).label("owner"),
        col(Product.elsewhere_count).label("rating_count"),
        col(Product.elsewhere_mean).label("rating_mean"),
    )
    owned: Any = select(*columns).join(Seller, col(Seller.id) == col(Product.seller_id))
    return rows_of(session, owned, column=col(Product.public_id), keys=names)


def pictures_of(session: Session, product_row: int) -> list[PictureView]:
    """A product's pictures in their order."""
    columns: Any = (Picture.public_id, Picture.url, Picture.alt, Picture.width, Picture.height)
    wanted = select(*columns).where(col(Picture.product_id) == product_row).order_by(col(Picture.position))
    return [PictureView(*row) for row in session.execute(wanted)]


def _summary(row: Row[Any]) -> ProductSummary:
    return ProductSummary(
        id=row.public_id,
        seller=row.seller,
        status=row.status,
        title=row.title,
        title_zh=row.title_zh,
        brand=row.brand,
        category=row.path.split(" > ") if row.path else [],
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=version_of(row.updated_at),
    )


def _variant(row: Row[Any]) -> VariantView:
    return VariantView(
        id=row.public_id,
        sku=row.sku,
        ean=row.ean,
        options=row.options,
        price_minor=row.price_minor,
        list_price_minor=row.list_price_minor,
        currency=row.currency,
        active=row.active,
        stock=row.stock,
        reserved=row.reserved,
    )


_PRODUCTS: Any = (
    select(
        col(Product.id),
        col(Product.public_id),
        col(Product.seller_id),
        col(Seller.public_id).label("seller"),
        col(Product.status),
        col(Product.title),
        col(Product.title_zh),
        col(Product.brand),
        col(Product.description),
        col(Product.attributes),
        col(Product.released_at),
        col(Product.created_at),
        col(Product.updated_at),
        col(Category.path),
    )
    .join(Seller, col(Seller.id) == col(Product.seller_id))
    .outerjoin(Category, col(Category.id) == col(Product.category_id))
)
_VARIANTS: Any = (
    select(
        col(Variant.public_id),
        col(Variant.sku),
        col(Variant.ean),
        col(Variant.options),
        col(Variant.price_minor),
        col(Variant.list_price_minor),
        col(Variant.currency),
        col(Variant.active),
        func.coalesce(col(StockLevel.quantity), 0).label("stock"),
        func.coalesce(col(StockLevel.reserved), 0).label("reserved"),
    )
    .outerjoin(StockLevel, col(StockLevel.variant_id) == col(Variant.id))
    .order_by(col(Variant.id))
)
