"""The way to buy that docs/storefront.md shows, walked from the cart to a cancelled piece."""

from __future__ import annotations

import shlex
import string
from uuid import uuid4

from fastapi.testclient import TestClient

from api.state import Shop
from tests.api.buying import key
from tests.api.curl import requested, shell_lines
from tests.api.people import member
from tests.api.shops import change_product


def test_the_documented_way_to_buy_can_be_walked(client: TestClient, shop: Shop) -> None:
    change_product(shop, "lamp", stock=5, title="Brass desk lamp")
    staff = member(client, "staff@example.com", role="staff")
    voucher = {"code": "WELCOME10", "kind": "percent", "value": 1000, "currency": "GBP"}
    made = client.post("/v1/staff/vouchers", json=voucher, headers={**staff.headers, **key()})
    assert made.status_code == 201, made.text
    token = member(client, "ann@example.com").login["access_token"]
    known = {"PRODUCT": "lamp", "VARIANT": "lamp-v", "SHOPPER": "guest-4f0c21b7d9", "TOKEN": token}
    lines = shell_lines("storefront.md")
    assert len(lines) >= 15
    answers = []
    for line in lines:
        words = shlex.split(string.Template(line).substitute(known, ONCE=str(uuid4())))
        answer = requested(client, words)
        assert answer.is_success, f"{line}\n{answer.text}"
        told = answer.json() if answer.content else {}
        answers.append(told)
        if "key" in told:
            known["KEY"] = told["key"]
        for name, mark in (("CART", "c-"), ("ORDER", "o-"), ("PAYMENT", "p-"), ("ADDRESS", "a-")):
            if str(told.get("id", "")).startswith(mark):
                known[name] = told["id"]
        if "total_minor" in told:
            known["TOTAL"] = told["total_minor"]
    assert [told["status"] for told in answers if "placed_at" in told] == ["pending", "paid", "paid", "paid"]
    last = answers[-1]
    assert (last["lines"][0]["quantity"], last["lines"][0]["cancelled"]) == (2, 1)
    assert last["discount_minor"] == 199
    assert [refund["amount_minor"] for refund in last["refunds"]] == [899]
