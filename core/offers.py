"""What is sold of a product, and for how much: variants, prices, and the history of prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from core.bulk import insert_of, table_of
from core.errors import Conflict, InvalidInput, NotFound
from core.goods import Held, Keeper, hold, tell
from core.ids import new_id
from core.money import check_currency
from core.tables import PriceChange, Product, Variant

MOST_VARIANTS = 200
CHANGEABLE = ("options", "ean", "active")
LOOK_BACK = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Price:
    """What a variant cost from `at` on, in minor units."""

    price_minor: int
    list_price_minor: int | None
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PriceHistory:
    """The prices of a variant, newest first, and the lowest of 30 days (see `lowest_recent`)."""

    variant: str
    prices: list[Price]
    lowest_minor: int | None


def add_variant(
    session: Session,
    keeper: Keeper,
    product: str,
    *,
    price_minor: int,
    list_price_minor: int | None,
    currency: str,
    sku: str | None = None,
    ean: str | None = None,
    options: Mapping[str, str] | None = None,
    expected: str | None,
    at: datetime,
) -> str:
    """A further thing that is sold of a product; returns its public id, which is its SKU where none is given.

    All variants of a product have one currency. Raises InvalidInput for a price above the list price or another
    currency, Conflict for a SKU that is taken or too many variants.
    """
    _check_price(price_minor, list_price_minor)
    check_currency(currency)
    held = hold(session, keeper, product, expected=expected, at=at)
    there = (
        session.execute(select(col(Variant.currency)).where(col(Variant.product_id) == held.row)).scalars().all()
    )
    if len(there) >= MOST_VARIANTS:
        raise Conflict(f"a product has at most {MOST_VARIANTS} variants", product=product)
    if there and currency != there[0]:
        raise InvalidInput(f"prices of product {product} are in {there[0]}", currency=there[0])
    name = new_id()
    price = Price(price_minor, list_price_minor, currency, held.at)
    made = session.execute(
        insert_of(session, table_of(Variant))
        .values(
            public_id=name,
            product_id=held.row,
            sku=sku or name,
            ean=ean,
            options=dict(options or {}),
            price_minor=price_minor,
            list_price_minor=list_price_minor,
            currency=currency,
            active=True,
        )
        .on_conflict_do_nothing()
        .returning(table_of(Variant).c.id)
    ).scalar_one_or_none()
    if made is None:
        raise Conflict(f"the SKU {sku} is taken", sku=sku)
    _note_price(session, keeper, held, price, variant_row=made)
    tell(session, keeper, held, kind="changed", action="variant.add", detail={"variant": name})
    return name


def edit_variant(
    session: Session,
    keeper: Keeper,
    variant: str,
    *,
    fields: Mapping[str, Any],
    expected: str | None,
    at: datetime,
) -> None:
    """Set `fields` of CHANGEABLE. Raises Conflict when it would switch off the last one of a published product."""
    unknown = sorted(set(fields) - set(CHANGEABLE))
    if unknown:
        raise InvalidInput(f"a variant has no {', '.join(unknown)} that can be set")
    held, row = hold_variant(session, keeper, variant, expected=expected, at=at)
    if fields:
        session.execute(update(Variant).where(col(Variant.id) == row).values(**fields))
    others = select(col(Variant.id)).where(col(Variant.product_id) == held.row, col(Variant.active)).limit(1)
    if held.status == "published" and session.execute(others).first() is None:
        raise Conflict(f"nothing would be sold of product {held.id}: withdraw it instead", product=held.id)
    detail = {"variant": variant, "fields": sorted(fields)}
    tell(session, keeper, held, kind="changed", action="variant.edit", detail=detail)


def set_price(
    session: Session,
    keeper: Keeper,
    variant: str,
    *,
    price_minor: int,
    list_price_minor: int | None,
    expected: str | None,
    at: datetime,
) -> bool:
    """What a variant costs from now on, in minor units of its currency; returns whether that is another price.

    Raises InvalidInput for a price above the list price.
    """
    _check_price(price_minor, list_price_minor)
    held, row = hold_variant(session, keeper, variant, expected=expected, at=at)
    columns: Any = (Variant.price_minor, Variant.list_price_minor, Variant.currency)
    before = session.execute(select(*columns).where(col(Variant.id) == row)).one()
    if (before.price_minor, before.list_price_minor) == (price_minor, list_price_minor):
        return False
    price = Price(price_minor, list_price_minor, before.currency, held.at)
    columns = {"price_minor": price_minor, "list_price_minor": list_price_minor}
    session.execute(update(Variant).where(col(Variant.id) == row).values(**columns))
    _note_price(session, keeper, held, price, variant_row=row)
    detail = {"variant": variant, "before": before.price_minor, "after": price_minor}
    tell(session, keeper, held, kind="price-changed", action="variant.price", detail=detail)
    return True


def hold_variant(
    session: Session, keeper: Keeper, variant: str, *, expected: str | None, at: datetime
) -> tuple[Held, int]:
    """Lock the product of a variant for a change; also returns the variant's row number. Raises NotFound."""
    row, product = variant_row(session, keeper, variant)
    return hold(session, keeper, product, expected=expected, at=at), row


def variant_row(session: Session, keeper: Keeper, variant: str) -> tuple[int, str]:
    """The row number of one of the keeper's variants, and its product's public id; raises NotFound."""
    columns: Any = (col(Variant.id), col(Product.public_id), col(Product.seller_id))
    wanted = select(*columns).join(Product, col(Product.id) == col(Variant.product_id))
    found = session.execute(wanted.where(col(Variant.public_id) == variant)).first()
    if found is None or keeper.seller not in (None, found.seller_id):
        raise NotFound(f"there is no variant {variant!r}", variant=variant)
    return int(found.id), str(found.public_id)


def price_history(
    session: Session, keeper: Keeper, variant: str, *, now: datetime, limit: int = 100
) -> PriceHistory:
    """The history of one of the keeper's variants; raises NotFound."""
    row, _ = variant_row(session, keeper, variant)
    found = _histories(session, {row: variant}, now=now)[0]
    return PriceHistory(variant, found.prices[:limit], found.lowest_minor)


def public_prices(session: Session, product: str, *, now: datetime) -> list[PriceHistory]:
    """The last 30 days of each active variant of a published product; raises NotFound."""
    wanted = (
        select(col(Variant.id), col(Variant.public_id))
        .join(Product, col(Product.id) == col(Variant.product_id))
        .where(col(Product.public_id) == product, col(Product.status) == "published", col(Variant.active))
        .order_by(col(Variant.id))
    )
    names: dict[int, str] = {row: name for row, name in session.execute(wanted)}  # noqa: C416 (rows are no pairs to mypy)
    if not names:
        raise NotFound(f"there is no product {product!r}", product=product)
    return [
        PriceHistory(found.variant, _since(found.prices, now - LOOK_BACK), found.lowest_minor)
        for found in _histories(session, names, now=now)
    ]


def lowest_recent(prices: Sequence[Price], *, now: datetime) -> int | None:
    """The lowest price in force during 30 days, in minor units, of `prices` (newest first); None without any.

    Of a price that was reduced it is the lowest of the 30 days before the reduction, as article 6a of Directive
    98/6/EC (brought in by 2019/2161) wants it shown beside the reduced price; of any other, that of the 30 days
    up to `now`.
    """
    # Where only the list price changed, the price did not.
    steps = [
        price
        for place, price in enumerate(prices)
        if place + 1 == len(prices) or price.price_minor != prices[place + 1].price_minor
    ]
    if len(steps) > 1 and steps[0].price_minor < steps[1].price_minor:
        return min(price.price_minor for price in _since(steps[1:], steps[0].at - LOOK_BACK))
    return min((price.price_minor for price in _since(steps, now - LOOK_BACK)), default=None)


def _since(prices: Sequence[Price], start: datetime) -> list[Price]:
    """Those of `prices` (newest first) that were in force at `start` or later."""
    ended = (prices[place - 1].at if place else None for place in range(len(prices)))
    return [price for price, end in zip(prices, ended, strict=True) if end is None or end > start]


def _histories(session: Session, names: Mapping[int, str], *, now: datetime) -> list[PriceHistory]:
    columns: Any = (
        PriceChange.variant_id,
        PriceChange.price_minor,
        PriceChange.list_price_minor,
        PriceChange.currency,
        PriceChange.at,
    )
    wanted = select(*columns).where(col(PriceChange.variant_id).in_(list(names)))
    prices: dict[int, list[Price]] = {row: [] for row in names}
    for row, *price in session.execute(wanted.order_by(col(PriceChange.id).desc())):
        prices[row].append(Price(*price))
    return [PriceHistory(names[row], found, lowest_recent(found, now=now)) for row, found in prices.items()]


def _check_price(price_minor: int, list_price_minor: int | None) -> None:
    if price_minor < 0 or (list_price_minor is not None and list_price_minor < price_minor):
        raise InvalidInput("a price is not below zero, and a list price not below the price")


def _note_price(session: Session, keeper: Keeper, held: Held, price: Price, *, variant_row: int) -> None:
    session.execute(insert(PriceChange).values(variant_id=variant_row, actor=keeper.actor, **asdict(price)))
