"""/v1/demo: what a demonstration needs and production must not have: known accounts, and the messages to users."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.demo import PASSWORD, made
from api.problems import PROBLEM_RESPONSES
from api.routes import ShopDep
from api.schemas import Out
from api.state import Shop
from core.errors import NotFound
from core.senders import opened_messages

router = APIRouter(prefix="/v1/demo", tags=["demonstration"], responses=PROBLEM_RESPONSES)

NEWEST = 200  # messages that are looked through

Address = Annotated[
    str,
    Query(max_length=254, pattern=r"^[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+$", examples=["ann@example.com"]),
]


class DemoAccountOut(Out):
    email: str
    password: str
    role: str
    label: str = Field(examples=["a shopper"])


class DemoAccountsOut(Out):
    accounts: list[DemoAccountOut]


class DemoMessageOut(Out):
    at: datetime
    kind: str = Field(examples=["verify-email"])
    subject: str
    link: str = Field(description="empty where the message has none")


class DemoMessagesOut(Out):
    messages: list[DemoMessageOut]


@router.get("/accounts", summary="Accounts to try the shop with")
def get_accounts(shop: ShopDep) -> DemoAccountsOut:
    """Those that `merx demo` made, with their password. 404 in production."""
    _not_in_production(shop)
    with shop.database.read() as session:
        there = made(session)
    return DemoAccountsOut(
        accounts=[
            DemoAccountOut(email=account.email, password=PASSWORD, role=account.role, label=account.label)
            for account in there
        ]
    )


@router.get("/messages", summary="Messages to an address")
def get_messages(shop: ShopDep, response: Response, email: Address) -> DemoMessagesOut:
    """What the default sender kept instead of delivering, the newest first. 404 in production."""
    _not_in_production(shop)
    response.headers["Cache-Control"] = "no-store"
    with shop.database.read() as session:
        kept = [message for message in opened_messages(session, limit=NEWEST) if message[2]["to"] == email.strip()]
    return DemoMessagesOut(
        messages=[
            DemoMessageOut(at=at, kind=kind, subject=payload["subject"], link=payload["link"])
            for at, kind, payload in kept
        ]
    )


def _not_in_production(shop: Shop) -> None:
    if shop.settings.mode == "production":
        raise NotFound("this is for demonstrations")
