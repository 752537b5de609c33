"""Small feeds for the commands to read."""

from __future__ import annotations

from typing import Any


def made_up(*colours: str) -> list[dict[str, Any]]:
    """Lamps, rugs, vases and chairs in these colours, named p0, p1 and so on."""
    return [
        {
            "type": "product",
            "id": f"p{number}",
            "title": f"{colour} {thing}",
            "category": ["Home", thing],
            "currency": "EUR",
            "variants": [{"id": f"p{number}-v", "price": "10.00", "stock": 3}],
        }
        for number, (colour, thing) in enumerate(
            (colour, thing) for colour in colours for thing in ("Lamp", "Rug", "Vase", "Chair")
        )
    ]
