"""What was shown is recorded once and comes back place by place; what was hidden can be shown again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from core.database import Database
from core.errors import NotFound
from core.frames import Frames
from core.loading import load
from core.shown import Place, Shown, hidden, hide, record_shown, show_again, shown

NOW = datetime(2026, 2, 1, tzinfo=UTC)
ANN, BEN = "shopper-of-ann", "shopper-of-ben"


@pytest.fixture
def shop(database: Database) -> Database:
    with database.write() as session:
        load(session, Frames(products=pl.DataFrame({"public_id": ["lamp", "desk"], "title": ["a", "b"]})), at=NOW)
    return database


def test_hidden_products_are_a_shoppers_own(shop: Database) -> None:
    with shop.write() as session:
        for minute, product in enumerate(("lamp", "desk", "lamp")):  # the second time changes nothing
            hide(session, product, shopper=ANN, at=NOW + timedelta(minutes=minute))
        hide(session, "desk", shopper=BEN, at=NOW)
        show_again(session, "desk", shopper=BEN)
        show_again(session, "desk", shopper=BEN)
        show_again(session, "nothing", shopper=BEN)
    with shop.read() as session:
        assert hidden(session, ANN) == ["desk", "lamp"]
        assert hidden(session, BEN) == []


def test_what_does_not_exist_is_not_hidden(shop: Database) -> None:
    with pytest.raises(NotFound), shop.write() as session:
        hide(session, "nothing", shopper=ANN, at=NOW)
    with shop.read() as session:
        assert hidden(session, ANN) == []


def test_what_was_shown_comes_back_place_by_place(shop: Database) -> None:
    places = [Place("for-you", "lamp", 1, 0.98), Place("for-you", "desk", 2, 0.001)]
    answer = Shown("r-1", ANN, "home", "20260201-x", NOW, places)
    with shop.write() as session:
        assert record_shown(session, [answer, Shown("r-0", BEN, "cart", "m", NOW, [])]) == 2
        assert record_shown(session, [answer]) == 0
        assert record_shown(session, []) == 0
    with shop.read() as session:
        told = shown(session, since=NOW)
        assert told.drop("at").rows() == [
            ("r-1", ANN, "home", "20260201-x", "for-you", "lamp", 1, 0.98),
            ("r-1", ANN, "home", "20260201-x", "for-you", "desk", 2, 0.001),
        ]
        assert told["at"].to_list() == [NOW, NOW]
        assert shown(session, since=NOW + timedelta(seconds=1)).is_empty()
