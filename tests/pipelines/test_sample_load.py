"""The sample shop in the core: loaded by the same way as any import, and as feed files with the same result."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from core.artifacts import Artifacts
from core.bulk import read_frame, table_of
from core.clock import frozen_clock
from core.database import Database
from core.settings import load_settings
from core.tables import Category
from ingest.importer import run_import
from pipelines.house import House
from pipelines.sample.feed_files import write_feed
from pipelines.sample.load import load_sample_shop, sample_is_loaded
from pipelines.sample.shop import generate_shop
from tests.ingest.shop import every_row, the_shop

SMALL = {"products": 150, "users": 60}
CLOCK = frozen_clock(datetime(2026, 7, 2, tzinfo=UTC))


@pytest.fixture
def house(tmp_path: Path, sqlite: Database) -> Iterator[House]:
    settings = load_settings(home=tmp_path / "home")
    yield House(settings, sqlite, Artifacts(settings.artifacts), CLOCK)
    sqlite.close()


def rows(house: House, table: str) -> int:
    return len(every_row(house.database)[table])


def test_the_sample_shop_is_loaded_with_its_pictures(house: House) -> None:
    assert not sample_is_loaded(house.database)
    heard: list[tuple[str, int, int]] = []
    said = load_sample_shop(house, **SMALL, progress=lambda *stage: heard.append(stage))
    assert sample_is_loaded(house.database)
    shop = generate_shop(**SMALL)
    assert shop.frames.events is not None
    assert shop.frames.pictures is not None
    assert rows(house, "product") == 150
    assert rows(house, "event") == shop.frames.events.height
    files = {path.name for path in (house.home / "pictures").iterdir()}
    assert files == set(shop.frames.pictures["url"])
    assert said.startswith("150 products, 60 users,")
    assert {stage for stage, _, _ in heard} >= {"sample shop", "pictures", "goods", "events"}


def test_categories_have_their_chinese_names(house: House) -> None:
    load_sample_shop(house, **SMALL, pictures=False)
    with house.database.read() as session:
        named = read_frame(session, select(table_of(Category).c.path, table_of(Category).c.name_zh))
    assert named["name_zh"].str.contains(r"\p{Han}").all()
    assert ("Kitchen > Mugs", "马克杯") in list(named.iter_rows())


def test_loading_it_again_changes_nothing(house: House) -> None:
    load_sample_shop(house, **SMALL, pictures=False)
    before = every_row(house.database)
    load_sample_shop(house, **SMALL, pictures=False)
    assert every_row(house.database) == before


def test_a_load_that_breaks_off_leaves_nothing(house: House) -> None:
    def breaks_off(stage: str, _done: int, _total: int) -> None:
        if stage == "reviews":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_sample_shop(house, **SMALL, pictures=False, progress=breaks_off)
    assert not sample_is_loaded(house.database)
    assert rows(house, "product") == rows(house, "customer_order") == 0


def test_as_feed_files_it_is_the_same_shop(house: House, tmp_path: Path) -> None:
    files = write_feed(generate_shop(**SMALL), tmp_path / "feed")
    read = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)
    other = Database(f"sqlite:///{tmp_path / 'other.db'}", vault=house.database.vault)
    other.migrate()
    report = run_import("jsonl", files, database=other, home=tmp_path, clock=CLOCK)
    assert report.reasons == {}
    assert (report.read, report.loaded, report.rejected) == (read, read, 0)
    load_sample_shop(house, **SMALL, pictures=False)
    assert the_shop(other) == the_shop(house.database)
    # Nothing of the files is news to the shop that was loaded directly.
    again = run_import("jsonl", files, database=house.database, home=tmp_path, clock=CLOCK)
    assert (again.loaded, again.merged, again.rejected) == (0, read, 0)
    other.close()
