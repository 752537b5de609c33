"""Reviews as they leave the API, each reader's own way; and what their routes share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from api.cards import picture_address
from api.schemas_reviews import RatingOut, ReviewOut, ReviewPictureOut, WordsIn
from core.imaging import SIZES
from core.pictures import sizes_of
from core.review_views import RatingView, ReviewPictureView, ReviewView
from core.reviews import Words

Kind = TypeVar("Kind", bound=ReviewOut)


def words_of(body: WordsIn) -> Words:
    """What a body says."""
    return Words(body.score, body.title.strip(), body.text.strip())


def review_out(review: ReviewView, kind: type[Kind]) -> Kind:
    """A review with the fields that its reader may see."""
    fields: dict[str, Any] = {name: value for name, value in asdict(review).items() if name in kind.model_fields}
    return kind(**{**fields, "pictures": [_picture(picture) for picture in review.pictures]})


def reviews_out(reviews: Sequence[ReviewView], kind: type[Kind]) -> list[Kind]:
    """Several reviews."""
    return [review_out(review, kind) for review in reviews]


def rating_out(rating: RatingView) -> RatingOut:
    """What ratings add up to."""
    return RatingOut(**asdict(rating))


def _picture(picture: ReviewPictureView) -> ReviewPictureOut:
    small = sizes_of(picture.url).get(min(SIZES), picture.url)
    return ReviewPictureOut(
        id=picture.id,
        url=picture_address(picture.url),
        thumbnail=picture_address(small),
        width=picture.width,
        height=picture.height,
    )
