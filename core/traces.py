"""What a user leaves behind in the tables, and how it is taken away without touching the ledger.

Lock order is that of all writes: carts, orders and what belongs to them, then what nothing else waits for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, delete, exists, or_, select, update
from sqlmodel import Session

from core.bulk import table_of
from core.tables import (
    Address,
    Cart,
    CartLine,
    Event,
    Exposure,
    Favourite,
    HiddenProduct,
    IdempotencyKey,
    LoginSession,
    Notification,
    Order,
    Payment,
    Product,
    RefreshToken,
    Refund,
    Return,
    Review,
    ReviewPicture,
    ReviewVote,
    Shipment,
    ShopperKey,
    Transition,
    User,
)

_ORDER, _CART, _REVIEW, _VOTE = table_of(Order), table_of(Cart), table_of(Review), table_of(ReviewVote)
_PAYMENT, _REFUND, _RETURN, _SHIPMENT = table_of(Payment), table_of(Refund), table_of(Return), table_of(Shipment)
_TRANSITION, _USER, _LOGIN = table_of(Transition), table_of(User), table_of(LoginSession)

# What of a user is theirs alone and goes as a whole.
_OWN = (table_of(Address), table_of(Favourite), table_of(Notification))


@dataclass(frozen=True, slots=True)
class Left:
    """What has to be told after traces were removed: products (public ids), and files nobody names any more."""

    products: list[str]
    files: list[str]


def remove_traces(session: Session, *, row: int, user: str, shopper: str | None) -> Left:
    """Take away all that says who a user (row number and public id) is or what they were like.

    Orders with their lines, amounts, payments, refunds and movements stay, and who changed what and when; so do
    the scores of published reviews. What a request on its way left behind goes when this is called again.
    """
    _close_carts(session, row)
    lock = select(_ORDER.c.id).where(_ORDER.c.user_id == row).order_by(_ORDER.c.id).with_for_update()
    session.execute(lock)
    forget_places(session, _ORDER.c.user_id == row, actor=_TRANSITION.c.actor == f"user:{user}")
    mine = select(_ORDER.c.id).where(_ORDER.c.user_id == row)
    session.execute(update(_PAYMENT).where(_PAYMENT.c.order_id.in_(mine)).values(action={}))
    left = _remove_reviews(session, row)
    for table in _OWN:
        session.execute(delete(table).where(table.c.user_id == row))
    logins = select(_LOGIN.c.id).where(_LOGIN.c.user_id == row)
    token, key = table_of(RefreshToken), table_of(IdempotencyKey)
    session.execute(delete(token).where(token.c.session_id.in_(logins)))
    session.execute(delete(_LOGIN).where(_LOGIN.c.user_id == row))
    session.execute(delete(key).where(key.c.scope == user))
    if shopper is not None:
        for table in (table_of(Event), table_of(HiddenProduct), table_of(Exposure)):
            session.execute(delete(table).where(table.c.shopper == shopper))
        known = table_of(ShopperKey)
        session.execute(delete(known).where(known.c.key == shopper))
    _empty_user(session, row)
    return left


def forget_places(session: Session, orders: ColumnElement[bool], *, actor: ColumnElement[bool]) -> None:
    """Where the orders that `orders` chooses went, and what was said about them by those whom `actor` chooses.

    Addresses, tracking numbers, reasons of transitions and refunds, and the words of returns; all else stays.
    """
    ids, names = select(_ORDER.c.id).where(orders), select(_ORDER.c.public_id).where(orders)
    session.execute(
        update(_SHIPMENT)
        .where(_SHIPMENT.c.order_id.in_(ids), _SHIPMENT.c.tracking_number != "")
        .values(tracking_number="")
    )
    session.execute(
        update(_RETURN)
        .where(_RETURN.c.order_id.in_(ids), or_(_RETURN.c.reason.is_not(None), _RETURN.c.answer != ""))
        .values(reason=None, answer="")
    )
    said = and_(
        _TRANSITION.c.subject == "refund",
        _TRANSITION.c.subject_id == _REFUND.c.public_id,
        _TRANSITION.c.before == "",
        actor,
    )
    session.execute(
        update(_REFUND)
        .where(_REFUND.c.order_id.in_(ids), _REFUND.c.reason != "", exists().where(said))
        .values(reason="")
    )
    subjects: dict[str, Select[Any]] = {"order": names}
    for subject, table in (
        ("payment", _PAYMENT),
        ("refund", _REFUND),
        ("shipment", _SHIPMENT),
        ("return", _RETURN),
    ):
        subjects[subject] = select(table.c.public_id).where(table.c.order_id.in_(ids))
    for subject, of in subjects.items():
        spoken = (_TRANSITION.c.subject == subject) & _TRANSITION.c.subject_id.in_(of)
        cleared = update(_TRANSITION).where(spoken, actor, _TRANSITION.c.reason != "")
        session.execute(cleared.values(reason=""))
    # Last: by it the orders may have been chosen.
    session.execute(update(_ORDER).where(orders, _ORDER.c.address.is_not(None)).values(address=None))


def remove_reviews_of(session: Session, which: ColumnElement[bool]) -> list[str]:
    """Delete reviews with their votes and pictures; returns the urls of the pictures."""
    ids = select(_REVIEW.c.id).where(which)
    urls = _remove_pictures(session, ids)
    session.execute(delete(_VOTE).where(_VOTE.c.review_id.in_(ids)))
    session.execute(delete(_REVIEW).where(which))
    return urls


def _close_carts(session: Session, row: int) -> None:
    line = table_of(CartLine)
    mine = select(_CART.c.id).where(_CART.c.user_id == row)
    session.execute(mine.order_by(_CART.c.id).with_for_update())
    session.execute(delete(line).where(line.c.cart_id.in_(mine)))
    session.execute(delete(_CART).where(_CART.c.user_id == row))


def _remove_reviews(session: Session, row: int) -> Left:
    """Published words lose their text and their author; the others, and sellers' words on the buyer, go."""
    product = table_of(Product)
    _take_votes_back(session, row)
    about = (_REVIEW.c.user_id == row) & (_REVIEW.c.subject == "buyer")
    hidden = (_REVIEW.c.user_id == row) & (_REVIEW.c.status != "published")
    urls = remove_reviews_of(session, about) + remove_reviews_of(session, hidden)
    mine = _REVIEW.c.user_id == row
    urls += _remove_pictures(session, select(_REVIEW.c.id).where(mine))
    shown = select(product.c.public_id).join(_REVIEW, _REVIEW.c.product_id == product.c.id).where(mine)
    products = sorted(set(session.execute(shown).scalars()))
    # Another version: staff who look at the old text are told that there is none any more.
    changed = {"version": _REVIEW.c.version + 1, "queued_at": None, "user_id": None}
    session.execute(update(_REVIEW).where(mine).values(title="", text="", answer="", verdict="", **changed))
    return Left(products, sorted(set(urls)))


def _take_votes_back(session: Session, row: int) -> None:
    helped = select(_VOTE.c.review_id).where(_VOTE.c.user_id == row, _VOTE.c.kind == "helpful")
    fewer = case((_REVIEW.c.helpful > 0, _REVIEW.c.helpful - 1), else_=0)
    session.execute(update(_REVIEW).where(_REVIEW.c.id.in_(helped)).values(helpful=fewer))
    session.execute(delete(_VOTE).where(_VOTE.c.user_id == row))


def _remove_pictures(session: Session, reviews: Select[Any]) -> list[str]:
    picture = table_of(ReviewPicture)
    gone = delete(picture).where(picture.c.review_id.in_(reviews)).returning(picture.c.url)
    return list(session.execute(gone).scalars())


def _empty_user(session: Session, row: int) -> None:
    sealed = ("email", "name", "phone")
    others = ("email_hash", "email_verified_at", "phone_hash", "password_hash", "country")
    session.execute(
        update(_USER).where(_USER.c.id == row).values(status="erased", **dict.fromkeys((*sealed, *others)))
    )
