"""What reviews and a feed's ratings add up to: exactly, at once, and in an order that no single voice makes."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import polars as pl
import pytest
from sqlmodel import Session

from core import moderation, ratings, reviews
from core.catalogue import read_goods
from core.database import Database
from core.errors import Conflict
from core.extracts import published_reviews, reviewed_lines
from core.frames import Frames
from core.loading import load
from core.ratings import Prior, prior, rate_products
from core.review_views import product_reviews, seller_reviews
from core.reviews import Author, Words
from tests.core.reviewing import (
    POOR,
    arrived,
    from_elsewhere,
    rating,
    reviewed,
    row_of,
    user_row,
    write,
)
from tests.core.trade import NOW, Trade


@pytest.fixture
def trade(database: Database, tmp_path: Path) -> Trade:
    return Trade(database, tmp_path).stocked([90, 90, 90], users=6, sellers=1)


def product_row(session: Session, name: str) -> int:
    table = ratings._PRODUCT
    return int(session.execute(table.select().where(table.c.public_id == name)).one().id)


def rate(trade: Trade, *names: str) -> None:
    trade.do(lambda session: rate_products(session, [product_row(session, name) for name in names]))


def feed_of(product: str, *, count: int, mean: float | None, status: str = "published") -> Frames:
    given = {
        "public_id": [product],
        "seller": ["s0"],
        "title": ["Thing"],
        "status": [status],
        "rating_count": [count],
        "rating_mean": [mean],
    }
    return Frames(products=pl.DataFrame(given, schema_overrides={"rating_mean": pl.Float64}))


def test_the_feed_and_what_is_written_here_are_added_up(trade: Trade) -> None:
    from_elsewhere(trade, "p0", count=3, mean=4.0)
    reviewed(trade, 0, "v0", 1)
    count, mean, _ = rating(trade, "p0")
    assert (count, mean) == (4, pytest.approx(13 / 4))
    reviewed(trade, 1, "v0", 2)
    assert rating(trade, "p0")[:2] == (5, pytest.approx(15 / 5))


def test_a_single_five_does_not_stand_above_two_hundred_that_are_nearly_as_good(trade: Trade) -> None:
    from_elsewhere(trade, "p1", count=200, mean=4.8)
    from_elsewhere(trade, "p2", count=200, mean=3.1)
    rate(trade, "p1", "p2")
    reviewed(trade, 0, "v0", 5)
    found = {name: rating(trade, name) for name in ("p0", "p1", "p2")}
    assert found["p0"][1] == 5.0, "what is shown is the plain mean"
    order = sorted(found, key=lambda name: -(found[name][2] or 0))
    assert order == ["p1", "p0", "p2"]
    with trade.database.read() as session:
        goods = read_goods(session).products
        assert dict(goods.select("public_id", "rating_bayes").iter_rows()) == {n: f[2] for n, f in found.items()}


def test_the_prior_is_the_shops_own_and_never_one_review(trade: Trade) -> None:
    with trade.database.read() as session:
        assert prior(session) == Prior(3.0, 5.0)
    reviewed(trade, 0, "v0", 5)
    with trade.database.read() as session:
        first = prior(session)
    assert first == Prior(pytest.approx((5 + 60) / 21), 5.0)
    assert rating(trade, "p0")[2] == pytest.approx((5 * first.mean + 5) / 6)
    from_elsewhere(trade, "p1", count=59, mean=4.5)
    rate(trade, "p1")
    with trade.database.read() as session:
        assert prior(session) == Prior(pytest.approx((5 + 59 * 4.5 + 60) / 80), 30.0)
    from_elsewhere(trade, "p1", count=10_000, mean=4.5)
    rate(trade, "p1")
    with trade.database.read() as session:
        assert prior(session).weight == 50.0


def test_a_feed_that_comes_again_keeps_what_was_written_here(trade: Trade) -> None:
    trade.do(lambda session: load(session, feed_of("p0", count=10, mean=4.0), at=NOW))
    assert rating(trade, "p0")[:2] == (10, 4.0)
    reviewed(trade, 0, "v0", 1)
    trade.do(lambda session: load(session, feed_of("p0", count=10, mean=4.0), at=NOW))
    assert rating(trade, "p0")[:2] == (11, pytest.approx(41 / 11))
    trade.do(lambda session: load(session, feed_of("p0", count=20, mean=3.0), at=NOW))
    assert rating(trade, "p0")[:2] == (21, pytest.approx(61 / 21))
    trade.do(lambda session: load(session, feed_of("p0", count=0, mean=None), at=NOW))
    assert rating(trade, "p0")[:2] == (1, 1.0)
    trade.do(lambda session: load(session, feed_of("new", count=2, mean=4.5), at=NOW))
    count, mean, bayes = rating(trade, "new")
    assert (count, mean) == (2, 4.5)
    assert bayes is not None
    assert 3.0 < bayes < 4.5


def test_reviews_of_a_feed_are_shown_but_counted_in_its_ratings_alone(trade: Trade) -> None:
    order = arrived(trade, 0, "v0")
    mine = write(trade, 0, order, words=POOR)
    of_seller = write(trade, 0, order, subject="seller")
    given = pl.DataFrame(
        {
            "public_id": ["e1", mine, of_seller],
            "product": ["p0"] * 3,
            "score": [4, 1, 1],
            "text": ["from elsewhere"] * 3,
            "created_at": [NOW] * 3,
        }
    ).with_columns(pl.col("created_at").cast(pl.Datetime("us", "UTC")))
    done = trade.do(lambda session: load(session, Frames(reviews=given), at=NOW))
    assert dict(done.changes["reviews"].iter_rows()) == {"e1": "created", mine: "same", of_seller: "same"}
    assert row_of(trade, "e1").source == "feed"
    assert (row_of(trade, mine).text, row_of(trade, mine).source) == (POOR.text, "shop")
    assert rating(trade, "p0")[:2] == (1, 2.0)
    with trade.database.read() as session:
        told, _, seen = product_reviews(session, "p0")
        assert {review.id: (review.verified, review.editable) for review in seen} == {
            mine: (True, True),
            "e1": (False, False),
        }
        assert told.histogram == {1: 0, 2: 1, 3: 0, 4: 1, 5: 0}
        assert sorted(published_reviews(session)["score"]) == [2, 4], "of goods, for the models"
        assert reviewed_lines(session)["review"].to_list() == [mine]


def test_a_seller_is_rated_by_those_who_bought(trade: Trade) -> None:
    for n, score in ((0, 5), (1, 2)):
        write(trade, n, arrived(trade, n, "v0"), subject="seller", words=Words(score, "", ""))
    with trade.database.read() as session:
        told, _ = seller_reviews(session, "s0")
    assert (told.count, told.mean, told.histogram) == (2, 3.5, {1: 0, 2: 1, 3: 0, 4: 0, 5: 1})
    assert rating(trade, "p0") == (0, None, None)


def test_many_at_once_end_right(trade: Trade) -> None:
    """Writers, editors, those who withdraw, staff and a feed, all about one product and one seller."""
    people = 6
    ready = [
        (arrived(trade, n, "v0"), write(trade, n, arrived(trade, n, "v0"), words=Words(n % 5 + 1, "", "")))
        for n in range(people)
    ]
    users = [user_row(trade, n) for n in range(people)]
    start = threading.Barrier(2 * people + 1)
    faults: list[BaseException] = []

    def run(work: list[object]) -> None:
        start.wait()
        for step in work:
            try:
                trade.database.transact(step)  # type: ignore[arg-type]
            except Conflict:
                pass  # staff came too late
            except BaseException as error:
                faults.append(error)

    def writer(n: int) -> list[object]:
        order, review = ready[n]
        author, dice = Author(user=users[n]), random.Random(n)

        def scored() -> Words:
            return Words(dice.randint(1, 5), "", "")

        def anew(session: Session) -> None:
            reviews.write(
                session, author, order=order, line=1, subject="product", words=scored(), moderation="after", at=NOW
            )

        def other(session: Session) -> None:
            reviews.edit(session, author, review, words=scored(), moderation="after", at=NOW)

        def of_seller(session: Session) -> None:
            reviews.write(
                session, author, order=order, line=1, subject="seller", words=scored(), moderation="after", at=NOW
            )

        def away(session: Session) -> None:
            reviews.withdraw(session, author, review, at=NOW)

        return [anew, other, of_seller, *([away] if n % 2 else [other])]

    def reader(n: int) -> list[object]:
        review = ready[(n + 1) % people][1]

        def helpful(session: Session) -> None:
            moderation.find_helpful(session, review, user=users[n], at=NOW)

        def reject(session: Session) -> None:
            moderation.reject(session, review, reason="x", version=1, actor="system", at=NOW)

        return [reject] if n == 0 else [helpful]

    def feeds() -> list[object]:
        return [
            lambda session, count=count: load(session, feed_of("p0", count=count, mean=4.0), at=NOW)
            for count in (5, 7, 9)
        ]

    work = [*map(writer, range(people)), *map(reader, range(people)), feeds()]
    threads = [threading.Thread(target=run, args=(steps,)) for steps in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    late = [fault for fault in faults if "there is no review" not in str(fault)]  # a vote for what was withdrawn
    assert not late, late
    with trade.database.read() as session:
        table = reviews._REVIEW
        rows = session.execute(table.select().where(table.c.status == "published")).all()
        votes = session.execute(reviews._VOTE.select()).all()
        told, _ = seller_reviews(session, "s0")
    scores = [row.score for row in rows if row.subject == "product"]
    count, mean, bayes = rating(trade, "p0")
    assert (count, mean) == (9 + len(scores), pytest.approx((36 + sum(scores)) / (9 + len(scores))))
    assert bayes is not None
    sellers = [row.score for row in rows if row.subject == "seller"]
    assert (told.count, told.mean) == (people, pytest.approx(sum(sellers) / people))
    for row in rows:
        assert row.helpful == sum(vote.review_id == row.id for vote in votes)


def test_reading_the_prior_needs_the_index_alone(sqlite: Database, tmp_path: Path) -> None:
    trade = Trade(sqlite, tmp_path).stocked([1])
    with trade.database.read() as session:
        plan = session.connection().exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT count(*), sum(rating_count), sum(rating_count * rating_mean) FROM product"
            " WHERE rating_count > 0 AND rating_mean IS NOT NULL"
        )
        assert "COVERING INDEX ix_product_rated" in plan.one().detail
