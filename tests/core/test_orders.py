"""An order is read as it was sold."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from core.database import Database
from core.errors import NotFound
from core.frames import Frames
from core.loading import load
from core.orders import OrderLineView, RefundView, get_order

NOW = datetime(2026, 2, 1, tzinfo=UTC)


def test_an_order_is_read_with_its_lines_and_refunds(database: Database) -> None:
    with database.write() as session:
        load(
            session,
            Frames(
                products=pl.DataFrame({"public_id": ["lamp"], "title": ["Lamp"]}),
                variants=pl.DataFrame(
                    {"public_id": ["red", "blue"], "product": ["lamp"] * 2, "sku": ["R", "B"]}
                ).with_columns(price_minor=pl.lit(999), currency=pl.lit("EUR")),
                users=pl.DataFrame({"public_id": ["ann"]}),
                orders=pl.DataFrame(
                    {
                        "public_id": ["o", "p"],
                        "user": ["ann", None],
                        "source": ["test"] * 2,
                        "currency": ["EUR"] * 2,
                        "goods_minor": [3500, 100],
                        "discount_minor": [300, 0],
                        "shipping_minor": [400, 0],
                        "tax_minor": [10, 0],
                        "country": ["FR", None],
                        "placed_at": [NOW, NOW],
                    }
                ),
                order_lines=pl.DataFrame(
                    {
                        "order": ["o", "p", "o"],
                        "line_number": [2, 1, 1],
                        "variant": ["red", "red", "blue"],
                        "title": ["Red lamp", "Red lamp", "Blue lamp"],
                        "quantity": [3, 1, 1],
                        "unit_price_minor": [1000, 100, 500],
                        "discount_minor": [300, 0, 0],
                    }
                ),
                refunds=pl.DataFrame(
                    {
                        "public_id": ["r", "s"],
                        "order": ["o", None],
                        "status": ["settled", "requested"],
                        "amount_minor": [2000, 1100],
                        "currency": ["EUR"] * 2,
                        "reason": ["broken", ""],
                        "at": [NOW, NOW],
                    }
                ),
                refund_lines=pl.DataFrame(
                    {
                        "refund": ["r", "s", "s"],
                        "line_number": [1, 1, 2],
                        "variant": ["red"] * 3,
                        "order": ["o", "o", "p"],
                        "order_line": [2, 2, 1],
                        "quantity": [2, 1, 1],
                        "amount_minor": [2000, 1000, 100],
                    }
                ),
            ),
            at=NOW,
        )
    with database.read() as session:
        order, other = get_order(session, "o"), get_order(session, "p")
        with pytest.raises(NotFound, match="no order 'x'"):
            get_order(session, "x")
    assert (order.user, order.country, order.status, order.placed_at) == ("ann", "FR", "delivered", NOW)
    assert order.total_minor == 3500 - 300 + 400 + 10
    assert order.lines == (
        OrderLineView(1, "lamp", "blue", "Blue lamp", 1, 0, 500, 0, 0),
        OrderLineView(2, "lamp", "red", "Red lamp", 3, 2, 1000, 300, 0),
    )
    # A refund of lines of two orders is seen from both; one that is only asked for gives nothing back yet.
    assert order.refunds == (
        RefundView("r", "settled", 2000, "broken", NOW),
        RefundView("s", "requested", 1100, "", NOW),
    )
    assert (other.user, other.lines[0].refunded, [refund.id for refund in other.refunds]) == (None, 0, ["s"])
