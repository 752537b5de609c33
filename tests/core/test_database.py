"""The schema holds what must always hold, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlmodel import select

from core.database import Database, metadata
from core.errors import Unavailable
from core.tables import Order, Product, Seller, StockLevel, User, Variant

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def goods(database: Database) -> int:
    """One seller, product and variant; returns the variant's row number."""
    with database.write() as session:
        seller = Seller(public_id="s", name="Seller", created_at=NOW)
        session.add(seller)
        session.flush()
        product = Product(public_id="p", seller_id=seller.id, title="Lamp", created_at=NOW, updated_at=NOW)
        session.add(product)
        session.flush()
        variant = Variant(public_id="v", product_id=product.id, sku="V1", price_minor=100, currency="EUR")
        session.add(variant)
        session.flush()
        assert variant.id is not None
        return variant.id


def test_the_migrations_make_the_schema_of_the_tables(database: Database) -> None:
    assert database.is_current()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_migrating_twice_changes_nothing(database: Database) -> None:
    before = database.revision()
    database.migrate()
    assert database.revision() == before


def test_an_empty_database_is_not_current(tmp_path: Any) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    assert database.revision() is None
    assert not database.is_current()


def test_moments_come_back_as_utc(database: Database) -> None:
    with database.write() as session:
        session.add(User(public_id="u", created_at=datetime.fromisoformat("2026-01-02T03:04:05.678901+08:00")))
    with database.read() as session:
        user = session.exec(select(User)).one()
        assert user.created_at == datetime(2026, 1, 1, 19, 4, 5, 678901, tzinfo=UTC)
        assert user.created_at.tzinfo == UTC


def test_a_naive_moment_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="naive"), database.write() as session:
        session.add(User(public_id="u", created_at=datetime(2026, 1, 1)))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("quantity", "reserved"), [(-1, 0), (1, 2), (1, -1)], ids=["negative", "over-reserved", "negative-reserve"]
)
def test_stock_cannot_be_impossible(database: Database, quantity: int, reserved: int) -> None:
    variant = goods(database)
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(StockLevel(variant_id=variant, quantity=quantity, reserved=reserved, updated_at=NOW))


@pytest.mark.parametrize(
    "row",
    [
        {"status": "lost"},
        {"total_minor": 99},
        {"currency": "EURO"},
        {"user_id": 12345},
    ],
    ids=lambda row: next(iter(row)),
)
def test_an_order_that_does_not_add_up_is_refused(database: Database, row: dict[str, Any]) -> None:
    order = {"public_id": "o", "currency": "EUR", "goods_minor": 100, "total_minor": 100, "placed_at": NOW} | row
    with pytest.raises(DBAPIError), database.write() as session:
        session.add(Order(**order))


def test_a_public_id_is_unique(database: Database) -> None:
    with database.write() as session:
        session.add(User(public_id="u", created_at=NOW))
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(User(public_id="u", created_at=NOW))


def test_a_failed_write_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError, match="stop"), database.write() as session:
        session.add(User(public_id="u", created_at=NOW))
        session.flush()
        raise RuntimeError("stop")
    with database.read() as session:
        assert session.exec(select(User)).all() == []


def test_a_reader_is_not_held_up_by_a_writer(database: Database) -> None:
    with database.write() as writer:
        writer.add(User(public_id="u", created_at=NOW))
        writer.flush()
        with database.read() as reader:
            assert reader.exec(select(User)).all() == []


def test_sqlite_is_in_wal_mode_with_foreign_keys(sqlite: Database) -> None:
    with sqlite.read() as session:
        assert session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert session.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_a_database_that_does_not_answer_is_named_unavailable() -> None:
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2")
    with pytest.raises(Unavailable, match="does not answer"):
        database.migrate()
