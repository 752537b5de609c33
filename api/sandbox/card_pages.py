"""The page on which a card's number is typed, and the bank's question of 3-D Secure.

Numbers do what they do in Stripe's test mode: https://docs.stripe.com/testing.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Form
from starlette.responses import Response

from api.sandbox.bank import OPEN, Bank
from api.sandbox.books import Record
from api.sandbox.pages import back, pay_page
from core.errors import NotFound

TITLE = "Card"
PATH = "/pay/stripe/{intent}"


@dataclass(frozen=True, slots=True)
class SampleCard:
    """A number and what comes of it: declined for a reason, or asked for more, or paid."""

    number: str
    about: str
    code: str = ""
    reason: str = ""
    asks: bool = False


CARDS = (
    SampleCard("4242424242424242", "is paid"),
    SampleCard("4000002500003155", "the bank asks the shopper first (3-D Secure)", asks=True),
    SampleCard("4000000000000002", "is declined", "generic_decline", "the card was declined"),
    SampleCard(
        "4000000000009995", "is declined for lack of money", "insufficient_funds", "the card has too little money"
    ),
)
REFUSED = "the shopper did not confirm it with the bank"


def add_card_page(router: APIRouter, bank: Bank) -> None:
    """Serve PATH. Whoever comes has to show the intent's client secret, as with Stripe."""

    def find(intent: str, secret: str, return_url: str) -> Record:
        record = bank.ledger.find_reference("stripe", intent)
        if record is None or not hmac.compare_digest(record.extra["client_secret"].encode(), secret.encode()):
            raise NotFound("there is no such payment")
        record.return_url = return_url
        return record

    def show(record: Record, *, return_url: str, fault: str = "") -> Response:
        record.return_url = return_url
        asking = record.state in OPEN and record.extra.get("acting", False)
        template = "bank.html" if asking else "card.html"
        return pay_page(record, title=TITLE, template=template, cards=CARDS, fault=fault or record.reason)

    def get_page(intent: str, client_secret: str, return_url: str = "") -> Response:
        return show(find(intent, client_secret, return_url), return_url=return_url)

    def post_card(
        intent: str,
        client_secret: Annotated[str, Form()],
        return_url: Annotated[str, Form()] = "",
        number: Annotated[str, Form(max_length=40)] = "",
        decision: Annotated[Literal["", "confirm", "refuse"], Form()] = "",
    ) -> Response:
        record = find(intent, client_secret, return_url)
        if record.state in OPEN:
            if record.extra.get("acting") and decision:
                record = answer(record, confirmed=decision == "confirm")
            else:
                typed = "".join(number.split())
                card = next((card for card in CARDS if card.number == typed), None)
                if card is None:
                    fault = "that is none of the sandbox’s cards"
                    return show(record, return_url=return_url, fault=fault)
                record = present(record, card)
        record.return_url = return_url
        return back(record, title=TITLE) if record.state not in OPEN else show(record, return_url=return_url)

    def present(record: Record, card: SampleCard) -> Record:
        with bank.held("stripe", record.id) as held:
            if held.state not in OPEN:
                return held
            held.extra.update(acting=card.asks, decline_code=card.code)
            if card.asks:
                bank.note(held, "requires_action")
                return held
        return bank.decide("stripe", record.id, "failed" if card.code else "captured", reason=card.reason)

    def answer(record: Record, *, confirmed: bool) -> Record:
        with bank.held("stripe", record.id) as held:
            held.extra.update(acting=False, decline_code="authentication_required")
        reason = "" if confirmed else REFUSED
        return bank.decide("stripe", record.id, "captured" if confirmed else "failed", reason=reason)

    router.add_api_route(PATH, get_page, methods=["GET"])
    router.add_api_route(PATH, post_card, methods=["POST"])
