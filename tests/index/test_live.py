"""From the core to the index: a build, what changes during it, and what the relay brings afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import text

from core import outbox, outbox_delivery
from core.artifacts import Artifacts
from core.clock import frozen_clock
from core.database import Database
from core.errors import Conflict, InvalidInput, Unavailable
from core.frames import Frames
from core.loading import load
from core.settings import Settings, load_settings
from index.build import build_generation, catch_up, load_encoder
from index.embedded import EmbeddedEngine
from index.engine import Generation, SearchEngine
from index.query import Query, Text
from index.relay import RelayReport, relay_once
from tests.keys import TEST_VAULT

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Live:
    """A core, and an index that is built from it."""

    database: Database
    artifacts: Artifacts
    settings: Settings
    engine: SearchEngine

    def put(self, name: str, *, stock: int = 5, price: int = 1000, **fields: Any) -> None:
        """Load a product with one variant, as an import would."""
        product = {"public_id": name, "title": f"{name} lamp", "category": ["Home", "Lamps"], **fields}
        variant = {"public_id": f"{name}-v", "product": name, "sku": f"SKU-{name}", "price_minor": price}
        frames = Frames(
            sellers=pl.DataFrame({"public_id": ["shop"], "name": ["The Shop"]}),
            products=pl.DataFrame([product]),
            variants=pl.DataFrame([variant | {"currency": "EUR", "ean": "4006381333931"}]),
            stock=pl.DataFrame({"variant": [f"{name}-v"], "quantity": [stock]}),
        )
        with self.database.write() as session:
            load(session, frames, at=NOW)

    def sell(self, name: str, *, days_ago: int) -> None:
        """Load an order of one piece."""
        order = {"public_id": f"o-{name}-{days_ago}", "source": "test", "currency": "EUR", "goods_minor": 1000}
        line = {"order": order["public_id"], "line_number": 1, "variant": f"{name}-v", "title": name}
        frames = Frames(
            orders=pl.DataFrame([order | {"placed_at": NOW - timedelta(days=days_ago)}]),
            order_lines=pl.DataFrame([line | {"quantity": 1, "unit_price_minor": 1000}]),
        )
        with self.database.write() as session:
            load(session, frames, at=NOW)

    def build(self) -> Generation:
        return build_generation(
            self.engine, database=self.database, artifacts=self.artifacts, settings=self.settings
        )

    def publish(self) -> Generation:
        return self.engine.publish(self.build().name)

    def relay(self, engine: SearchEngine | None = None, *, now: datetime = NOW) -> RelayReport:
        return relay_once(
            engine or self.engine, database=self.database, artifacts=self.artifacts, clock=frozen_clock(now)
        )

    def found(self, word: str) -> dict[str, int | None]:
        """Ids and prices of what a word finds."""
        hits = self.engine.search(Query(text=Text((word,)))).hits
        return {hit.document.id: hit.document.price_minor for hit in hits}


@pytest.fixture
def live(database: Database, tmp_path: Path) -> Live:
    settings = load_settings(home=tmp_path / "home", text_dimensions=8)
    artifacts = Artifacts(settings.artifacts)
    shop = Live(database, artifacts, settings, EmbeddedEngine(artifacts))
    for name in ("red", "blue", "green"):
        shop.put(name)
    return shop


def test_a_document_says_what_the_core_says(live: Live) -> None:
    live.put(
        "oak",
        title_zh="橡木灯",
        brand="Lumen",
        description="Made of oak.",
        attributes='{"watts": 40, "dimmable": true, "colour": "brown"}',
        rating_count=12,
        rating_mean=4.5,
        released_at=NOW,
    )
    live.publish()
    document = live.engine.get(["oak"])["oak"]
    assert (document.title, document.title_zh, document.brand) == ("oak lamp", "橡木灯", "Lumen")
    assert document.category == ("Home", "Lamps")
    assert document.attributes == {"watts": 40.0, "dimmable": True, "colour": "brown"}
    assert (document.price_minor, document.currency, document.stock) == (1000, "EUR", 5)
    assert (document.rating, document.rating_count) == (4.5, 12)
    assert document.codes == ("SKU-oak", "4006381333931")
    assert document.seller == "The Shop"
    assert document.released_at == int(NOW.timestamp())
    assert [variant.sku for variant in document.variants] == ["SKU-oak"]


def test_popularity_is_sales_that_fade(live: Live) -> None:
    live.sell("red", days_ago=0)
    live.sell("blue", days_ago=60)
    live.sell("green", days_ago=400)
    live.publish()
    documents = live.engine.get(["red", "blue", "green"])
    assert {name: document.popularity for name, document in documents.items()} == pytest.approx(
        {"red": 1.0, "blue": 0.5, "green": 0.0}
    )


def test_the_generation_names_its_encoder(live: Live) -> None:
    generation = live.publish()
    encoder = load_encoder(generation, artifacts=live.artifacts)
    vector = encoder.encode(["red lamp"])[0]
    hits = live.engine.search(Query(vector=vector, vector_floor=0.5)).hits
    assert hits[0].document.id == "red"


def test_the_same_goods_give_the_same_documents_and_encoder(live: Live) -> None:
    one, other = live.build(), live.build()
    assert one.name != other.name
    assert {k: one.about[k] for k in ("encoder", "documents")} == {
        k: other.about[k] for k in ("encoder", "documents")
    }


def test_a_shop_without_goods_has_no_index(database: Database, tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home")
    artifacts = Artifacts(settings.artifacts)
    engine = EmbeddedEngine(artifacts)
    with pytest.raises(InvalidInput, match="no published products"):
        build_generation(engine, database=database, artifacts=artifacts, settings=settings)
    assert engine.generations() == []


def test_what_changes_during_a_build_is_caught_up_with(live: Live) -> None:
    generation = live.build()
    live.put("red", price=1)
    live.put("new")
    live.put("blue", status="withdrawn")
    changed = catch_up(live.engine, generation, database=live.database, artifacts=live.artifacts)
    live.engine.publish(generation.name)
    assert changed == 3
    assert live.found("lamp") == {"red": 1, "green": 1000, "new": 1000}


def test_a_generation_too_old_to_catch_up_is_refused(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    generation = live.build()
    live.put("red", price=1)
    live.publish()
    live.relay()
    monkeypatch.setattr(outbox_delivery, "NEWEST_KEPT", 0)
    with live.database.write() as session:
        assert outbox_delivery.prune(session, before=NOW + timedelta(days=1)) > 0
    with pytest.raises(Conflict, match="merx index build"):
        catch_up(live.engine, generation, database=live.database, artifacts=live.artifacts)


@pytest.mark.postgres
def test_a_change_in_flight_when_a_build_begins_is_caught_up_with(
    new_postgres: Callable[[], str], tmp_path: Path
) -> None:
    database = Database(new_postgres(), vault=TEST_VAULT)
    settings = load_settings(home=tmp_path / "home", text_dimensions=8)
    artifacts = Artifacts(settings.artifacts)
    live = Live(database, artifacts, settings, EmbeddedEngine(artifacts))
    live.put("red")
    live.put("blue")
    with database.write() as slow:
        slow.execute(text("UPDATE variant SET price_minor = 1 WHERE public_id = 'red-v'"))
        outbox.emit(slow, outbox.News("product", "red", "price-changed"), at=NOW)
        live.put("blue", price=2)  # a later number, committed before
        generation = live.build()
    catch_up(live.engine, generation, database=database, artifacts=artifacts)
    live.engine.publish(generation.name)
    assert live.found("lamp") == {"red": 1, "blue": 2}
    database.close()


def test_the_relay_brings_prices_texts_new_and_withdrawn_products(live: Live) -> None:
    live.publish()
    live.relay()
    live.put("red", price=750)
    live.put("blue", title="blue candlestick")
    live.put("new")
    live.put("green", status="withdrawn")
    report = live.relay()
    assert (report.failed, report.changed) == (0, 4)
    assert report.delivered >= 4
    assert live.found("lamp") == {"red": 750, "blue": 1000, "new": 1000}  # blue still is among the lamps
    assert live.found("candlestick") == {"blue": 1000}
    assert live.relay() == RelayReport(0, 0, 0)


def test_stock_that_runs_out_is_seen(live: Live) -> None:
    live.publish()
    live.put("red", stock=0)
    live.relay()
    assert not live.engine.get(["red"])["red"].in_stock


def test_a_late_or_repeated_event_does_no_harm(live: Live) -> None:
    live.publish()
    live.put("red", price=1)
    live.put("red", price=2)
    live.relay()
    with live.database.write() as session:
        outbox.emit(session, outbox.News("product", "red", "price-changed"), at=NOW)
        outbox.emit(session, outbox.News("product", "never-was", "changed"), at=NOW)
    report = live.relay()
    assert (report.delivered, report.failed) == (2, 0)
    assert live.found("red") == {"red": 2}


def test_events_wait_while_there_is_no_index(live: Live) -> None:
    with pytest.raises(Unavailable, match="merx index build"):
        live.relay()
    live.publish()
    assert live.relay().delivered > 0


class _Failing:
    """An engine that cannot apply changes to one product."""

    def __init__(self, engine: SearchEngine, product: str) -> None:
        self._engine = engine
        self._product = product

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def apply(self, changes: Any, *, generation: str | None = None) -> int:
        for change in changes:
            name = getattr(change, "id", "") or change.document.id
            if name == self._product:
                raise InvalidInput(f"{name} cannot be indexed")
        return self._engine.apply(changes, generation=generation)


def test_one_product_that_fails_holds_up_no_other_and_is_tried_again(live: Live) -> None:
    live.publish()
    live.relay()
    live.put("red", price=1)
    live.put("blue", price=2)
    report = live.relay(_Failing(live.engine, "red"))  # type: ignore[arg-type]
    assert report.failed == 1
    assert live.found("lamp") == {"red": 1000, "blue": 2, "green": 1000}
    assert live.relay() == RelayReport(0, 0, 0)  # not due yet
    assert live.relay(now=NOW + timedelta(seconds=2)).delivered == 1
    assert live.found("red") == {"red": 1}
