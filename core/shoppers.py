"""Shoppers to look at a shop as: for demonstrations, never in production."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.tables import Category, Order, OrderLine, Product, ShopperKey, Variant

_CANDIDATES = 200  # the busiest shoppers, among whom clear tastes are looked for


@dataclass(frozen=True, slots=True)
class SampleShopper:
    """A shopper's key, the department most of their orders are from ("" where goods have none), and how many."""

    key: str
    department: str
    orders: int


def sample_shoppers(session: Session, *, size: int = 8) -> list[SampleShopper]:
    """Up to `size` busy shoppers with tastes as different as can be: first one of each department."""
    orders = func.count(col(Order.id))
    busiest = session.execute(
        select(col(ShopperKey.key), col(ShopperKey.user_id), orders)
        .join(Order, col(Order.user_id) == col(ShopperKey.user_id))
        .group_by(col(ShopperKey.key), col(ShopperKey.user_id))
        .order_by(orders.desc(), col(ShopperKey.key))
        .limit(_CANDIDATES)
    ).all()
    if not busiest:
        return []
    lines: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    bought = (
        select(col(Order.user_id), col(Category.path), func.count())
        .join(OrderLine, col(OrderLine.order_id) == col(Order.id))
        .join(Variant, col(Variant.id) == col(OrderLine.variant_id))
        .join(Product, col(Product.id) == col(Variant.product_id))
        .outerjoin(Category, col(Category.id) == col(Product.category_id))
        .where(col(Order.user_id).in_([user for _, user, _ in busiest]))
        .group_by(col(Order.user_id), col(Category.path))
    )
    for user, path, count in session.execute(bought):
        lines[user][(path or "").split(" > ")[0]] += count
    shoppers = []
    for key, user, count in busiest:
        department, most = max(lines[user].items(), key=lambda item: (item[1], item[0]), default=("", 0))
        shoppers.append((most / max(1, sum(lines[user].values())), SampleShopper(key, department, count)))
    shoppers.sort(key=lambda item: -item[0])
    first: dict[str, SampleShopper] = {}
    for _, shopper in shoppers:
        first.setdefault(shopper.department, shopper)
    rest = [shopper for _, shopper in shoppers if shopper not in first.values()]
    return [*first.values(), *rest][:size]
