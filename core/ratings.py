"""Ratings: what the reviews of a product or of a seller add up to, and how products are compared by them.

A product's rating is over the feed's ratings of it (`elsewhere_*`: how many and their mean) and the published
reviews that were written here. Reviews that came with a feed are part of what the feed says and not counted again.

Products are sorted by the Bayesian mean, so that one 5 does not stand above two hundred that average 4.8:

    bayes = (weight * mean + count * own) / (weight + count)

`own` is the product's mean over `count` ratings; `mean` is that of all ratings in the shop, PRIOR_COUNT of
PRIOR_MEAN among them so that a new shop's first rating is not its standard; `weight` is how many ratings a
rated product has on average, within WEIGHTS. It is the posterior mean of a normal prior whose weight is told in
observations (Gelman et al., Bayesian Data Analysis, 3rd edition, section 2.5), known from IMDb as "weighted
rating".
A product keeps the prior of its last change: what others are rated moves it little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, func, null, select, update
from sqlmodel import Session

from core.bulk import table_of
from core.tables import Product, Review, Seller

PRIOR_MEAN = 3.0
PRIOR_COUNT = 20
WEIGHTS = (5.0, 50.0)

_ROWS = 1000  # in one statement
_PRODUCT, _SELLER, _REVIEW = table_of(Product), table_of(Seller), table_of(Review)


@dataclass(frozen=True, slots=True)
class Prior:
    """What is thought of a product before anybody rated it: a mean that counts like `weight` ratings."""

    mean: float
    weight: float

    def posterior(self, count: Any, own: Any) -> Any:
        """The Bayesian mean of `count` ratings that average `own`; for numbers and for columns."""
        return (self.weight * self.mean + count * own) / (self.weight + count)


def prior(session: Session) -> Prior:
    """The prior of the shop as it is now; the products' index alone is read for it."""
    count, mean = _PRODUCT.c.rating_count, _PRODUCT.c.rating_mean
    rated = select(func.count(), func.sum(count), func.sum(count * mean)).where(count > 0, mean.is_not(None))
    products, ratings, total = session.execute(rated).one()
    if not products:
        return Prior(PRIOR_MEAN, WEIGHTS[0])
    ratings = int(ratings)  # PostgreSQL sums whole numbers to decimals
    level = (total + PRIOR_COUNT * PRIOR_MEAN) / (ratings + PRIOR_COUNT)
    return Prior(level, min(max(ratings / products, WEIGHTS[0]), WEIGHTS[1]))


def hold_product(session: Session, row: int) -> None:
    """Lock a product (row number) before its reviews are changed, so that each adds up what the others did."""
    session.execute(select(_PRODUCT.c.id).where(_PRODUCT.c.id == row).with_for_update(key_share=True))


def hold_seller(session: Session, row: int) -> None:
    """Lock a seller (row number), as `hold_product` does a product."""
    session.execute(select(_SELLER.c.id).where(_SELLER.c.id == row).with_for_update(key_share=True))


def rate_products(session: Session, rows: Sequence[int]) -> None:
    """Add up the ratings of products (row numbers) whose rows the transaction holds."""
    written = _written(func.count())
    elsewhere = case((_PRODUCT.c.elsewhere_mean.is_(None), 0), else_=_PRODUCT.c.elsewhere_count)
    total = func.coalesce(_PRODUCT.c.elsewhere_mean, 0.0) * elsewhere + _written(func.sum(_REVIEW.c.score))
    # Without a review of our own it is the feed's mean to the letter, also where it does not say of how many.
    mean = case((written == 0, _PRODUCT.c.elsewhere_mean), else_=total / (elsewhere + written))
    for part in _parts(rows):
        session.execute(
            update(_PRODUCT)
            .where(_PRODUCT.c.id.in_(part))
            .values(rating_count=_PRODUCT.c.elsewhere_count + written, rating_mean=mean)
        )
    now = prior(session)
    rated = (_PRODUCT.c.rating_count > 0) & _PRODUCT.c.rating_mean.is_not(None)
    bayes = now.posterior(_PRODUCT.c.rating_count, _PRODUCT.c.rating_mean)
    for part in _parts(rows):
        session.execute(
            update(_PRODUCT).where(_PRODUCT.c.id.in_(part)).values(rating_bayes=case((rated, bayes), else_=null()))
        )


def rate_seller(session: Session, row: int) -> None:
    """Add up the published reviews of a seller (row number) whose row the transaction holds, wherever written."""
    theirs = (
        _REVIEW.c.seller_id == _SELLER.c.id,
        _REVIEW.c.subject == "seller",
        _REVIEW.c.status == "published",
    )
    count = select(func.count()).where(*theirs).scalar_subquery()
    mean = select(func.avg(_REVIEW.c.score)).where(*theirs).scalar_subquery()
    session.execute(update(_SELLER).where(_SELLER.c.id == row).values(rating_count=count, rating_mean=mean))


def _written(what: ColumnElement[Any]) -> ColumnElement[Any]:
    """A sum or a count over the published reviews of a product that were written here."""
    found = select(func.coalesce(what, 0)).where(
        _REVIEW.c.product_id == _PRODUCT.c.id, _REVIEW.c.status == "published", _REVIEW.c.source == "shop"
    )
    return found.correlate(_PRODUCT).scalar_subquery()


def _parts(rows: Sequence[int]) -> list[list[int]]:
    return [list(rows[start : start + _ROWS]) for start in range(0, len(rows), _ROWS)]
