"""Reviews by those who bought: of a product and of its seller by the buyer, of the buyer by the seller.

A review belongs to a line of an order, after pieces of it have arrived, and there is one for each line and
subject. What it says goes to staff (`core.moderation`) each time it is changed. Every change holds the product or
the seller that it is about before the review itself, and ends with their rating added up anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, case, delete, exists, func, insert, literal, select, update
from sqlmodel import Session

from core.bulk import insert_of, table_of
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.outbox import News, emit
from core.ratings import hold_product, hold_seller, rate_products, rate_seller
from core.tables import (
    Order,
    OrderLine,
    Product,
    Review,
    ReviewPicture,
    ReviewVote,
    Seller,
    Shipment,
    ShipmentLine,
    Variant,
)

MOST_PICTURES = 5

Subject = Literal["product", "seller", "buyer"]
Moderation = Literal["after", "before"]

_REVIEW, _PICTURE, _VOTE = table_of(Review), table_of(ReviewPicture), table_of(ReviewVote)
_ORDER, _LINE, _SELLER = table_of(Order), table_of(OrderLine), table_of(Seller)
_PRODUCT, _VARIANT = table_of(Product), table_of(Variant)
_SHIPMENT, _PACKED = table_of(Shipment), table_of(ShipmentLine)


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes: a user (row number) about what they bought, or a seller (row number) about who bought."""

    user: int | None = None
    seller: int | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """What a review says; `score` is 1 to 5."""

    score: int
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Held:
    """A review whose row this transaction holds, and those of what it is about."""

    row: int
    id: str
    subject: str
    source: str
    product: tuple[int, str] | None  # row number and public id
    seller: tuple[int, str] | None
    status: str
    version: int


def write(
    session: Session,
    author: Author,
    *,
    order: str,
    line: int,
    subject: Subject,
    words: Words,
    moderation: Moderation,
    at: datetime,
) -> str:
    """Review a line (its number) of an order; returns the review's public id.

    With `moderation` "after" it is shown at once. Raises NotFound for a line that is not the author's, Conflict
    before pieces of it arrived, for goods of one's own, and where there is a review already; one that was
    withdrawn is written anew.
    """
    found = _line(session, author, order, line)
    if found is None:
        raise NotFound(f"there is no line {line} of an order {order!r}", order=order, line=line)
    if not found.arrived:
        raise Conflict(f"line {line} of order {order} has not arrived yet", order=order, line=line)
    if found.keeper is not None and found.keeper == found.buyer:
        raise Conflict("nobody reviews what they sold to themselves", order=order, line=line)
    _hold_target(session, subject, product=found.product, seller=found.seller)
    name = new_id("r-")
    values = {
        "public_id": name,
        "source": "shop",
        "subject": subject,
        "product_id": found.product if subject == "product" else None,
        "seller_id": None if subject == "product" else found.seller,
        "user_id": found.buyer,
        "order_line_id": found.id,
        "status": _shown(moderation),
        "verdict": "",
        "answer": "",
        "created_at": at,
        "queued_at": at,
        "version": 1,
        **_said(words),
    }
    made = insert_of(session, _REVIEW).values(values).on_conflict_do_nothing().returning(_REVIEW.c.id)
    if session.execute(made).first() is None:
        name = _again(session, found.id, subject, words, moderation=moderation, at=at)
    _told(session, hold(session, name), before="", at=at)
    return name


def edit(
    session: Session, author: Author, review: str, *, words: Words, moderation: Moderation, at: datetime
) -> None:
    """Say something else; raises NotFound, and Conflict for one that came with a feed or was withdrawn."""
    held = hold_own(session, author, review)
    _rewrite(session, held, moderation=moderation, at=at, **_said(words))


def withdraw(session: Session, author: Author, review: str, *, at: datetime) -> None:
    """Take a review back, with its pictures and what readers and the seller said to it. Raises as `edit` does."""
    held = hold_own(session, author, review)
    session.execute(delete(_PICTURE).where(_PICTURE.c.review_id == held.row))
    session.execute(delete(_VOTE).where(_VOTE.c.review_id == held.row))
    empty = {"title": "", "text": "", "answer": "", "answered_at": None, "helpful": 0, "reports": 0}
    session.execute(
        update(_REVIEW)
        .where(_REVIEW.c.id == held.row)
        .values(status="withdrawn", queued_at=None, version=_REVIEW.c.version + 1, **empty)
    )
    _told(session, held, before=held.status, at=at)


def add_picture(
    session: Session,
    author: Author,
    review: str,
    *,
    url: str,
    width: int,
    height: int,
    moderation: Moderation,
    at: datetime,
) -> str:
    """Put a stored picture (`core.pictures.store`) at the end; returns its public id.

    Raises Conflict for one too many, and as `edit` does.
    """
    held = hold_own(session, author, review)
    last = select(func.count(), func.max(_PICTURE.c.position)).where(_PICTURE.c.review_id == held.row)
    there, position = session.execute(last).one()
    if there >= MOST_PICTURES:
        raise Conflict(f"a review has at most {MOST_PICTURES} pictures", review=review)
    name = new_id()
    size = {"width": width, "height": height}
    place = 0 if position is None else position + 1
    session.execute(insert(_PICTURE).values(public_id=name, review_id=held.row, position=place, url=url, **size))
    _rewrite(session, held, moderation=moderation, at=at)
    return name


def remove_picture(
    session: Session, author: Author, review: str, *, picture: str, moderation: Moderation, at: datetime
) -> None:
    """Take a picture off one's own review; raises NotFound."""
    held = hold_own(session, author, review)
    gone = session.execute(
        delete(_PICTURE)
        .where(_PICTURE.c.review_id == held.row, _PICTURE.c.public_id == picture)
        .returning(_PICTURE.c.id)
    ).first()
    if gone is None:
        raise NotFound(f"review {review} has no picture {picture!r}", review=review, picture=picture)
    _rewrite(session, held, moderation=moderation, at=at)


def answer(session: Session, review: str, *, seller: int, text: str, at: datetime) -> None:
    """What the seller (row number) of the product, or who is reviewed, says to it; "" takes it back.

    The review stays where it is, and staff look at it again. Raises NotFound, Conflict for one that is not shown.
    """
    theirs = (_PRODUCT.c.seller_id == seller) | ((_REVIEW.c.seller_id == seller) & (_REVIEW.c.subject == "seller"))
    held = hold(session, review, theirs)
    if held.status != "published":
        raise Conflict(f"review {review} is not shown", review=review)
    session.execute(
        update(_REVIEW)
        .where(_REVIEW.c.id == held.row)
        .values(answer=text, answered_at=at if text else None, **_changed(at))
    )
    _told(session, held, before=held.status, at=at)


def hold(session: Session, review: str, *where: ColumnElement[bool]) -> Held:
    """Lock what a review is about, then the review; raises NotFound where there is none, or not one of `where`."""
    wanted: Any = (
        select(
            _REVIEW.c.id,
            _REVIEW.c.subject,
            _REVIEW.c.source,
            _REVIEW.c.product_id,
            _REVIEW.c.seller_id,
            _PRODUCT.c.public_id.label("product"),
            _SELLER.c.public_id.label("seller"),
        )
        .outerjoin(_PRODUCT, _PRODUCT.c.id == _REVIEW.c.product_id)
        .outerjoin(_SELLER, _SELLER.c.id == _REVIEW.c.seller_id)
        .where(_REVIEW.c.public_id == review, *where)
    )
    found = session.execute(wanted).first()
    if found is None:
        raise no_review(review)
    _hold_target(session, found.subject, product=found.product_id, seller=found.seller_id)
    now: Any = select(_REVIEW.c.status, _REVIEW.c.version).where(_REVIEW.c.id == found.id).with_for_update()
    state = session.execute(now).one()
    return Held(
        row=found.id,
        id=review,
        subject=found.subject,
        source=found.source,
        product=(found.product_id, found.product) if found.product_id else None,
        seller=(found.seller_id, found.seller) if found.seller_id else None,
        status=state.status,
        version=state.version,
    )


def hold_own(session: Session, author: Author, review: str) -> Held:
    """Lock a review for its author; raises NotFound, and Conflict for one that cannot be changed any more."""
    held = hold(session, review, by(author))
    if held.source != "shop":
        raise Conflict(f"review {review} was not written here", review=review)
    if held.status == "withdrawn":
        raise Conflict(f"review {review} was withdrawn", review=review)
    return held


def by(author: Author) -> ColumnElement[bool]:
    """The reviews that an author has written."""
    if author.seller is not None:
        return (_REVIEW.c.seller_id == author.seller) & (_REVIEW.c.subject == "buyer")
    return (_REVIEW.c.user_id == author.user) & (_REVIEW.c.subject != "buyer")


def rated(session: Session, held: Held, *, before: str, after: str, at: datetime) -> None:
    """Add up what a review is about that was shown or is now, and tell who follows it."""
    if held.product is not None:
        rate_products(session, [held.product[0]])
        emit(session, News("product", held.product[1], "reviewed"), at=at)
    elif held.seller is not None and held.subject == "seller":
        rate_seller(session, held.seller[0])
        emit(session, News("seller", held.seller[1], "reviewed"), at=at)
    if after == "published" != before and held.subject != "buyer":
        emit(session, News("review", held.id, "published"), at=at)


def no_review(review: str) -> NotFound:
    """There is no such review, or it is not for the one who asks."""
    return NotFound(f"there is no review {review!r}", review=review)


def _line(session: Session, author: Author, order: str, line: int) -> Any:
    """The author's line with its product, seller and buyer (row numbers), and whether pieces of it arrived."""
    arrived = exists().where(
        _PACKED.c.order_line_id == _LINE.c.id,
        _SHIPMENT.c.id == _PACKED.c.shipment_id,
        _SHIPMENT.c.status == "delivered",
    )
    theirs = _LINE.c.seller_id == author.seller if author.seller is not None else _ORDER.c.user_id == author.user
    wanted = (
        select(
            _LINE.c.id,
            _VARIANT.c.product_id.label("product"),
            _LINE.c.seller_id.label("seller"),
            _SELLER.c.user_id.label("keeper"),
            _ORDER.c.user_id.label("buyer"),
            arrived.label("arrived"),
        )
        .join(_ORDER, _ORDER.c.id == _LINE.c.order_id)
        .join(_VARIANT, _VARIANT.c.id == _LINE.c.variant_id)
        .outerjoin(_SELLER, _SELLER.c.id == _LINE.c.seller_id)
        .where(_ORDER.c.public_id == order, _LINE.c.line_number == line, theirs)
    )
    return session.execute(wanted).first()


def _hold_target(session: Session, subject: str, *, product: int | None, seller: int | None) -> None:
    if subject == "product" and product is not None:
        hold_product(session, product)
    elif subject == "seller" and seller is not None:
        hold_seller(session, seller)


def _again(
    session: Session, line: int, subject: str, words: Words, *, moderation: Moderation, at: datetime
) -> str:
    """Write a withdrawn review anew; returns its public id."""
    revived = session.execute(
        update(_REVIEW)
        .where(
            _REVIEW.c.order_line_id == line,
            _REVIEW.c.subject == subject,
            _REVIEW.c.source == "shop",
            _REVIEW.c.status == "withdrawn",
        )
        .values(status=_status(moderation), created_at=at, edited_at=None, **_said(words), **_changed(at))
        .returning(_REVIEW.c.public_id)
    ).scalar_one_or_none()
    if revived is None:
        raise Conflict(f"there is a review of the {subject} for this line already", line=line)
    return str(revived)


def _rewrite(session: Session, held: Held, *, moderation: Moderation, at: datetime, **values: Any) -> None:
    session.execute(
        update(_REVIEW)
        .where(_REVIEW.c.id == held.row)
        .values(status=_status(moderation), edited_at=at, **values, **_changed(at))
    )
    _told(session, held, before=held.status, at=at)


def _told(session: Session, held: Held, *, before: str, at: datetime) -> None:
    """The end of a change: readers are concerned if they saw the review, or see it now."""
    after = session.execute(select(_REVIEW.c.status).where(_REVIEW.c.id == held.row)).scalar_one()
    if "published" in (before, after):
        rated(session, held, before=before, after=str(after), at=at)


def _said(words: Words) -> dict[str, Any]:
    return {"score": words.score, "title": words.title, "text": words.text}


def _changed(at: datetime) -> dict[str, Any]:
    """It waits for staff since it first did: who edits again does not lose the place in the queue."""
    return {"queued_at": func.coalesce(_REVIEW.c.queued_at, at), "version": _REVIEW.c.version + 1}


def _shown(moderation: Moderation) -> str:
    return "published" if moderation == "after" else "pending"


def _status(moderation: Moderation) -> ColumnElement[str]:
    """Of what was changed: words that staff rejected once are not shown before staff have seen the new ones."""
    return case((_REVIEW.c.verdict != "", literal("pending")), else_=literal(_shown(moderation)))
