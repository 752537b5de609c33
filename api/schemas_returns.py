"""The shapes of returns and of refunds that staff give."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.schemas import In, Out
from api.schemas_trade import PiecesIn, ReturnOut
from api.texts import Line, Minor


class ReturnIn(In):
    lines: list[PiecesIn] = Field(min_length=1, max_length=200)
    reason: Line = Field("", description="for the seller", examples=["too small"])


class ReturnsOut(Out):
    returns: list[ReturnOut]


class ReturnAnswerIn(In):
    answer: Line = Field("", description="for the buyer", examples=["Please use the enclosed label."])


class BackIn(In):
    line: int = Field(ge=1, le=10_000)
    stock: Literal["restored", "written-off"] = Field(description="whether the pieces can be sold again")
    amount_minor: Minor | None = Field(None, description="left out: all that the pieces are worth")


class ReceiveIn(In):
    lines: list[BackIn] = Field(min_length=1, max_length=200)


class RefundLineIn(BackIn):
    quantity: int = Field(ge=1, le=100_000)
    stock: Literal["restored", "written-off"] = "written-off"


class RefundIn(In):
    lines: list[RefundLineIn] = Field(min_length=1, max_length=200)
    reason: Line = Field("", examples=["lost on its way"])
