"""Amazon's Shopping Queries products (ESCI), line by line onto the feed. The rules are told in docs/imports.md."""

from __future__ import annotations

import json

from pydantic import BaseModel

ASSUMED_STOCK = 100
CURRENCY = "USD"


class EsciProduct(BaseModel):
    """One line of `products.jsonl`; what is not named here is not used."""

    asin: str
    title: str
    description: str | None = None
    bullet_points: str | None = None
    brand: str | None = None
    color: str | None = None
    image: str | None = None
    price: float | None = None
    category: list[str] = []
    rating: float | None = None
    rating_count: int | None = None
    is_book: bool = False


def to_feed(line: bytes) -> bytes:
    """One line of `products.jsonl` as a product line of the feed; raises ValueError where it is none."""
    row = EsciProduct.model_validate_json(line)
    attributes: dict[str, object] = {"color": row.color} if row.color else {}
    if row.is_book:
        attributes["book"] = True
    product: dict[str, object] = {
        "type": "product",
        "id": row.asin,
        "title": row.title,
        "brand": row.brand or "",
        "description": "\n".join(filter(None, (row.bullet_points, row.description))),
        "category": [name.replace(">", "›").strip() for name in row.category if name.strip()],
        "attributes": attributes,
        "rating": {"mean": row.rating, "count": row.rating_count or 0},
        "pictures": [{"url": row.image}] if row.image else [],
    }
    # Most have no price: they can be found and shown, but there is nothing to sell.
    if row.price is not None:
        variant = {"id": row.asin, "price": f"{row.price:.2f}", "stock": ASSUMED_STOCK}
        product |= {"currency": CURRENCY, "variants": [variant]}
    return json.dumps(product).encode()
