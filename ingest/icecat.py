"""Icecat's product data, line by line onto the feed. The rules are told in docs/imports.md."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

ASSUMED_STOCK = 100
CURRENCY = "EUR"

# A name may end in a word in brackets: "thermal_design_power__tdp_".
_BRACKET = re.compile(r"__([a-z0-9]+(?:_[a-z0-9]+)*)_$")
_EAN = re.compile(r"\d{8,14}")


class IcecatProduct(BaseModel):
    """One line of `products.jsonl`. `price` is in cents; the rest are `attr_t_*`, `attr_n_*` and `attr_b_*`."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, str | bool | float | None]

    id: str
    title: str
    name: str = ""
    supplier: str = ""
    short_description: str = ""
    ean: list[str] = []
    price: Annotated[int, Field(ge=0)] | None = None
    date_released: str | None = None
    img_500x500: str | None = None


def to_feed(line: bytes) -> bytes:
    """One line of `products.jsonl` as a product line of the feed; raises ValueError where it is none."""
    row = IcecatProduct.model_validate_json(line)
    eans = [ean for ean in row.ean if _EAN.fullmatch(ean)]
    attributes = _attributes(row)
    kind = attributes.get("product type")
    named = isinstance(kind, str) and re.search(r"[A-Za-z]{2}", kind) and ">" not in kind
    product: dict[str, object] = {
        "type": "product",
        "id": row.id,
        "title": row.title,
        "brand": row.supplier,
        "description": row.short_description,
        "category": [kind] if named else [],
        "attributes": attributes,
        "codes": eans[1:],
        "released_at": row.date_released or None,
        "pictures": [{"url": row.img_500x500}] if row.img_500x500 else [],
    }
    if row.price is not None:
        price = f"{row.price // 100}.{row.price % 100:02}"
        variant = {"id": row.id, "price": price, "stock": ASSUMED_STOCK, "ean": eans[0] if eans else None}
        product |= {"currency": CURRENCY, "variants": [variant]}
    return json.dumps(product).encode()


@lru_cache(maxsize=20_000)
def clean_name(name: str) -> str:
    """The words of an attribute's name: "attr_n_thermal_design_power__tdp_" is "thermal design power (tdp)"."""
    words = re.sub(r"^attr_[a-z]_", "", name)
    return re.sub(r"_+", " ", _BRACKET.sub(r" (\1)", words)).strip()


def _attributes(row: IcecatProduct) -> dict[str, object]:
    """Where two attributes have the same words, numbers go before texts and texts before flags."""
    found: dict[str, object] = {"model": row.name} if row.name else {}
    given = {name: value for name, value in (row.model_extra or {}).items() if value is not None}
    for name in sorted(
        (name for name in given if name.startswith("attr_")), key=lambda name: "ntb".find(name[5:6])
    ):
        found.setdefault(clean_name(name), given[name])
    return found
