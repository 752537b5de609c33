"""What users are told about orders, returns and stock, in words: subject and text of each kind of message."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

MOST_SUBJECT = 200  # characters

# {name} stands for a fact; a text whose facts are empty loses the empty lines they leave.
TEXTS: dict[str, tuple[str, str]] = {
    "order-placed": (
        "Your order {order}",
        "Thank you for your order {order}.\n\n{lines}\n\nTotal: {total}\n\n{deadline}\n\n{link}",
    ),
    "order-paid": (
        "Your order {order} is paid",
        "We have received {total} for your order {order}. You are told when it is on its way.\n\n{link}",
    ),
    "payment-failed": (
        "Your payment for order {order} did not work",
        "No money was taken. You can pay {total} again, in the same way or in another:\n\n{link}\n\n{deadline}",
    ),
    "order-shipped": (
        "Your order {order} is on its way",
        "All of your order {order} is on its way. In this parcel:\n\n{lines}\n\n{parcel}\n\n{link}",
    ),
    "order-part-shipped": (
        "A part of your order {order} is on its way",
        "In this parcel:\n\n{lines}\n\n{parcel}\n\nThe rest follows by itself.\n\n{link}",
    ),
    "order-delivered": (
        "A parcel of your order {order} has arrived",
        "Delivered:\n\n{lines}\n\nIf something is wrong with it, you can ask for a return:\n\n{link}",
    ),
    "order-cancelled": (
        "Your order {order} is cancelled",
        "Your order {order} is cancelled. What you have paid for it is given back.\n\n{link}",
    ),
    "order-part-cancelled": (
        "A part of your order {order} is cancelled",
        "What is left of your order {order}:\n\n{lines}\n\n"
        "What you have paid for the rest is given back.\n\n{link}",
    ),
    "refund-requested": (
        "{amount} of order {order} are on their way back to you",
        "We have asked for {amount} of your order {order} to be given back. You are told when that is done."
        "\n\n{link}",
    ),
    "refund-settled": (
        "{amount} of order {order} were given back",
        "{amount} of your order {order} were given back the way you paid. Your bank may need some days to show it."
        "\n\n{link}",
    ),
    "return-requested": (
        "Your return of goods of order {order}",
        "You want to send back:\n\n{lines}\n\nThe seller looks at it; you are told what comes of it.\n\n{link}",
    ),
    "return-approved": (
        "You can send goods of order {order} back",
        "The seller agrees to your return of:\n\n{lines}\n\n{answer}\n\nSend them back now:\n\n{link}",
    ),
    "return-rejected": (
        "Your return of goods of order {order} was refused",
        "The seller does not agree to your return of:\n\n{lines}\n\n{answer}\n\n{link}",
    ),
    "return-received": (
        "Your return of goods of order {order} has arrived",
        "The seller has received:\n\n{lines}\n\nWhat they are worth is given back.\n\n{link}",
    ),
    "seller-order-paid": (
        "A new paid order: {order}",
        "Order {order} is paid. Please pack and send:\n\n{lines}",
    ),
    "seller-order-cancelled": (
        "Do not send: pieces of order {order} are cancelled",
        "Of your goods in order {order} these pieces are cancelled:\n\n{lines}\n\nThey are back in stock.",
    ),
    "seller-return-requested": (
        "A buyer wants to return goods of order {order}",
        "Return {name} of order {order}:\n\n{lines}\n\nPlease approve or refuse it.",
    ),
    "seller-return-withdrawn": (
        "A return of goods of order {order} is withdrawn",
        "The buyer keeps the goods of return {name}:\n\n{lines}",
    ),
    "seller-return-received": (
        "A return of goods of order {order} is complete",
        "You have received the goods of return {name}:\n\n{lines}",
    ),
    "stock-low": (
        "Low stock: {first}",
        "Few pieces are left of:\n\n{lines}\n\nYou are told again after there were more.",
    ),
}


def in_words(kind: str, **facts: str) -> tuple[str, str]:
    """Subject (one line) and text of a message; `facts` are the texts that the kind's names stand for."""
    subject, text = TEXTS[kind]
    plain = {name: fact if name in ("lines", "parcel") else one_line(fact) for name, fact in facts.items()}
    paragraphs = [part.format(**plain).strip() for part in text.split("\n\n")]
    return one_line(subject.format(**plain))[:MOST_SUBJECT], "\n\n".join(part for part in paragraphs if part)


def one_line(text: str) -> str:
    """A text without control characters, each stretch of white space a single space."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def listed(pieces: Iterable[tuple[int, str]]) -> str:
    """Pieces and titles as a list, a line each."""
    return "\n".join(f"{count} x {one_line(title)}" for count, title in pieces)


def deadline(until: datetime | None) -> str:
    """Until when an order can be paid; empty where it need not be."""
    return f"Please pay until {until.astimezone(UTC):%d %B %Y, %H:%M} UTC." if until is not None else ""


def parcel(carrier: str, tracking_number: str) -> str:
    """How a parcel is found; empty where nothing is known of it."""
    told = (("Carrier", one_line(carrier)), ("Tracking number", one_line(tracking_number)))
    return "\n".join(f"{name}: {text}" for name, text in told if text)
