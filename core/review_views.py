"""Reviews as they are read: by shoppers, by their authors, by sellers and by staff.

Who wrote a review is never told: readers see the initial of a given name, and whether the goods were bought here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlmodel import Session

from core.bulk import table_of
from core.database import vault_of
from core.errors import NotFound
from core.reviews import Author, by, no_review
from core.tables import Order, OrderLine, Product, Review, ReviewPicture, ReviewVote, Seller, User

Sort = Literal["newest", "helpful", "highest", "lowest"]
SCORES = (1, 2, 3, 4, 5)

_REVIEW, _PICTURE, _VOTE = table_of(Review), table_of(ReviewPicture), table_of(ReviewVote)
_PRODUCT, _SELLER, _USER = table_of(Product), table_of(Seller), table_of(User)
_ORDER, _LINE = table_of(Order), table_of(OrderLine)


@dataclass(frozen=True, slots=True)
class ReviewPictureView:
    """A picture in a review; `url` as in `core.tables.Picture`."""

    id: str
    url: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ReviewView:
    """One review with all that anybody may see of it; the edge leaves out what is not for its reader.

    `author` is an initial or "". `product` and `seller` are public ids with their names: of a review of goods the
    seller is the one who sells them. `order` and `line` say what was bought. `found_helpful` and `mine` speak of
    the reader.
    """

    id: str
    subject: str
    score: int
    title: str
    text: str
    status: str
    verdict: str
    answer: str
    author: str
    verified: bool
    helpful: int
    found_helpful: bool
    mine: bool
    reports: int
    version: int
    created_at: datetime
    edited_at: datetime | None
    answered_at: datetime | None
    product: str | None
    product_title: str | None
    seller: str | None
    seller_name: str | None
    order: str | None
    line: int | None
    editable: bool
    pictures: tuple[ReviewPictureView, ...]


@dataclass(frozen=True, slots=True)
class RatingView:
    """What ratings add up to; `histogram` counts the reviews that can be read, by score."""

    count: int
    mean: float | None
    histogram: dict[int, int]


@dataclass(frozen=True, slots=True)
class SellerView:
    """A seller as shoppers see one."""

    id: str
    name: str
    rating: float | None
    rating_count: int


def product_reviews(
    session: Session,
    product: str,
    *,
    sort: Sort = "newest",
    score: int | None = None,
    reader: int | None = None,
    after: str | None = None,
    limit: int = 10,
) -> tuple[RatingView, SellerView, list[ReviewView]]:
    """The rating of a product, its seller, and its published reviews after the review `after` (public id).

    `reader` is a user's row number. Raises NotFound for a product that shoppers do not see.
    """
    wanted: Any = select(_PRODUCT).where(_PRODUCT.c.public_id == product, _PRODUCT.c.status == "published")
    found = session.execute(wanted).first()
    if found is None:
        raise NotFound(f"there is no product {product!r}", product=product)
    seller = session.execute(select(_SELLER).where(_SELLER.c.id == found.seller_id)).one()
    about = (_REVIEW.c.product_id == found.id) & (_REVIEW.c.status == "published")
    rating = RatingView(found.rating_count, found.rating_mean, _histogram(session, about))
    page = _page(session, about, sort=sort, score=score, reader=reader, after=after, limit=limit)
    return rating, _seller(seller), page


def seller_reviews(
    session: Session,
    seller: str,
    *,
    sort: Sort = "newest",
    score: int | None = None,
    reader: int | None = None,
    after: str | None = None,
    limit: int = 10,
) -> tuple[RatingView, list[ReviewView]]:
    """The rating of a seller and the published reviews of the seller, as `product_reviews`; raises NotFound."""
    found = session.execute(select(_SELLER).where(_SELLER.c.public_id == seller)).first()
    if found is None:
        raise _no_seller(seller)
    about = (_REVIEW.c.seller_id == found.id) & (_REVIEW.c.subject == "seller") & (_REVIEW.c.status == "published")
    rating = RatingView(found.rating_count, found.rating_mean, _histogram(session, about))
    return rating, _page(session, about, sort=sort, score=score, reader=reader, after=after, limit=limit)


def read_seller(session: Session, seller: str) -> SellerView:
    """A seller as shoppers see one; raises NotFound."""
    found = session.execute(select(_SELLER).where(_SELLER.c.public_id == seller)).first()
    if found is None:
        raise _no_seller(seller)
    return _seller(found)


def own_reviews(
    session: Session, author: Author, *, order: str | None = None, after: str | None = None, limit: int = 50
) -> list[ReviewView]:
    """What an author has written and not withdrawn, the newest first; of one order if it is named."""
    own = by(author) & (_REVIEW.c.status != "withdrawn")
    if order is not None:
        own &= _ORDER.c.public_id == order
    return _page(session, own, sort="newest", reader=author.user, after=after, limit=limit)


def own_review(session: Session, author: Author, review: str) -> ReviewView:
    """One review that an author has written; raises NotFound."""
    return _one(session, review, by(author), reader=author.user)


def reviews_for_seller(
    session: Session, *, seller: int, after: str | None = None, limit: int = 20
) -> list[ReviewView]:
    """The published reviews of a seller (row number) and of what they sell, the newest first."""
    of_goods = _REVIEW.c.product_id.in_(select(_PRODUCT.c.id).where(_PRODUCT.c.seller_id == seller))
    of_seller = (_REVIEW.c.seller_id == seller) & (_REVIEW.c.subject == "seller")
    about = or_(of_goods, of_seller) & (_REVIEW.c.status == "published")
    return _page(session, about, sort="newest", after=after, limit=limit)


def review_for_seller(session: Session, review: str) -> ReviewView:
    """A review that its seller has just answered; raises NotFound."""
    return _one(session, review)


def buyer_reviews(session: Session, order: str, *, seller: int) -> tuple[RatingView, list[ReviewView]]:
    """What sellers say of the buyer of an order with lines of the seller (row number), the newest first.

    Raises NotFound for any other order.
    """
    own = select(_ORDER.c.user_id).join(_LINE, _LINE.c.order_id == _ORDER.c.id)
    found = session.execute(own.where(_ORDER.c.public_id == order, _LINE.c.seller_id == seller)).first()
    if found is None:
        raise NotFound(f"there is no order {order!r}", order=order)
    about = (
        (_REVIEW.c.user_id == found.user_id) & (_REVIEW.c.subject == "buyer") & (_REVIEW.c.status == "published")
    )
    histogram = _histogram(session, about)
    count = sum(histogram.values())
    mean = sum(score * found for score, found in histogram.items()) / count if count else None
    return RatingView(count, mean, histogram), _page(session, about, sort="newest", limit=100)


def review_queue(session: Session, *, limit: int = 50) -> list[ReviewView]:
    """What waits for staff, the longest waiting first. It has no pages: what was looked at is gone from it."""
    statement = _STATEMENT.where(_REVIEW.c.queued_at.is_not(None))
    rows = session.execute(statement.order_by(_REVIEW.c.queued_at, _REVIEW.c.id).limit(limit)).all()
    return _told(session, rows)


def read_review(session: Session, review: str) -> ReviewView:
    """Any review, for staff; raises NotFound."""
    return _one(session, review)


def _no_seller(seller: str) -> NotFound:
    return NotFound(f"there is no seller {seller!r}", seller=seller)


def _seller(row: Row[Any]) -> SellerView:
    return SellerView(row.public_id, row.name, row.rating_mean, row.rating_count)


def _histogram(session: Session, about: ColumnElement[bool]) -> dict[int, int]:
    rows: Any = session.execute(select(_REVIEW.c.score, func.count()).where(about).group_by(_REVIEW.c.score))
    return dict.fromkeys(SCORES, 0) | dict(rows.all())


def _page(
    session: Session,
    about: ColumnElement[bool],
    *,
    sort: Sort,
    score: int | None = None,
    reader: int | None = None,
    after: str | None = None,
    limit: int,
) -> list[ReviewView]:
    """One page; ties are the newest first. An `after` that is not among the reviews gives none."""
    statement = _STATEMENT.where(about)
    if score is not None:
        statement = statement.where(_REVIEW.c.score == score)
    key, down = {
        "newest": (_REVIEW.c.created_at, True),
        "helpful": (_REVIEW.c.helpful, True),
        "highest": (_REVIEW.c.score, True),
        "lowest": (_REVIEW.c.score, False),
    }[sort]
    if after is not None:
        last = session.execute(_STATEMENT.where(about, _REVIEW.c.public_id == after)).first()
        if last is None:
            return []
        value = last._mapping[key]
        further = key < value if down else key > value
        statement = statement.where(or_(further, (key == value) & (_REVIEW.c.id < last.row)))
    order = (key.desc() if down else key, _REVIEW.c.id.desc())
    return _told(session, session.execute(statement.order_by(*order).limit(limit)).all(), reader=reader)


def _one(session: Session, review: str, *where: ColumnElement[bool], reader: int | None = None) -> ReviewView:
    found = session.execute(_STATEMENT.where(_REVIEW.c.public_id == review, *where)).all()
    if not found:
        raise no_review(review)
    return _told(session, found, reader=reader)[0]


def _told(session: Session, rows: Sequence[Row[Any]], *, reader: int | None = None) -> list[ReviewView]:
    """Rows as views, with their pictures and the reader's votes: a few statements for a page."""
    numbers = [row.row for row in rows]
    pictures: dict[int, list[ReviewPictureView]] = {}
    for found in session.execute(
        select(_PICTURE).where(_PICTURE.c.review_id.in_(numbers)).order_by(_PICTURE.c.position)
    ):
        shown = ReviewPictureView(found.public_id, found.url, found.width, found.height)
        pictures.setdefault(found.review_id, []).append(shown)
    votes: set[int] = set()
    if reader is not None:
        helpful = select(_VOTE.c.review_id).where(_VOTE.c.review_id.in_(numbers), _VOTE.c.kind == "helpful")
        votes = set(session.execute(helpful.where(_VOTE.c.user_id == reader)).scalars())
    vault = vault_of(session)
    return [
        ReviewView(
            id=row.public_id,
            subject=row.subject,
            score=row.score,
            title=row.title,
            text=row.text,
            status=row.status,
            verdict=row.verdict,
            answer=row.answer,
            author=_initial(vault.open(row.author)) if row.author and row.subject != "buyer" else "",
            verified=row.order_line_id is not None,
            helpful=row.helpful,
            found_helpful=row.row in votes,
            mine=reader is not None and row.user_id == reader,
            reports=row.reports,
            version=row.version,
            created_at=row.created_at,
            edited_at=row.edited_at,
            answered_at=row.answered_at,
            product=row.product,
            product_title=row.product_title,
            seller=row.seller,
            seller_name=row.seller_name,
            order=row.order,
            line=row.line,
            editable=row.source == "shop",
            pictures=tuple(pictures.get(row.row, ())),
        )
        for row in rows
    ]


def _initial(name: str) -> str:
    """The first letter of a given name; none in scripts without capitals, where it may be the whole name."""
    letter = name.strip()[:1]
    return letter.upper() if letter.lower() != letter.upper() else ""


_STATEMENT: Any = (
    select(
        _REVIEW.c.id.label("row"),
        *(column for column in _REVIEW.c if column.name != "id"),
        _PRODUCT.c.public_id.label("product"),
        _PRODUCT.c.title.label("product_title"),
        _SELLER.c.public_id.label("seller"),
        _SELLER.c.name.label("seller_name"),
        _ORDER.c.public_id.label("order"),
        _LINE.c.line_number.label("line"),
        _USER.c.name.label("author"),
    )
    .select_from(_REVIEW)
    .outerjoin(_PRODUCT, _PRODUCT.c.id == _REVIEW.c.product_id)
    .outerjoin(_SELLER, _SELLER.c.id == func.coalesce(_REVIEW.c.seller_id, _PRODUCT.c.seller_id))
    .outerjoin(_LINE, _LINE.c.id == _REVIEW.c.order_line_id)
    .outerjoin(_ORDER, _ORDER.c.id == _LINE.c.order_id)
    .outerjoin(_USER, _USER.c.id == _REVIEW.c.user_id)
)
