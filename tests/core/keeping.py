"""A small shop with two sellers and staff, for tests of what sellers keep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.accounts import Caller
from core.database import Database
from core.goods import Keeper, create_product, keeper_of, publish
from core.offers import add_variant
from core.shelf import move_stock
from core.tables import Seller, User

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class People:
    """Callers, and the keepers that they are."""

    ann: Caller
    bob: Caller
    clerk: Caller
    anns: Keeper
    bobs: Keeper
    staff: Keeper


def people(database: Database) -> People:
    """Sellers `ann-shop` and `bob-shop` of the users ann and bob, and a clerk of the shop's staff."""
    callers: dict[str, Caller] = {}
    with database.write() as session:
        for name, role in (("ann", "seller"), ("bob", "seller"), ("clerk", "staff")):
            user = User(public_id=name, role=role, created_at=NOW)
            session.add(user)
            session.flush()
            assert user.id is not None
            callers[name] = Caller(user=name, row=user.id, role=role, session=f"login-{name}")
            if role == "seller":
                shop = Seller(public_id=f"{name}-shop", user_id=user.id, name=f"{name}'s", created_at=NOW)
                session.add(shop)
        session.flush()
        keepers = {name: keeper_of(session, caller) for name, caller in callers.items()}
    ann, bob, clerk = callers["ann"], callers["bob"], callers["clerk"]
    return People(ann, bob, clerk, keepers["ann"], keepers["bob"], keepers["clerk"])


def product(database: Database, keeper: Keeper, *, stock: int = 0, price: int = 1000) -> tuple[str, str]:
    """A published product with one variant; returns the public ids of both."""
    with database.write() as session:
        name = create_product(session, keeper, fields={"title": "Lamp", "category": ["Home"]}, at=NOW)
        money = {"price_minor": price, "list_price_minor": None, "currency": "GBP"}
        variant = add_variant(session, keeper, name, **money, expected=None, at=NOW)
        publish(session, keeper, name, expected=None, at=NOW)
        if stock:
            move_stock(session, keeper, variant, delta=stock, at=NOW)
    return name, variant


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    """What a query answers, as plain tuples."""
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]
