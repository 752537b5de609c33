"""Who may review what, and when; what becomes of a review by its author, readers, sellers and staff."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlmodel import Session, col

from core import moderation, reviews
from core.audit import entries
from core.database import Database
from core.errors import Changed, Conflict, MerxError, NotFound
from core.own_data import own_data
from core.review_views import (
    buyer_reviews,
    own_reviews,
    product_reviews,
    review_queue,
    reviews_for_seller,
    seller_reviews,
)
from core.reviews import Author, Words
from core.tables import Product, Review, ReviewVote, Seller, User
from tests.core.reviewing import (
    POOR,
    arrived,
    later,
    rating,
    reviewed,
    row_of,
    seller_row,
    user_row,
    write,
)
from tests.core.trade import Trade


@pytest.fixture
def trade(database: Database, tmp_path: Path) -> Trade:
    return Trade(database, tmp_path).stocked([50, 50], users=4, sellers=2)


def refused(work: Callable[[], object], kind: type[MerxError], words: str) -> None:
    with pytest.raises(kind, match=re.escape(words)):
        work()


def shown(trade: Trade, product: str = "p0") -> list[str]:
    with trade.database.read() as session:
        return [review.id for review in product_reviews(session, product)[2]]


def edit(trade: Trade, n: int, review: str, words: Words = POOR, *, mode: reviews.Moderation = "after") -> None:
    author = Author(user=user_row(trade, n))
    trade.do(lambda session: reviews.edit(session, author, review, words=words, moderation=mode, at=trade.now))


def publish(trade: Trade, review: str, *, version: int) -> None:
    trade.do(
        lambda session: moderation.publish(session, review, version=version, actor="user:staff", at=trade.now)
    )


def reject(trade: Trade, review: str, *, version: int, reason: str = "names a person") -> None:
    trade.do(
        lambda session: moderation.reject(
            session, review, reason=reason, version=version, actor="user:staff", at=trade.now
        )
    )


def vote(trade: Trade, n: int, review: str) -> int:
    user = user_row(trade, n)
    return trade.do(lambda session: moderation.find_helpful(session, review, user=user, at=trade.now))


def test_only_what_has_arrived_is_reviewed_and_only_by_its_buyer(trade: Trade) -> None:
    unpaid = trade.order(0, {"v0": 1})
    for order in (unpaid, arrived(trade, 0, "v0", upto="packed"), arrived(trade, 0, "v0", upto="sent")):
        refused(lambda order=order: write(trade, 0, order), Conflict, "has not arrived yet")
    order = arrived(trade, 0, "v0")
    refused(lambda: write(trade, 1, order), NotFound, f"there is no line 1 of an order '{order}'")
    refused(lambda: write(trade, 0, order, line=2), NotFound, f"there is no line 2 of an order '{order}'")
    review = write(trade, 0, order)
    row = row_of(trade, review)
    assert (row.source, row.subject, row.status, row.score) == ("shop", "product", "published", 5)
    with trade.database.read() as session:
        seen = product_reviews(session, "p0")[2][0]
    assert (seen.id, seen.verified, seen.order, seen.line) == (review, True, order, 1)
    refused(lambda: write(trade, 0, order, words=POOR), Conflict, "already")
    other = write(trade, 0, order, subject="seller", words=POOR)
    assert row_of(trade, other).product_id is None
    assert write(trade, 0, arrived(trade, 0, "v0")) != review, "another order may be reviewed too"
    assert trade.told("product").count(("p0", "reviewed")) == 2
    assert trade.told("seller") == [("s0", "reviewed")]
    assert trade.told("review")[:2] == [(review, "published"), (other, "published")]


def test_nobody_reviews_goods_of_their_own(trade: Trade) -> None:
    order = arrived(trade, 0, "v0")
    with trade.database.write() as session:
        session.execute(update(Seller).where(col(Seller.public_id) == "s0").values(user_id=trade.user(session, 0)))
    for subject in ("product", "seller"):
        refused(lambda s=subject: write(trade, 0, order, subject=s), Conflict, "sold to themselves")
    mine = Author(seller=seller_row(trade, "s0"))
    refused(lambda: write(trade, mine, order, subject="buyer"), Conflict, "sold to themselves")


def test_where_staff_look_first_nothing_shows_before_they_did(trade: Trade) -> None:
    review = write(trade, 0, arrived(trade, 0, "v0"), moderation="before")
    assert shown(trade) == []
    assert rating(trade, "p0") == (0, None, None)
    assert ("p0", "reviewed") not in trade.told("product")
    assert trade.told("review") == []
    publish(trade, review, version=1)
    assert trade.told("review") == [(review, "published")]
    assert shown(trade) == [review]
    assert rating(trade, "p0")[:2] == (1, 5.0)
    edit(trade, 0, review, mode="before")
    assert shown(trade) == []
    assert rating(trade, "p0") == (0, None, None)
    assert trade.told("product").count(("p0", "reviewed")) == 2


def test_what_staff_rejected_is_not_shown_again_by_an_edit_or_by_writing_it_anew(trade: Trade) -> None:
    order = arrived(trade, 0, "v0")
    review = write(trade, 0, order)
    reject(trade, review, version=1)
    row = row_of(trade, review)
    assert (row.status, row.verdict, row.queued_at, row.moderated_at) == (
        "rejected",
        "names a person",
        None,
        trade.now,
    )
    assert (shown(trade), rating(trade, "p0")[0]) == ([], 0)
    edit(trade, 0, review)
    assert (row_of(trade, review).status, row_of(trade, review).verdict) == ("pending", "names a person")
    author = Author(user=user_row(trade, 0))
    trade.do(lambda session: reviews.withdraw(session, author, review, at=trade.now))
    assert write(trade, 0, order) == review
    assert (row_of(trade, review).status, shown(trade)) == ("pending", [])
    publish(trade, review, version=row_of(trade, review).version)
    assert (row_of(trade, review).verdict, shown(trade)) == ("", [review])
    with trade.database.read() as session:
        log = [(entry.action, entry.subject, entry.actor) for entry in entries(session)[:2]]
    subject = f"review:{review}"
    assert log == [("review.publish", subject, "user:staff"), ("review.reject", subject, "user:staff")]


def test_staff_decide_about_the_words_they_have_seen(trade: Trade) -> None:
    review = write(trade, 0, arrived(trade, 0, "v0"))
    edit(trade, 0, review)
    refused(lambda: publish(trade, review, version=1), Changed, "was changed in the meantime")
    refused(lambda: reject(trade, review, version=1), Changed, "was changed in the meantime")
    refused(lambda: publish(trade, "r-none", version=1), NotFound, "there is no review 'r-none'")
    assert row_of(trade, review).moderated_at is None
    publish(trade, review, version=2)
    assert row_of(trade, review).moderated_at == trade.now


def test_the_queue_has_what_nobody_has_looked_at_and_what_was_reported(trade: Trade) -> None:
    first = reviewed(trade, 0, "v0", 5)
    later(trade, minutes=1)
    second = reviewed(trade, 1, "v1", 4, seller="s1")

    def queue() -> list[tuple[str, int]]:
        with trade.database.read() as session:
            found = [(review.id, review.reports) for review in review_queue(session)]
            assert moderation.waiting(session) == len(found)
        return found

    assert queue() == [(first, 0), (second, 0)]
    later(trade, minutes=1)
    edit(trade, 0, first)
    assert queue() == [(first, 0), (second, 0)], "who edits keeps the place"
    publish(trade, first, version=2)
    publish(trade, second, version=1)
    assert queue() == []
    for n in (2, 3, 3):
        user = user_row(trade, n)
        trade.do(lambda session, user=user: moderation.report(session, first, user=user, at=trade.now))
    assert queue() == [(first, 2)]
    assert shown(trade) == [first], "a report hides nothing"
    publish(trade, first, version=2)
    assert queue() == []


def test_an_author_withdraws_and_writes_anew(trade: Trade) -> None:
    order = arrived(trade, 0, "v0")
    review = write(trade, 0, order)
    vote(trade, 1, review)
    author = Author(user=user_row(trade, 0))
    stranger = Author(user=user_row(trade, 1))
    refused(
        lambda: trade.do(lambda session: reviews.withdraw(session, stranger, review, at=trade.now)),
        NotFound,
        f"there is no review '{review}'",
    )
    trade.do(lambda session: reviews.withdraw(session, author, review, at=trade.now))
    row = row_of(trade, review)
    assert (row.status, row.title, row.text, row.helpful) == ("withdrawn", "", "", 0)
    assert (shown(trade), rating(trade, "p0")) == ([], (0, None, None))
    with trade.database.read() as session:
        assert own_reviews(session, author) == []
        assert session.execute(select(col(ReviewVote.user_id))).all() == []
    refused(lambda: edit(trade, 0, review), Conflict, "was withdrawn")
    refused(lambda: publish(trade, review, version=2), Conflict, "was withdrawn")
    refused(lambda: vote(trade, 1, review), NotFound, "there is no review")
    assert write(trade, 0, order, words=POOR) == review
    assert (shown(trade), rating(trade, "p0")[:2]) == ([review], (1, 2.0))


def test_pictures_are_at_most_five_and_send_the_review_back_to_staff(trade: Trade) -> None:
    review = write(trade, 0, arrived(trade, 0, "v0"))
    publish(trade, review, version=1)
    author = Author(user=user_row(trade, 0))

    def add(session: Session) -> str:
        return reviews.add_picture(
            session, author, review, url="x.webp", width=3, height=2, moderation="before", at=trade.now
        )

    names = [trade.do(add) for _ in range(5)]
    refused(lambda: trade.do(add), Conflict, "at most 5 pictures")
    assert (row_of(trade, review).status, row_of(trade, review).version) == ("pending", 6)

    def remove(session: Session) -> None:
        reviews.remove_picture(session, author, review, picture=names[1], moderation="after", at=trade.now)

    trade.do(remove)
    refused(lambda: trade.do(remove), NotFound, f"has no picture '{names[1]}'")
    last = trade.do(add)
    with trade.database.read() as session:
        seen = own_reviews(session, author)[0].pictures
    assert [picture.id for picture in seen] == [names[0], *names[2:], last]


def test_one_vote_a_reader_taken_back_and_none_for_oneself(trade: Trade) -> None:
    review = write(trade, 0, arrived(trade, 0, "v0"))
    assert [vote(trade, n, review) for n in (1, 2, 1)] == [1, 2, 2]
    refused(lambda: vote(trade, 0, review), Conflict, "one's own")
    user = user_row(trade, 1)
    for _ in range(2):
        assert trade.do(lambda session: moderation.take_back(session, review, user=user)) == 1
    reject(trade, review, version=1)
    refused(lambda: vote(trade, 3, review), NotFound, "there is no review")


def test_the_seller_answers_and_no_other(trade: Trade) -> None:
    of_goods = write(trade, 0, arrived(trade, 0, "v0"))
    order = arrived(trade, 0, "v1", seller="s1")
    of_seller = write(trade, 0, order, subject="seller")
    s0, s1 = seller_row(trade, "s0"), seller_row(trade, "s1")

    def answer(review: str, seller: int, text: str) -> None:
        trade.do(lambda session: reviews.answer(session, review, seller=seller, text=text, at=trade.now))

    publish(trade, of_goods, version=1)
    for review, seller in ((of_goods, s1), (of_seller, s0)):
        refused(lambda r=review, s=seller: answer(r, s, "no"), NotFound, f"there is no review '{review}'")
    answer(of_goods, s0, "Thank you!")
    answer(of_seller, s1, "Thanks.")
    answer(of_goods, s0, "Thank you very much!")
    row = row_of(trade, of_goods)
    assert (row.answer, row.status, row.version) == ("Thank you very much!", "published", 3)
    assert row.queued_at == trade.now, "staff look at the answer too"
    with trade.database.read() as session:
        assert [review.id for review in reviews_for_seller(session, seller=s1)] == [of_seller]
        assert seller_reviews(session, "s1")[1][0].answer == "Thanks."
    answer(of_goods, s0, "")
    assert (row_of(trade, of_goods).answer, row_of(trade, of_goods).answered_at) == ("", None)


def test_sellers_review_buyers_for_each_other_and_the_export_has_it(trade: Trade) -> None:
    order, other = arrived(trade, 0, "v0"), arrived(trade, 0, "v1", seller="s1")
    s0, s1 = seller_row(trade, "s0"), seller_row(trade, "s1")
    words = Words(1, "", "Never at home.")
    refused(
        lambda: write(trade, Author(seller=s1), order, subject="buyer"), NotFound, "there is no line 1 of an order"
    )
    review = write(trade, Author(seller=s0), order, subject="buyer", words=words)
    user = user_row(trade, 0)
    with trade.database.read() as session:
        mean, found = buyer_reviews(session, other, seller=s1)
        assert (mean.count, mean.mean, [(one.id, one.seller) for one in found]) == (1, 1.0, [(review, "s0")])
        with pytest.raises(NotFound):
            buyer_reviews(session, order, seller=s1)
        assert own_reviews(session, Author(user=user)) == []
        assert seller_reviews(session, "s0")[1] == []
        assert reviews_for_seller(session, seller=s0) == []
        assert [one.id for one in own_reviews(session, Author(seller=s0))] == [review]
        about = own_data(session, user)["reviews_about_you"]
    assert [(one["seller"], one["score"], one["text"]) for one in about] == [("s0", 1, "Never at home.")]
    refused(lambda: edit(trade, 0, review), NotFound, "there is no review")
    for n in (0, 1):
        refused(lambda n=n: vote(trade, n, review), NotFound, "there is no review")


def test_pages_follow_each_other_in_every_order(trade: Trade) -> None:
    scores = [5, 3, 5, 1, 3, 2]
    made = []
    for n, score in enumerate(scores):
        later(trade, hours=1)
        made.append(reviewed(trade, n % 3, "v0", score))
    for review, voters in ((made[3], (0, 1)), (made[1], (0,))):
        for n in voters:
            if n != made.index(review) % 3:
                vote(trade, n, review)
    rows = {review: row_of(trade, review) for review in made}
    keys: dict[str, Callable[[str], tuple[float, int]]] = {
        "newest": lambda r: (0, -rows[r].id),
        "helpful": lambda r: (-rows[r].helpful, -rows[r].id),
        "highest": lambda r: (-rows[r].score, -rows[r].id),
        "lowest": lambda r: (rows[r].score, -rows[r].id),
    }
    with trade.database.read() as session:
        for sort, key in keys.items():
            seen: list[str] = []
            while True:
                after = seen[-1] if seen else None
                page = product_reviews(session, "p0", sort=sort, after=after, limit=2)[2]  # type: ignore[arg-type]
                if not page:
                    break
                seen += [review.id for review in page]
            assert seen == sorted(made, key=key), sort
        told, _, threes = product_reviews(session, "p0", score=3)
        assert [review.id for review in threes] == [made[4], made[1]]
        assert told.histogram == {1: 1, 2: 1, 3: 2, 4: 0, 5: 2}
        assert (told.count, told.mean) == (6, pytest.approx(19 / 6))
        assert product_reviews(session, "p0", after="r-none")[2] == []


@pytest.mark.parametrize(("name", "initial"), [("Ann Lee", "A"), ("élodie", "É"), ("王伟", ""), ("  ", "")])
def test_of_the_author_readers_see_an_initial_at_most(trade: Trade, name: str, initial: str) -> None:
    vault = trade.database.vault
    assert vault is not None
    with trade.database.write() as session:
        session.execute(update(User).where(col(User.public_id) == "u0").values(name=vault.seal(name)))
    reviewed(trade, 0, "v0", 5)
    reviewed(trade, 1, "v0", 4)
    with trade.database.read() as session:
        seen = product_reviews(session, "p0", sort="highest")[2]
    assert [review.author for review in seen] == [initial, ""]


def test_what_came_with_a_feed_is_not_edited_here(trade: Trade) -> None:
    order = arrived(trade, 0, "v0")
    review = write(trade, 0, order)
    with trade.database.write() as session:
        session.execute(update(Review).where(col(Review.public_id) == review).values(source="feed"))
    refused(lambda: edit(trade, 0, review), Conflict, "was not written here")
    refused(lambda: write(trade, 0, order), Conflict, "already")
    with trade.database.read() as session:
        assert [seen.editable for seen in own_reviews(session, Author(user=trade.user(session, 0)))] == [False]


def test_a_withdrawn_product_has_no_page_of_reviews(trade: Trade) -> None:
    review = reviewed(trade, 0, "v0", 5)
    with trade.database.write() as session:
        session.execute(update(Product).where(col(Product.public_id) == "p0").values(status="withdrawn"))
    with trade.database.read() as session:
        refused(lambda: product_reviews(session, "p0"), NotFound, "there is no product 'p0'")
    refused(lambda: vote(trade, 1, review), NotFound, "there is no review")
