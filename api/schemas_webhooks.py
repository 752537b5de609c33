"""The shapes of webhooks, and of the messages that a user was sent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from api.schemas import In, Out
from api.texts import Moment

WebhookKind = Literal[
    "order.placed",
    "order.paid",
    "order.cancelled",
    "order.part_cancelled",
    "order.shipped",
    "order.delivered",
    "payment.failed",
    "refund.requested",
    "refund.settled",
    "return.requested",
    "return.approved",
    "return.rejected",
    "return.withdrawn",
    "return.received",
    "stock.low",
    "review.published",
]
Kinds = Annotated[list[WebhookKind], Field(min_length=1, max_length=32, examples=[["order.paid", "stock.low"]])]
Url = Annotated[
    str,
    StringConstraints(pattern=r"^https?://[\x21-\x7e]+$", max_length=500),
    Field(examples=["https://erp.example/hooks/merx"]),
]


class WebhookIn(In):
    url: Url
    kinds: Kinds


class WebhookChangeIn(In):
    """What is left out stays."""

    url: Url | None = None
    kinds: Kinds | None = None
    active: bool | None = None

    @model_validator(mode="after")
    def _something(self) -> WebhookChangeIn:
        if not self.changes:
            raise ValueError("name something to change")
        return self

    @property
    def changes(self) -> dict[str, Any]:
        """What is to be changed."""
        return self.model_dump(exclude_none=True)


class WebhookOut(Out):
    id: str = Field(examples=["w-4f0c21b7d94f0c21b7d9"])
    url: str
    kinds: list[str]
    active: bool
    failures: int = Field(description="in a row")
    closed_until: datetime | None = Field(None, description="after several failures nothing is sent until then")
    created_at: datetime


class NewWebhookOut(WebhookOut):
    secret: str = Field(description="shown once: signatures are checked with it", examples=["whsec_..."])


class WebhooksOut(Out):
    webhooks: list[WebhookOut]


class SecretOut(Out):
    secret: str = Field(description="shown once; for 24 hours messages are signed with the one before too")


class DeliveryOut(Out):
    id: str = Field(description="the `webhook-id` header", examples=["m-4f0c21b7d94f0c21b7d9"])
    kind: str
    body: dict[str, Any]
    status: Literal["pending", "sent", "dead"]
    attempts: int
    last_status: int | None = Field(description="the HTTP status of the last answer")
    last_error: str | None
    next_attempt_at: datetime | None
    created_at: datetime
    sent_at: datetime | None


class DeliveriesOut(Out):
    deliveries: list[DeliveryOut]
    next: str | None = Field(description="the `before` of the next page; null for the last")


class RedeliverIn(In):
    since: Moment = Field(examples=["2026-03-01T09:30:00Z"])


class RedeliveredOut(Out):
    deliveries: int = Field(description="how many will be sent again")


class MessageOut(Out):
    id: str = Field(examples=["n-4f0c21b7d94f0c21b7d9"])
    kind: str = Field(examples=["order-shipped"])
    subject: str
    text: str
    link: str = Field(description="a page of the shop; empty where there is none")
    at: datetime


class MessagesOut(Out):
    messages: list[MessageOut]
    next: str | None = Field(description="the `before` of the next page; null for the last")
