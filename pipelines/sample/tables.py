"""The sample shop's goods as the frames that the core loads: sellers, products, variants, pictures and stock."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from core.bulk import json_text
from core.frames import MOMENT
from pipelines.sample.chance import Floats, Ints, generator, opaque_ids
from pipelines.sample.goods import Good, Traits
from pipelines.sample.vocabulary import Vocabulary

CURRENCY = "GBP"
PICTURE_SUFFIX = ".webp"


@dataclass(frozen=True, slots=True)
class Shelf:
    """The frames, and what the rest of the generator needs of them as arrays.

    `product_ids` and `variant_ids` by number; the variants of product p are those from `first_variant[p]` up to
    `first_variant[p + 1]`; `variant_price` in minor units.
    """

    sellers: pl.DataFrame
    products: pl.DataFrame
    variants: pl.DataFrame
    pictures: pl.DataFrame
    stock: pl.DataFrame
    categories_zh: dict[str, str]  # category path -> Chinese name
    product_ids: pl.Series
    variant_ids: pl.Series
    first_variant: Ints
    variant_price: Ints


def moments(start: datetime, days: Floats) -> pl.Series:
    """Days since `start` as moments, to the second."""
    seconds = np.round(days * 86_400).astype(np.int64)
    micros = seconds * 1_000_000 + int(start.timestamp()) * 1_000_000
    return pl.Series(micros, dtype=pl.Int64).cast(pl.Datetime("us")).dt.replace_time_zone("UTC").cast(MOMENT)


def ean13(number: int) -> str:
    """A valid EAN-13 from the range 290 to 299, which is for use within a shop and names no real article."""
    digits = f"29{number:010d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def build_shelf(words: Vocabulary, goods: Sequence[Good], traits: Traits, *, seed: int, start: datetime) -> Shelf:
    """Lay the goods out as frames; `start` is the first day of the sample."""
    random = generator(seed, "shelf")
    product_ids = opaque_ids(seed, "product", len(goods))
    seller_ids = opaque_ids(seed, "seller", len(words.sellers))
    released = moments(start, traits.released)
    sellers = pl.DataFrame(
        {
            "public_id": seller_ids,
            "name": [seller["name"] for seller in words.sellers],
            "country": [seller["country"] for seller in words.sellers],
        }
    ).with_columns(created_at=pl.lit(start - timedelta(days=1_000)).cast(MOMENT))
    products = pl.DataFrame(
        {
            "public_id": product_ids,
            "seller": [seller_ids[_seller(words, good, random)] for good in goods],
            "category": [[good.kind.department.en, good.kind.name.en] for good in goods],
            "title": [good.title for good in goods],
            "title_zh": [good.title_zh for good in goods],
            "brand": [good.brand.word.en for good in goods],
            "description": [good.description for good in goods],
            "attributes": [json_text(good.attributes) for good in goods],
            "released_at": released,
            "created_at": released,
        }
    )
    variants, first, price = _variants(goods, product_ids, seed=seed)
    stock = _stock(variants["public_id"], first, random)
    pictures = pl.DataFrame(
        {
            "product": product_ids,
            "position": pl.Series([0] * len(goods), dtype=pl.Int64),
            "url": [f"{product}{PICTURE_SUFFIX}" for product in product_ids],
            "alt": [good.title for good in goods],
        }
    )
    categories = {good.kind.department.en: good.kind.department.zh for good in goods}
    categories |= {f"{good.kind.department.en} > {good.kind.name.en}": good.kind.name.zh for good in goods}
    return Shelf(
        sellers=sellers,
        products=products,
        variants=variants,
        pictures=pictures,
        stock=stock,
        categories_zh=dict(sorted(categories.items())),
        product_ids=product_ids,
        variant_ids=variants["public_id"],
        first_variant=first,
        variant_price=price,
    )


def _seller(words: Vocabulary, good: Good, random: np.random.Generator) -> int:
    department = good.kind.department.en
    fitting = [number for number, seller in enumerate(words.sellers) if department in seller["departments"]]
    return fitting[int(random.integers(len(fitting)))]


def _variants(goods: Sequence[Good], product_ids: pl.Series, *, seed: int) -> tuple[pl.DataFrame, Ints, Ints]:
    rows = [(number, *row) for number, good in enumerate(goods) for row in _variants_of(number, good)]
    ids = opaque_ids(seed, "variant", len(rows))
    numbers, skus, options, prices, dearer = zip(*rows, strict=True)
    owners = np.array(numbers)
    frame = pl.DataFrame(
        {
            "public_id": ids,
            "product": product_ids.gather(owners),
            "sku": skus,
            "ean": [ean13(number) for number in range(1, len(rows) + 1)],
            "options": options,
            "price_minor": prices,
            "list_price_minor": pl.Series(dearer, dtype=pl.Int64),
            "currency": [CURRENCY] * len(rows),
        }
    )
    first = np.searchsorted(owners, np.arange(len(goods) + 1)).astype(np.int64)
    return frame, first, np.array(prices, dtype=np.int64)


def _variants_of(number: int, good: Good) -> list[tuple[str, str, int, int | None]]:
    """SKU, options as JSON text, price and list price of each variant."""
    options = good.kind.options
    colours = [colour.word.en for colour in good.colours] if good.kind.colour == "options" else [""]
    values = list(zip(options.values, options.factors, strict=True)) if options else [("", 1.0)]
    code = f"{_code(good.kind.department.en)}-{_code(good.kind.name.en)}-{number + 1:04d}"
    rows = []
    for nth, (colour, (value, factor)) in enumerate(itertools.product(colours, values), start=1):
        chosen = {"colour": colour} if colour else {}
        if options:
            chosen[options.name] = value
        dearer = None if good.list_price_minor is None else _scaled(good.list_price_minor, factor)
        rows.append((f"{code}-{nth}", json_text(chosen), _scaled(good.price_minor, factor), dearer))
    return rows


def _code(name: str) -> str:
    return "".join(letter for letter in name.upper() if letter.isalpha())[:3]


def _scaled(price: int, factor: float) -> int:
    """The price of a larger or smaller variant, still ending as prices do."""
    return price if factor == 1.0 else round(price * factor / 50) * 50 - 1


def _stock(ids: pl.Series, first: Ints, random: np.random.Generator) -> pl.DataFrame:
    quantity = np.ceil(random.gamma(1.6, 28, len(ids))).astype(np.int64)
    quantity[random.random(len(ids)) < 0.05] = 0
    sold_out = random.random(len(first) - 1) < 0.025
    quantity[np.repeat(sold_out, np.diff(first))] = 0
    return pl.DataFrame({"variant": ids, "quantity": quantity})
