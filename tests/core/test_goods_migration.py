"""Goods from before there was a history of prices: their prices begin it, their pictures get names."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

import core
from core.database import Database
from tests.core.keeping import rows
from tests.keys import TEST_VAULT

BEFORE = """
INSERT INTO seller (public_id, name, created_at) VALUES ('s', 'S', '2026-01-01 00:00:00.000000');
INSERT INTO product (public_id, seller_id, title, title_zh, brand, description, attributes, status, rating_count,
    created_at, updated_at)
    VALUES ('p', 1, 't', '', '', '', '{}', 'published', 0, '2026-01-01 00:00:00.000000',
    '2026-02-01 00:00:00.000000');
INSERT INTO variant (public_id, product_id, sku, options, price_minor, list_price_minor, currency, active)
    VALUES ('v', 1, 'v', '{}', 100, 120, 'GBP', TRUE);
INSERT INTO picture (product_id, position, url, alt) VALUES (1, 0, 'a.webp', 'A'), (1, 1, 'b.webp', 'B');
INSERT INTO stock_level (variant_id, quantity, reserved, updated_at)
    VALUES (1, 5, 0, '2026-01-01 00:00:00.000000');
"""


def test_goods_of_before_keep_prices_pictures_and_stock(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'old.db'}", vault=TEST_VAULT)
    config = Config()
    config.set_main_option("script_location", str(Path(core.__file__).parent / "migrations"))
    config.attributes["engine"] = database.engine
    config.attributes["vault"] = database.vault
    command.upgrade(config, "0005")
    with database.write() as session:
        for statement in BEFORE.split(";\n"):
            session.execute(text(statement)) if statement.strip() else None
    database.migrate()
    prices = rows(database, "SELECT variant_id, price_minor, list_price_minor, actor, at FROM price_change")
    assert prices == [(1, 100, 120, "system", "2026-02-01 00:00:00.000000")]
    pictures = rows(database, "SELECT public_id, position, url, alt, width FROM picture ORDER BY id")
    assert pictures == [("o-1", 0, "a.webp", "A", None), ("o-2", 1, "b.webp", "B", None)]
    assert rows(database, "SELECT quantity, counted FROM stock_level") == [(5, None)]
