"""The shapes of reviews: as they are written, and as each kind of reader sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import Field, StringConstraints

from api.schemas import In, Out
from api.texts import ONE_LINE

_SOME_LINES = r"^[^\x00-\x09\x0b-\x1f\x7f]*$"

Score = Annotated[int, Field(strict=True, ge=1, le=5)]
LineNumber = Annotated[int, Path(ge=1, le=10**6, description="the number of the line in its order")]
ReviewTitle = Annotated[str, StringConstraints(pattern=ONE_LINE, max_length=120)]
ReviewText = Annotated[str, StringConstraints(pattern=_SOME_LINES, max_length=5000)]
Verdict = Annotated[str, StringConstraints(pattern=ONE_LINE, min_length=1, max_length=500, strip_whitespace=True)]


class WordsIn(In):
    score: Score = Field(examples=[5])
    title: ReviewTitle = Field("", examples=["Just right"])
    text: ReviewText = Field("", examples=["It does what it says."])


class ReviewIn(WordsIn):
    subject: Literal["product", "seller"] = "product"


class AnswerIn(In):
    text: ReviewText = Field(description="nothing takes the answer back", examples=["Thank you!"])


class SeenIn(In):
    version: int = Field(strict=True, ge=0, le=10**9, description="what was looked at, as the queue had it")


class RejectIn(SeenIn):
    reason: Verdict = Field(description="the author is told", examples=["It names a person."])


class ReviewPictureOut(Out):
    id: str
    url: str
    thumbnail: str
    width: int
    height: int


class ReviewOut(Out):
    """A review as everybody sees it. Who wrote it is told by an initial at most."""

    id: str
    score: int
    title: str
    text: str
    author: str = Field(description="an initial, or nothing", examples=["A"])
    verified: bool = Field(description="the goods were bought here")
    helpful: int
    found_helpful: bool = Field(False, description="by the one who asks")
    mine: bool = Field(False, description="of the one who asks")
    answer: str = Field("", description="what the seller says to it")
    created_at: datetime
    edited_at: datetime | None = None
    answered_at: datetime | None = None
    pictures: list[ReviewPictureOut] = Field(default_factory=list)


class RatingOut(Out):
    """The plain mean, and how many of the reviews that can be read have each score."""

    count: int = Field(description="ratings; those a feed told of, without reviews, among them")
    mean: float | None = None
    histogram: dict[int, int] = Field(examples=[{1: 0, 2: 0, 3: 1, 4: 2, 5: 9}])


class SellerOut(Out):
    id: str
    name: str
    rating: float | None = None
    rating_count: int


class ProductReviewsOut(Out):
    rating: RatingOut
    seller: SellerOut
    reviews: list[ReviewOut]


class SellerReviewsOut(Out):
    rating: RatingOut
    reviews: list[ReviewOut]


class HelpfulOut(Out):
    helpful: int


class AboutOut(ReviewOut):
    """A review with what it is about."""

    subject: Literal["product", "seller", "buyer"]
    product: str | None = None
    product_title: str | None = None
    seller: str | None = None
    seller_name: str | None = None


class OwnReviewOut(AboutOut):
    """One's own, wherever it stands; `verdict` is why staff did not show it."""

    status: Literal["pending", "published", "rejected", "withdrawn"]
    verdict: str = ""
    order: str | None = None
    line: int | None = None
    editable: bool = Field(description="it was written here")


class OwnReviewsOut(Out):
    reviews: list[OwnReviewOut]


class AnswerableOut(Out):
    reviews: list[AboutOut]


class BuyerReviewsOut(Out):
    """What sellers say of a buyer."""

    rating: RatingOut
    reviews: list[AboutOut]


class StaffReviewOut(OwnReviewOut):
    reports: int = Field(description="readers who reported it since staff last looked")
    version: int


class QueueOut(Out):
    waiting: int = Field(description="how many there are in all")
    reviews: list[StaffReviewOut]
