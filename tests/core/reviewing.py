"""A shop in which goods have arrived, and what tests of reviews do there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from core import reviews
from core.reviews import Author, Moderation, Subject, Words
from core.shipments import deliver, prepare, send
from core.tables import Product, Review, Seller
from tests.core.trade import Trade

GOOD = Words(5, "Just right", "It does what it says.")
POOR = Words(2, "Came apart", "The handle fell off on the second day.")


def seller_row(trade: Trade, name: str) -> int:
    """The row number of a seller."""
    with trade.database.read() as session:
        return int(session.execute(select(col(Seller.id)).where(col(Seller.public_id) == name)).scalar_one() or 0)


def user_row(trade: Trade, n: int) -> int:
    """The row number of user n."""
    with trade.database.read() as session:
        return trade.user(session, n)


def arrived(trade: Trade, n: int, variant: str, *, seller: str = "s0", upto: str = "delivered") -> str:
    """A paid order of user n of one piece, packed, sent or delivered by its seller; returns its id."""
    order = trade.order(n, {variant: 1})
    trade.pay(n, order)
    row = seller_row(trade, seller)

    def work(session: Session) -> None:
        packed = prepare(session, order, seller=row, pieces=None, cause=trade.cause())
        if upto in ("sent", "delivered"):
            send(session, packed.id, seller=row, carrier="", tracking_number="", cause=trade.cause())
        if upto == "delivered":
            deliver(session, packed.id, seller=row, cause=trade.cause())

    trade.do(work)
    return order


def write(
    trade: Trade,
    author: int | Author,
    order: str,
    *,
    words: Words = GOOD,
    subject: Subject = "product",
    moderation: Moderation = "after",
    line: int = 1,
) -> str:
    """User n (or another author) reviews a line of an order."""
    who = author if isinstance(author, Author) else Author(user=user_row(trade, author))
    return trade.do(
        lambda session: reviews.write(
            session, who, order=order, line=line, subject=subject, words=words, moderation=moderation, at=trade.now
        )
    )


def reviewed(trade: Trade, n: int, variant: str, score: int, *, seller: str = "s0") -> str:
    """User n buys, receives and reviews a product; returns the review's id."""
    return write(trade, n, arrived(trade, n, variant, seller=seller), words=Words(score, "", ""))


def row_of(trade: Trade, review: str) -> Any:
    """A review as its row is."""
    table: Any = Review.__table__  # type: ignore[attr-defined]
    with trade.database.read() as session:
        return session.execute(select(table).where(table.c.public_id == review)).one()


def rating(trade: Trade, product: str) -> tuple[int, float | None, float | None]:
    """Count, mean and Bayesian mean of a product."""
    columns: Any = (col(Product.rating_count), col(Product.rating_mean), col(Product.rating_bayes))
    with trade.database.read() as session:
        return tuple(session.execute(select(*columns).where(col(Product.public_id) == product)).one())  # type: ignore[return-value]


def from_elsewhere(trade: Trade, product: str, *, count: int, mean: float) -> None:
    """What a feed says of a product's ratings, as far as it is not added up yet."""
    with trade.database.write() as session:
        session.execute(
            update(Product)
            .where(col(Product.public_id) == product)
            .values(elsewhere_count=count, elsewhere_mean=mean)
        )


def later(trade: Trade, **time: float) -> None:
    """Time passes."""
    trade.now += timedelta(**time)
