"""A rush of shoppers at one shop: many connections, many carts, few pieces. Used by the tests and by the bench."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import func, insert, select
from sqlmodel import Session, col

from core.bulk import insert_frame, with_ids
from core.charges import load_charges
from core.checkout import Checkout, check_out
from core.database import Database
from core.errors import OutOfStock
from core.settings import load_settings
from core.tables import (
    Address,
    Cart,
    CartLine,
    Order,
    OrderLine,
    Product,
    Seller,
    StockLevel,
    StockMovement,
    User,
    Variant,
)
from tests.keys import TEST_VAULT

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PRICE = 1000
HOLD = timedelta(minutes=30)


@dataclass(frozen=True)
class Rush:
    """Carts 0 .. `attempts` - 1, each of a user of its own, with one piece of each of `lines` variants."""

    attempts: int
    variants: int
    lines: int
    stock: int  # of each variant


@dataclass(frozen=True)
class Outcome:
    """How many attempts ended how, and how many there were a second."""

    ends: Counter[str]
    seconds: float

    @property
    def rate(self) -> float:
        """Attempts a second."""
        return self.ends.total() / self.seconds


def prepare(database: Database, rush: Rush, *, seed: int = 1) -> None:
    """The shop, its users with an address each, and their filled carts."""
    at = pl.lit(NOW).cast(pl.Datetime("us", "UTC"))
    home = TEST_VAULT.seal(
        json.dumps({"recipient": "R", "lines": "L", "city": "C", "postcode": "1", "phone": None})
    )
    numbers = pl.DataFrame({"n": range(rush.attempts)})
    draw = random.Random(seed)
    chosen = [sorted(draw.sample(range(rush.variants), rush.lines)) for _ in range(rush.attempts)]
    for one in chosen:
        draw.shuffle(one)  # a cart's order is not that of the row numbers
    with database.write() as session:
        seller = session.execute(
            insert(Seller).values(public_id="s", name="S", created_at=NOW).returning(Seller.id)
        )  # type: ignore[call-overload]
        owner = seller.scalar_one()
        goods = pl.DataFrame({"n": range(rush.variants)})
        products = with_ids(
            session,
            Product,
            goods.select(
                public_id=pl.format("p{}", "n"),
                seller_id=pl.lit(owner),
                title=pl.format("Thing {}", "n"),
                title_zh=pl.lit(""),
                brand=pl.lit(""),
                description=pl.lit(""),
                attributes=pl.lit("{}"),
                status=pl.lit("published"),
                rating_count=pl.lit(0),
                created_at=at,
                updated_at=at,
            ),
        )
        insert_frame(session, Product, products)
        variants = with_ids(
            session,
            Variant,
            products.select(
                public_id=pl.col("public_id").str.replace("p", "v"),
                product_id="id",
                sku="public_id",
                options=pl.lit("{}"),
                price_minor=pl.lit(PRICE),
                currency=pl.lit("EUR"),
                active=pl.lit(True),
            ),
        )
        insert_frame(session, Variant, variants)
        level = variants.select(variant_id="id", quantity=pl.lit(rush.stock), reserved=pl.lit(0), updated_at=at)
        insert_frame(session, StockLevel, level)
        moved = variants.select(
            variant_id="id", delta=pl.lit(rush.stock), reason=pl.lit("delivery"), reference=pl.lit(""), at=at
        )
        insert_frame(session, StockMovement, with_ids(session, StockMovement, moved))
        users = with_ids(
            session,
            User,
            numbers.select(
                public_id=pl.format("u{}", "n"), role=pl.lit("customer"), status=pl.lit("active"), created_at=at
            ),
        )
        insert_frame(session, User, users)
        homes = users.select(
            public_id=pl.col("public_id").str.replace("u", "a"),
            user_id="id",
            sealed=pl.lit(home),
            country=pl.lit("DE"),
            created_at=at,
        )
        insert_frame(session, Address, with_ids(session, Address, homes))
        carts = with_ids(
            session,
            Cart,
            users.select(
                public_id=pl.col("public_id").str.replace("u", "c"),
                user_id="id",
                status=pl.lit("open"),
                currency=pl.lit("EUR"),
                created_at=at,
                updated_at=at,
            ),
        )
        insert_frame(session, Cart, carts)
        rows = [
            (cart, variants["id"][n]) for cart, picked in zip(carts["id"], chosen, strict=True) for n in picked
        ]
        lines = pl.DataFrame(rows, schema=["cart_id", "variant_id"], orient="row").with_columns(
            quantity=pl.lit(1), price_seen_minor=pl.lit(PRICE)
        )
        insert_frame(session, CartLine, with_ids(session, CartLine, lines))


def run(database: Database, rush: Rush, *, threads: int, first: int = 0, last: int | None = None) -> Outcome:
    """Let every cart from `first` to before `last` try to check out, `threads` at a time."""
    charges = load_charges(load_settings())
    with database.read() as session:
        users = dict(session.execute(select(col(User.public_id), col(User.id))).all())

    def attempt(n: int) -> str:
        def work(session: Session) -> Any:
            return check_out(
                session,
                Checkout(f"c{n}", f"a{n}", PRICE * rush.lines),
                user=users[f"u{n}"],
                user_id=f"u{n}",
                charges=charges,
                at=NOW,
                hold=HOLD,
            )

        try:
            database.transact(work)
        except OutOfStock:
            return "out of stock"
        except Exception as error:
            return f"{type(error).__name__}: {error}"[:300]
        return "ordered"

    wanted = range(first, rush.attempts if last is None else last)
    with ThreadPoolExecutor(threads) as pool:
        started = time.perf_counter()
        ends = Counter(pool.map(attempt, wanted))
    return Outcome(ends, time.perf_counter() - started)


def promised(database: Database) -> tuple[int, int, int]:
    """Pieces that the levels say are promised, that the lines of orders say, and orders there are."""
    with database.read() as session:
        reserved = session.execute(select(func.sum(col(StockLevel.reserved)))).scalar_one()
        lines = session.execute(select(func.coalesce(func.sum(col(OrderLine.reserved)), 0))).scalar_one()
        orders = session.execute(select(func.count(col(Order.id)))).scalar_one()
    return int(reserved), int(lines), int(orders)
