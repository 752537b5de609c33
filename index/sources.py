"""Documents from the core: the goods as they are now, as shoppers see them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from core.catalogue import read_goods
from index.documents import AttributeValue, Document, VariantDocument
from index.fields import PATCHABLE


def read_documents(session: Session, *, only: Sequence[str] | None = None) -> list[Document]:
    """The documents of all published products, or of those among the public ids given, by row number."""
    goods = read_goods(session, only=only)
    variants: dict[int, list[VariantDocument]] = {}
    eans: dict[int, list[str]] = {}
    for row in goods.variants.iter_rows(named=True):
        variants.setdefault(row["product_id"], []).append(_variant(row))
        if row["ean"]:
            eans.setdefault(row["product_id"], []).append(row["ean"])
    pictures = dict(goods.pictures.select("product_id", "url").iter_rows())
    popularity = dict(goods.sales.select("product_id", "popularity").iter_rows())
    return [
        _document(
            row,
            tuple(variants.get(row["product_id"], ())),
            eans=eans.get(row["product_id"], ()),
            picture=pictures.get(row["product_id"], ""),
            popularity=popularity.get(row["product_id"], 0.0),
        )
        for row in goods.products.iter_rows(named=True)
    ]


def volatile_fields(document: Document) -> dict[str, Any]:
    """The fields of a document that a `Patch` may change."""
    return {name: getattr(document, name) for name in PATCHABLE}


def _variant(row: dict[str, Any]) -> VariantDocument:
    return VariantDocument(
        id=row["public_id"],
        sku=row["sku"],
        price_minor=row["price_minor"],
        currency=row["currency"],
        stock=max(0, row["stock"]),
        options={name: str(value) for name, value in json.loads(row["options"]).items()},
        list_price_minor=row["list_price_minor"],
    )


def _document(
    row: dict[str, Any],
    variants: tuple[VariantDocument, ...],
    *,
    eans: Sequence[str],
    picture: str,
    popularity: float,
) -> Document:
    # The price shown is one that can be paid: that of the cheapest variant in stock, if there is any.
    shown = min(variants, key=lambda variant: (variant.stock <= 0, variant.price_minor), default=None)
    attributes: dict[str, AttributeValue] = {
        name: value if isinstance(value, str | bool) else float(value)
        for name, value in json.loads(row["attributes"]).items()
        if isinstance(value, str | bool | int | float)
    }
    codes = dict.fromkeys((*(variant.sku for variant in variants), *eans))
    return Document(
        id=row["public_id"],
        title=row["title"],
        title_zh=row["title_zh"],
        brand=row["brand"],
        category=tuple(row["category"].split(" > ")) if row["category"] else (),
        description=row["description"],
        attributes=attributes,
        codes=tuple(codes),
        seller=row["seller"],
        price_minor=shown.price_minor if shown else None,
        list_price_minor=shown.list_price_minor if shown else None,
        currency=shown.currency if shown else "",
        stock=sum(variant.stock for variant in variants),
        rating=row["rating_mean"],
        rating_count=row["rating_count"],
        rating_bayes=row["rating_bayes"],
        popularity=popularity,
        released_at=int(row["released_at"].timestamp()) if row["released_at"] else None,
        picture=picture,
        variants=variants,
    )
