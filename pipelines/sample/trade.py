"""Purchases become orders with lines at the prices of their day; some are cancelled, some are given back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from ingest.feed_rows import SOURCE
from pipelines.sample.chance import Floats, Ints, generator, opaque_ids
from pipelines.sample.people import People, Tastes
from pipelines.sample.tables import CURRENCY, Shelf, moments
from pipelines.sample.vocabulary import Kind, Vocabulary
from pipelines.sample.wishes import Bools

FREE_SHIPPING_FROM, SHIPPING = 4_000, 399  # minor units
SALE_DISCOUNT = 0.15
RETURNS = {"Clothing": 0.07, "Shoes & Bags": 0.06}
RETURNED_ELSE = 0.015


@dataclass(frozen=True, slots=True)
class Purchases:
    """Parallel columns, one row an order line, sorted by order: numbers of user, product and variant.

    `at` is when the order was placed, in days since the start; `line` counts from 1.
    """

    user: Ints
    item: Ints
    variant: Ints
    order: Ints
    line: Ints
    at: Floats

    def __len__(self) -> int:
        return len(self.user)


@dataclass(frozen=True, slots=True)
class Trade:
    """The frames of `core.frames`, and for each purchase whether it reached its buyer for good."""

    orders: pl.DataFrame
    order_lines: pl.DataFrame
    refunds: pl.DataFrame
    refund_lines: pl.DataFrame
    kept: Bools


def choose_variants(
    words: Vocabulary, tastes: Tastes, shelf: Shelf, kinds: Ints, users: Ints, items: Ints, *, seed: int
) -> Ints:
    """The variant each purchase is of: sizes are the shopper's own, larger packs go to those who pay more."""
    random = generator(seed, "variants")
    draws = random.random((2, len(items)))
    count = np.diff(shelf.first_variant)[items]
    values = np.array([len(kind.options.values) if kind.options else 1 for kind in words.kinds])[kinds]
    sized = np.array([_is_size(kind) for kind in words.kinds])[kinds]
    own_size = np.clip(tastes.size[users] + (draws[0] - 0.5) * 0.06, 0, 0.999)
    any_size = np.clip(0.55 * draws[0] + 0.45 * tastes.level[users], 0, 0.999)
    value = (np.where(sized, own_size, any_size) * values).astype(np.int64)
    colour = (draws[1] ** 1.5 * (count // values)).astype(np.int64)
    chosen: Ints = shelf.first_variant[items] + colour * values + value
    return chosen


def build_trade(
    people: People, shelf: Shelf, bought: Purchases, *, seed: int, start: datetime, days: int
) -> Trade:
    """Orders, lines and refunds of all purchases."""
    random = generator(seed, "trade")
    count = int(bought.order.max(initial=-1)) + 1
    ids = opaque_ids(seed, "order", count)
    price = _prices(shelf, bought, random, start=start)
    quantity = _quantities(shelf, bought, random)
    user_ids, countries = people.users["public_id"], people.users["country"]
    lines = pl.DataFrame(
        {
            "order": ids.gather(bought.order),
            "line_number": bought.line,
            "variant": shelf.variant_ids.gather(bought.variant),
            "title": shelf.products["title"].gather(bought.item),
            "quantity": quantity,
            "unit_price_minor": price,
        }
    )
    goods = np.bincount(bought.order, weights=price * quantity, minlength=count).astype(np.int64)
    first = np.searchsorted(bought.order, np.arange(count))
    at, user = bought.at[first], bought.user[first]
    age = days - at
    status = np.where(age > 4, "delivered", np.where(age > 1, "shipped", "paid"))
    status = np.where((age > 7) & (random.random(count) < 0.015), "cancelled", status)
    orders = pl.DataFrame(
        {
            "public_id": ids,
            "user": user_ids.gather(user),
            "status": status.tolist(),
            "source": [SOURCE] * count,
            "currency": [CURRENCY] * count,
            "goods_minor": goods,
            "shipping_minor": np.where(goods >= FREE_SHIPPING_FROM, 0, SHIPPING),
            "country": countries.gather(user),
            "address": people.address_texts().gather(user),
            "placed_at": moments(start, at),
        }
    )
    delivered = (status == "delivered")[bought.order]
    department = shelf.products["category"].list.first().gather(bought.item)
    chance = department.replace_strict(RETURNS, default=RETURNED_ELSE, return_dtype=pl.Float64).to_numpy()
    back_at = bought.at + random.uniform(4, 20, len(bought))
    returned = delivered & (random.random(len(bought)) < chance) & (back_at < days)
    refunds, refund_lines = _refunds(lines, orders, returned, back_at, bought, seed=seed, start=start)
    return Trade(orders, lines, refunds, refund_lines, kept=delivered & ~returned)


def _is_size(kind: Kind) -> bool:
    return kind.options is not None and kind.options.name == "size" and kind.department.en != "Home"


def _prices(shelf: Shelf, bought: Purchases, random: np.random.Generator, *, start: datetime) -> Ints:
    """Unit prices: what is cheaper now was sold at its list price at first; the last days of November are sale."""
    now = shelf.variant_price[bought.variant]
    dear = shelf.variants["list_price_minor"].gather(bought.variant).fill_null(0).to_numpy()
    lowered_at = random.uniform(60, 700, shelf.products.height)[bought.item]
    price = np.where((dear > 0) & (bought.at < lowered_at), dear, now)
    dates = moments(start, bought.at)
    sale = ((dates.dt.month() == 11) & (dates.dt.day() >= 23)).to_numpy()
    return np.where(sale, np.round(price * (1 - SALE_DISCOUNT)), price).astype(np.int64)


def _quantities(shelf: Shelf, bought: Purchases, random: np.random.Generator) -> Ints:
    """Several pieces of what is cheap, one of what is dear."""
    cheap = np.exp(-shelf.variant_price[bought.variant] / 2_500)
    return np.minimum(1 + random.poisson(0.55 * cheap), 6).astype(np.int64)


def _refunds(
    lines: pl.DataFrame,
    orders: pl.DataFrame,
    returned: Bools,
    back_at: Floats,
    bought: Purchases,
    *,
    seed: int,
    start: datetime,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows = np.flatnonzero(returned)
    ids = opaque_ids(seed, "refund", len(rows))
    given = lines[rows]
    amount = given["quantity"] * given["unit_price_minor"]
    refunds = pl.DataFrame(
        {
            "public_id": ids,
            "order": given["order"],
            "user": orders["user"].gather(bought.order[rows]),
            "amount_minor": amount,
            "currency": [CURRENCY] * len(rows),
            "reason": ["returned"] * len(rows),
            "at": moments(start, back_at[rows]),
        }
    )
    refund_lines = pl.DataFrame(
        {
            "refund": ids,
            "line_number": np.ones(len(rows), dtype=np.int64),
            "variant": given["variant"],
            "order": given["order"],
            "order_line": given["line_number"],
            "quantity": given["quantity"],
            "amount_minor": amount,
            "title": given["title"],
        }
    )
    return refunds, refund_lines
