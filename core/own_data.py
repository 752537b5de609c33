"""All that is kept about a user, as one document for the user (GDPR, articles 15 and 20)."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlmodel import Session

from core.bulk import table_of
from core.database import vault_of
from core.profiles import addresses, favourites, opened_address, profile
from core.return_views import buyer_returns
from core.tables import (
    Cart,
    CartLine,
    Event,
    Exposure,
    HiddenProduct,
    LoginSession,
    Notification,
    Order,
    OrderLine,
    Payment,
    Product,
    Refund,
    RefundLine,
    Review,
    ReviewPicture,
    ReviewVote,
    Seller,
    ShopperKey,
    Variant,
)

Rows = list[dict[str, Any]]

_VARIANT = table_of(Variant)
_PRODUCT = table_of(Product)
_ORDER = table_of(Order)
_REVIEW = table_of(Review)


def own_data(session: Session, user_row: int) -> dict[str, Any]:
    """Profile, addresses, favourites, carts, orders, refunds, reviews by and about, events, what was hidden
    and shown of recommendations, sessions and messages.

    Personal data is opened. What would let another in is left out: hashes, tokens, and the links of messages.
    """
    document = {
        "profile": asdict(profile(session, user_row)),
        "addresses": [asdict(found) for found in addresses(session, user_row)],
        "favourites": [asdict(found) for found in favourites(session, user_row)],
        "carts": _carts(session, user_row),
        "orders": _orders(session, user_row),
        "refunds": _refunds(session, user_row),
        "returns": _returns(session, user_row),
        "reviews": _reviews(session, user_row),
        "seller_reviews": _seller_reviews(session, user_row),
        "reviews_about_you": _reviews_about(session, user_row),
        "review_votes": _review_votes(session, user_row),
        "events": _events(session, user_row),
        "hidden": _hidden(session, user_row),
        "shown": _shown(session, user_row),
        "sessions": _sessions(session, user_row),
        "notifications": _notifications(session, user_row),
    }
    plain: dict[str, Any] = _plain(document)
    return plain


def _carts(session: Session, user_row: int) -> Rows:
    cart, line = table_of(Cart), table_of(CartLine)
    mine = select(cart).where(cart.c.user_id == user_row).order_by(cart.c.id)
    lines = (
        select(line.c.cart_id, _VARIANT.c.sku, _VARIANT.c.public_id.label("variant"), line.c.quantity)
        .join(cart, cart.c.id == line.c.cart_id)
        .join(_VARIANT, _VARIANT.c.id == line.c.variant_id)
        .where(cart.c.user_id == user_row)
        .order_by(line.c.id)
    )
    kept = ("public_id", "status", "currency", "created_at", "updated_at")
    return _with_parts(session, mine, kept, lines=(lines, "cart_id"))


def _orders(session: Session, user_row: int) -> Rows:
    line, payment = table_of(OrderLine), table_of(Payment)
    mine = select(_ORDER).where(_ORDER.c.user_id == user_row).order_by(_ORDER.c.id)
    lines = (
        select(line, _VARIANT.c.sku, _VARIANT.c.public_id.label("variant"))
        .join(_ORDER, _ORDER.c.id == line.c.order_id)
        .join(_VARIANT, _VARIANT.c.id == line.c.variant_id)
        .where(_ORDER.c.user_id == user_row)
        .order_by(line.c.order_id, line.c.line_number)
    )
    payments = (
        select(payment)
        .join(_ORDER, _ORDER.c.id == payment.c.order_id)
        .where(_ORDER.c.user_id == user_row)
        .order_by(payment.c.id)
    )
    kept = (
        *("public_id", "status", "source", "currency", "goods_minor", "discount_minor", "shipping_minor"),
        *("tax_minor", "total_minor", "country", "address", "placed_at"),
    )
    orders = _with_parts(session, mine, kept, lines=(lines, "order_id"), payments=(payments, "order_id"))
    for order in orders:
        order["address"] = opened_address(session, order["address"]) if order["address"] else None
    return orders


def _refunds(session: Session, user_row: int) -> Rows:
    refund, line = table_of(Refund), table_of(RefundLine)
    ordered = refund.c.order_id.in_(select(_ORDER.c.id).where(_ORDER.c.user_id == user_row))
    mine = or_(refund.c.user_id == user_row, ordered)
    lines = (
        select(line, _VARIANT.c.sku, _VARIANT.c.public_id.label("variant"))
        .join(refund, refund.c.id == line.c.refund_id)
        .join(_VARIANT, _VARIANT.c.id == line.c.variant_id)
        .where(mine)
        .order_by(line.c.refund_id, line.c.line_number)
    )
    kept = ("public_id", "order", "status", "amount_minor", "currency", "reason", "at")
    given = (
        select(refund, _ORDER.c.public_id.label("order"))
        .outerjoin(_ORDER, _ORDER.c.id == refund.c.order_id)
        .where(mine)
        .order_by(refund.c.id)
    )
    return _with_parts(session, given, kept, lines=(lines, "refund_id"))


def _returns(session: Session, user_row: int) -> Rows:
    return [asdict(view) for view in buyer_returns(session, user_row)]


def _reviews(session: Session, user_row: int) -> Rows:
    return _reviews_where(session, _REVIEW.c.user_id == user_row, subject="product")


def _seller_reviews(session: Session, user_row: int) -> Rows:
    return _reviews_where(session, _REVIEW.c.user_id == user_row, subject="seller")


def _reviews_about(session: Session, user_row: int) -> Rows:
    """What sellers wrote for each other: the user sees it nowhere else, but it is data about them."""
    return _reviews_where(session, _REVIEW.c.user_id == user_row, subject="buyer")


def _reviews_where(session: Session, whose: ColumnElement[bool], *, subject: str) -> Rows:
    picture, seller = table_of(ReviewPicture), table_of(Seller)
    given = (
        select(_REVIEW, _PRODUCT.c.public_id.label("product"), seller.c.public_id.label("seller"))
        .outerjoin(_PRODUCT, _PRODUCT.c.id == _REVIEW.c.product_id)
        .outerjoin(seller, seller.c.id == _REVIEW.c.seller_id)
        .where(whose, _REVIEW.c.subject == subject)
        .order_by(_REVIEW.c.id)
    )
    pictures = (
        select(picture)
        .join(_REVIEW, _REVIEW.c.id == picture.c.review_id)
        .where(whose, _REVIEW.c.subject == subject)
        .order_by(picture.c.review_id, picture.c.position)
    )
    kept = (
        *("public_id", "product" if subject == "product" else "seller", "score", "title", "text", "status"),
        *("verdict", "answer", "helpful", "created_at", "edited_at", "answered_at"),
    )
    return _with_parts(session, given, kept, pictures=(pictures, "review_id"))


def _review_votes(session: Session, user_row: int) -> Rows:
    vote = table_of(ReviewVote)
    mine = (
        select(vote, _REVIEW.c.public_id.label("review"), _REVIEW.c.id)
        .join(_REVIEW, _REVIEW.c.id == vote.c.review_id)
        .where(vote.c.user_id == user_row)
        .order_by(vote.c.at, vote.c.review_id)
    )
    return _with_parts(session, mine, ("review", "kind", "at"))


def _events(session: Session, user_row: int) -> Rows:
    event, key = table_of(Event), table_of(ShopperKey)
    mine = (
        select(event, _PRODUCT.c.public_id.label("product"))
        .join(key, key.c.key == event.c.shopper)
        .outerjoin(_PRODUCT, _PRODUCT.c.id == event.c.product_id)
        .where(key.c.user_id == user_row)
        .order_by(event.c.id)
    )
    return _with_parts(session, mine, ("public_id", "kind", "product", "query", "position", "quantity", "at"))


def _hidden(session: Session, user_row: int) -> Rows:
    hidden, key = table_of(HiddenProduct), table_of(ShopperKey)
    mine = (
        select(hidden.c.at, _PRODUCT.c.public_id.label("product"), _PRODUCT.c.id)
        .join(key, key.c.key == hidden.c.shopper)
        .join(_PRODUCT, _PRODUCT.c.id == hidden.c.product_id)
        .where(key.c.user_id == user_row)
        .order_by(hidden.c.at, hidden.c.product_id)
    )
    return _with_parts(session, mine, ("product", "at"))


def _shown(session: Session, user_row: int) -> Rows:
    exposure, key = table_of(Exposure), table_of(ShopperKey)
    mine = (
        select(exposure)
        .join(key, key.c.key == exposure.c.shopper)
        .where(key.c.user_id == user_row)
        .order_by(exposure.c.id)
    )
    return _with_parts(session, mine, ("request_id", "page", "model", "shown", "at"))


def _sessions(session: Session, user_row: int) -> Rows:
    login = table_of(LoginSession)
    mine = select(login).where(login.c.user_id == user_row).order_by(login.c.id)
    return _with_parts(session, mine, ("public_id", "created_at", "revoked_at", "revoked_for"))


def _notifications(session: Session, user_row: int) -> Rows:
    """Without links: a reset link in a thief's export would be the account."""
    table = table_of(Notification)
    rows = session.execute(select(table).where(table.c.user_id == user_row).order_by(table.c.id)).all()
    told: Rows = []
    for row in rows:
        message = json.loads(vault_of(session).open(row.payload))
        link = str(message.pop("link", ""))
        text = str(message.get("text", ""))
        message["text"] = text.replace(link, "(a link)") if link else text
        message.pop("user", None)
        told.append({"id": row.public_id, "channel": row.channel, "at": row.created_at, **message})
    return told


def _with_parts(
    session: Session, statement: Select[Any], kept: tuple[str, ...], **parts: tuple[Select[Any], str]
) -> Rows:
    """The rows of a statement with their columns `kept`; under each name of `parts` a list of theirs.

    A part is a statement and its column that holds the parent's row number. Row numbers stay inside.
    """
    grouped: dict[str, dict[int, Rows]] = {}
    for name, (inner, parent) in parts.items():
        grouped[name] = defaultdict(list)
        for part in session.execute(inner).mappings():
            told = {key: value for key, value in part.items() if key != "id" and not key.endswith("_id")}
            told |= {"id": part["public_id"]} if "public_id" in part else {}
            grouped[name][part[parent]].append(told)
    rows: Rows = []
    for row in session.execute(statement).mappings():
        told = {("id" if name == "public_id" else name): row[name] for name in kept}
        rows.append(told | {name: found.get(row["id"], []) for name, found in grouped.items()})
    return rows


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case list():
            return [_plain(item) for item in value]
    return value
